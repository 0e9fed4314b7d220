package integration

import (
	"net/http"
	"strings"
	"testing"
)

func TestBadInput(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	c := f.on(0)
	alice := c.newUser(t, "alice")
	admins := c.newGroup(t, "admins", alice)

	tests := map[string]struct {
		method, path, body string
		status             int
		scimType           string
		says               string
	}{
		"malformed JSON":               {"POST", "/Users", `{"userName":`, 400, "invalidSyntax", ""},
		"no JSON object":               {"POST", "/Users", `[]`, 400, "invalidSyntax", ""},
		"no body":                      {"POST", "/Users", ``, 400, "invalidSyntax", ""},
		"no userName":                  {"POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]}`, 400, "invalidValue", "userName"},
		"an object for a string":       {"POST", "/Users", `{"userName":{"first":"x"}}`, 400, "invalidValue", "userName"},
		"an object for a list":         {"PATCH", "/Users/" + alice, replace("emails", `{"value":{}}`), 400, "invalidValue", "emails"},
		"no boolean":                   {"PATCH", "/Users/" + alice, replace("active", `"maybe"`), 400, "invalidValue", "active"},
		"a value too long":             {"PATCH", "/Users/" + alice, replace("title", `"`+strings.Repeat("x", 2000)+`"`), 400, "invalidValue", "title"},
		"an unknown path":              {"PATCH", "/Users/" + alice, replace("name.shoeSize", `"44"`), 400, "invalidPath", ""},
		"a broken path":                {"PATCH", "/Users/" + alice, replace("emails[type eq", `"x"`), 400, "invalidPath", ""},
		"an unknown operation":         {"PATCH", "/Users/" + alice, patch(`{"op":"rename","path":"userName","value":"x"}`), 400, "invalidSyntax", "add, replace or remove"},
		"a member that is no string":   {"PATCH", "/Groups/" + admins, patch(`{"op":"add","path":"members","value":[{"value":7}]}`), 400, "invalidValue", ""},
		"a member id too long":         {"PATCH", "/Groups/" + admins, addMembers(strings.Repeat("x", 300)), 400, "invalidValue", ""},
		"a broken filter":              {"GET", "/Users" + filter(`userName eq`), "", 400, "invalidFilter", ""},
		"a filter on no attribute":     {"GET", "/Users" + filter(`userName ~ "x"`), "", 400, "invalidFilter", ""},
		"a wrong id":                   {"GET", "/Users/nobody", "", 404, "", "nobody"},
		"a group's id as a user's":     {"GET", "/Users/" + admins, "", 404, "", ""},
		"a wrong id to change":         {"PATCH", "/Users/nobody", replace("title", `"x"`), 404, "", "nobody"},
		"a wrong id to delete":         {"DELETE", "/Groups/nobody", "", 404, "", "nobody"},
		"a duplicate user":             {"POST", "/Users", user("ALICE"), 409, "uniqueness", ""},
		"a duplicate group":            {"POST", "/Groups", group("Admins"), 409, "uniqueness", ""},
		"an endpoint that is not":      {"GET", "/Devices", "", 404, "", ""},
		"a method that is not":         {"PUT", "/Users", "{}", 405, "", ""},
		"a body over its limit":        {"POST", "/Users", `{"userName":"` + strings.Repeat("x", 3<<20) + `"}`, 413, "", ""},
		"a URL over its limit":         {"GET", "/Users" + filter(`userName eq "`+strings.Repeat("x", 80<<10)+`"`), "", 414, "", ""},
		"a value the slot cannot hold": {"POST", "/Users", user(strings.Repeat("x", 300)), 400, "invalidValue", "userName"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.do(t, test.method, test.path, test.body)
			if got.Status != test.status {
				t.Fatalf("got %d %s, want %d", got.Status, got.Body, test.status)
			}
			e := got.resource(t)
			if e.SCIMType != test.scimType || e.Detail == "" || !strings.Contains(e.Detail, test.says) || len(e.Schemas) != 1 || e.Schemas[0] != "urn:ietf:params:scim:api:messages:2.0:Error" {
				t.Errorf("got %s; want a SCIM error with scimType %q that says %q", got.Body, test.scimType, test.says)
			}
			if got.Header.Get("Content-Type") != "application/scim+json" {
				t.Errorf("Content-Type is %q", got.Header.Get("Content-Type"))
			}
		})
	}
	t.Run("a header over its limit", func(t *testing.T) {
		if got := c.with(strings.Repeat("x", 80<<10)).do(t, "GET", "/Users", ""); got.Status != 431 {
			t.Errorf("got %d %s, want 431", got.Status, got.Body)
		}
	})
	// Nothing of it left a trace.
	if got := c.want(t, http.StatusOK, "GET", "/Users/"+alice, "").resource(t); got.UserName != "alice" {
		t.Errorf("the user is %+v", got)
	}
	if got := c.want(t, http.StatusOK, "GET", "/Groups/"+admins, "").resource(t); len(got.Members) != 1 {
		t.Errorf("the group is %+v", got)
	}
}
