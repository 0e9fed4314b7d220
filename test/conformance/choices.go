package conformance

import (
	"fmt"
	"strconv"
	"strings"
)

var choiceCases = []Case{
	c("unknown-member", Practice, "choices", "A member id that names nothing is stored and returned.", func(t *T) {
		t.group(`{"members":[{"value":"~nobody"}]}`)
		t.get("/Groups/@1").members("~nobody")
		t.patch("/Groups/@1", `{"op":"add","path":"members","value":[{"value":"~noone"}]}`).ok()
		t.get("/Groups/@1").members("~nobody", "~noone")
	}),
	c("member-empty", Practice, "choices", "A member whose id is empty is refused.", badMember(`""`)),
	c("member-number", Practice, "choices", "A member whose id is no string is refused.", badMember(`7`)),
	c("member-too-long", Practice, "choices", "A member whose id has more than 256 characters is refused.", badMember(`"`+strings.Repeat("x", 257)+`"`)),
	c("patch-accept-scim", Practice, "choices", "PATCH answers 200 with the resource if Accept names application/scim+json.", func(t *T) {
		t.user("")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`).is(200).has(`{"title":"T"}`)
		t.group("")
		t.patch("/Groups/@2", `{"op":"replace","path":"displayName","value":"~n"}`).is(200).has(`{"displayName":"~n"}`)
	}),
	c("patch-accept-json", Practice, "choices", "PATCH answers 200 with the resource if Accept names application/json.", func(t *T) {
		t.user("")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`, "Accept: application/json").is(200).has(`{"title":"T"}`)
	}),
	c("patch-accept-other", Practice, "choices", "PATCH answers 204 for any other Accept.", func(t *T) {
		t.user("")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`, "Accept: */*").is(204).blank()
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}),
	c("patch-accept-none", Practice, "choices", "Without Accept, PATCH answers 200 for a user and 204 for a group.", func(t *T) {
		t.user("")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`, "Accept:").is(200).has(`{"title":"T"}`)
		t.group("")
		t.patch("/Groups/@2", `{"op":"replace","path":"displayName","value":"~n"}`, "Accept:").is(204).blank()
	}),
	c("patch-large-group", Practice, "choices", "PATCH of a group with more than 128 members answers 204.", func(t *T) {
		var members []string
		for n := range 129 {
			members = append(members, fmt.Sprintf(`{"value":"~m%d"}`, n))
		}
		t.group(`{"members":[` + strings.Join(members, ",") + `]}`)
		t.patch("/Groups/@1", `{"op":"replace","path":"displayName","value":"~n"}`).is(204).blank()
		t.get("/Groups/@1?attributes=displayName").is(200).has(`{"displayName":"~n"}`)
	}),
	c("patch-attributes", Practice, "choices", "With attributes, PATCH answers 200 whatever Accept says.", func(t *T) {
		t.group("")
		t.patch("/Groups/@1?attributes=displayName", `{"op":"replace","path":"displayName","value":"~n"}`, "Accept: */*").is(200).has(`{"displayName":"~n"}`)
	}),
	c("put-without-members", Practice, "choices", "A PUT of a group without members keeps them (a deviation from RFC 7643 §2.5).", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.put("/Groups/@2", `{"schemas":["`+groupURN+`"],"displayName":"~n"}`).is(200)
		t.get("/Groups/@2").members("@1").has(`{"displayName":"~n"}`)
	}),
	c("put-members-null", Practice, "choices", "A PUT of a group with members null empties it.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.put("/Groups/@2", `{"schemas":["`+groupURN+`"],"displayName":"~n","members":null}`).is(200)
		t.get("/Groups/@2").members()
	}),
	c("put-without-active", Practice, "choices", "A PUT of a user without active does not activate it again.", func(t *T) {
		t.user(`{"active":false}`)
		t.put("/Users/@1", `{"schemas":["`+userURN+`"],"userName":"~u1"}`).is(200)
		t.get("/Users/@1").is(200).has(`{"active":false}`)
	}),
	c("active-removed", Practice, "choices", "A user whose active is removed, or null, is not active.", func(t *T) {
		for _, operation := range []string{`{"op":"remove","path":"active"}`, `{"op":"replace","path":"active","value":null}`} {
			t.user(`{"active":true}`)
			t.patch("/Users/@"+strconv.Itoa(len(t.made)), operation).ok()
			t.get("/Users/@" + strconv.Itoa(len(t.made))).is(200).has(`{"active":false}`)
		}
	}),
	c("empty-text", Practice, "choices", "An empty text is no value, as null is.", func(t *T) {
		t.user(`{"title":"","nickName":"N","name":{"givenName":"","familyName":"F"}}`).has(`{"nickName":"N","name":{"familyName":"F"}}`).lacks("title")
		t.patch("/Users/@1", `{"op":"replace","path":"nickName","value":""}`).ok()
		t.get("/Users/@1").is(200).has(`{"name":{"familyName":"F"}}`).lacks("nickName", "title")
	}),
	c("externalId-exact", Practice, "choices, 7643 §3.1", "externalId is caseExact and never unique.", func(t *T) {
		t.user(`{"externalId":"E~"}`)
		t.user(`{"externalId":"E~"}`)
		t.user(`{"externalId":"e~"}`)
		t.find("/Users", `externalId eq "E~"`).found("@1", "@2")
	}),
	c("group-name-unique", Practice, "choices", "displayName of groups is unique, ignoring letter case.", func(t *T) {
		t.group(`{"displayName":"~Team"}`)
		t.post("/Groups", `{"schemas":["`+groupURN+`"],"displayName":"~tEAM"}`).fails(409, "uniqueness")
	}),
	c("user-and-group-name", Practice, "choices", "A user and a group may have the same name.", func(t *T) {
		t.user(`{"userName":"~same"}`)
		t.group(`{"displayName":"~same"}`)
		t.find("/Groups", `displayName eq "~same"`).found("@2")
	}),
	c("unquoted-value", Practice, "choices", "A filter value without quotes is taken.", func(t *T) {
		t.user("")
		t.find("/Users", `userName eq ~u1`).found("@1")
	}),
	c("attributes-with-filter", Practice, "choices", "attributes=emails[type eq \"work\"] is served as emails.", func(t *T) {
		t.user(adaBody)
		t.get("/Users/@1?attributes=emails%5Btype%20eq%20%22work%22%5D").is(200).has(`{"emails":[{"type":"work"},{"type":"home"}]}`).lacks("title")
	}),
	c("path-is-extension", Practice, "choices", "A PATCH path may be the URN of an extension.", func(t *T) {
		t.user(barbara)
		t.patch("/Users/@1", `{"op":"add","path":"`+enterpriseURN+`","value":{"costCenter":"C"}}`).ok()
		t.get("/Users/@1").is(200).has(`{"` + enterpriseURN + `":{"costCenter":"C","department":"D"}}`)
	}),
	c("no-operations", Practice, "choices", "Operations may be empty: a 2xx that changes nothing.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.patch("/Users/@1", "").ok()
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}),
	c("resources-always", Practice, "choices", "Resources is there also when it is empty.", func(t *T) {
		t.user("")
		t.find("/Users", `userName eq "~none"`).found().has(`{"schemas":["` + listURN + `"]}`).list("Resources")
	}),
	c("ref-relative", Practice, "choices", "A $ref that the server adds is relative or left out.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		a := t.get("/Groups/@2").members("@1")
		if ref := a.at("members", 0, "$ref"); ref != nil && ref != "Users/"+t.id(1) {
			t.fail(a, "$ref Users/%s or none", t.id(1))
		}
	}),
	c("nextCursor-on-request", Practice, "choices", "nextCursor comes only to who asked for a cursor.", func(t *T) {
		t.users(2)
		wantPage(page(t, "count=1"), 2, 1, 1)
		t.last.lacks("nextCursor")
	}),
	c("discovery-parameters", Practice, "choices", "Query parameters on discovery endpoints are ignored.", func(t *T) {
		t.get("/ServiceProviderConfig?filter=x%20eq&count=0&attributes=patch").is(200).has(`{"schemas":["`+configURN+`"]}`).text("meta", "location")
	}),
	c("created-to-the-character", Practice, "choices", "meta.created equals meta.lastModified to the character on creation.", func(t *T) {
		if a := t.user(""); a.text("meta", "created") != a.text("meta", "lastModified") {
			t.fail(a, "meta.lastModified equal to meta.created")
		}
	}),
	c("sub-second", Practice, "choices", "Times have fractions of a second, and never go backwards.", func(t *T) {
		last := t.user("")
		if !strings.Contains(last.text("meta", "lastModified"), ".") {
			t.fail(last, "meta.lastModified with a fraction of a second")
		}
		for n := range 3 {
			next := t.patch("/Users/@1", fmt.Sprintf(`{"op":"replace","path":"title","value":"T%d"}`, n)).is(200)
			if !next.instant("meta", "lastModified").After(last.instant("meta", "lastModified")) {
				t.fail(next, "meta.lastModified after %s", last.text("meta", "lastModified"))
			}
			last = next
		}
	}),
	c("remove-of-nothing", Practice, "complaints", "remove with an empty list of values removes nobody.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@2", `{"op":"remove","path":"members","value":[]}`).ok()
		t.get("/Groups/@2").members("@1")
	}),
	c("remove-value-in-other-case", Practice, "complaints, 7643 §2.3.1", "A remove that names a value finds it as caseExact says: it does not answer 2xx and leave it.", func(t *T) {
		t.user(`{"emails":[{"value":"Ada@~.example","type":"work"},{"value":"Ada@~.example","type":"home"}]}`)
		t.patch("/Users/@1", `{"op":"remove","path":"emails","value":[{"value":"ADA@~.EXAMPLE","type":"Work"}]}`).ok()
		t.get("/Users/@1").is(200).has(`{"emails":[{"value":"Ada@~.example","type":"home"}]}`)
	}),
	c("existing-not-taken-over", Practice, "complaints", "A POST of an existing userName does not take the user over.", func(t *T) {
		t.user(`{"title":"T","active":false}`)
		t.post("/Users", `{"schemas":["`+userURN+`"],"userName":"~u1","title":"U","active":true}`).fails(409, "uniqueness")
		t.get("/Users/@1").is(200).has(`{"title":"T","active":false}`)
	}),
}

// badMember expects that a member with the value is refused, in POST and PATCH.
func badMember(value string) func(*T) {
	return func(t *T) {
		t.group("")
		t.post("/Groups", `{"schemas":["`+groupURN+`"],"displayName":"~x","members":[{"value":`+value+`}]}`).fails(400, "invalidValue")
		t.patch("/Groups/@1", `{"op":"add","path":"members","value":[{"value":`+value+`}]}`).fails(400, "invalidValue")
		t.get("/Groups/@1").members()
	}
}
