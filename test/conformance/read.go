package conformance

import "net/url"

var readCases = []Case{
	c("user", Must, "7644 §3.4.1", "GET /Users/{id} answers 200 with the user.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.get("/Users/@1").is(200).has(`{"schemas":["` + userURN + `"],"id":"@1","userName":"~u1","title":"T","meta":{"resourceType":"User"}}`)
	}),
	c("group", Must, "7644 §3.4.1", "GET /Groups/{id} answers 200 with the group and its members.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Groups/@2").is(200).has(`{"schemas":["` + groupURN + `"],"id":"@2","displayName":"~g2","members":[{"value":"@1"}]}`)
	}),
	c("location", Should, "7644 §3.4.1, 7643 §3.1", "meta.location of a GET is that of the POST.", func(t *T) {
		created := t.user("")
		if a := t.get("/Users/@1").is(200); a.text("meta", "location") != created.text("meta", "location") {
			t.fail(a, "meta.location %s", created.text("meta", "location"))
		}
	}),
	c("unknown-user", Must, "7644 §3.4.1, §3.12", "An id that does not exist is a 404 with a SCIM error.", func(t *T) {
		t.user("")
		t.get("/Users/@1").is(200)
		t.get("/Users/~none").fails(404, "")
	}),
	c("unknown-group", Must, "7644 §3.4.1, §3.12", "The id of a group that does not exist is a 404.", func(t *T) {
		t.group("")
		t.get("/Groups/@1").is(200)
		t.get("/Groups/~none").fails(404, "")
	}),
	c("other-type", Must, "7644 §3.4.1", "The id of a user is none of a group.", func(t *T) {
		t.user("")
		t.get("/Users/@1").is(200)
		t.get("/Groups/@1").fails(404, "")
	}),
	c("odd-ids", Must, "7644 §3.12, RFC 9110 §17.5", "Whatever stands for an id, the answer is a 404, never a 5xx.", func(t *T) {
		t.user("")
		t.get("/Users/@1").is(200)
		for _, id := range []string{"%00", "..%2f..", "a%20b", url.PathEscape("ünï"), "%22%27", "-", "x--"} {
			t.get("/Users/"+id).fails(404, "")
		}
	}),
	c("id-is-case-exact", Must, "7643 §3.1", "An id compares letter by letter.", func(t *T) {
		t.user("")
		t.get("/Users/@1").is(200)
		if other := swapCase(t.id(1)); other != t.id(1) {
			t.get("/Users/"+other).fails(404, "")
		}
	}),
	c("list-users", Must, "7644 §3.4.2", "GET /Users answers with a ListResponse.", func(t *T) {
		t.user("")
		a := t.get("/Users?count=1").is(200).has(`{"schemas":["` + listURN + `"]}`)
		if a.number("totalResults") < 1 || len(a.list("Resources")) != 1 {
			t.fail(a, "a page with one of at least one users")
		}
	}),
	c("list-groups", Must, "7644 §3.4.2", "GET /Groups answers with a ListResponse of groups.", func(t *T) {
		t.group("")
		a := t.get("/Groups?count=1").is(200).has(`{"schemas":["` + listURN + `"],"Resources":[{"schemas":["` + groupURN + `"]}]}`)
		if a.number("totalResults") < 1 {
			t.fail(a, "at least one group")
		}
	}),
	c("list-users-only", Must, "7644 §3.4.2", "The endpoint of a resource type lists resources of that type only.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.group(`{"externalId":"E-~"}`)
		t.find("/Users", `externalId eq "E-~"`).found("@1")
		t.find("/Groups", `externalId eq "E-~"`).found("@2")
	}).needing(FeatureFilter),
	c("list-is-complete", Must, "7644 §3.4.2", "What a list shows of a resource is what a GET shows.", func(t *T) {
		t.user(`{"title":"T","emails":[{"value":"a@example.com"}],"` + enterpriseURN + `":{"department":"D"}}`)
		one := t.get("/Users/@1").is(200)
		a := t.find("/Users", `userName eq "~u1"`).found("@1")
		if where, same := covers(a.at("Resources", 0), any(one.body)); !same {
			t.fail(a, "a list with %s; it differs at %q", one.raw, where)
		}
	}).needing(FeatureFilter),
	c("nothing-found", Must, "7644 §3.4.2", "A query that finds nothing is a 200 with totalResults 0, not a 404.", func(t *T) {
		t.user("")
		t.group("")
		t.find("/Users", `userName eq "~none"`).found()
		t.find("/Groups", `displayName eq "~none"`).found()
	}).needing(FeatureFilter),
	c("me", May, "7644 §3.11", "/Me, where the token stands for no user, is a 501 with a SCIM error; else the user or a redirection to it.", func(t *T) {
		if a := t.get("/Me").is(200, 308, 404, 501); a.status == 501 || a.status == 404 {
			a.fails(a.status, "")
		} else if a.status == 200 {
			a.text("userName")
		} else {
			a.titled("Location")
		}
	}),
	c("me-write", May, "7644 §3.11", "Writing to /Me, where the token stands for no user, is refused with a SCIM error.", func(t *T) {
		if t.get("/Me").status == 501 {
			t.patch("/Me", `{"op":"replace","path":"title","value":"T"}`).fails(501, "")
			t.delete("/Me").fails(501, "")
			return
		}
		if a := t.get("/Me").is(200, 308, 404); a.status == 200 {
			a.text("userName")
		}
	}),
}

func swapCase(s string) string {
	b := []byte(s)
	for i, letter := range b {
		if letter >= 'a' && letter <= 'z' {
			b[i] = letter - 'a' + 'A'
		}
	}
	return string(b)
}
