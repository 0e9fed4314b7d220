package handler_test

import (
	"regexp"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// RFC 7644 §3.3: 201 with Location, ETag and the whole resource.
func TestCreate(t *testing.T) {
	p := serve(t)
	got := p.do("POST", "/Users", fullUser).want(201)
	id := got.text("id")
	equal(t, "Location", got.header.Get("Location"), p.base+"/Users/"+id)
	equal(t, "Content-Type", got.header.Get("Content-Type"), "application/scim+json")
	meta, _ := got.at("meta").(scim.Object)
	equal(t, "meta.created", meta["created"], meta["lastModified"])
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`).MatchString(got.text("meta", "created")) {
		t.Errorf("meta.created is %v", meta["created"])
	}
	delete(meta, "created")
	delete(meta, "lastModified")
	equal(t, "meta", meta, scim.Object{
		"resourceType": "User", "location": p.base + "/Users/" + id, "version": got.header.Get("ETag"),
	})
	const want = `{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User","urn:example:badge"],
		"externalId": "e1", "userName": "ada", "displayName": "Ada", "active": true,
		"name": {"givenName": "Ada", "familyName": "Lovelace"},
		"emails": [{"value": "ada@example.com", "type": "work", "primary": true}, {"value": "a@example.org", "type": "home"}],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"employeeNumber": "7", "manager": {"value": "m"}},
		"urn:example:badge": {"color": "red", "number": 12345678901234567890}
	}`
	got.wantBody(want)
	equal(t, "the same when read", p.get("/Users/"+id).want(200).body, got.body)
	equal(t, "extensions keep numbers", p.get("/Users/"+id).at("urn:example:badge", "number"), got.at("urn:example:badge", "number"))
}

// The schemas are those of the attributes that the resource has (RFC 7643 §3).
func TestSchemasOfEmptyExtensions(t *testing.T) {
	p := serve(t)
	id := p.create("/Users", `{"userName":"ada","urn:example:badge":{},"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{}}`)
	p.patch("/Users/"+id, `[{"op":"add","path":"urn:example:door","value":{}}]`)
	p.get("/Users/" + id).want(200).wantBody(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada","active":true}`)
}

func TestCreateConflict(t *testing.T) {
	p := serve(t)
	p.user("Straße")
	p.group("Admins")
	for name, test := range map[string]struct{ path, body string }{
		"same userName":           {"/Users", `{"userName":"Straße"}`},
		"userName, another case":  {"/Users", `{"userName":"STRASSE"}`},
		"same displayName":        {"/Groups", `{"displayName":"Admins"}`},
		"displayName, other case": {"/Groups", `{"displayName":"aDMINS"}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			p.do("POST", test.path, test.body).wantError(409, "uniqueness")
		})
	}
	t.Run("renames", func(t *testing.T) {
		p := p.in(t)
		bob, ops := p.user("bob"), p.group("Ops")
		p.do("PUT", "/Users/"+bob, `{"userName":"strasse"}`).wantError(409, "uniqueness")
		p.do("PATCH", "/Users/"+bob, patchBody(`[{"op":"replace","path":"userName","value":"STRAßE"}]`)).wantError(409, "uniqueness")
		p.do("PATCH", "/Groups/"+ops, patchBody(`[{"op":"replace","value":{"displayName":"ADMINS"}}]`)).wantError(409, "uniqueness")
		p.do("PUT", "/Users/"+bob, `{"userName":"BOB"}`).want(200)
	})
	t.Run("externalId is not unique", func(t *testing.T) {
		p := p.in(t)
		p.create("/Users", `{"userName":"one","externalId":"same"}`)
		p.create("/Users", `{"userName":"two","externalId":"same"}`)
		equal(t, "found", len(p.found("/Users", `externalId eq "same"`)), 2)
		equal(t, "case-exact", len(p.found("/Users", `externalId eq "SAME"`)), 0)
	})
	t.Run("a freed name is free, with another id", func(t *testing.T) {
		p := p.in(t)
		first := p.user("free")
		group := p.group("first group", first)
		p.do("DELETE", "/Users/"+first, "").want(204)
		second := p.user("FREE")
		if first == second {
			t.Fatalf("id %s was given out again", first)
		}
		equal(t, "groups of the new user", p.get("/Users/"+second).at("groups"), nil)
		equal(t, "members", p.members(group), []string{first})
	})
}

func TestInvalidResources(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	for name, test := range map[string]struct {
		method, path, body, scimType string
	}{
		"no userName":             {"POST", "/Users", `{"displayName":"x"}`, "invalidValue"},
		"empty userName":          {"POST", "/Users", `{"userName":""}`, "invalidValue"},
		"no displayName":          {"POST", "/Groups", `{"members":[]}`, "invalidValue"},
		"a number as userName":    {"POST", "/Users", `{"userName":{"a":1}}`, "invalidValue"},
		"PUT without userName":    {"PUT", "/Users/" + id, `{"displayName":"x"}`, "invalidValue"},
		"member that is empty":    {"POST", "/Groups", `{"displayName":"x","members":[{"value":""}]}`, "invalidValue"},
		"PATCH of nothing known":  {"PATCH", "/Users/" + id, patchBody(`[{"op":"move","path":"title","value":"x"}]`), "invalidSyntax"},
		"PATCH with a bad path":   {"PATCH", "/Users/" + id, patchBody(`[{"op":"add","path":"emails[","value":"x"}]`), "invalidPath"},
		"PATCH of id":             {"PATCH", "/Users/" + id, patchBody(`[{"op":"replace","path":"id","value":"x"}]`), "mutability"},
		"PATCH removing userName": {"PATCH", "/Users/" + id, patchBody(`[{"op":"remove","path":"userName"}]`), "mutability"},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			before := p.get("/Users").body
			p.do(test.method, test.path, test.body).wantError(400, test.scimType)
			equal(t, "nothing is stored", p.get("/Users").body, before)
		})
	}
}

// RFC 7644 §3.5.1, with two documented deviations: an absent `members` keeps
// the members, an absent `active` keeps it.
func TestReplace(t *testing.T) {
	p := serve(t)
	id := p.create("/Users", fullUser)
	p.patch("/Users/"+id, `[{"op":"replace","path":"active","value":false}]`)
	got := p.do("PUT", "/Users/"+id, `{"id":"another","meta":{"version":"x"},"groups":[{"value":"g"}],
		"userName":"ada","nickName":"A","emails":null,"shoeSize":43}`).want(200)
	got.wantBody(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada","nickName":"A","active":false}`)
	equal(t, "id", got.text("id"), id)
	p.do("PUT", "/Users/nobody", `{"userName":"x"}`).wantError(404, "")

	u1, u2 := p.user("u1"), p.user("u2")
	group := p.group("g", u1, u2)
	for _, step := range []struct {
		body string
		want []string
	}{
		{`{"displayName":"h"}`, []string{u1, u2}},
		{`{"displayName":"h","members":[{"value":"` + u2 + `"}]}`, []string{u2}},
		{`{"displayName":"h","members":[]}`, []string{}},
		{`{"displayName":"h","members":[{"value":"` + u1 + `"}]}`, []string{u1}},
		{`{"displayName":"h","members":null}`, []string{}},
	} {
		p.do("PUT", "/Groups/"+group, step.body).want(200)
		equal(t, step.body, p.members(group), step.want)
	}
}

func TestDelete(t *testing.T) {
	p := serve(t)
	user := p.user("ada")
	group := p.group("g", user)
	for _, path := range []string{"/Users/" + user, "/Groups/" + group} {
		got := p.do("DELETE", path, "").want(204)
		equal(t, "body", got.body, "")
		p.do("DELETE", path, "").wantError(404, "")
		p.get(path).wantError(404, "")
		p.do("PATCH", path, patchBody(`[]`)).wantError(404, "")
	}
	p.get("/Users").wantBody(`{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
		"totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}`)
}

// `$ref` is relative; a member that names nothing is kept, with its value only.
func TestReferences(t *testing.T) {
	p := serve(t)
	user := p.create("/Users", `{"userName":"ada","displayName":"Ada"}`)
	inner := p.group("inner", user)
	outer := p.group("outer", user, inner, "nobody/known")
	equal(t, "members", p.get("/Groups/"+outer).at("members"), any([]any{
		scim.Object{"value": user, "type": "User", "display": "Ada", "$ref": "Users/" + user},
		scim.Object{"value": inner, "type": "Group", "display": "inner", "$ref": "Groups/" + inner},
		scim.Object{"value": "nobody/known"},
	}))
	equal(t, "one sub-attribute", p.get("/Groups/"+outer+"?attributes=members.value").at("members"), any([]any{
		scim.Object{"value": user}, scim.Object{"value": inner}, scim.Object{"value": "nobody/known"},
	}))
	groups, _ := p.get("/Users/" + user).at("groups").([]any)
	equal(t, "groups", len(groups), 2)
	for _, item := range groups {
		group, _ := item.(scim.Object)
		id, _ := group["value"].(string)
		equal(t, "type", group["type"], any("direct"))
		equal(t, "$ref", group["$ref"], any("Groups/"+id))
		equal(t, "display", group["display"], any(map[string]string{inner: "inner", outer: "outer"}[id]))
	}
}

func TestTextsComeBackAsSent(t *testing.T) {
	p := serve(t)
	for _, text := range []string{
		`\"quoted\" and \\`, `line\nbreak\ttab\r\b\f\u0001`, `<b>&amp;</b>`, "Zoë Ωmega 😀 日本", `\ud83d\ude00 \u2028`, `a\/b`,
	} {
		id := p.create("/Users", `{"userName":"u","title":"`+text+`"}`)
		equal(t, text, p.get("/Users/"+id).text("title"), decode(t, `{"title":"`+text+`"}`)["title"])
		p.do("DELETE", "/Users/"+id, "").want(204)
	}
}

// RFC 7643 §3.1: a change moves lastModified on and leaves created.
func TestLastModified(t *testing.T) {
	p := serve(t)
	path := "/Users/" + p.user("ada")
	before := p.get(path)
	created, version := before.text("meta", "created"), before.text("meta", "version")
	after := p.do("PATCH", path, patchBody(`[{"op":"replace","path":"title","value":"Countess"}]`)).want(200)
	equal(t, "created", after.text("meta", "created"), created)
	if modified := after.text("meta", "lastModified"); modified <= created {
		t.Errorf("lastModified %s is not after created %s", modified, created)
	}
	if after.text("meta", "version") == version {
		t.Errorf("the version is still %s", version)
	}
	for filter, want := range map[string]int{
		`meta.lastModified gt "` + created + `"`:                            1,
		`meta.lastModified gt "` + after.text("meta", "lastModified") + `"`: 0,
		`meta.created eq "` + created + `"`:                                 1,
	} {
		equal(t, filter, len(p.found("/Users", filter)), want)
	}
}
