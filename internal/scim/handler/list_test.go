package handler_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
)

func TestEmptyList(t *testing.T) {
	p := serve(t)
	const want = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
		"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`
	for _, path := range []string{
		"/Users", "/Groups", "/Users?count=0", "/Users?filter=userName+eq+%22x%22",
		"/Users?filter=", "/Users?attributes=", "/Users?startIndex=&count=",
	} {
		p.get(path).want(200).wantBody(want)
	}
}

// RFC 7644 §3.4.2.4.
func TestPaging(t *testing.T) {
	p := serveWith(t, handler.Options{Store: memory.New(), Limits: handler.Limits{Page: 4, MaxPage: 6}})
	var ids []string
	for i := range 9 {
		ids = append(ids, p.user(fmt.Sprintf("user-%d", i)))
	}
	for name, test := range map[string]struct {
		query string
		start int
		want  []string
	}{
		"neither":                  {"", 1, ids[:4]},
		"Okta's test":              {"?startIndex=1&count=2", 1, ids[:2]},
		"second page":              {"?startIndex=3&count=2", 3, ids[2:4]},
		"last page":                {"?startIndex=9&count=5", 9, ids[8:]},
		"after the end":            {"?startIndex=10&count=5", 10, []string{}},
		"start 0":                  {"?startIndex=0&count=1", 1, ids[:1]},
		"start below 0":            {"?startIndex=-7&count=1", 1, ids[:1]},
		"count 0":                  {"?count=0", 1, []string{}},
		"count below 0":            {"?count=-1", 1, []string{}},
		"count above maximum":      {"?count=1000", 1, ids[:6]},
		"numbers beyond all":       {"?startIndex=99999999999999999999&count=99999999999999999999", 1<<31 - 1, []string{}},
		"any letter case":          {"?STARTINDEX=2&Count=1", 2, ids[1:2]},
		"the first of two":         {"?count=1&count=2", 1, ids[:1]},
		"filtered":                 {"?filter=userName+sw+%22USER-%22&startIndex=2&count=2", 2, ids[1:3]},
		"filter, spaces as %20":    {"?filter=userName%20sw%20%22user-%22&count=1", 1, ids[:1]},
		"semicolon in a filter":    {"?filter=userName+ne+%22a;b%22&count=1", 1, ids[:1]},
		"filter not fully encoded": {`?filter=userName+sw+"user-"&count=1`, 1, ids[:1]},
		"name percent-encoded":     {"?%66ilter=userName+sw+%22user-%22&c%6Funt=1", 1, ids[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			got := p.get("/Users" + test.query).want(200)
			equal(t, "totalResults", got.at("totalResults"), any(json.Number("9")))
			equal(t, "startIndex", got.at("startIndex"), any(json.Number(strconv.Itoa(test.start))))
			equal(t, "itemsPerPage", got.at("itemsPerPage"), any(json.Number(strconv.Itoa(len(test.want)))))
			equal(t, "Resources", got.texts("Resources", "id"), test.want)
		})
	}
}

// A plus is a space where spaces are written so, and a plus where they are not.
func TestPlusInAFilter(t *testing.T) {
	p := serve(t)
	plus, space := p.user("ada+test"), p.user("ada test")
	for query, want := range map[string]string{
		`filter=userName%20eq%20%22ada%2Btest%22`: plus,
		`filter=userName%20eq%20%22ada+test%22`:   plus,
		`filter=userName+eq+%22ada%2Btest%22`:     plus,
		`filter=userName+eq+%22ada+test%22`:       space,
		`filter=userName%20eq%20%22ada%20test%22`: space,
	} {
		equal(t, query, p.get("/Users?"+query).want(200).texts("Resources", "id"), []string{want})
	}
}

func TestWrongQueries(t *testing.T) {
	p := serve(t)
	p.user("ada")
	for name, test := range map[string]struct{ query, scimType string }{
		"count no number":          {"count=ten", "invalidValue"},
		"count a fraction":         {"count=1.5", "invalidValue"},
		"startIndex no number":     {"startIndex=x", "invalidValue"},
		"filter without value":     {"filter=userName+eq", "invalidFilter"},
		"filter of nonsense":       {"filter=%28%28", "invalidFilter"},
		"filter with bad operator": {"filter=userName+like+%22x%22", "invalidFilter"},
		"filter badly encoded":     {"filter=userName+eq+%22100%%22", "invalidFilter"},
		"name percent-encoded":     {"%66ilter=userName+eq", "invalidFilter"},
		"filter on the location":   {"filter=meta.location+pr", "invalidFilter"},
		"filter on the password":   {"filter=password+eq+%22x%22", "invalidFilter"},
		"attributes malformed":     {"attributes=a%5B", "invalidValue"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			p.get("/Users?"+test.query).wantError(400, test.scimType)
		})
	}
}
