package conformance

import "strings"

var oktaCases = []Case{
	c("test-users", Practice, "Okta", "GET /Users?startIndex=1&count=2 is a list with integers.", func(t *T) {
		t.user("")
		a := t.get("/Users?startIndex=1&count=2").is(200).has(`{"schemas":["` + listURN + `"],"startIndex":1}`)
		if a.number("totalResults") < 1 || a.number("itemsPerPage") < 1 || len(a.list("Resources")) > 2 {
			t.fail(a, "one or two users, counted by integers")
		}
	}),
	c("test-groups", Practice, "Okta", "GET /Groups?startIndex=1&count=100 is a list.", func(t *T) {
		t.group("")
		t.get("/Groups?startIndex=1&count=100").is(200).has(`{"schemas":["` + listURN + `"],"startIndex":1}`).list("Resources")
	}),
	c("test-flow", Practice, "Okta", "Okta's test: look a user up, create it, read it, disable it, find it, and get a 409 for the same again.", func(t *T) {
		t.find("/Users", `userName eq "~u1"`, "startIndex=1", "count=100").found()
		t.user(oktaUser).has(`{"userName":"~u1","active":true,"name":{"givenName":"G"},"locale":"en-US","groups":null}`)
		t.get("/Users/@1").is(200).has(`{"userName":"~u1","active":true}`)
		t.find("/Users", `userName eq "~u1"`, "startIndex=1", "count=100").found("@1").has(`{"startIndex":1,"itemsPerPage":1}`)
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~u1"}`).fails(409, "uniqueness")
		t.patch("/Users/@1", `{"op":"replace","value":{"active":false}}`).ok()
		t.get("/Users/@1").is(200).has(`{"active":false}`)
		t.get("/Users/~none").fails(404, "")
	}),
	c("test-userName-case", Practice, "Okta", "The look-up ignores letter case.", func(t *T) {
		t.user(`{"userName":"~Mixed@Example.com"}`)
		t.find("/Users", `userName eq "~mixed@example.COM"`, "startIndex=1", "count=100").found("@1")
	}),
	c("look-up-none", Practice, "Okta", "A look-up without a match is a 200 with an empty list.", func(t *T) {
		t.user("")
		t.find("/Users", `userName eq "~none"`, "startIndex=1", "count=100").found()
	}),
	c("post", Practice, "Okta", "A POST with groups, password and locale makes a user without showing the password.", func(t *T) {
		t.user(oktaUser).has(`{"externalId":"00u~","locale":"en-US","groups":null}`).lacks("password")
	}),
	c("put", Practice, "Okta", "A PUT of the whole object, with read-only and unknown attributes, replaces it.", func(t *T) {
		t.user(oktaUser)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"id":"@1","userName":"~u1","externalId":"00u~","name":{"givenName":"H","familyName":"F"},"emails":[{"primary":true,"value":"~@example.com","type":"work"}],
			"displayName":"H F","locale":"en-US","active":true,"groups":[{"value":"g"}],"meta":{"resourceType":"User"},"shoeSize":43}`).is(200).
			has(`{"id":"@1","name":{"givenName":"H"},"groups":null}`).lacks("shoeSize")
	}),
	c("put-group", Practice, "Okta", "PUT /Groups replaces name and members.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.put("/Groups/@3", `{"schemas":["`+groupURN+`"],"id":"@3","displayName":"~new","members":[{"value":"@2","display":"~u2"}]}`).is(200)
		t.get("/Groups/@3").members("@2").has(`{"displayName":"~new"}`)
	}),
	c("deactivate", Practice, "Okta", "A value without a path deactivates.", func(t *T) {
		t.user(oktaUser)
		t.patch("/Users/@1", `{"op":"replace","value":{"active":false}}`).ok()
		t.get("/Users/@1").is(200).has(`{"active":false,"name":{"givenName":"G"}}`)
	}),
	c("deactivate-without-op", Practice, "Okta", "The operation may have no op: it is a replace.", func(t *T) {
		t.user(oktaUser)
		t.patch("/Users/@1", `{"value":{"active":false}}`).ok()
		t.get("/Users/@1").is(200).has(`{"active":false}`)
	}),
	c("reactivate", Practice, "Okta", "A user is activated again.", func(t *T) {
		t.user(`{"active":false}`)
		t.patch("/Users/@1", `{"op":"replace","value":{"active":true}}`).ok()
		t.get("/Users/@1").is(200).has(`{"active":true}`)
	}),
	c("keeps-memberships", Practice, "Okta", "Disabling a user keeps the memberships.", func(t *T) {
		t.user(oktaUser)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Users/@1", `{"op":"replace","value":{"active":false}}`).ok()
		t.get("/Groups/@2").members("@1")
	}),
	c("rename-group", Practice, "Okta", "A group is renamed by a value with its own id.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@2", `{"op":"replace","value":{"id":"@2","displayName":"~new"}}`).ok()
		t.get("/Groups/@2").members("@1").has(`{"displayName":"~new"}`)
	}),
	c("remove-and-add-member", Practice, "Okta", "Members are removed by a filter and added with their display.", func(t *T) {
		t.users(3)
		t.group(`{"members":[{"value":"@1"},{"value":"@3"}]}`)
		t.patch("/Groups/@4", `{"op":"remove","path":"members[value eq \"@1\"]"},{"op":"add","path":"members","value":[{"value":"@2","display":"~u2"}]}`).ok()
		t.get("/Groups/@4").members("@2", "@3")
	}),
	c("replace-members", Practice, "Okta", "All members are replaced.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@3", `{"op":"replace","path":"members","value":[{"value":"@2","display":"~u2"}]}`).ok()
		t.get("/Groups/@3").members("@2")
		t.patch("/Groups/@3", `{"op":"replace","path":"members","value":[]}`).ok()
		t.get("/Groups/@3").members()
	}),
	c("replace-members-no-path", Practice, "Okta", "A value without a path may empty the members.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@2", `{"op":"replace","value":{"members":[],"id":"@2","displayName":"~g2"}}`).ok()
		t.get("/Groups/@2").members()
	}),
	c("duplicate-group", Practice, "Okta", "A group of a name that is taken is a 409, and the look-up finds it in any letter case.", func(t *T) {
		t.group("")
		t.post("/Groups", `{"schemas":["`+groupURN+`"],"displayName":"`+strings.ToUpper(t.tag)+`G1"}`).fails(409, "uniqueness")
		t.find("/Groups", `displayName eq "`+strings.ToUpper(t.tag)+`G1"`).found("@1")
	}),
	c("stable-order", Practice, "Okta", "Pages of an import are in a stable order.", func(t *T) {
		t.users(3)
		first := page(t, "startIndex=1", "count=2").is(200).ids()
		again := page(t, "startIndex=1", "count=2").is(200)
		if len(first) != 2 || again.ids()[0] != first[0] || again.ids()[1] != first[1] {
			t.fail(again, "the users %q", first)
		}
	}),
}

const oktaUser = `{"externalId":"00u~","name":{"givenName":"G","familyName":"F"},"emails":[{"primary":true,"value":"~@example.com","type":"work"}],
	"displayName":"G F","locale":"en-US","groups":[],"password":"1mz050nq","active":true}`
