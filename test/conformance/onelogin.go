package conformance

import "strings"

var oneloginCases = []Case{
	c("active-string", Practice, "OneLogin", `"active":"true" is the boolean.`, func(t *T) {
		t.user(`{"active":"true"}`).has(`{"active":true}`)
		t.user(`{"active":"false"}`).has(`{"active":false}`)
	}),
	c("id-null", Practice, "OneLogin", `"id":null is no id.`, func(t *T) {
		t.user(`{"id":null}`).has(`{"userName":"~u1"}`).text("id")
	}),
	c("old-urns", Practice, "OneLogin", "URNs of SCIM 1.0 in schemas do no harm.", func(t *T) {
		t.user(`{"schemas":["urn:scim:schemas:core:1.0","urn:scim:schemas:extension:enterprise:1.0"]}`).has(`{"schemas":["` + userURN + `"],"userName":"~u1"}`)
		t.user(`{"schemas":["urn:scim:schemas:core:2.0"]}`).has(`{"schemas":["` + userURN + `"]}`)
	}),
	c("emails-object", Practice, "OneLogin", "emails may be one object without a list.", func(t *T) {
		t.user(`{"emails":{"value":"~@example.com","type":"work","primary":true}}`).has(`{"emails":[{"value":"~@example.com","type":"work","primary":true}]}`)
	}),
	c("trailing", Practice, "OneLogin", "A ? or & at the end of the URL does no harm.", func(t *T) {
		t.post("/Users?", t.userBody("")).is(201)
		t.get("/Users/@1?").is(200).has(`{"id":"@1"}`)
		t.get("/Users?filter=userName%20eq%20%22~u1%22&").found("@1")
	}),
	c("answers-json", Practice, "OneLogin", "Who accepts application/json and not application/scim+json gets application/json.", func(t *T) {
		t.user("")
		t.get("/Users/@1", "Accept: application/json").is(200).named("Content-Type", mediaJSON)
		t.get("/Users/@1", "Accept: application/json, application/scim+json").is(200).named("Content-Type", mediaSCIM)
	}),
	c("errors-json", Practice, "OneLogin", "Errors too.", func(t *T) {
		t.get("/Users/~none", "Accept: application/json").fails(404, "").named("Content-Type", mediaJSON)
	}),
	c("no-charset", Practice, "OneLogin", "All others get exactly application/scim+json, without a charset.", func(t *T) {
		t.user("").named("Content-Type", mediaSCIM)
		if a := t.get("/Users/@1").is(200); strings.Contains(a.header.Get("Content-Type"), ";") {
			t.fail(a, "a Content-Type without parameters")
		}
	}),
}
