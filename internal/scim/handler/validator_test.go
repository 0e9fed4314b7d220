package handler_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// What Microsoft's SCIM validator does: it fills every attribute with random
// text and reads it back.
func TestValidatorUserRoundTrip(t *testing.T) {
	p := serve(t)
	const body = `{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"userName": "jsmith", "externalId": "QWE", "displayName": "HFUUGMVC", "nickName": "ZXC", "title": "T",
		"userType": "U", "preferredLanguage": "no language", "locale": "CUIRDSJRYI", "timezone": "no zone",
		"profileUrl": "NFYLEAHGFLGO", "active": true,
		"name": {"formatted": "f", "familyName": "a", "givenName": "g", "middleName": "m", "honorificPrefix": "p", "honorificSuffix": "s"},
		"emails": [{"type": "work", "value": "e1", "primary": true}, {"type": "home", "value": "e2"}, {"type": "other", "value": "e3"}],
		"phoneNumbers": [{"type": "work", "value": "74-851-2043", "primary": true}, {"type": "fax", "value": "not a number"}],
		"addresses": [{"type": "work", "formatted": "f", "streetAddress": "1\n2", "locality": "l", "region": "r", "postalCode": "p", "country": "nowhere", "primary": true}],
		"roles": [{"primary": true, "type": "t", "value": "v", "display": "d"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
			"employeeNumber": "1", "costCenter": "c", "organization": "o", "division": "d", "department": "e", "manager": {"value": "IRNLKSAKKB"}
		}
	}`
	created := p.do("POST", "/Users", body).want(201).wantBody(body)
	id := created.text("id")
	p.get("/Users/" + id).want(200).wantBody(body)
	p.do("POST", "/Users", body).wantError(409, "uniqueness")
	for _, filter := range []string{`userName eq "JSMITH"`, `USERNAME Eq "jsmith"`, `emails[type eq "WORK"].value eq "E1"`} {
		equal(t, filter, p.get("/Users?filter="+url.QueryEscape(filter)).want(200).texts("Resources", "id"), []string{id})
	}
	p.do("DELETE", "/Users/"+id, "").want(204)
	p.do("DELETE", "/Users/"+id, "").wantError(404, "")
	p.do("DELETE", "/Users/never-was", "").wantError(404, "")
}

// The validator adds three dozen attributes to a user that has a userName
// only, one operation each.
func TestValidatorManyAdds(t *testing.T) {
	var operations []string
	add := func(path string, value string) {
		operations = append(operations, fmt.Sprintf(`{"op":"add","path":%q,"value":%q}`, path, value))
	}
	for _, path := range []string{
		"displayName", "nickName", "title", "userType", "preferredLanguage", "locale", "timezone", "profileUrl",
		"name.givenName", "name.familyName", "name.formatted", "name.middleName", "name.honorificPrefix", "name.honorificSuffix",
	} {
		add(path, "value of "+path)
	}
	for _, kind := range []string{"work", "home", "other"} {
		add(`emails[type eq "`+kind+`"].value`, kind+"@example.com")
		add(`phoneNumbers[type eq "`+kind+`"].value`, "number "+kind)
	}
	for _, part := range []string{"formatted", "streetAddress", "locality", "region", "postalCode", "country"} {
		add(`addresses[type eq "work"].`+part, "the "+part)
	}
	for _, part := range []string{"display", "value", "type"} {
		add(`roles[primary eq "True"].`+part, "the "+part)
	}
	for _, attribute := range []string{"employeeNumber", "costCenter", "organization", "division", "department", "manager"} {
		add(enterpriseURN+":"+attribute, "the "+attribute)
	}
	add("externalId", "the externalId")
	equal(t, "operations", len(operations), 36)

	p := serve(t)
	id := p.user("ada")
	p.patch("/Users/"+id, "["+strings.Join(operations, ",")+"]")
	p.get("/Users/" + id).want(200).wantBody(`{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "` + enterpriseURN + `"],
		"userName": "ada", "active": true, "externalId": "the externalId",
		"displayName": "value of displayName", "nickName": "value of nickName", "title": "value of title",
		"userType": "value of userType", "preferredLanguage": "value of preferredLanguage", "locale": "value of locale",
		"timezone": "value of timezone", "profileUrl": "value of profileUrl",
		"name": {"givenName": "value of name.givenName", "familyName": "value of name.familyName", "formatted": "value of name.formatted",
			"middleName": "value of name.middleName", "honorificPrefix": "value of name.honorificPrefix", "honorificSuffix": "value of name.honorificSuffix"},
		"emails": [{"type": "work", "value": "work@example.com"}, {"type": "home", "value": "home@example.com"}, {"type": "other", "value": "other@example.com"}],
		"phoneNumbers": [{"type": "work", "value": "number work"}, {"type": "home", "value": "number home"}, {"type": "other", "value": "number other"}],
		"addresses": [{"type": "work", "formatted": "the formatted", "streetAddress": "the streetAddress", "locality": "the locality",
			"region": "the region", "postalCode": "the postalCode", "country": "the country"}],
		"roles": [{"primary": true, "display": "the display", "value": "the value", "type": "the type"}],
		"` + enterpriseURN + `": {"employeeNumber": "the employeeNumber", "costCenter": "the costCenter", "organization": "the organization",
			"division": "the division", "department": "the department", "manager": {"value": "the manager"}}
	}`)
}

func TestValidatorPatches(t *testing.T) {
	p := serve(t)
	id := p.create("/Users", `{"userName":"ada","displayName":"a","emails":[{"type":"work","value":"a@x","primary":true}]}`)
	p.patch("/Users/"+id, `[
		{"op":"replace","path":"displayName","value":"b"},
		{"op":"remove","path":"displayName"},
		{"op":"add","path":"displayName","value":"c"},
		{"op":"add","path":"emails","value":[{"type":"home","value":"h@x","primary":true}]}]`)
	got := p.get("/Users/" + id)
	equal(t, "the last of several operations", got.text("displayName"), "c")
	equal(t, "one primary e-mail", strings.Count(got.body, `"primary":true`), 1)
	p.patch("/Users/"+id, `[{"op":"replace","path":"userName","value":"grace"},{"op":"replace","path":"active","value":"false"}]`)
	equal(t, "renamed", p.found("/Users", `userName eq "Grace" and active eq false`), []string{id})
	equal(t, "the old name", p.found("/Users", `userName eq "ada"`), []string{})
}

func TestValidatorGroups(t *testing.T) {
	p := serve(t)
	u1, u2 := p.user("u1"), p.user("u2")
	group := p.group("Group", u1)
	p.do("POST", "/Groups", `{"displayName":"Group"}`).wantError(409, "uniqueness")
	filter := "filter=" + url.QueryEscape(`displayName eq "GROUP"`)
	for path, want := range map[string]int{
		"/Groups/" + group: 1, "/Groups/" + group + "?excludedAttributes=members": 0,
	} {
		equal(t, path, len(p.get(path).want(200).texts("members", "value")), want)
	}
	for query, want := range map[string]bool{"": true, "&excludedAttributes=members": false} {
		listed := p.get("/Groups?" + filter + query).want(200)
		equal(t, query, strings.Contains(listed.body, `"members":[`), want)
		equal(t, query, listed.texts("Resources", "id"), []string{group})
	}
	p.patch("/Groups/"+group, `[{"op":"replace","path":"members","value":[{"value":"`+u2+`"}]}]`)
	equal(t, "replaced by one", p.members(group), []string{u2})
	p.patch("/Groups/"+group, `[{"op":"add","path":"members","value":[{"value":"`+u1+`"}]},{"op":"remove","path":"members","value":[{"value":"`+u1+`"}]}]`)
	equal(t, "added and removed in one", p.members(group), []string{u2})
}
