package conformance

import "strings"

var etagCases = []Case{
	c("304-has-etag", Must, "7644 §3.14, RFC 9110 §15.4.5", "A 304 has the ETag.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.get("/Users/@1", "If-None-Match: "+version).is(304).named("ETag", version)
	}),
	c("304-has-content-location", Must, "RFC 9110 §15.4.5", "A 304 has the Content-Location that the 200 has.", func(t *T) {
		version := t.user("").text("meta", "version")
		want := t.get("/Users/@1").is(200).header.Get("Content-Location")
		t.get("/Users/@1", "If-None-Match: "+version).is(304)
		if got := t.last.header.Get("Content-Location"); got != want {
			t.fail(t.last, "Content-Location %q", want)
		}
	}),
	c("if-none-match-list", Must, "7644 §3.14, RFC 9110 §13.1.2", "If-None-Match may name several versions, and * is any.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.get("/Users/@1", `If-None-Match: W/"none", `+version).is(304)
		t.get("/Users/@1", `If-None-Match: *`).is(304)
		t.get("/Users/@1", `If-None-Match: W/"none", "neither"`).is(200).has(`{"id":"@1"}`)
	}),
	c("if-none-match-weak", Must, "RFC 9110 §13.1.2, §8.8.3.2", "If-None-Match compares weakly: W/ makes no difference.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.get("/Users/@1", "If-None-Match: "+strings.TrimPrefix(version, "W/")).is(304)
		t.get("/Users/@1", "If-None-Match: W/"+strings.TrimPrefix(version, "W/")).is(304)
	}),
	c("if-none-match-change", Must, "RFC 9110 §13.1.2", "If-None-Match that holds keeps a PUT from being carried out: a 412.", func(t *T) {
		version := t.user(`{"title":"T"}`).text("meta", "version")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"U"}`, "If-None-Match: "+version).fails(412, "")
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}),
	c("if-match-get", Must, "RFC 9110 §13.1.1", "If-Match holds for GET too: an old version is a 412.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.get("/Users/@1", "If-Match: "+version).is(200).has(`{"id":"@1"}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`).is(200)
		t.get("/Users/@1", "If-Match: "+version).fails(412, "")
	}),
	c("if-match-no-change", Must, "7644 §3.14", "An old version in If-Match is a 412 also for a PATCH that would change nothing.", func(t *T) {
		version := t.user(`{"title":"T"}`).text("meta", "version")
		t.patch("/Users/@1", `{"op":"replace","path":"title","value":"U"}`).ok()
		t.patch("/Users/@1", `{"op":"replace","path":"title","value":"U"}`, "If-Match: "+version).fails(412, "")
	}).needing(FeaturePatch),
	c("if-match-unknown-id", Must, "7644 §3.14, §3.12", "If-Match on what does not exist is a 404 or 412.", func(t *T) {
		t.user("")
		a := t.put("/Users/~none", `{"schemas":["`+userURN+`"],"userName":"~x"}`, "If-Match: *").is(404, 412)
		a.fails(a.status, "")
	}),
	c("group-if-match-members", Must, "7644 §3.14", "An old version in If-Match keeps a member from being added.", func(t *T) {
		t.users(2)
		version := t.group("").text("meta", "version")
		t.patch("/Groups/@3", `{"op":"add","path":"members","value":[{"value":"@1"}]}`).ok()
		t.patch("/Groups/@3", `{"op":"add","path":"members","value":[{"value":"@2"}]}`, "If-Match: "+version).fails(412, "")
		t.get("/Groups/@3").members("@1")
	}).needing(FeaturePatch),
	c("no-change-same-version", Should, "7644 §3.14", "A PUT of what is there already leaves the version.", func(t *T) {
		before := t.user(`{"title":"T"}`)
		a := t.put("/Users/@1", string(before.raw)).is(200)
		if a.text("meta", "version") != before.text("meta", "version") {
			t.fail(a, "meta.version %s", before.text("meta", "version"))
		}
	}),

	c("meta-version", Must, "7643 §3.1, 7644 §3.14", "meta.version is the ETag of the answer.", func(t *T) {
		a := t.user("")
		a.named("ETag", a.text("meta", "version"))
		a = t.get("/Users/@1").is(200)
		a.named("ETag", a.text("meta", "version"))
	}),
	c("stays", Must, "7644 §3.14", "The version of a resource that does not change stays.", func(t *T) {
		created := t.user("").text("meta", "version")
		t.get("/Users/@1").is(200).named("ETag", created)
	}),
	c("changes", Must, "7644 §3.14", "A change gives a new version.", func(t *T) {
		created := t.user("").text("meta", "version")
		a := t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`).is(200)
		if a.titled("ETag") == created {
			t.fail(a, "another version than %s", created)
		}
	}),
	c("changes-by-patch", Must, "7644 §3.14", "A PATCH gives a new version.", func(t *T) {
		created := t.user("").text("meta", "version")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`).ok()
		if a := t.get("/Users/@1").is(200); a.text("meta", "version") == created {
			t.fail(a, "another version than %s", created)
		}
	}).needing(FeaturePatch),
	c("changes-with-members", Must, "7644 §3.14", "A new member gives a group a new version.", func(t *T) {
		t.user("")
		created := t.group("").text("meta", "version")
		t.patch("/Groups/@2", `{"op":"add","path":"members","value":[{"value":"@1"}]}`).ok()
		if a := t.get("/Groups/@2").is(200); a.text("meta", "version") == created {
			t.fail(a, "another version than %s", created)
		}
	}).needing(FeaturePatch),
	c("if-none-match", Must, "7644 §3.14", "A GET with the current version in If-None-Match is a 304 without a body.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.get("/Users/@1", "If-None-Match: "+version).is(304).blank()
	}),
	c("if-none-match-old", Must, "7644 §3.14", "A GET with an old version in If-None-Match is a 200.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`).is(200)
		t.get("/Users/@1", "If-None-Match: "+version).is(200).has(`{"title":"T"}`)
	}),
	c("if-match-put", Must, "7644 §3.14", "A PUT with the current version in If-Match is carried out.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`, "If-Match: "+version).is(200).has(`{"title":"T"}`)
	}),
	c("if-match-put-stale", Must, "7644 §3.14, §3.12", "A PUT with an old version in If-Match is a 412 and changes nothing.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`).is(200)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"U"}`, "If-Match: "+version).fails(412, "")
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}),
	c("if-match-patch", Must, "7644 §3.14", "A PATCH with the current version in If-Match is carried out.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`, "If-Match: "+version).ok()
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}).needing(FeaturePatch),
	c("if-match-patch-stale", Must, "7644 §3.14, §3.12", "A PATCH with an old version in If-Match is a 412 and changes nothing.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`).ok()
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"U"}`, "If-Match: "+version).fails(412, "")
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}).needing(FeaturePatch),
	c("if-match-delete", Must, "7644 §3.14", "A DELETE with the current version in If-Match is carried out.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.delete("/Users/@1", "If-Match: "+version).is(204)
	}),
	c("if-match-delete-stale", Must, "7644 §3.14, §3.12", "A DELETE with an old version in If-Match is a 412 and deletes nothing.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`).is(200)
		t.delete("/Users/@1", "If-Match: "+version).fails(412, "")
		t.get("/Users/@1").is(200)
	}),
	c("if-match-any", Must, "7644 §3.14, RFC 9110 §13.1.1", "If-Match: * holds for every resource that exists.", func(t *T) {
		t.user("")
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}`, "If-Match: *").is(200)
		t.delete("/Users/@1", "If-Match: *").is(204)
	}),
	c("if-match-list", Must, "7644 §3.14, RFC 9110 §13.1.1", "If-Match may name several versions.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.delete("/Users/@1", `If-Match: W/"none", `+version).is(204)
	}),
	c("list-has-versions", Must, "7643 §3.1", "Resources in a list have their version.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.find("/Users", `userName eq "~u1"`).found("@1")
		if t.last.text("Resources", 0, "meta", "version") != version {
			t.fail(t.last, "meta.version %s", version)
		}
	}),
	c("user-with-groups", Practice, "choices", "The version of a user also changes when its groups do.", func(t *T) {
		version := t.user("").text("meta", "version")
		t.group(`{"members":[{"value":"@1"}]}`)
		if a := t.get("/Users/@1").is(200); a.text("meta", "version") == version {
			t.fail(a, "another version than %s", version)
		}
	}),
}
