package handler_test

import (
	"fmt"
	"testing"
)

// Which status a PATCH gets: clients disagree, so each case is held to what
// identity providers were seen to accept.
func TestPatchStatus(t *testing.T) {
	p := serve(t)
	user := p.user("ada")
	many := manyIDs(129)
	paths := map[string]string{
		"user":        "/Users/" + user,
		"group":       "/Groups/" + p.group("small", many[:128]...),
		"large group": "/Groups/" + p.group("large", many...),
	}
	for name, test := range map[string]struct {
		accept, query string
		want          map[string]int
	}{
		"no Accept":                 {"", "", map[string]int{"user": 200, "group": 204, "large group": 204}},
		"scim":                      {"application/scim+json", "", map[string]int{"user": 200, "group": 200, "large group": 204}},
		"json":                      {"application/json", "", map[string]int{"user": 200, "group": 200, "large group": 204}},
		"json, any letter case":     {"text/html, Application/JSON;q=0.1", "", map[string]int{"user": 200, "group": 200, "large group": 204}},
		"anything":                  {"*/*", "", map[string]int{"user": 204, "group": 204, "large group": 204}},
		"any application":           {"application/*", "", map[string]int{"user": 204, "group": 204, "large group": 204}},
		"attributes":                {"", "?attributes=id", map[string]int{"user": 200, "group": 200, "large group": 200}},
		"attributes, anything":      {"*/*", "?attributes=members", map[string]int{"user": 200, "group": 200, "large group": 200}},
		"members are not asked for": {"application/json", "?excludedAttributes=members", map[string]int{"user": 200, "group": 200, "large group": 204}},
	} {
		for kind, status := range test.want {
			t.Run(name+", "+kind, func(t *testing.T) {
				p := p.in(t)
				got := p.do("PATCH", paths[kind]+test.query, patchBody(`[]`), "Accept: "+test.accept).want(status)
				equal(t, "ETag", got.header.Get("ETag"), p.get(paths[kind]).header.Get("ETag"))
				if status == 204 && (got.body != "" || got.header.Get("Content-Type") != "") {
					t.Errorf("204 with a body: %q %q", got.header.Get("Content-Type"), got.body)
				}
			})
		}
	}
	t.Run("a small group is shown with its members", func(t *testing.T) {
		p := p.in(t)
		got := p.do("PATCH", paths["group"], patchBody(`[]`), "Accept: application/json").want(200)
		equal(t, "members", got.texts("members", "value"), many[:128])
	})
	t.Run("a large group is shown when asked for", func(t *testing.T) {
		p := p.in(t)
		got := p.do("PATCH", paths["large group"]+"?attributes=members", patchBody(`[]`)).want(200)
		equal(t, "members", got.texts("members", "value"), many)
	})
}

func manyIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("member-%d", i)
	}
	return ids
}
