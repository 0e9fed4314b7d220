package handler_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
)

const searchURN = `"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]`

// RFC 7644 §3.4.3: what can be asked in a URL can be posted, with one answer.
func TestSearchAnswersAsAQueryDoes(t *testing.T) {
	p := serve(t)
	for i := range 5 {
		p.create("/Users", fmt.Sprintf(`{"userName":"u%d","title":"t%d","displayName":"d%d"}`, i, i%2, 9-i))
		p.create("/Groups", fmt.Sprintf(`{"displayName":"d%d"}`, i))
	}
	for name, test := range map[string]struct{ posted, query string }{
		"nothing":              {``, ""},
		"filter":               {`,"filter":"displayName sw \"d\""`, `filter=displayName sw "d"`},
		"page":                 {`,"startIndex":2,"count":3`, "startIndex=2&count=3"},
		"page beyond a type":   {`,"startIndex":4,"count":4`, "startIndex=4&count=4"},
		"sort":                 {`,"sortBy":"displayName","sortOrder":"descending"`, "sortBy=displayName&sortOrder=descending"},
		"attributes":           {`,"attributes":["displayName","meta.resourceType"]`, "attributes=displayName,meta.resourceType"},
		"attributes as text":   {`,"attributes":"id"`, "attributes=id"},
		"excludedAttributes":   {`,"excludedAttributes":["meta","displayName"]`, "excludedAttributes=meta,displayName"},
		"any case, null":       {`,"FILTER":"title pr","sortBy":null`, "filter=title pr"},
		"only the total":       {`,"count":0`, "count=0"},
		"cursor":               {`,"cursor":"","count":2`, "cursor=&count=2"},
		"numbers as text":      {`,"startIndex":"2","count":"1"`, "startIndex=2&count=1"},
		"what nobody knows":    {`,"shoeSize":{"a":1}`, ""},
		"type by the filter":   {`,"filter":"meta.resourceType eq \"Group\""`, `filter=meta.resourceType eq "Group"`},
		"sorted within a page": {`,"sortBy":"displayName","startIndex":3,"count":4`, "sortBy=displayName&startIndex=3&count=4"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			for _, endpoint := range []string{"", "/Users", "/Groups"} {
				got := p.do("POST", endpoint+"/.search", "{"+searchURN+test.posted+"}").want(200)
				want := p.get(endpoint + "?" + strings.ReplaceAll(test.query, " ", "%20")).want(200)
				equal(t, endpoint, got.body, want.body)
			}
		})
	}
	for body, scimType := range map[string]string{
		`{"attributes":["` + strings.Repeat("a,", 1<<15) + `"]}`: "invalidValue",
		`{"filter":1}`: "invalidFilter", `{"filter":["x"]}`: "invalidFilter", `{"count":true}`: "invalidValue",
		`{"attributes":[1]}`: "invalidValue", `{"sortBy":{}}`: "invalidValue", `{"cursor":[]}`: "invalidCursor",
		`[]`: "invalidSyntax", ``: "invalidSyntax", `{"filter":"("}`: "invalidFilter",
	} {
		p.do("POST", "/Users/.search", body).wantError(400, scimType)
	}
}

// RFC 7644 §3.4.2.1.
func TestQueriesOfAllTypes(t *testing.T) {
	p := serve(t)
	b, d := p.create("/Users", `{"userName":"1","displayName":"B"}`), p.create("/Users", `{"userName":"2","displayName":"d"}`)
	a, c := p.group("a", b), p.group("C")
	for query, want := range map[string][]string{
		``:                                   {b, d, a, c},
		`filter=meta.resourceType eq "User"`: {b, d},
		`filter=meta.resourceType eq "User" or meta.resourceType eq "Group"`: {b, d, a, c},
		`filter=(meta.resourceType eq "User") and displayName eq "b"`:        {b},
		`filter=displayName eq "D" or displayName eq "A"`:                    {d, a},
		`filter=members pr`:                       {a},
		`filter=userName pr`:                      {b, d},
		`sortBy=displayName`:                      {a, b, c, d},
		`sortBy=displayName&sortOrder=descending`: {d, c, b, a},
		`sortBy=userName`:                         {b, d, a, c},
		`sortBy=displayName&filter=meta.resourceType ne "Group"&sortOrder=ascending`: {b, d},
	} {
		escaped := strings.ReplaceAll(query, " ", "%20")
		got := p.get("?" + escaped).want(200)
		equal(t, query, got.texts("Resources", "id"), want)
		equal(t, query+": total", got.at("totalResults"), any(json.Number(strconv.Itoa(len(want)))))
		for start := 1; start <= len(want)+1; start++ {
			for count := range 3 {
				got := p.get(fmt.Sprintf("/?%s&startIndex=%d&count=%d", escaped, start, count)).want(200)
				page := want[start-1 : min(start-1+count, len(want))]
				equal(t, fmt.Sprintf("%s: %d from %d", query, count, start), got.texts("Resources", "id"), slices.Clone(page))
				equal(t, query+": total of a page", got.at("totalResults"), any(json.Number(strconv.Itoa(len(want)))))
			}
		}
		equal(t, query+": by cursor", p.walk("", escaped, 1, nil), want)
		equal(t, query+": by cursor, three at a time", p.walk("", escaped, 3, nil), want)
	}
	p.get("?sortBy=displayName&startIndex=10002").wantError(400, "tooMany")
	p.get("?filter=active%20gt%20true").wantError(400, "invalidFilter")
	p.do("GET", "", "", "Authorization:").wantError(401, "")
}

// walk gives the ids on all pages of a query.
func (p *provider) walk(endpoint, query string, count int, between func()) []string {
	p.t.Helper()
	ids, cursor := []string{}, ""
	for pages := 0; ; pages++ {
		got := p.get(fmt.Sprintf("%s?%s&count=%d&cursor=%s", endpoint, query, count, cursor)).want(200)
		if got.at("startIndex") != nil {
			p.t.Fatalf("startIndex beside a cursor: %s", got.body)
		}
		ids = append(ids, got.texts("Resources", "id")...)
		if cursor = got.text("nextCursor"); cursor == "" {
			return ids
		}
		if strings.Trim(cursor, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") != "" || pages > 1000 {
			p.t.Fatalf("page %d, cursor %q", pages, cursor)
		}
		if between != nil {
			between()
		}
	}
}

// RFC 9865 §2.
func TestCursors(t *testing.T) {
	p := serveWith(t, handler.Options{Store: memory.New(), Limits: handler.Limits{Page: 4, MaxPage: 6}})
	var stay []string
	for i := range 20 {
		stay = append(stay, p.create("/Users", fmt.Sprintf(`{"userName":"stay%02d","title":"%d"}`, i, i%3)))
	}
	equal(t, "all", p.walk("/Users", "", 3, nil), stay)
	sorted := p.walk("/Users", "sortBy=title&sortOrder=descending", 4, nil)
	equal(t, "as sorted by startIndex", sorted, slices.Concat(
		p.get("/Users?sortBy=title&sortOrder=descending&count=6").texts("Resources", "id"),
		p.get("/Users?sortBy=title&sortOrder=descending&startIndex=7&count=6").texts("Resources", "id"),
		p.get("/Users?sortBy=title&sortOrder=descending&startIndex=13&count=6").texts("Resources", "id"),
		p.get("/Users?sortBy=title&sortOrder=descending&startIndex=19&count=6").texts("Resources", "id")))

	for _, by := range []string{"", "sortBy=title", "sortBy=userName&sortOrder=descending"} {
		gone, made := []string{}, 0
		for i := range 10 {
			gone = append(gone, p.user(fmt.Sprintf("gone%d%s", i, by)))
		}
		seen := p.walk("/Users", by, 2, func() {
			if len(gone) > 0 {
				p.do("DELETE", "/Users/"+gone[0], "").want(204)
				gone = gone[1:]
				p.user(fmt.Sprintf("made%d%s", made, by))
				made++
			}
		})
		for _, id := range stay {
			if n := len(slices.DeleteFunc(slices.Clone(seen), func(s string) bool { return s != id })); n != 1 {
				t.Errorf("%s: %s was seen %d times", by, id, n)
			}
		}
	}

	first := p.get("/Users?cursor=").want(200)
	equal(t, "a page without count", len(first.texts("Resources", "id")), 4)
	equal(t, "a page of more than the maximum", len(p.get("/Users?cursor=&count=99").want(200).texts("Resources", "id")), 6)
	if p.get("/Users").want(200).at("nextCursor") != nil || p.get("/Users?cursor=&count=0").want(200).at("nextCursor") != nil {
		t.Error("nextCursor where there is no next page")
	}
	equal(t, "a count below 0", p.get("/Users?cursor=&count=-1").want(200).at("itemsPerPage"), any(json.Number("0")))
	cursor := url.QueryEscape(first.text("nextCursor"))
	p.get("/Users?cursor=" + cursor + "&attributes=id&count=1").want(200)
	for query, scimType := range map[string]string{
		"cursor=" + cursor + "&filter=title%20pr": "invalidCursor",
		"cursor=" + cursor + "&sortBy=userName":   "invalidCursor",
		"cursor=x":                                "invalidCursor",
		"cursor=%00%ff":                           "invalidCursor",
		"cursor=" + cursor[:len(cursor)-4]:        "invalidCursor",
		"cursor=" + cursor + "AAAA":               "invalidCursor",
		"cursor=" + strings.Repeat("A", 17<<10):   "invalidCursor",
		"cursor=%zz":                              "invalidCursor",
		"cursor=&count=x":                         "invalidCount",
		"cursor=" + cursor + "&filter=(":          "invalidCursor",
	} {
		p.get("/Users?"+query).wantError(400, scimType)
	}
	p.get("/Groups?cursor="+cursor).wantError(400, "invalidCursor")
	config := p.get("/ServiceProviderConfig").object()
	equal(t, "pagination", config["pagination"], any(decode(t,
		`{"cursor":true,"index":true,"defaultPaginationMethod":"index","defaultPageSize":4,"maxPageSize":6}`)))
}
