package conformance

import "strings"

var httpCases = []Case{
	c("head-list", Must, "RFC 9110 §9.3.2", "HEAD of a list has no body.", func(t *T) {
		t.user("")
		t.send("HEAD", "/Users?count=1", "").is(200).named("Content-Type", mediaSCIM).blank()
	}),
	c("delete-with-body", Should, "RFC 9110 §9.3.5", "A DELETE with a body is carried out.", func(t *T) {
		t.user("")
		t.send("DELETE", "/Users/@1", `{}`).is(204)
		t.get("/Users/@1").fails(404, "")
	}),
	c("keeps-connection", Should, "RFC 9110 §9.2.2, 7644 §3.12", "After a refused body the service provider still answers.", func(t *T) {
		t.post("/Users", `{"schemas":`).fails(400, "invalidSyntax")
		t.user("")
		t.get("/Users/@1").is(200)
	}),

	c("scim-json", Must, "7644 §3.1", "Answers are application/scim+json.", func(t *T) {
		t.user("").named("Content-Type", mediaSCIM)
		t.get("/Users/@1").is(200).named("Content-Type", mediaSCIM)
		t.get("/Users?count=1").is(200).named("Content-Type", mediaSCIM)
	}),
	c("accept-json", Must, "7644 §3.8, §3.1", "Accept: application/json is served.", func(t *T) {
		t.user("")
		a := t.get("/Users/@1", "Accept: "+mediaJSON).is(200).has(`{"id":"@1"}`)
		if !strings.Contains(a.titled("Content-Type"), "json") {
			t.fail(a, "a Content-Type of JSON")
		}
	}),
	c("accept-any", Must, "7644 §3.8", "Accept: */* gets application/scim+json.", func(t *T) {
		t.user("")
		t.get("/Users/@1", "Accept: */*").is(200).named("Content-Type", mediaSCIM)
	}),
	c("accept-none", Must, "7644 §3.8", "Without Accept the answer is application/scim+json.", func(t *T) {
		t.user("")
		t.get("/Users/@1", "Accept:").is(200).named("Content-Type", mediaSCIM)
	}),
	c("send-json", Must, "7644 §3.8", "A body of application/json is taken.", func(t *T) {
		t.post("/Users", t.userBody(""), "Content-Type: "+mediaJSON).is(201).has(`{"userName":"~u1"}`)
	}),
	c("send-charset", Must, "7644 §3.8, RFC 8259 §8.1", "A charset parameter of utf-8 does no harm.", func(t *T) {
		t.post("/Users", t.userBody(`{"displayName":"Ægir"}`), "Content-Type: "+mediaSCIM+"; charset=utf-8").is(201).has(`{"displayName":"Ægir"}`)
	}),
	c("send-text", Should, "7644 §3.1, RFC 9110 §15.5.16", "A body that claims to be something else than JSON is a 415.", func(t *T) {
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~"}`, "Content-Type: text/xml").fails(415, "")
		t.find("/Users", `userName eq "~"`).found()
	}),
	c("head", Must, "RFC 9110 §9.3.2", "HEAD is GET without the body.", func(t *T) {
		t.user("")
		t.send("HEAD", "/Users/@1", "").is(200).named("Content-Type", mediaSCIM).blank()
		t.send("HEAD", "/Users/~none", "").is(404).blank()
	}),
	c("405-users", Must, "7644 §3.2, RFC 9110 §15.5.6", "A method that an endpoint does not have is a 405 with Allow.", func(t *T) {
		for _, method := range []string{"PUT", "PATCH", "DELETE"} {
			a := t.send(method, "/Users", `{}`).fails(405, "")
			if allow := a.titled("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
				t.fail(a, "Allow with GET and POST")
			}
		}
	}),
	c("405-user", Must, "7644 §3.2, RFC 9110 §15.5.6", "A resource takes no POST: a 405 with Allow.", func(t *T) {
		t.user("")
		a := t.post("/Users/@1", `{}`).fails(405, "")
		if allow := a.titled("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "DELETE") {
			t.fail(a, "Allow with GET and DELETE")
		}
	}),
	c("405-search", Must, "7644 §3.4.3, RFC 9110 §15.5.6", ".search takes POST only: a GET is a 405 with Allow.", func(t *T) {
		if allow := t.get("/Users/.search").fails(405, "").titled("Allow"); allow != "POST" {
			t.fail(t.last, "Allow: POST")
		}
	}).needing(FeatureSearch),
	c("allow-head", Must, "RFC 9110 §10.2.1", "Allow names HEAD where GET is served.", func(t *T) {
		if allow := t.send("PUT", "/Schemas", `{}`).fails(405, "").titled("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "HEAD") {
			t.fail(t.last, "Allow with GET and HEAD")
		}
	}),
	c("unknown-parameters", Practice, "Entra ID", "Query parameters that mean nothing are left aside.", func(t *T) {
		t.user("")
		t.get("/Users/@1?aadOptscim062020&x=y").is(200).has(`{"id":"@1"}`)
		t.find("/Users", `userName eq "~u1"`, "aadOptscim062020").found("@1")
	}),
	c("trailing-slash", Practice, "OneLogin", "A slash at the end of a path does no harm.", func(t *T) {
		t.user("")
		t.get("/Users/@1/").is(200).has(`{"id":"@1"}`)
		t.get("/Users/?count=1").is(200)
	}),
	c("trailing-question-mark", Practice, "OneLogin", "A ? or & at the end of a URL does no harm.", func(t *T) {
		t.user("")
		t.get("/Users/@1?").is(200).has(`{"id":"@1"}`)
		t.get("/Users/@1?attributes=userName&").is(200).has(`{"userName":"~u1"}`)
	}),
	c("parameters-ignore-case", Practice, "others", "Names of query parameters compare ignoring letter case.", func(t *T) {
		t.users(2)
		t.get("/Users?FILTER=userName%20eq%20%22~u1%22").found("@1")
	}).needing(FeatureFilter),
	c("utf-8", Must, "RFC 8259 §8.1", "Bodies are UTF-8.", func(t *T) {
		t.user(`{"displayName":"林"}`)
		a := t.get("/Users/@1").is(200).has(`{"displayName":"林"}`)
		if !strings.Contains(string(a.raw), "林") && !strings.Contains(string(a.raw), `\u6797`) {
			t.fail(a, "the name in UTF-8")
		}
	}),
	c("nulls-not-sent", Must, "7643 §2.5", "Attributes without a value are not sent as null.", func(t *T) {
		a := t.user("")
		if strings.Contains(string(a.raw), "null") {
			t.fail(a, "no null")
		}
		t.get("/Users/@1").is(200).lacks("title", "nickName")
	}),
	c("large-body", Practice, "others", "A body of 512 KiB is read or refused with a SCIM error, not cut off.", func(t *T) {
		a := t.post("/Users", t.userBody(`{"shoe":"`+strings.Repeat("x", 512<<10)+`"}`)).is(201, 413)
		if a.status == 413 {
			a.fails(413, "")
		} else {
			a.has(`{"userName":"~u1"}`)
		}
	}),
	c("huge-body", Must, "RFC 9110 §17.5", "A body of 20 MiB is a 413.", func(t *T) {
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~","x":"`+strings.Repeat("x", 20<<20)+`"}`).fails(413, "")
	}),
	c("gzip", May, "RFC 9110 §8.4", "Who accepts gzip gets plain JSON, or gzip that says so.", func(t *T) {
		t.user("")
		a := t.get("/Users/@1", "Accept-Encoding: gzip").is(200)
		if a.header.Get("Content-Encoding") == "gzip" {
			a.unzip()
		}
		a.has(`{"id":"@1","userName":"~u1"}`)
	}),
	c("strange-origin", Practice, "Microsoft validator", "A website that nobody allowed may not read answers in a browser.", func(t *T) {
		t.user("")
		a := t.get("/Users/@1", "Origin: https://~.example").is(200).has(`{"id":"@1"}`)
		if allowed := a.header.Get("Access-Control-Allow-Origin"); allowed == "*" || allowed == t.expand("https://~.example") {
			t.fail(a, "no Access-Control-Allow-Origin")
		}
	}),
	c("request-id", Practice, "operations", "Each answer has an id to find it in the log, errors too, and no two are equal.", func(t *T) {
		t.user("")
		first := t.get("/Users/@1").is(200).titled("X-Request-Id")
		if a := t.get("/Users/~none").fails(404, ""); a.titled("X-Request-Id") == first {
			t.fail(a, "another X-Request-Id than %s", first)
		}
	}),
	c("version-in-path", May, "7644 §3.13", "The base URL may have a version; without one everything works.", func(t *T) {
		t.user("")
		if a := t.get("/Users/@1").is(200); !strings.HasPrefix(a.text("meta", "location"), "http") {
			t.fail(a, "an absolute location")
		}
	}),
}
