package conformance

var replaceCases = []Case{
	c("user", Must, "7644 §3.5.1", "PUT answers 200 with the replaced resource.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"U"}`).is(200).has(`{"id":"@1","userName":"~u1","title":"U"}`)
		t.get("/Users/@1").is(200).has(`{"title":"U"}`)
	}),
	c("clears-what-is-left-out", Must, "7644 §3.5.1", "An attribute that a PUT leaves out loses its value.", func(t *T) {
		t.user(`{"title":"T","nickName":"N","emails":[{"value":"a@example.com"}],"name":{"givenName":"G","familyName":"F"}}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","nickName":"M","name":{"familyName":"F"}}`).is(200)
		t.get("/Users/@1").is(200).has(`{"title":null,"emails":null,"nickName":"M","name":{"familyName":"F","givenName":null}}`)
	}),
	c("clears-extension", Must, "7644 §3.5.1", "An extension that a PUT leaves out loses its values.", func(t *T) {
		t.user(`{"` + enterpriseURN + `":{"department":"D"}}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1"}`).is(200)
		t.get("/Users/@1").is(200).has(`{"schemas":["` + userURN + `"]}`).lacks(enterpriseURN)
	}),
	c("null-clears", Must, "7643 §2.5, 7644 §3.5.1", "null in a PUT clears the value.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":null}`).is(200).has(`{"title":null}`)
	}),
	c("rename", Must, "7644 §3.5.1", "A PUT changes the userName, and the resource is found by the new one only.", func(t *T) {
		t.user("")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~new"}`).is(200).has(`{"id":"@1","userName":"~new"}`)
		t.find("/Users", `userName eq "~new"`).found("@1")
		t.find("/Users", `userName eq "~u1"`).found()
	}),
	c("rename-to-taken", Must, "7644 §3.5.1, §3.12", "A PUT to a userName that is taken is a 409 uniqueness and changes nothing.", func(t *T) {
		t.users(2)
		t.put("/Users/@2", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`).fails(409, "uniqueness")
		t.get("/Users/@2").is(200).has(`{"userName":"~u2","title":null}`)
	}),
	c("letter-case-of-own-name", Must, "7644 §3.5.1", "A PUT may change the letter case of the userName.", func(t *T) {
		t.user("")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~U1"}`).is(200).has(`{"userName":"~U1"}`)
	}),
	c("readOnly-ignored", Must, "7644 §3.5.1", "readOnly attributes in a PUT are ignored.", func(t *T) {
		created := t.user("")
		a := t.put("/Users/@1", `{"schemas":["`+userURN+`"],"id":"~other","userName":"~u1","groups":[{"value":"~g"}],"meta":{"created":"1999-01-01T00:00:00Z","resourceType":"Robot"}}`).is(200)
		a.has(`{"id":"@1","groups":null,"meta":{"resourceType":"User"}}`)
		if a.text("meta", "created") != created.text("meta", "created") {
			t.fail(a, "meta.created %s", created.text("meta", "created"))
		}
	}),
	c("whole-resource-back", Must, "7644 §3.5.1", "What a GET showed can be put back as it is, and nothing changes.", func(t *T) {
		t.user(`{"title":"T","emails":[{"value":"a@example.com","type":"work","primary":true}],"` + enterpriseURN + `":{"manager":{"value":"m"}}}`)
		before := t.get("/Users/@1").is(200)
		a := t.put("/Users/@1", string(before.raw)).is(200)
		if a.text("meta", "lastModified") == "" {
			t.fail(a, "meta.lastModified")
		}
		a.has(`{"title":"T","emails":[{"value":"a@example.com","type":"work","primary":true}],"` + enterpriseURN + `":{"manager":{"value":"m"}}}`)
	}),
	c("created-stays", Must, "7643 §3.1", "A PUT leaves meta.created, and lastModified does not go back.", func(t *T) {
		created := t.user("")
		a := t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`).is(200)
		if a.text("meta", "created") != created.text("meta", "created") {
			t.fail(a, "meta.created %s", created.text("meta", "created"))
		}
		if !a.instant("meta", "lastModified").After(created.instant("meta", "lastModified")) {
			t.fail(a, "meta.lastModified after %s", created.text("meta", "lastModified"))
		}
	}),
	c("required", Must, "7644 §3.5.1, §3.12", "A PUT without a required attribute is refused with invalidValue and changes nothing.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"title":"U"}`).fails(400, "invalidValue")
		t.get("/Users/@1").is(200).has(`{"userName":"~u1","title":"T"}`)
	}),
	c("invalid-value", Must, "7644 §3.5.1, §3.12", "A PUT with a value of the wrong type is refused and changes nothing.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"U","active":"perhaps"}`).fails(400, "invalidValue")
		t.get("/Users/@1").is(200).has(`{"title":"T","active":true}`)
	}),
	c("unknown-id", Must, "7644 §3.5.1", "A PUT makes no new resource: an unknown id is a 404.", func(t *T) {
		t.user("")
		t.put("/Users/~none", `{"schemas":["`+userURN+`"],"userName":"~x"}`).fails(404, "")
		t.find("/Users", `userName eq "~x"`).found()
	}),
	c("deleted-id", Must, "7644 §3.6", "A PUT on a deleted resource is a 404.", func(t *T) {
		t.user("")
		t.delete("/Users/@1").is(204)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1"}`).fails(404, "")
	}),
	c("collection", Must, "7644 §3.5.1", "A PUT needs an id: the endpoint itself does not take it.", func(t *T) {
		t.user("")
		t.put("/Users", `{"schemas":["`+userURN+`"],"userName":"~x"}`).fails(405, "")
	}),
	c("group", Must, "7644 §3.5.1", "A PUT of a group replaces its members.", func(t *T) {
		t.users(3)
		t.group(`{"members":[{"value":"@1"},{"value":"@2"}]}`)
		t.put("/Groups/@4", `{"schemas":["`+groupURN+`"],"displayName":"~new","members":[{"value":"@2"},{"value":"@3"}]}`).is(200).has(`{"displayName":"~new"}`)
		t.get("/Groups/@4").members("@2", "@3")
	}),
	c("group-empty-members", Must, "7644 §3.5.1", "A PUT of a group with an empty list of members empties it.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.put("/Groups/@2", `{"schemas":["`+groupURN+`"],"displayName":"~g2","members":[]}`).is(200)
		t.get("/Groups/@2").members()
	}),
	c("group-required", Must, "7644 §3.5.1, 7643 §4.2", "A PUT of a group without displayName is refused.", func(t *T) {
		t.group("")
		t.put("/Groups/@1", `{"schemas":["`+groupURN+`"]}`).fails(400, "invalidValue")
	}),
	c("group-name-taken", Practice, "Entra ID", "A PUT that gives a group the name of another is a 409.", func(t *T) {
		t.group("")
		t.group("")
		t.put("/Groups/@2", `{"schemas":["`+groupURN+`"],"displayName":"~g1"}`).fails(409, "uniqueness")
	}),
	c("password-not-shown", Must, "7643 §7, 7644 §3.5.1", "A password in a PUT is accepted and not shown.", func(t *T) {
		t.user("")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","password":"secret"}`).is(200).has(`{"id":"@1"}`).lacks("password")
	}),
	c("attributes-parameter", Must, "7644 §3.9, §3.5.1", "attributes limits also the answer to a PUT.", func(t *T) {
		t.user("")
		t.put("/Users/@1?attributes=title", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T","nickName":"N"}`).is(200).has(`{"id":"@1","title":"T"}`).lacks("nickName", "userName")
	}),
	c("values-are-replaced", Must, "7644 §3.5.1", "A PUT replaces all values of a multi-valued attribute.", func(t *T) {
		t.user(`{"emails":[{"value":"a@example.com","type":"work"},{"value":"b@example.com","type":"home"}]}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","emails":[{"value":"c@example.com"}]}`).is(200)
		t.get("/Users/@1").is(200).has(`{"emails":[{"value":"c@example.com"}]}`)
	}),
	c("found-by-new-value", Must, "7644 §3.5.1, §3.4.2.2", "After a PUT filters find the new value and not the old.", func(t *T) {
		t.user(`{"externalId":"~a"}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","externalId":"~b"}`).is(200)
		t.find("/Users", `externalId eq "~b"`).found("@1")
		t.find("/Users", `externalId eq "~a"`).found()
	}).needing(FeatureFilter),
}
