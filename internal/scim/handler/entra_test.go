package handler_test

import (
	"net/url"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

const enterpriseURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

func TestEntraConnection(t *testing.T) {
	p := serve(t)
	p.user("ada")
	for _, filter := range []string{
		`userName eq "b1e7d4f2-0000-4000-8000-0123456789ab"`,
		`externalId eq "b1e7d4f2-0000-4000-8000-0123456789ab"`,
		`emails[type eq "work"].value eq "b1e7d4f2-0000-4000-8000-0123456789ab"`,
	} {
		for _, query := range []string{
			"filter=" + url.QueryEscape(filter),
			"filter=" + url.PathEscape(filter),
			"aadOptscim062020&filter=" + url.QueryEscape(filter),
		} {
			p.get("/Users?" + query).want(200).wantBody(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
				"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`)
		}
	}
}

// entraUser is a POST as Entra ID sends it: nulls, an empty list, a mistyped
// URN and read-only meta.
const entraUser = `{
	"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
	"externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
	"userName": "Ada@example.com", "active": true, "displayName": "Ada Lovelace",
	"emails": [{"primary": true, "type": "work", "value": "ada@example.com"}],
	"addresses": null, "title": null,
	"meta": {"resourceType": "User"},
	"name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada", "middleName": null},
	"roles": []
}`

func TestEntraLookups(t *testing.T) {
	p := serve(t)
	ada := p.create("/Users", entraUser)
	p.get("/Users/" + ada).wantBody(`{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
		"userName": "Ada@example.com", "active": true, "displayName": "Ada Lovelace",
		"emails": [{"primary": true, "type": "work", "value": "ada@example.com"}],
		"name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"}
	}`)
	bob := p.user("bob")
	p.patch("/Users/"+bob, `[{"op":"Add","path":"manager","value":"`+ada+`"}]`)
	group := p.create("/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
		"externalId":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","displayName":"Engineers","members":[],"meta":{"resourceType":"Group"}}`)
	p.patch("/Groups/"+group, `[{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+ada+`"}]}]`)
	for filter, want := range map[string][]string{
		`userName eq "ADA@EXAMPLE.COM"`:                        {ada},
		`externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`: {ada},
		`emails[type eq "work"].value eq "Ada@Example.com"`:    {ada},
		`id eq "` + bob + `" and manager eq "` + ada + `"`:     {bob},
		`id eq "` + bob + `" and manager eq "` + bob + `"`:     {},
	} {
		equal(t, filter, p.found("/Users", filter), want)
	}
	for filter, want := range map[string][]string{
		`displayName eq "ENGINEERS"`:                           {group},
		`id eq "` + group + `" and members eq "` + ada + `"`:   {group},
		`id eq "` + group + `" and members eq "` + bob + `"`:   {},
		`externalId eq "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159"`: {group},
	} {
		equal(t, filter, p.found("/Groups", filter), want)
		only := p.get("/Groups?attributes=id&filter=" + url.QueryEscape(filter)).want(200)
		equal(t, filter+", only id", only.texts("Resources", "id"), want)
		bare := p.get("/Groups?excludedAttributes=members&filter=" + url.QueryEscape(filter)).want(200)
		for _, item := range bare.at("Resources").([]any) {
			if _, ok := item.(scim.Object)["members"]; ok {
				t.Errorf("%s: members are shown", filter)
			}
		}
	}
	equal(t, "one group without members", p.get("/Groups/"+group+"?excludedAttributes=members").want(200).at("members"), nil)
	equal(t, "one group", p.get("/Groups/"+group).want(200).texts("members", "value"), []string{ada})
}

// Both dialects of Entra ID's PATCH: without the flag aadOptscim062020, and
// with it.
func TestEntraPatch(t *testing.T) {
	for name, operations := range map[string]string{
		"without the flag": `[
			{"op":"Replace","path":"active","value":"False"},
			{"op":"Replace","path":"displayName","value":"B"},
			{"op":"Replace","path":"name.givenName","value":"K"},
			{"op":"Replace","path":"emails[type eq \"work\"].value","value":"b@example.com"},
			{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"1"},
			{"op":"Replace","path":"` + enterpriseURN + `:employeeNumber","value":"A"},
			{"op":"Remove","path":"title"}]`,
		"with the flag": `[
			{"op":"replace","value":{"active":false,"displayName":"B","name.givenName":"K",
				"emails[type eq \"work\"].value":"b@example.com",
				"phoneNumbers[type eq \"mobile\"].value":"1",
				"` + enterpriseURN + `:employeeNumber":"A"}},
			{"op":"remove","path":"title"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			p := serve(t)
			id := p.create("/Users", entraUser)
			p.patch("/Users/"+id, `[{"op":"add","path":"title","value":"Countess"}]`)
			p.patch("/Users/"+id, operations)
			p.get("/Users/" + id).wantBody(`{
				"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "` + enterpriseURN + `"],
				"externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef",
				"userName": "Ada@example.com", "active": false, "displayName": "B",
				"emails": [{"primary": true, "type": "work", "value": "b@example.com"}],
				"phoneNumbers": [{"type": "mobile", "value": "1"}],
				"name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "K"},
				"` + enterpriseURN + `": {"employeeNumber": "A"}
			}`)
		})
	}
}

func TestEntraManager(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	path := "/Users/" + id
	set := func(operation string) any {
		t.Helper()
		p.patch(path, `[`+operation+`]`)
		return p.get(path).at(enterpriseURN, "manager")
	}
	for _, operation := range []string{
		`{"op":"Add","path":"manager","value":"m1"}`,
		`{"op":"Replace","path":"` + enterpriseURN + `:manager","value":"m1"}`,
		`{"op":"Replace","path":"manager","value":{"value":"m1"}}`,
		`{"op":"Add","path":"` + enterpriseURN + `:manager","value":[{"$ref":"../Users/m1","value":"m1"}]}`,
		`{"op":"replace","value":{"` + enterpriseURN + `:manager":"m1"}}`,
	} {
		manager, _ := set(operation).(scim.Object)
		equal(t, operation, manager["value"], any("m1"))
		for _, clear := range []string{
			`{"op":"Replace","path":"manager","value":""}`,
			`{"op":"Replace","path":"` + enterpriseURN + `:manager","value":{"value":""}}`,
			`{"op":"Replace","path":"manager","value":null}`,
			`{"op":"Remove","path":"` + enterpriseURN + `:manager"}`,
		} {
			equal(t, clear, set(clear), nil)
			set(operation)
		}
	}
}

func TestEntraMembers(t *testing.T) {
	p := serve(t)
	u1, u2, u3 := p.user("u1"), p.user("u2"), p.user("u3")
	group := p.group("g")
	for _, step := range []struct {
		operations string
		want       []string
	}{
		{`[{"op":"Add","path":"members","value":[{"$ref":null,"value":"` + u1 + `"}]}]`, []string{u1}},
		{`[{"op":"Add","path":"members","value":[{"$ref":null,"value":"` + u1 + `"}]}]`, []string{u1}},
		{`[{"op":"Add","path":"members","value":[{"value":"` + u2 + `"},{"value":"` + u3 + `"}]}]`, []string{u1, u2, u3}},
		{`[{"op":"Remove","path":"members","value":[{"$ref":null,"value":"` + u1 + `"}]}]`, []string{u2, u3}},
		{`[{"op":"remove","path":"members[value eq \"` + u3 + `\"]"}]`, []string{u2}},
		{`[{"op":"add","path":"members","value":[{"value":"` + u3 + `"}]},{"op":"remove","path":"members[value eq \"` + u3 + `\"]"}]`, []string{u2}},
		{`[{"op":"replace","path":"members","value":[{"value":"` + u1 + `"}]}]`, []string{u1}},
		{`[{"op":"Replace","path":"displayName","value":"h"}]`, []string{u1}},
		{`[{"op":"Add","path":"members","value":[{"value":"names-nothing"}]}]`, []string{u1, "names-nothing"}},
	} {
		p.patch("/Groups/"+group, step.operations)
		equal(t, step.operations, p.members(group), step.want)
	}
	p.patch("/Users/"+u1, `[{"op":"Replace","path":"active","value":"False"}]`)
	equal(t, "leaving scope keeps memberships", p.members(group), []string{u1, "names-nothing"})
	equal(t, "inactive users stay visible", p.found("/Users", `userName eq "u1"`), []string{u1})
}

// What is created where a filtered path matches nothing.
func TestEntraFilteredPaths(t *testing.T) {
	p := serve(t)
	for name, test := range map[string]struct {
		operation string
		want      string // the attribute afterwards, or the scimType of a 400
		attribute string
	}{
		"add creates":              {`{"op":"add","path":"emails[type eq \"work\"].value","value":"a@x"}`, `{"emails":[{"type":"work","value":"a@x"}]}`, "emails"},
		"replace, canonical type":  {`{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@x"}`, `{"emails":[{"type":"work","value":"a@x"}]}`, "emails"},
		"replace, type of its own": {`{"op":"replace","path":"emails[type eq \"moon\"].value","value":"a@x"}`, "noTarget", ""},
		"replace, another filter":  {`{"op":"replace","path":"emails[display eq \"x\"].value","value":"a@x"}`, "noTarget", ""},
		"the string True":          {`{"op":"add","path":"roles[primary eq \"True\"].value","value":"admin"}`, `{"roles":[{"primary":true,"value":"admin"}]}`, "roles"},
		"a scalar in a list":       {`{"op":"replace","path":"displayName","value":["Ada"]}`, `{"displayName":"Ada"}`, "displayName"},
		"a bare extension URN":     {`{"op":"add","path":"` + enterpriseURN + `","value":{"division":"d"}}`, `{"` + enterpriseURN + `":{"division":"d"}}`, enterpriseURN},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			id := p.user("ada")
			defer p.do("DELETE", "/Users/"+id, "")
			got := p.do("PATCH", "/Users/"+id, patchBody(`[`+test.operation+`]`))
			if test.attribute == "" {
				got.wantError(400, test.want)
				return
			}
			equal(t, test.attribute, got.want(200).at(test.attribute), decode(t, test.want)[test.attribute])
		})
	}
}
