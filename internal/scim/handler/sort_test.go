package handler_test

import (
	"net/url"
	"slices"
	"testing"
)

// RFC 7644 §3.4.2.3.
func TestSorting(t *testing.T) {
	p := serve(t)
	ada := p.create("/Users", `{"userName":"Ada","externalId":"b","active":true,"title":"Émile","name":{"familyName":"King"},
		"emails":[{"value":"z@example.com"},{"value":"b@example.com","primary":true}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"tour","manager":{"value":"m2"}}}`)
	bob := p.create("/Users", `{"userName":"bob","externalId":"B","active":false,"title":"emile",
		"emails":[{"value":"C@example.com"},{"value":"a@example.com"}],"name":{"familyName":"abel"},
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Engineering","manager":{"value":"m1"}}}`)
	cy := p.create("/Users", `{"userName":"CY","externalId":"a","title":"zoo"}`)
	p.patch("/Users/"+cy, `[{"op":"remove","path":"active"},{"op":"replace","path":"title","value":"Zoo"}]`)
	group := p.group("g", bob)

	for name, test := range map[string]struct {
		sortBy string
		want   []string
	}{
		"text ignores case":                {"userName", []string{ada, bob, cy}},
		"any letter case of the name":      {"USERNAME", []string{ada, bob, cy}},
		"caseExact":                        {"externalId", []string{bob, cy, ada}},
		"without a value comes last":       {"name.familyName", []string{bob, ada, cy}},
		"booleans: false before true":      {"active", []string{bob, cy, ada}},
		"letters with accents":             {"title", []string{bob, cy, ada}},
		"times":                            {"meta.created", []string{ada, bob, cy}},
		"times of change":                  {"meta.lastModified", []string{ada, bob, cy}},
		"the primary value, or the first":  {"emails.value", []string{ada, bob, cy}},
		"a complex attribute by its value": {"emails", []string{ada, bob, cy}},
		"Entra's brackets":                 {`emails[type eq "work"].value`, []string{ada, bob, cy}},
		"URN of the core schema":           {"urn:ietf:params:scim:schemas:core:2.0:User:userName", []string{ada, bob, cy}},
		"URN of an extension":              {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", []string{bob, ada, cy}},
		"sub-attribute in an extension":    {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", []string{bob, ada, cy}},
		"groups of a user":                 {"groups.display", []string{bob, ada, cy}},
		"no such attribute":                {"shoeSize", []string{ada, bob, cy}},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			ask := func(order string) []string {
				return p.get("/Users?sortBy="+url.QueryEscape(test.sortBy)+order).want(200).texts("Resources", "id")
			}
			equal(t, "no sortOrder", ask(""), test.want)
			equal(t, "ascending", ask("&sortOrder=Ascending"), test.want)
			reversed := slices.Clone(test.want)
			slices.Reverse(reversed)
			if test.sortBy != "shoeSize" {
				equal(t, "descending", ask("&sortOrder=descending"), reversed)
			}
			equal(t, "a page of it", ask("&startIndex=2&count=1"), test.want[1:2])
			equal(t, "with a filter", ask("&filter=userName+ne+%22ada%22"), slices.DeleteFunc(slices.Clone(test.want), func(id string) bool { return id == ada }))
		})
	}
	equal(t, "groups", p.get("/Groups?sortBy=members.value").want(200).texts("Resources", "id"), []string{group})
	for _, query := range []string{
		"sortBy=name", "sortBy=password", "sortBy=meta.location", "sortBy=a%5B", "sortBy=userName&sortOrder=up",
	} {
		p.get("/Users?"+query).wantError(400, "invalidValue")
	}
	p.get("/Users?sortOrder=up").want(200)
}
