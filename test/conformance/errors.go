package conformance

import "strings"

var errorCases = []Case{
	c("form", Must, "7644 §3.12", "An error has the schema of errors and its status as a string.", func(t *T) {
		t.get("/Users/~none").fails(404, "")
	}),
	c("media-type", Must, "7644 §3.1, §3.12", "An error is application/scim+json.", func(t *T) {
		t.get("/Users/~none").fails(404, "").named("Content-Type", mediaSCIM)
	}),
	c("detail", Should, "7644 §3.12", "An error says in detail what is wrong.", func(t *T) {
		t.get("/Users/~none").fails(404, "").text("detail")
	}),
	c("no-scimType", Must, "7644 §3.12", "scimType comes with 400 and 409 only: a 404 has none.", func(t *T) {
		t.get("/Users/~none").fails(404, "").lacks("scimType")
	}),
	c("no-json", Must, "7644 §3.12", "A body that is no JSON is invalidSyntax.", func(t *T) {
		t.post("/Users", `{"userName":`).fails(400, "invalidSyntax")
	}),
	c("two-values", Must, "7644 §3.12", "A body with something behind its JSON is invalidSyntax.", func(t *T) {
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~"} {}`).fails(400, "invalidSyntax")
		t.find("/Users", `userName eq "~"`).found()
	}),
	c("no-body", Must, "7644 §3.12", "A POST without a body is invalidSyntax.", func(t *T) {
		t.post("/Users", "").fails(400, "invalidSyntax")
	}),
	c("text", Must, "7644 §3.12", "A body that is a text is invalidSyntax.", func(t *T) {
		t.post("/Users", `"userName"`).fails(400, "invalidSyntax")
	}),
	c("put-no-json", Must, "7644 §3.12", "A PUT that is no JSON is invalidSyntax.", func(t *T) {
		t.user("")
		t.put("/Users/@1", `{"userName"}`).fails(400, "invalidSyntax")
	}),
	c("patch-no-json", Must, "7644 §3.12", "A PATCH that is no JSON is invalidSyntax.", func(t *T) {
		t.user("")
		t.send("PATCH", "/Users/@1", `{`).fails(400, "invalidSyntax")
	}).needing(FeaturePatch),
	c("operations-no-list", Must, "7644 §3.12", "Operations that are no list of objects are a 400.", func(t *T) {
		t.user("")
		t.send("PATCH", "/Users/@1", `{"schemas":["`+patchURN+`"],"Operations":["replace"]}`).fails(400, "")
	}).needing(FeaturePatch),
	c("unknown-endpoint", Must, "7644 §3.12", "A path that is none is a 404 with a SCIM error.", func(t *T) {
		t.get("/Robots").fails(404, "")
		t.post("/Robots", `{}`).fails(404, "")
	}),
	c("too-deep", Must, "RFC 9110 §17.5", "A body that nests absurdly is refused, not a 5xx.", func(t *T) {
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~","x":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`).fails(400, "invalidSyntax")
	}),
	c("duplicate-is-a-scim-error", Practice, "complaints", "A 409 has a SCIM body with scimType uniqueness and a detail.", func(t *T) {
		t.user("")
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~u1"}`).fails(409, "uniqueness").text("detail")
	}),
	c("no-5xx-for-filters", Practice, "complaints", "A filter that cannot be served is a 400 invalidFilter, not a 500.", func(t *T) {
		for _, filter := range []string{`userName eq "a`, `)`, `emails[`, `"a" eq "b"`, `name[givenName eq "a"].x.y eq`, `active gt 7`, `\`} {
			t.find("/Users", filter).fails(400, "invalidFilter")
		}
	}).needing(FeatureFilter),
	c("bad-escape", Must, "7644 §3.12", "A filter that is not percent-encoded is a 400, never a list of everybody.", func(t *T) {
		t.get("/Users?filter=userName%20eq%20%22%ZZ%22").fails(400, "invalidFilter")
	}).needing(FeatureFilter),
}
