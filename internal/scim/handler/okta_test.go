package handler_test

import (
	"encoding/json"
	"net/url"
	"testing"
)

const oktaUser = `{
	"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
	"userName": "ada@example.com", "externalId": "00ujl29u0le5T6Aj10h7", "locale": "en-US",
	"name": {"givenName": "Ada", "familyName": "Lovelace"},
	"emails": [{"primary": true, "value": "ada@example.com", "type": "work"}],
	"displayName": "Ada Lovelace", "groups": [], "password": "1mz050nq", "active": true
}`

func TestOktaConnection(t *testing.T) {
	p := serve(t)
	p.user("ada")
	p.group("g")
	for _, path := range []string{"/Users?startIndex=1&count=2", "/Groups?startIndex=1&count=100"} {
		got := p.get(path).want(200)
		for _, number := range []string{"startIndex", "itemsPerPage", "totalResults"} {
			equal(t, path+" "+number, got.at(number), any(json.Number("1")))
		}
	}
}

func TestOktaUsers(t *testing.T) {
	p := serve(t)
	look := "/Users?startIndex=1&count=100&filter=" + url.QueryEscape(`userName eq "Ada@Example.com"`)
	equal(t, "before", p.get(look).want(200).texts("Resources", "id"), []string{})
	created := p.do("POST", "/Users", oktaUser).want(201)
	id := created.text("id")
	const stored = `{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
		"userName": "ada@example.com", "externalId": "00ujl29u0le5T6Aj10h7", "locale": "en-US",
		"name": {"givenName": "Ada", "familyName": "Lovelace"},
		"emails": [{"primary": true, "value": "ada@example.com", "type": "work"}],
		"displayName": "Ada Lovelace", "active": true
	}`
	created.wantBody(stored)
	equal(t, "after", p.get(look).want(200).texts("Resources", "id"), []string{id})

	// Okta sends back the object it read, with its changes.
	whole := p.get("/Users/" + id).object()
	whole["nickName"], whole["groups"], whole["unknownAttribute"] = "A", []any{}, "x"
	body, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "PUT", p.do("PUT", "/Users/"+id, string(body)).want(200).text("nickName"), "A")

	group := p.group("g", id)
	for _, deactivate := range []string{`[{"op":"replace","value":{"active":false}}]`, `[{"value":{"active":false}}]`} {
		got := p.do("PATCH", "/Users/"+id, patchBody(deactivate)).want(200)
		equal(t, "active", got.at("active"), any(false))
		p.patch("/Users/"+id, `[{"op":"replace","value":{"active":true}}]`)
	}
	equal(t, "memberships stay", p.members(group), []string{id})
}

func TestOktaGroups(t *testing.T) {
	p := serve(t)
	u1, u2 := p.user("u1"), p.user("u2")
	group := p.group("Admins", u1)
	path := "/Groups/" + group
	for _, step := range []struct {
		operations string
		name       string
		members    []string
	}{
		{`[{"op":"replace","value":{"id":"` + group + `","displayName":"Ops"}}]`, "Ops", []string{u1}},
		{`[{"op":"remove","path":"members[value eq \"` + u1 + `\"]"},{"op":"add","path":"members","value":[{"value":"` + u2 + `","display":"u2"}]}]`, "Ops", []string{u2}},
		{`[{"op":"replace","path":"members","value":[{"value":"` + u1 + `"},{"value":"` + u2 + `"}]}]`, "Ops", []string{u2, u1}},
		{`[{"op":"replace","path":"members","value":[]}]`, "Ops", []string{}},
		{`[{"op":"add","path":"members","value":[{"value":"` + u1 + `","display":"u1"}]}]`, "Ops", []string{u1}},
		{`[{"op":"replace","value":{"members":[],"id":"` + group + `","displayName":"Admins"}}]`, "Admins", []string{}},
	} {
		p.patch(path, step.operations)
		equal(t, step.operations, p.members(group), step.members)
		equal(t, step.operations, p.get(path).text("displayName"), step.name)
	}
	p.do("PUT", path, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"`+group+`","displayName":"Admins","members":[{"value":"`+u2+`","display":"u2"}]}`).want(200)
	equal(t, "PUT", p.members(group), []string{u2})

	// A second push of the group looks it up in any letter case, and a POST
	// that does not stays a conflict.
	equal(t, "look-up", p.found("/Groups", `displayName eq "aDMINS"`), []string{group})
	p.do("POST", "/Groups", `{"displayName":"ADMINS"}`).wantError(409, "uniqueness")
}
