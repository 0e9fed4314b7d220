package conformance

const jumpcloudUser = `{"userName":"~u1","externalId":"5f1b9b4b9b4b9b4b9b4b9b4b","displayName":"G F","active":true,"title":"","name":{"givenName":"G","familyName":"F"},
	"emails":[{"value":"~@example.com","type":"work","primary":true}],
	"addresses":[{"type":"work","streetAddress":"1 Way","locality":"Town","region":"CO","postalCode":"80301","country":"US","primary":false}],
	"phoneNumbers":[{"type":"mobile","value":"tel:+1-555-0100"}],
	"` + enterpriseURN + `":{"employeeNumber":"7","department":"D","costCenter":"C"}}`

var jumpcloudCases = []Case{
	c("activation", Practice, "JumpCloud", "Activation: a test user and a test group are made, changed, and deleted.", func(t *T) {
		t.find("/Users", `userName eq "~u1"`).found()
		t.user(jumpcloudUser).has(`{"userName":"~u1","active":true}`)
		t.put("/Users/@1", t.userBody(`{"id":"@1","userName":"~u1","active":true,"name":{"givenName":"H","familyName":"F"}}`)).is(200).has(`{"name":{"givenName":"H"}}`)
		t.group(`{"displayName":"~test"}`)
		t.patch("/Groups/@2", `{"op":"add","path":"members","value":[{"value":"@1"}]}`).ok()
		t.get("/Groups/@2").members("@1")
		t.put("/Groups/@2", `{"schemas":["`+groupURN+`"],"displayName":"~changed"}`).is(200).has(`{"displayName":"~changed"}`)
		t.patch("/Groups/@2", `{"op":"remove","path":"members","value":[{"value":"@1"}]}`).ok()
		t.get("/Groups/@2").members()
		t.delete("/Groups/@2").is(204)
		t.delete("/Users/@1").is(204)
		t.get("/Users/@1").fails(404, "")
	}),
	c("activation-deactivates", Practice, "JumpCloud", "Activation may deactivate the test user in place of deleting it.", func(t *T) {
		t.user(jumpcloudUser)
		t.put("/Users/@1", t.userBody(`{"userName":"~u1","active":false}`)).is(200).has(`{"active":false}`)
	}),
	c("post", Practice, "JumpCloud", "A POST with addresses, phone numbers and the extension keeps all of it.", func(t *T) {
		t.user(jumpcloudUser).has(`{"externalId":"5f1b9b4b9b4b9b4b9b4b9b4b","phoneNumbers":[{"type":"mobile","value":"tel:+1-555-0100"}],"addresses":[{"streetAddress":"1 Way","country":"US"}],"` + enterpriseURN + `":{"employeeNumber":"7"}}`)
	}),
	c("put-full", Practice, "JumpCloud", "A PUT with empty lists, photos, and the extension first in schemas.", func(t *T) {
		t.user(jumpcloudUser)
		t.put("/Users/@1", `{"schemas":["`+enterpriseURN+`","`+userURN+`"],"userName":"~u1","active":true,"addresses":[],"phoneNumbers":[],"photos":[{"type":"photo","value":"https://example.com/p.png"}],
			"emails":[{"value":"~@example.com","type":"work","primary":true}],"`+enterpriseURN+`":{"department":"E"}}`).is(200).
			has(`{"addresses":null,"phoneNumbers":null,"photos":[{"type":"photo"}],"emails":[{"type":"work"}],"` + enterpriseURN + `":{"department":"E","employeeNumber":null}}`)
	}),
	c("put-minimal", Practice, "JumpCloud", "A PUT of a few attributes with emails null.", func(t *T) {
		t.user(jumpcloudUser)
		t.put("/Users/@1", `{"active":true,"emails":null,"id":"@1","name":{"givenName":"G","familyName":"F"},"schemas":["`+userURN+`"],"userName":"~u1"}`).is(200).
			has(`{"id":"@1","active":true,"emails":null,"name":{"givenName":"G"}}`)
	}),
	c("add-again", Practice, "JumpCloud", "A member that is added again is no error, and is there once.", func(t *T) {
		t.user("")
		t.group("")
		for range 2 {
			t.patch("/Groups/@2", `{"op":"add","path":"members","value":[{"value":"@1"}]}`).ok()
		}
		t.get("/Groups/@2").members("@1")
	}),
	c("remove-member", Practice, "JumpCloud", "remove with a value removes that member only.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"},{"value":"@2"}]}`)
		t.patch("/Groups/@3", `{"op":"remove","path":"members","value":[{"value":"@1"}]}`).ok()
		t.get("/Groups/@3").members("@2")
	}),
	c("remove-member-again", Practice, "JumpCloud", "A member that is removed again is no error.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@3", `{"op":"remove","path":"members","value":[{"value":"@2"}]}`).ok()
		t.get("/Groups/@3").members("@1")
	}),
	c("adopts-group", Practice, "JumpCloud", "A group of a name that is taken is found by that name.", func(t *T) {
		t.group("")
		t.post("/Groups", `{"schemas":["`+groupURN+`"],"displayName":"~g1"}`).fails(409, "uniqueness")
		t.find("/Groups", `displayName eq "~g1"`).found("@1")
	}),
}
