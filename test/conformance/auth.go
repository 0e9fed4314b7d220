package conformance

import "strings"

var authCases = []Case{
	c("missing", Must, "7644 §2, §3.12", "A request without a token is a 401 with a SCIM error.", func(t *T) {
		t.get("/Users?count=1", "Authorization:").fails(401, "")
	}),
	c("wrong", Must, "7644 §2, §3.12", "A wrong token is a 401 with a SCIM error.", func(t *T) {
		t.get("/Users?count=1", "Authorization: Bearer ~0123456789012345678901234567890123456789").fails(401, "")
	}),
	c("challenge", Must, "7644 §2, RFC 9110 §11.6.1", "A 401 has WWW-Authenticate with the scheme.", func(t *T) {
		a := t.get("/Users?count=1", "Authorization:").fails(401, "")
		if !strings.HasPrefix(strings.ToLower(a.titled("WWW-Authenticate")), "bearer") {
			t.fail(a, "WWW-Authenticate: Bearer …")
		}
	}),
	c("challenge-invalid", Must, "RFC 6750 §3.1", "WWW-Authenticate calls a wrong token invalid_token.", func(t *T) {
		a := t.get("/Users?count=1", "Authorization: Bearer ~wrong").fails(401, "")
		if !strings.Contains(a.titled("WWW-Authenticate"), "invalid_token") {
			t.fail(a, `WWW-Authenticate with error="invalid_token"`)
		}
	}),
	c("other-scheme", Must, "7644 §2", "Another scheme is a 401.", func(t *T) {
		t.get("/Users?count=1", "Authorization: Basic dXNlcjpwYXNzd29yZA==").fails(401, "")
	}),
	c("scheme-ignores-case", Must, "RFC 9110 §11.1", "The scheme compares ignoring letter case.", func(t *T) {
		t.user("")
		t.get("/Users/@1", "Authorization: bearer "+t.client.token).is(200).has(`{"id":"@1"}`)
	}),
	c("before-everything", Must, "7644 §2, RFC 9110 §15.5.2", "Without a token nobody learns what exists: an unknown id is a 401 too.", func(t *T) {
		t.user("")
		t.get("/Users/@1", "Authorization:").fails(401, "")
		t.get("/Users/~none", "Authorization:").fails(401, "")
	}),
	c("writes", Must, "7644 §2", "Without a token nothing is written.", func(t *T) {
		t.user("")
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~x"}`, "Authorization:").fails(401, "")
		t.patch("/Users/@1", `{"op":"replace","path":"title","value":"T"}`, "Authorization:").fails(401, "")
		t.delete("/Users/@1", "Authorization: Bearer ~wrong").fails(401, "")
		t.get("/Users/@1").is(200).has(`{"title":null}`)
		t.find("/Users", `userName eq "~x"`).found()
	}),
	c("token-in-url", Must, "7644 §2, §7.5.2, RFC 6750 §5.3", "A token in the URL is none.", func(t *T) {
		t.get("/Users?count=1&access_token="+t.client.token, "Authorization:").fails(401, "")
	}),
}
