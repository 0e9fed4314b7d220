package handler_test

import "testing"

const jumpCloudUser = `{
	"schemas": ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:User"],
	"userName": "ada", "externalId": "5f0e4d6c8a1b2c3d4e5f6a7b", "active": true,
	"name": {"familyName": "Lovelace", "givenName": "Ada"}, "displayName": "Ada Lovelace",
	"emails": [{"value": "ada@example.com", "type": "work", "primary": true}],
	"addresses": [{"type": "work", "locality": "London", "country": "GB"}],
	"phoneNumbers": [{"value": "tel:+1-201-555-0123", "type": "work"}],
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Engines", "employeeNumber": "1815"}
}`

// Activating JumpCloud's integration makes a user and a group, changes both
// and deletes them.
func TestJumpCloudActivation(t *testing.T) {
	p := serve(t)
	equal(t, "no such user", p.found("/Users", `userName eq "ada"`), []string{})
	user := p.create("/Users", jumpCloudUser)
	group := p.group("test group")
	p.patch("/Groups/"+group, `[{"op":"add","path":"members","value":[{"value":"`+user+`"}]}]`)
	p.patch("/Groups/"+group, `[{"op":"add","path":"members","value":[{"value":"`+user+`"}]}]`)
	equal(t, "members", p.members(group), []string{user})
	p.patch("/Groups/"+group, `[{"op":"remove","path":"members","value":[{"value":"`+user+`"}]}]`)
	equal(t, "no members", p.members(group), []string{})
	p.patch("/Users/"+user, `[{"op":"replace","path":"active","value":false}]`)
	p.do("DELETE", "/Groups/"+group, "").want(204)
	p.do("DELETE", "/Users/"+user, "").want(204)
}

func TestJumpCloudPut(t *testing.T) {
	p := serve(t)
	id := p.create("/Users", jumpCloudUser)
	for name, test := range map[string]struct{ body, want string }{
		"full": {`{
			"schemas": ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:User"],
			"id": "` + id + `", "userName": "ada", "active": true, "name": {"familyName": "King", "givenName": "Ada"},
			"emails": [{"value": "ada@example.com", "type": "work", "primary": true}],
			"addresses": [], "phoneNumbers": [], "photos": [{"value": "https://example.com/a.png", "type": "photo"}],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Notes"}
		}`, `{
			"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
			"userName": "ada", "active": true, "name": {"familyName": "King", "givenName": "Ada"},
			"emails": [{"value": "ada@example.com", "type": "work", "primary": true}],
			"photos": [{"value": "https://example.com/a.png", "type": "photo"}],
			"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Notes"}
		}`},
		"minimal": {`{"active":true,"emails":null,"id":"` + id + `","name":{"familyName":"King"},
			"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada"}`,
			`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada","active":true,"name":{"familyName":"King"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			p.do("PUT", "/Users/"+id, test.body).want(200).wantBody(test.want)
		})
	}
}

// OneLogin's body is a template that its admin wrote.
func TestOneLogin(t *testing.T) {
	p := serve(t)
	const json = "Accept: application/json"
	got := p.do("POST", "/Users?", `{"schemas":["urn:scim:schemas:core:1.0","urn:scim:schemas:core:2.0"],"id":null,"active":"true",
		"userName":"ada","emails":{"value":"ada@example.com","type":"work","primary":true},"displayName":"Ada"}`, json).want(201)
	equal(t, "Content-Type", got.header.Get("Content-Type"), "application/json")
	got.wantBody(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"active":true,"userName":"ada",
		"emails":[{"value":"ada@example.com","type":"work","primary":true}],"displayName":"Ada"}`)
	for _, path := range []string{"/Users?", "/Users?count=1&", "/Groups?", "/Users/" + got.text("id") + "?"} {
		equal(t, path, p.do("GET", path, "", json).want(200).header.Get("Content-Type"), "application/json")
	}
}

func TestGoogle(t *testing.T) {
	p := serve(t)
	id := p.user("ada")
	group := p.group("g", id)
	agent := "User-Agent: Google-Auto-Provisioning"
	got := p.do("GET", "/Users?count=1", "", agent, "Accept: application/json").want(200)
	equal(t, "ids", got.texts("Resources", "id"), []string{id})
	p.do("PUT", "/Users/"+id, `{"userName":"ada","displayName":"Ada"}`, agent, "Content-Type: application/json; charset=UTF-8").want(200)
	equal(t, "ssosync", p.found("/Groups", `id eq "`+group+`" and members eq "`+id+`"`), []string{group})
}
