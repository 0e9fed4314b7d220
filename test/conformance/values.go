package conformance

import "strings"

// valueCases create a user with a value and read it back.
var valueCases = []Case{
	keeps("externalId", "7643 §3.1", `{"externalId":"E-~"}`),
	keeps("displayName", "7643 §4.1.1", `{"displayName":"Ada King"}`),
	keeps("name", "7643 §4.1.1", `{"name":{"formatted":"Ms. Ada A King III","familyName":"King","givenName":"Ada","middleName":"A","honorificPrefix":"Ms.","honorificSuffix":"III"}}`),
	keeps("nickName", "7643 §4.1.1", `{"nickName":"Ada"}`),
	keeps("profileUrl", "7643 §4.1.1", `{"profileUrl":"https://example.com/~"}`),
	keeps("title", "7643 §4.1.1", `{"title":"Countess"}`),
	keeps("userType", "7643 §4.1.1", `{"userType":"Contractor"}`),
	keeps("preferredLanguage", "7643 §4.1.1", `{"preferredLanguage":"en-US"}`),
	keeps("locale", "7643 §4.1.1", `{"locale":"en-US"}`),
	keeps("timezone", "7643 §4.1.1", `{"timezone":"America/Los_Angeles"}`),
	keeps("active-false", "7643 §4.1.1", `{"active":false}`),
	keeps("active-true", "7643 §4.1.1", `{"active":true}`),
	keeps("emails", "7643 §4.1.2", `{"emails":[{"value":"a@example.com","type":"work","primary":true,"display":"A"},{"value":"b@example.com","type":"home"}]}`),
	keeps("phoneNumbers", "7643 §4.1.2", `{"phoneNumbers":[{"value":"tel:+1-201-555-0123","type":"work"},{"value":"tel:+1-201-555-0124;ext=1","type":"mobile"}]}`),
	keeps("ims", "7643 §4.1.2", `{"ims":[{"value":"someone","type":"xmpp"}]}`),
	keeps("photos", "7643 §4.1.2", `{"photos":[{"value":"https://example.com/~.png","type":"photo"},{"value":"https://example.com/~-t.png","type":"thumbnail"}]}`),
	keeps("addresses", "7643 §4.1.2", `{"addresses":[{"type":"work","streetAddress":"100 Way\nFloor 2","locality":"Town","region":"CA","postalCode":"91608","country":"US","formatted":"100 Way\nTown","primary":true}]}`),
	keeps("entitlements", "7643 §4.1.2", `{"entitlements":[{"value":"E","type":"t","display":"D"}]}`),
	keeps("roles", "7643 §4.1.2", `{"roles":[{"value":"R","type":"t","display":"D","primary":true}]}`),
	keeps("x509Certificates", "7643 §4.1.2, §2.3.6", `{"x509Certificates":[{"value":"MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQA="}]}`),
	keeps("enterprise", "7643 §4.3", `{"`+enterpriseURN+`":{"employeeNumber":"701984","costCenter":"4130","organization":"Universal","division":"Park","department":"Tours","manager":{"value":"~boss"}}}`),
	keeps("unicode", "7643 §2.3.1", `{"displayName":"Ægir 林 😀 \"q\" \\ /","title":"tab\tline\n"}`),
	keeps("canonical-values-are-hints", "7643 §2.3.1, §7", `{"emails":[{"value":"a@example.com","type":"private"}]}`),
	keeps("letter-case-as-sent", "7643 §2.3.1", `{"userName":"~MiXed","displayName":"MiXed"}`),
	keeps("long-text", "7643 §2.3.1", `{"title":"`+strings.Repeat("x", 1000)+`"}`),
	keeps("undeclared-extension", "7643 §3.3", `{"urn:example:params:scim:schemas:extension:2.0:User":{"badge":12345678901234567890,"inner":{"list":[1,"a",true]}}}`),
	c("active-defaults-to-true", Practice, "Entra ID, Okta", "A new user is active unless the body says otherwise.", func(t *T) {
		t.user("").has(`{"active":true}`)
	}),
	c("names-ignore-case", Must, "7643 §2.1", "Names of attributes compare ignoring letter case.", func(t *T) {
		t.post("/Users", `{"SCHEMAS":["`+userURN+`"],"USERNAME":"~u1","Name":{"GIVENNAME":"G"},"eMails":[{"VALUE":"a@example.com"}]}`).is(201).
			has(`{"userName":"~u1","name":{"givenName":"G"},"emails":[{"value":"a@example.com"}]}`)
	}),
	c("null-is-no-value", Must, "7643 §2.5", "null is the same as no value.", func(t *T) {
		t.user(`{"title":null,"name":null,"emails":null}`).has(`{"title":null,"name":null,"emails":null}`)
		t.find("/Users", `userName eq "~u1" and title pr`).found()
	}),
	c("empty-list-is-no-value", Must, "7643 §2.5", "An empty list is the same as no value.", func(t *T) {
		t.user(`{"emails":[]}`).has(`{"emails":null}`)
		t.find("/Users", `userName eq "~u1" and emails pr`).found()
	}),
	c("two-primary", Must, "7643 §2.4", "At most one value is primary: two are refused with invalidValue.", refusesUser(`{"schemas":["`+userURN+`"],"userName":"~x","emails":[{"value":"a","primary":true},{"value":"b","primary":true}]}`)),
	c("same-value-once", Should, "7643 §2.4", "The same type and value do not come twice.", func(t *T) {
		t.user(`{"emails":[{"value":"a@example.com","type":"work"},{"value":"a@example.com","type":"work"}]}`).
			has(`{"emails":[{"value":"a@example.com","type":"work"}]}`)
	}),
	c("same-value-other-case", Should, "7643 §2.2, §2.4", "What is not caseExact is the same in another letter case, and does not come twice.", func(t *T) {
		t.user(`{"emails":[{"value":"A@example.com","type":"Work"},{"value":"a@example.com","type":"work"}]}`).
			has(`{"emails":[{"type":"work"}]}`)
	}),
	c("same-value-other-type", Must, "7643 §2.4", "The same value with another type is another value.", func(t *T) {
		t.user(`{"emails":[{"value":"a@example.com","type":"work"},{"value":"a@example.com","type":"home"}]}`).
			has(`{"emails":[{"type":"work"},{"type":"home"}]}`)
	}),
	c("wrong-type-boolean", Must, "7643 §2.3.2, 7644 §3.12", "A boolean that is no boolean is refused with invalidValue.", refusesUser(`{"schemas":["`+userURN+`"],"userName":"~x","active":"perhaps"}`)),
	c("wrong-type-complex", Must, "7643 §2.3.8, 7644 §3.12", "A complex attribute that is a number is refused with invalidValue.", refusesUser(`{"schemas":["`+userURN+`"],"userName":"~x","name":7}`)),
	c("wrong-type-string", Must, "7643 §2.3.1, 7644 §3.12", "A string that is a boolean is refused with invalidValue.", refusesUser(`{"schemas":["`+userURN+`"],"userName":"~x","title":true}`)),
	c("wrong-type-list", Must, "7643 §2.4, 7644 §3.12", "Several values for a singular attribute are refused with invalidValue.", refusesUser(`{"schemas":["`+userURN+`"],"userName":"~x","title":["a","b"]}`)),
	c("wrong-type-sub-attribute", Must, "7643 §2.3.8, 7644 §3.12", "A sub-attribute of the wrong type is refused with invalidValue.", refusesUser(`{"schemas":["`+userURN+`"],"userName":"~x","name":{"givenName":false}}`)),
	c("password-never-shown", Must, "7643 §4.1.1, §7, §9.2", "A password is returned by nothing, not even by name.", func(t *T) {
		t.user(`{"password":"t0p-~"}`).lacks("password")
		for _, path := range []string{"/Users/@1", "/Users/@1?attributes=password", "/Users/@1?attributes=userName,password"} {
			if a := t.get(path).is(200).has(`{"id":"@1"}`).lacks("password"); strings.Contains(string(a.raw), t.expand("t0p-~")) {
				t.fail(a, "no password")
			}
		}
		t.find("/Users", `userName eq "~u1"`, "attributes=password").found("@1").lacks("password")
		if strings.Contains(string(t.last.raw), t.expand("t0p-~")) {
			t.fail(t.last, "no password")
		}
	}),
	c("id-always-shown", Must, "7643 §3.1, §7", "id and schemas are returned always, whatever is asked for.", func(t *T) {
		t.user(`{"title":"T"}`)
		t.get("/Users/@1?excludedAttributes=id,schemas").is(200).has(`{"schemas":["` + userURN + `"],"id":"@1"}`)
		t.get("/Users/@1?attributes=title").is(200).has(`{"schemas":["` + userURN + `"],"id":"@1","title":"T"}`)
	}),
	c("groups-of-user", Must, "7643 §4.1.2", "groups of a user lists its groups with value, display and type.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Users/@1").is(200).has(`{"groups":[{"value":"@2","display":"~g2","type":"direct"}]}`)
	}),
	c("groups-follow-members", Must, "7643 §4.1.2", "groups of a user follows from the groups, also when it leaves.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@2", `{"op":"remove","path":"members[value eq \"@1\"]"}`).ok()
		t.get("/Users/@1").is(200).has(`{"groups":null}`)
	}).needing(FeaturePatch),
	c("member-type-and-display", Should, "7643 §4.2", "A member is shown with its type and display.", func(t *T) {
		t.user(`{"displayName":"Ada"}`)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Groups/@2").is(200).has(`{"members":[{"value":"@1","type":"User"}]}`)
		t.last.text("members", 0, "display")
	}),
	c("member-ref", Should, "7643 §4.2, §2.3.7", "$ref of a member, where it is given, leads to it.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		a := t.get("/Groups/@2").is(200)
		ref := a.at("members", 0, "$ref")
		if text, _ := ref.(string); a.text("members", 0, "value") != t.id(1) || ref != nil && !strings.HasSuffix(text, "Users/"+t.id(1)) {
			t.fail(a, "a $ref that ends in Users/%s, or none", t.id(1))
		}
	}),
	c("externalId-not-unique", Must, "7643 §3.1", "externalId is the client's: two resources may have the same.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.user(`{"externalId":"E-~"}`)
		t.find("/Users", `externalId eq "E-~"`).found("@1", "@2")
	}),
	c("no-times-in-between", Must, "7643 §2.3.5", "Times carry a zone.", func(t *T) {
		t.user("").instant("meta", "created")
	}),
}

// keeps reads back a user that was created with some attributes.
func keeps(name, source, attributes string) Case {
	return c("keeps-"+name, Must, source+", 7644 §3.3", "A value is kept and returned as it was sent.", func(t *T) {
		t.user(attributes).has(attributes)
		t.get("/Users/@1").is(200).has(attributes)
	})
}
