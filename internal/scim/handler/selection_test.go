package handler_test

import (
	"net/url"
	"slices"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

const fullUser = `{
	"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","urn:example:badge"],
	"externalId": "e1", "userName": "ada", "displayName": "Ada", "password": "secret",
	"name": {"givenName": "Ada", "familyName": "Lovelace"},
	"emails": [{"value": "ada@example.com", "type": "work", "primary": true}, {"value": "a@example.org", "type": "home"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "7", "manager": {"value": "m"}},
	"urn:example:badge": {"color": "red", "number": 12345678901234567890}
}`

// RFC 7644 §3.9; what RFC 7643 §7 calls `returned` holds in every case.
func TestAttributes(t *testing.T) {
	p := serve(t)
	id := p.create("/Users", fullUser)
	p.group("g", id)
	const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	all := []string{"active", "displayName", "emails", "externalId", "groups", "id", "meta", "name", "schemas", "urn:example:badge", enterprise, "userName"}
	without := func(names ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(n string) bool { return slices.Contains(names, n) })
	}
	for name, test := range map[string]struct {
		attributes, excluded string
		keys                 []string
	}{
		"neither":                       {"", "", all},
		"one":                           {"userName", "", []string{"id", "schemas", "userName"}},
		"any letter case":               {"USERNAME", "", []string{"id", "schemas", "userName"}},
		"several with spaces":           {"userName, externalId ,", "", []string{"externalId", "id", "schemas", "userName"}},
		"with the core URN":             {"urn:ietf:params:scim:schemas:core:2.0:User:userName", "", []string{"id", "schemas", "userName"}},
		"an extension's attribute":      {enterprise + ":employeeNumber", "", []string{"id", "schemas", enterprise}},
		"a whole extension":             {enterprise, "", []string{"id", "schemas", enterprise}},
		"an undeclared extension":       {"urn:example:badge", "", []string{"id", "schemas", "urn:example:badge"}},
		"in an undeclared extension":    {"urn:example:badge:color", "", []string{"id", "schemas", "urn:example:badge"}},
		"the whole core":                {"urn:ietf:params:scim:schemas:core:2.0:User", "", without("externalId", "meta", "urn:example:badge", enterprise)},
		"a sub-attribute":               {"name.givenName", "", []string{"id", "name", "schemas"}},
		"a value path":                  {`emails[type eq "work"]`, "", []string{"emails", "id", "schemas"}},
		"a value path with a comma":     {`emails[type eq "a,b"].value,userName`, "", []string{"emails", "id", "schemas", "userName"}},
		"a bracket in a value path":     {`emails[type eq "a],b"].value,userName`, "", []string{"emails", "id", "schemas", "userName"}},
		"only id":                       {"id", "", []string{"id", "schemas"}},
		"never the password":            {"password", "", []string{"id", "schemas"}},
		"unknown":                       {"shoeSize", "", []string{"id", "schemas"}},
		"groups":                        {"groups", "", []string{"groups", "id", "schemas"}},
		"part of meta":                  {"meta.location", "", []string{"id", "meta", "schemas"}},
		"excluded":                      {"", "emails,groups", without("emails", "groups")},
		"excluded, any letter case":     {"", "EMAILS", without("emails")},
		"excluded extension":            {"", enterprise, without(enterprise)},
		"excluded undeclared extension": {"", "urn:example:badge", without("urn:example:badge")},
		"id cannot be excluded":         {"", "id,schemas,userName", without("userName")},
		"excluded sub-attribute":        {"", "name.givenName", all},
		"all sub-attributes excluded":   {"", "name.givenName,name.familyName,emails.value,emails.type,emails.primary", without("name", "emails")},
		"all of meta excluded":          {"", "meta.resourceType,meta.created,meta.lastModified,meta.location,meta.version", without("meta")},
		"all of a manager excluded":     {enterprise + ":manager", enterprise + ":manager.value", []string{"id", "schemas"}},
		"a sub-attribute nobody has":    {"name.middleName,emails.display,userName", "", []string{"id", "schemas", "userName"}},
		"both":                          {"userName,emails", "emails", []string{"id", "schemas", "userName"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			query := "?attributes=" + url.QueryEscape(test.attributes) + "&excludedAttributes=" + url.QueryEscape(test.excluded)
			slices.Sort(test.keys)
			equal(t, "one", p.get("/Users/"+id+query).want(200).keys(), test.keys)

			listed, _ := p.get("/Users" + query).want(200).at("Resources").([]any)
			first, _ := listed[0].(scim.Object)
			equal(t, "list", keys(first), test.keys)

			patched := p.do("PATCH", "/Users/"+id+query, patchBody(`[]`), "Accept: application/json").want(200)
			equal(t, "PATCH", patched.keys(), test.keys)
		})
	}
}

func TestSubAttributes(t *testing.T) {
	p := serve(t)
	id := p.create("/Users", fullUser)
	for query, want := range map[string]string{
		"attributes=name.givenName":           `{"name":{"givenName":"Ada"}}`,
		"attributes=name.givenName,name":      `{"name":{"givenName":"Ada","familyName":"Lovelace"}}`,
		"attributes=emails.value":             `{"emails":[{"value":"ada@example.com"},{"value":"a@example.org"}]}`,
		"attributes=emails.type,emails.value": `{"emails":[{"value":"ada@example.com","type":"work"},{"value":"a@example.org","type":"home"}]}`,
		"attributes=meta.resourceType":        `{"meta":{"resourceType":"User"}}`,
		"attributes=urn:example:badge:color":  `{"urn:example:badge":{"color":"red"}}`,
		"attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value": `{"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m"}}}`,
		"attributes=name&excludedAttributes=name.familyName":                                  `{"name":{"givenName":"Ada"}}`,
	} {
		t.Run(query, func(t *testing.T) {
			p := p.in(t)
			got := p.get("/Users/" + id + "?" + query).want(200).object()
			delete(got, "id")
			delete(got, "schemas")
			equal(t, "shown", got, decode(t, want))
		})
	}
}

func (a *answered) keys() []string { a.t.Helper(); return keys(a.object()) }

func keys(o scim.Object) []string {
	names := []string{}
	for name := range o {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
