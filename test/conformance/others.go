package conformance

import "strings"

var otherCases = []Case{
	c("google-test", Practice, "Google", "GET /Users?count=1 with Google's User-Agent and application/json is a list.", func(t *T) {
		t.user("")
		a := t.get("/Users?count=1", "User-Agent: Google-Auto-Provisioning", "Accept: application/json").is(200)
		if len(a.list("Resources")) != 1 || a.number("totalResults") < 1 {
			t.fail(a, "one user of at least one")
		}
	}),
	c("google-create", Practice, "Google", "A user is created with application/json.", func(t *T) {
		t.post("/Users", t.userBody(`{"name":{"givenName":"G","familyName":"F"}}`), "Content-Type: application/json", "Accept: application/json", "User-Agent: Google-Auto-Provisioning").is(201).
			has(`{"userName":"~u1","name":{"givenName":"G"}}`)
	}),
	c("ssosync-membership", Practice, "ssosync", `id eq "g" and members eq "u" finds the group.`, func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.find("/Groups", `id eq "@2" and members eq "@1"`).found("@2")
	}).needing(FeatureFilter),
	c("ssosync-put", Practice, "ssosync", "Users are updated by PUT.", func(t *T) {
		t.user("")
		t.put("/Users/@1", t.userBody(`{"id":"@1","userName":"~u1","displayName":"D","active":true,"emails":[{"value":"~@example.com","type":"work","primary":true}],"addresses":[{"type":"work"}]}`)).is(200).
			has(`{"displayName":"D","emails":[{"value":"~@example.com"}]}`)
	}),
	c("above-limit", Practice, "AWS, WorkOS", "A body above the limit is a 413 with a SCIM error.", func(t *T) {
		t.user("")
		t.post("/Users", t.userBody(`{"x":"`+strings.Repeat("x", 20<<20)+`"}`)).fails(413, "")
	}),
	c("many-members", Practice, "complaints", "A group takes 500 members in one request, and shows all of them.", func(t *T) {
		var members []string
		for n := range 500 {
			members = append(members, `{"value":"~m`+strings.Repeat("0", n%5)+string(rune('a'+n%26))+encode(n)+`"}`)
		}
		t.group(`{"members":[` + strings.Join(members, ",") + `]}`)
		if a := t.get("/Groups/@1").is(200); len(a.list("members")) != 500 {
			t.fail(a, "500 members, none cut off")
		}
	}),
}
