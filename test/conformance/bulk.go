package conformance

import (
	"fmt"
	"strings"
)

var bulkCases = []Case{
	c("bulkId-in-patch", Must, "7644 §3.7.2", "A bulkId may stand in the values of a PATCH.", func(t *T) {
		t.group("")
		bulk(t, "", `{"method":"POST","path":"/Users","bulkId":"u","data":`+t.userBody("")+`},
			{"method":"PATCH","path":"/Groups/@1","data":{"schemas":["`+patchURN+`"],"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:u"}]}]}}`).is(200)
		t.get("/Groups/@1").members("@2")
	}),
	c("bulkId-of-failed", Must, "7644 §3.7.2", "What refers to an operation that failed fails too.", func(t *T) {
		t.user("")
		a := bulk(t, "", `{"method":"POST","path":"/Users","bulkId":"u","data":{"schemas":["`+userURN+`"],"userName":"~u1"}},
			{"method":"POST","path":"/Groups","bulkId":"g","data":`+t.groupBody(`{"members":[{"value":"bulkId:u"}]}`)+`}`).is(200)
		if status := a.text("Operations", 1, "status"); a.text("Operations", 0, "status") != "409" || !strings.HasPrefix(status, "4") {
			t.fail(a, "409 and another 4xx")
		}
	}),
	c("bulkId-twice", Must, "7644 §3.7", "A bulkId is unique in its request.", func(t *T) {
		a := bulk(t, "", `{"method":"POST","path":"/Users","bulkId":"u","data":`+t.userBody("")+`},{"method":"POST","path":"/Users","bulkId":"u","data":`+t.userBody("")+`}`).is(200, 400)
		if a.status == 200 && !strings.HasPrefix(a.text("Operations", 1, "status"), "4") {
			t.fail(a, "a 4xx of the second operation, or of the request")
		}
	}),
	c("no-data", Must, "7644 §3.7", "A POST without data fails.", func(t *T) {
		a := bulk(t, "", `{"method":"POST","path":"/Users","bulkId":"u"}`).is(200, 400)
		if a.status == 200 && a.text("Operations", 0, "status") != "400" {
			t.fail(a, "400")
		}
	}),
	c("unknown-path", Must, "7644 §3.7", "A path that names nothing fails.", func(t *T) {
		a := bulk(t, "", `{"method":"POST","path":"/Robots","bulkId":"u","data":{}}`).is(200, 400)
		if a.status == 200 && !strings.HasPrefix(a.text("Operations", 0, "status"), "4") {
			t.fail(a, "a 4xx of the operation")
		}
	}),
	c("not-nested", Must, "7644 §3.7, RFC 9110 §17.5", "A bulk request within one fails.", func(t *T) {
		a := bulk(t, "", `{"method":"POST","path":"/Bulk","bulkId":"u","data":{"schemas":["`+bulkURN+`"],"Operations":[]}}`).is(200, 400)
		if a.status == 200 && !strings.HasPrefix(a.text("Operations", 0, "status"), "4") {
			t.fail(a, "a 4xx of the operation")
		}
	}),
	c("location-of-all", Must, "7644 §3.7", "The answer to a PUT, PATCH or DELETE has its location.", func(t *T) {
		t.user("")
		a := bulk(t, "", `{"method":"PUT","path":"/Users/@1","data":{"schemas":["`+userURN+`"],"userName":"~u1"}},{"method":"DELETE","path":"/Users/@1"}`).is(200)
		for i := range 2 {
			if !strings.HasSuffix(a.text("Operations", i, "location"), "/Users/"+t.id(1)) {
				t.fail(a, "the location of the user")
			}
		}
	}),
	c("version-holds", Must, "7644 §3.7, §3.14", "With the current version an operation is carried out.", func(t *T) {
		version := t.user("").text("meta", "version")
		bulk(t, "", `{"method":"DELETE","path":"/Users/@1","version":`+encode(version)+`}`).is(200).has(`{"Operations":[{"status":"204"}]}`)
	}),

	c("create", Must, "7644 §3.7", "A POST in a bulk request creates, and the answer has its location, bulkId and status as a string.", func(t *T) {
		a := bulk(t, "", `{"method":"POST","path":"/Users","bulkId":"q","data":`+t.userBody("")+`}`).is(200)
		a.has(`{"schemas":["` + bulkAnswerURN + `"],"Operations":[{"method":"POST","bulkId":"q","status":"201"}]}`)
		if !strings.Contains(a.text("Operations", 0, "location"), "/Users/") {
			t.fail(a, "the location of the new user")
		}
		t.find("/Users", `userName eq "~u1"`).is(200).has(`{"totalResults":1}`)
	}),
	c("replace", Must, "7644 §3.7", "A PUT in a bulk request replaces.", func(t *T) {
		t.user("")
		bulk(t, "", `{"method":"PUT","path":"/Users/@1","data":{"schemas":["`+userURN+`"],"userName":"~u1","title":"T"}}`).is(200).has(`{"Operations":[{"method":"PUT","status":"200"}]}`)
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}),
	c("patch", Must, "7644 §3.7", "A PATCH in a bulk request changes.", func(t *T) {
		t.user("")
		a := bulk(t, "", `{"method":"PATCH","path":"/Users/@1","data":{"schemas":["`+patchURN+`"],"Operations":[{"op":"add","path":"title","value":"T"}]}}`).is(200)
		if status := a.text("Operations", 0, "status"); status != "200" && status != "204" {
			t.fail(a, "status 200 or 204 of the operation")
		}
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}),
	c("delete", Must, "7644 §3.7", "A DELETE in a bulk request deletes.", func(t *T) {
		t.user("")
		bulk(t, "", `{"method":"DELETE","path":"/Users/@1"}`).is(200).has(`{"Operations":[{"method":"DELETE","status":"204"}]}`)
		t.get("/Users/@1").fails(404, "")
	}),
	c("order", Must, "7644 §3.7", "The answer has an entry for each operation.", func(t *T) {
		t.users(2)
		bulk(t, "", `{"method":"DELETE","path":"/Users/@1"},{"method":"DELETE","path":"/Users/@2"}`).is(200).
			has(`{"Operations":[{"status":"204"},{"status":"204"}]}`)
	}),
	c("failed", Must, "7644 §3.7.3, §3.12", "A failed operation has its status and the SCIM error in response.", func(t *T) {
		t.user("")
		bulk(t, "", `{"method":"POST","path":"/Users","bulkId":"q","data":{"schemas":["`+userURN+`"],"userName":"~u1"}}`).is(200).
			has(`{"Operations":[{"method":"POST","bulkId":"q","status":"409","response":{"schemas":["` + errorURN + `"],"status":"409","scimType":"uniqueness"}}]}`)
	}),
	c("goes-on", Must, "7644 §3.7.3", "Without failOnErrors operations go on after one that failed.", func(t *T) {
		t.user("")
		bulk(t, "", `{"method":"DELETE","path":"/Users/~none"},{"method":"DELETE","path":"/Users/@1"}`).is(200).
			has(`{"Operations":[{"status":"404"},{"status":"204"}]}`)
	}),
	c("failOnErrors", Must, "7644 §3.7.3", "After as many failures as failOnErrors says, nothing more is done.", func(t *T) {
		t.user("")
		a := bulk(t, `"failOnErrors":1,`, `{"method":"DELETE","path":"/Users/~none"},{"method":"DELETE","path":"/Users/@1"}`).is(200)
		if len(a.list("Operations")) != 1 {
			t.fail(a, "one operation in the answer")
		}
		t.get("/Users/@1").is(200)
	}),
	c("failOnErrors-two", Must, "7644 §3.7.3", "failOnErrors counts failures, not operations.", func(t *T) {
		t.user("")
		bulk(t, `"failOnErrors":2,`, `{"method":"DELETE","path":"/Users/~none"},{"method":"DELETE","path":"/Users/@1"}`).is(200).
			has(`{"Operations":[{"status":"404"},{"status":"204"}]}`)
	}),
	c("bulkId", Must, "7644 §3.7.2", "bulkId:name in data is the id of the resource that was created with that bulkId.", func(t *T) {
		a := bulk(t, "", `{"method":"POST","path":"/Users","bulkId":"u","data":`+t.userBody("")+`},
			{"method":"POST","path":"/Groups","bulkId":"g","data":`+t.groupBody(`{"members":[{"value":"bulkId:u"}]}`)+`}`).is(200)
		a.has(`{"Operations":[{"bulkId":"u","status":"201"},{"bulkId":"g","status":"201"}]}`)
		t.get("/Groups/@2").members("@1")
	}),
	c("bulkId-forward", Must, "7644 §3.7.2", "A bulkId may be used before it is declared.", func(t *T) {
		group := `{"method":"POST","path":"/Groups","bulkId":"g","data":` + t.groupBody(`{"members":[{"value":"bulkId:u"}]}`) + `}`
		user := `{"method":"POST","path":"/Users","bulkId":"u","data":` + t.userBody("") + `}`
		bulk(t, "", group+","+user).is(200).has(`{"Operations":[{"bulkId":"u","status":"201"},{"bulkId":"g","status":"201"}]}`)
		user = t.find("/Users", `userName eq "~u2"`).is(200).text("Resources", 0, "id")
		t.find("/Groups", `displayName eq "~g1" and members eq "`+user+`"`).is(200).has(`{"totalResults":1}`)
	}),
	c("bulkId-circular", Must, "7644 §3.7.1", "Groups that are members of each other can be made in one request.", func(t *T) {
		bulk(t, "", `{"method":"POST","path":"/Groups","bulkId":"a","data":`+t.groupBody(`{"members":[{"value":"bulkId:b"}]}`)+`},
			{"method":"POST","path":"/Groups","bulkId":"b","data":`+t.groupBody(`{"members":[{"value":"bulkId:a"}]}`)+`}`).is(200).
			has(`{"Operations":[{"bulkId":"a","status":"201"},{"bulkId":"b","status":"201"}]}`)
		first := t.find("/Groups", `displayName eq "~g1"`).is(200)
		second := t.find("/Groups", `displayName eq "~g2"`).is(200)
		if first.text("Resources", 0, "members", 0, "value") != second.text("Resources", 0, "id") ||
			second.text("Resources", 0, "members", 0, "value") != first.text("Resources", 0, "id") {
			t.fail(second, "two groups that are members of each other")
		}
	}),
	c("bulkId-in-path", Must, "7644 §3.7.2", "A path may have a bulkId in the place of an id.", func(t *T) {
		bulk(t, "", `{"method":"POST","path":"/Users","bulkId":"u","data":`+t.userBody("")+`},
			{"method":"PATCH","path":"/Users/bulkId:u","data":{"schemas":["`+patchURN+`"],"Operations":[{"op":"add","path":"title","value":"T"}]}}`).is(200)
		t.find("/Users", `userName eq "~u1" and title eq "T"`).is(200).has(`{"totalResults":1}`)
	}),
	c("bulkId-unknown", Must, "7644 §3.7.2", "A bulkId that nothing declares makes its operation fail.", func(t *T) {
		a := bulk(t, "", `{"method":"POST","path":"/Groups","bulkId":"g","data":`+t.groupBody(`{"members":[{"value":"bulkId:none"}]}`)+`}`).is(200)
		if status := a.text("Operations", 0, "status"); !strings.HasPrefix(status, "4") {
			t.fail(a, "a 4xx of the operation")
		}
		t.find("/Groups", `displayName eq "~g1"`).found()
	}),
	c("bulkId-needed", Must, "7644 §3.7", "A POST without a bulkId is refused.", func(t *T) {
		a := bulk(t, "", `{"method":"POST","path":"/Users","data":`+t.userBody("")+`}`).is(200, 400)
		if a.status == 200 && a.text("Operations", 0, "status") != "400" {
			t.fail(a, "400")
		}
	}),
	c("maxOperations", Must, "7644 §3.7.4", "More operations than maxOperations are a 413.", func(t *T) {
		limit := t.get("/ServiceProviderConfig").is(200).number("bulk", "maxOperations")
		one := `{"method":"DELETE","path":"/Users/~none"}`
		bulk(t, "", strings.Repeat(one+",", limit)+one).fails(413, "")
	}),
	c("maxPayloadSize", Must, "7644 §3.7.4", "A body larger than maxPayloadSize is a 413.", func(t *T) {
		limit := t.get("/ServiceProviderConfig").is(200).number("bulk", "maxPayloadSize")
		bulk(t, `"filler":"`+strings.Repeat("x", limit)+`",`, `{"method":"DELETE","path":"/Users/~none"}`).fails(413, "")
	}),
	c("version", Must, "7644 §3.7, §3.14", "version is the If-Match of an operation.", func(t *T) {
		t.user("")
		bulk(t, "", `{"method":"DELETE","path":"/Users/@1","version":"W/\"stale\""}`).is(200).has(`{"Operations":[{"status":"412"}]}`)
		t.get("/Users/@1").is(200)
	}).needing(FeatureBulk),
	c("unknown-method", Must, "7644 §3.7", "A method that bulk does not have fails.", func(t *T) {
		a := bulk(t, "", `{"method":"GET","path":"/Users"}`).is(200, 400)
		if a.status == 200 && !strings.HasPrefix(a.text("Operations", 0, "status"), "4") {
			t.fail(a, "a 4xx of the operation")
		}
	}),
	c("not-json", Must, "7644 §3.7, §3.12", "A body that is no bulk request is invalidSyntax.", func(t *T) {
		t.post("/Bulk", `{"schemas":["`+bulkURN+`"]}`).fails(400, "invalidSyntax")
	}),
	c("get", Must, "7644 §3.2", "/Bulk takes POST only.", func(t *T) {
		t.get("/Bulk").fails(405, "")
	}),
}

// bulk sends operations, and remembers what they create.
func bulk(t *T, more, operations string) *answer {
	a := t.post("/Bulk", fmt.Sprintf(`{"schemas":["%s"],%s"Operations":[%s]}`, bulkURN, more, operations))
	entries, _ := a.at("Operations").([]any)
	for i := range entries {
		location, _ := a.at("Operations", i, "location").(string)
		if a.at("Operations", i, "method") != "POST" || location == "" {
			continue
		}
		endpoint, id, found := strings.Cut(location, "/Users/")
		kind := "/Users/"
		if !found {
			endpoint, id, found = strings.Cut(location, "/Groups/")
			kind = "/Groups/"
		}
		if found && endpoint != "" {
			t.made = append(t.made, id)
			t.paths = append(t.paths, kind+id)
		}
	}
	return a
}
