package conformance

import (
	"strconv"
	"strings"
	"time"
)

var createCases = []Case{
	c("userName-unicode-case", Must, "7643 §4.1.1, 7644 §5", "Letter case is ignored beyond ASCII too.", func(t *T) {
		t.user(`{"userName":"~ærlig"}`)
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~ÆRLIG"}`).fails(409, "uniqueness")
	}),
	c("userName-too-long", Must, "7644 §3.12, RFC 9110 §17.5", "A userName that is absurdly long is invalidValue, not a 5xx.", refusesUser(`{"schemas":["`+userURN+`"],"userName":"`+strings.Repeat("x", 5000)+`"}`)),
	c("odd-userNames", Must, "7643 §2.3.1", "A userName may have any characters, and is found by them.", func(t *T) {
		for i, name := range []string{`a b`, `a/b`, `a\"b`, `a\\b`, `a%b`, `a+b@example.com`, `a'b`, `林`, `..`, `a\tb`} {
			t.user(`{"userName":"~` + name + `"}`)
			t.find("/Users", `userName eq "~`+name+`"`).found("@" + strconv.Itoa(i+1))
		}
	}),

	c("user", Must, "7644 §3.3", "POST /Users answers 201 with the user.", func(t *T) {
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~"}`).is(201).has(`{"schemas":["` + userURN + `"],"userName":"~"}`).text("id")
	}),
	c("group", Must, "7644 §3.3", "POST /Groups answers 201 with the group.", func(t *T) {
		t.post("/Groups", `{"schemas":["`+groupURN+`"],"displayName":"~"}`).is(201).has(`{"schemas":["` + groupURN + `"],"displayName":"~"}`).text("id")
	}),
	c("location", Must, "7644 §3.3, §3.1", "The answer to a POST has the URI of the new resource in Location, the same as in meta.location.", func(t *T) {
		a := t.user("")
		a.named("Location", a.text("meta", "location"))
	}),
	c("location-leads-there", Must, "7644 §3.3, 7643 §3.1", "The location of a new resource is an absolute URI that ends in its endpoint and id.", func(t *T) {
		a := t.user("")
		location := a.text("meta", "location")
		if !strings.HasPrefix(location, "http") || !strings.HasSuffix(location, "/Users/"+t.id(1)) {
			t.fail(a, "meta.location http…/Users/%s", t.id(1))
		}
		t.get("/Users/@1").is(200).has(`{"id":"@1"}`)
	}),
	c("readable-at-once", Must, "7644 §3.3", "What was created can be read at once, by id and by filter.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.get("/Users/@1").is(200).has(`{"userName":"~u1","title":"T"}`)
		t.find("/Users", `userName eq "~u1"`).found("@1")
	}),
	c("same-body-as-get", Should, "7644 §3.3", "The body of the 201 is what a GET shows.", func(t *T) {
		created := t.user(`{"title":"T","emails":[{"value":"~@example.com","type":"work"}]}`)
		a := t.get("/Users/@1").is(200)
		if where, same := covers(a.body, any(created.body)); !same {
			t.fail(a, "the body of the 201, %s; it differs at %q", created.raw, where)
		}
	}),
	c("id-by-server", Must, "7643 §3.1, 7644 §3.3", "The id of a new resource is the service provider's, whatever the body says.", func(t *T) {
		if a := t.user(`{"id":"~mine"}`); a.text("id") == t.expand("~mine") {
			t.fail(a, "an id of the service provider's own")
		}
	}),
	c("id-not-bulkId", Must, "7643 §3.1", "An id is never the word bulkId.", func(t *T) {
		if a := t.user(""); strings.Contains(a.text("id"), "bulkId") {
			t.fail(a, "an id without bulkId")
		}
	}),
	c("ids-differ", Must, "7643 §3.1", "Each resource has an id of its own, across resource types.", func(t *T) {
		t.users(2)
		if a := t.group(""); t.id(1) == t.id(2) || t.id(1) == t.id(3) || t.id(2) == t.id(3) {
			t.fail(a, "three ids, but they are %q", t.made)
		}
	}),
	c("id-not-given-again", Must, "7643 §3.1", "The id of a deleted resource is not given to another.", func(t *T) {
		t.user(`{"userName":"~again"}`)
		t.delete("/Users/@1").is(204)
		if a := t.user(`{"userName":"~again"}`); t.id(1) == t.id(2) {
			t.fail(a, "another id than that of the deleted user")
		}
	}),
	c("meta", Must, "7643 §3.1", "meta of a new resource has resourceType, created, lastModified and location.", func(t *T) {
		a := t.user("").has(`{"meta":{"resourceType":"User"}}`)
		a.text("meta", "location")
		a.instant("meta", "created")
		a.instant("meta", "lastModified")
		t.group("").has(`{"meta":{"resourceType":"Group"}}`)
	}),
	c("created-is-now", Must, "7643 §3.1", "meta.created is when the resource was made.", func(t *T) {
		a := t.user("")
		if apart := time.Since(a.instant("meta", "created")); apart.Abs() > 10*time.Minute {
			t.fail(a, "meta.created within ten minutes of now")
		}
	}),
	c("lastModified-is-created", Must, "7643 §3.1", "A resource that has never changed has equal created and lastModified.", func(t *T) {
		a := t.user("")
		if a.text("meta", "created") != a.text("meta", "lastModified") {
			t.fail(a, "meta.lastModified equal to meta.created")
		}
	}),
	c("meta-of-client-ignored", Must, "7643 §3.1, 7644 §3.3", "meta that a client sends is ignored.", func(t *T) {
		a := t.user(`{"meta":{"resourceType":"Robot","created":"1999-01-01T00:00:00Z","location":"http://example.com/x","version":"W/\"mine\""}}`)
		a.has(`{"meta":{"resourceType":"User"}}`)
		if a.instant("meta", "created").Year() == 1999 || a.text("meta", "location") == "http://example.com/x" {
			t.fail(a, "meta of the service provider's own")
		}
	}),
	c("readOnly-ignored", Must, "7644 §3.3, 7643 §2.2", "readOnly attributes in a POST are ignored.", func(t *T) {
		t.user(`{"groups":[{"value":"~none"}]}`).has(`{"groups":null}`)
	}),
	c("unknown-attribute", Should, "7643 §2, 7644 §3.3", "An attribute that no schema declares does not make a POST fail, and is not shown.", func(t *T) {
		t.user(`{"shoeSize":43}`).lacks("shoeSize")
	}),
	c("userName-required", Must, "7643 §4.1.1, 7644 §3.12", "A user without a userName is refused with invalidValue.", refusesUser(`{"schemas":["`+userURN+`"],"displayName":"~"}`)),
	c("userName-null", Must, "7643 §2.5, §4.1.1", "A null userName is none.", refusesUser(`{"schemas":["`+userURN+`"],"userName":null}`)),
	c("userName-empty", Must, "7643 §4.1.1", "An empty userName is refused.", refusesUser(`{"schemas":["`+userURN+`"],"userName":""}`)),
	c("userName-blank", Must, "7643 §4.1.1", "A userName of spaces is refused.", refusesUser(`{"schemas":["`+userURN+`"],"userName":"  "}`)),
	c("userName-object", Must, "7643 §2.3.1", "A userName that is no string is refused.", refusesUser(`{"schemas":["`+userURN+`"],"userName":{"a":"b"}}`)),
	c("displayName-required", Must, "7643 §4.2, 7644 §3.12", "A group without a displayName is refused with invalidValue.", func(t *T) {
		t.group("")
		t.post("/Groups", `{"schemas":["`+groupURN+`"]}`).fails(400, "invalidValue")
	}),
	c("duplicate-userName", Must, "7644 §3.3, §3.12", "A userName that is taken is a 409 with scimType uniqueness.", func(t *T) {
		t.user("")
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~u1"}`).fails(409, "uniqueness")
		t.find("/Users", `userName eq "~u1"`).found("@1")
	}),
	c("duplicate-userName-unicode", Must, "7644 §5, §7.8", "A userName is the same however its letters are encoded: composed or not, wide, as ß or SS.", func(t *T) {
		t.user(`{"userName":"~\u00e9-stra\u00dfe-\uff21"}`).has(`{"userName":"~\u00e9-stra\u00dfe-\uff21"}`)
		t.post("/Users", t.userBody(`{"userName":"~E\u0301-STRASSE-a"}`)).fails(409, "uniqueness")
		if t.offer.has(FeatureFilter) {
			t.find("/Users", "userName eq \"~e\u0301-strasse-a\"").found("@1")
		}
	}),
	c("duplicate-userName-case", Must, "7643 §4.1.1, 7644 §3.3", "userName is not caseExact: another letter case is the same name.", func(t *T) {
		t.user("")
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"`+strings.ToUpper(t.tag)+`U1"}`).fails(409, "uniqueness")
	}),
	c("duplicate-keeps-first", Must, "7644 §3.3", "A refused POST leaves the resource that has the name as it was.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"other"}`).fails(409, "uniqueness")
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}),
	c("name-free-after-delete", Should, "7644 §3.6", "The userName of a deleted user is free again.", func(t *T) {
		t.user("")
		t.delete("/Users/@1").is(204)
		t.user(`{"userName":"~u1"}`)
		t.get("/Users/@2").is(200)
	}),
	c("schemas-not-an-object", Must, "7643 §3, 7644 §3.12", "A body that is a list is refused with invalidSyntax.", func(t *T) {
		t.user("")
		t.post("/Users", `[{"userName":"~x"}]`).fails(400, "invalidSyntax")
	}),
	c("extension", Must, "7643 §3.3, §4.3", "Attributes of an extension are kept under its URN, which is then in schemas.", func(t *T) {
		t.user(`{"` + enterpriseURN + `":{"department":"D"}}`).has(`{"schemas":["` + userURN + `","` + enterpriseURN + `"],"` + enterpriseURN + `":{"department":"D"}}`)
	}),
	c("extension-without-schemas", Should, "7643 §3", "An extension counts also where schemas does not name it.", func(t *T) {
		t.user(`{"schemas":["` + userURN + `"],"` + enterpriseURN + `":{"department":"D"}}`).has(`{"` + enterpriseURN + `":{"department":"D"}}`)
	}),
	c("no-extension-no-urn", Must, "7643 §3", "schemas names no extension that has no values.", func(t *T) {
		t.user(`{"schemas":["` + userURN + `","` + enterpriseURN + `"]}`).has(`{"schemas":["` + userURN + `"]}`).lacks(enterpriseURN)
	}),
	c("group-with-members", Must, "7643 §4.2, 7644 §3.3", "A group is created with its members.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"},{"value":"@2","type":"User"}]}`)
		t.get("/Groups/@3").members("@1", "@2")
	}),
	c("group-in-group", May, "7643 §4.2", "A group may be a member of a group.", func(t *T) {
		t.group("")
		t.group(`{"members":[{"value":"@1","type":"Group"}]}`)
		t.get("/Groups/@2").is(200).has(`{"members":[{"value":"@1","type":"Group"}]}`)
	}),
	c("attributes-parameter", Must, "7644 §3.9", "attributes limits also the answer to a POST.", func(t *T) {
		t.post("/Users?attributes=userName", t.userBody(`{"title":"T"}`)).is(201).has(`{"userName":"~u1"}`).lacks("title", "meta").text("id")
	}),
}

// refusesUser expects invalidValue for a body, from a service provider that
// takes users otherwise.
func refusesUser(body string) func(*T) {
	return func(t *T) {
		t.user("")
		t.post("/Users", body).fails(400, "invalidValue")
	}
}
