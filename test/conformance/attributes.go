package conformance

var attributeCases = []Case{
	shows("excluded-multi-valued-sub-attribute", "excludedAttributes takes a sub-attribute of a multi-valued attribute.", "excludedAttributes=emails.value", `{"emails":[{"type":"work","value":null},{"type":"home","value":null}],"title":"Countess"}`),
	shows("extension-sub-attribute", "attributes takes a sub-attribute in an extension.", "attributes="+enterpriseURN+":manager.value", `{"`+enterpriseURN+`":{"manager":{"value":"Boss-1"},"department":null}}`, "title"),
	shows("whole-and-part", "An attribute that is named whole and in part is returned whole.", "attributes=name.givenName,name", `{"name":{"givenName":"Ada","familyName":"King"}}`, "title"),
	shows("excluded-all-parts", "A complex attribute whose parts are all excluded is left out.", "excludedAttributes=name.givenName,name.familyName", `{"title":"Countess"}`, "name"),
	shows("part-without-value", "A sub-attribute that has no value shows nothing of its attribute.", "attributes=name.middleName,title", `{"title":"Countess"}`, "name"),
	c("member-part-without-value", Must, "7644 §3.9, 7643 §2.5", "A sub-attribute that no member has shows no members, not empty ones.", func(t *T) {
		t.group(`{"members":[{"value":"~unknown"}]}`)
		t.get("/Groups/@1?attributes=members.value").is(200).has(`{"members":[{"value":"~unknown"}]}`)
		t.get("/Groups/@1?attributes=members.display").is(200).lacks("members", "displayName")
	}),
	shows("empty", "An empty attributes parameter is none.", "attributes=", `{"title":"Countess","displayName":"Ada King"}`),
	c("member-values-only", Must, "7644 §3.9", "attributes=members.value shows the values of the members alone.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Groups/@2?attributes=members.value").is(200).has(`{"members":[{"value":"@1","type":null,"display":null}]}`).lacks("displayName")
	}),
	c("groups-only", Must, "7644 §3.9", "attributes=groups shows the groups of a user.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Users/@1?attributes=groups").is(200).has(`{"groups":[{"value":"@2"}]}`).lacks("userName")
	}),

	shows("one", "attributes names what is returned, beside what is always.", "attributes=title", `{"title":"Countess"}`, "displayName", "emails", "name", "meta", enterpriseURN),
	shows("several", "attributes takes names with commas between.", "attributes=title,displayName", `{"title":"Countess","displayName":"Ada King"}`, "emails", "name"),
	shows("spaces", "Spaces around the names do no harm.", "attributes=title,%20displayName", `{"title":"Countess","displayName":"Ada King"}`, "emails"),
	shows("sub-attribute", "attributes takes a sub-attribute.", "attributes=name.familyName", `{"name":{"familyName":"King","givenName":null}}`, "title"),
	shows("multi-valued-sub-attribute", "attributes takes a sub-attribute of a multi-valued attribute.", "attributes=emails.type", `{"emails":[{"type":"work","value":null},{"type":"home","value":null}]}`, "title"),
	shows("complex", "attributes takes a complex attribute whole.", "attributes=name", `{"name":{"familyName":"King","givenName":"Ada"}}`, "title"),
	shows("meta", "attributes takes meta.", "attributes=meta", `{"meta":{"resourceType":"User"}}`, "title"),
	shows("extension-attribute", "attributes takes an attribute of an extension by its URN.", "attributes="+enterpriseURN+":department", `{"`+enterpriseURN+`":{"department":"Engines","manager":null}}`, "title"),
	shows("extension", "attributes takes an extension whole by its URN.", "attributes="+enterpriseURN, `{"`+enterpriseURN+`":{"department":"Engines","manager":{"value":"Boss-1"}}}`, "title"),
	shows("core-urn", "attributes takes a name with the URN of its schema.", "attributes="+userURN+":title", `{"title":"Countess"}`, "displayName"),
	shows("case", "Names compare ignoring letter case.", "attributes=TITLE,Name.FAMILYname", `{"title":"Countess","name":{"familyName":"King"}}`, "displayName"),
	shows("unknown", "A name of nothing is left aside.", "attributes=shoeSize,title", `{"title":"Countess"}`, "displayName"),
	shows("excluded", "excludedAttributes names what is not returned.", "excludedAttributes=title,emails", `{"displayName":"Ada King","name":{"familyName":"King"}}`, "title", "emails"),
	shows("excluded-sub-attribute", "excludedAttributes takes a sub-attribute.", "excludedAttributes=name.familyName", `{"title":"Countess","name":{"familyName":null,"givenName":"Ada"}}`),
	shows("excluded-extension", "excludedAttributes takes an extension by its URN.", "excludedAttributes="+enterpriseURN, `{"title":"Countess"}`, enterpriseURN),
	shows("excluded-extension-attribute", "excludedAttributes takes an attribute of an extension.", "excludedAttributes="+enterpriseURN+":department", `{"`+enterpriseURN+`":{"department":null,"manager":{"value":"Boss-1"}}}`),
	shows("excluded-case", "Names that are excluded compare ignoring letter case.", "excludedAttributes=TITLE", `{"displayName":"Ada King"}`, "title"),
	shows("excluded-always", "What is always returned cannot be excluded.", "excludedAttributes=id,schemas,title", `{"displayName":"Ada King"}`, "title"),
	c("list", Must, "7644 §3.9, §3.4.2.5", "attributes holds for each resource of a list.", func(t *T) {
		t.user(adaBody)
		a := t.find("/Users", `userName eq "~u1"`, "attributes=title").found("@1").has(`{"Resources":[{"title":"Countess","displayName":null,"emails":null,"meta":null}]}`)
		a.text("Resources", 0, "schemas", 0)
	}).needing(FeatureFilter),
	c("list-excluded", Must, "7644 §3.9, §3.4.2.5", "excludedAttributes holds for each resource of a list.", func(t *T) {
		t.user(adaBody)
		t.find("/Users", `userName eq "~u1"`, "excludedAttributes=title").found("@1").has(`{"Resources":[{"title":null,"displayName":"Ada King"}]}`)
	}).needing(FeatureFilter),
	c("members-excluded", Must, "7644 §3.9", "excludedAttributes=members leaves the members of a group out.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Groups/@2?excludedAttributes=members").is(200).has(`{"id":"@2","displayName":"~g2"}`).lacks("members")
		t.get("/Groups/@2").members("@1")
	}),
	c("members-only", Must, "7644 §3.9", "attributes=members shows the members of a group.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Groups/@2?attributes=members").members("@1").lacks("displayName")
	}),
	c("does-not-change", Must, "7644 §3.9", "What is not asked for is still there.", func(t *T) {
		t.user(adaBody)
		t.get("/Users/@1?attributes=userName").is(200).lacks("title")
		t.get("/Users/@1").is(200).has(`{"title":"Countess"}`)
	}),
}

// shows expects of ada what is wanted, and the id and schemas always.
func shows(name, requires, query, want string, hidden ...string) Case {
	return c(name, Must, "7644 §3.9, 7643 §7", requires, func(t *T) {
		t.user(adaBody)
		t.get("/Users/@1?"+query).is(200).has(`{"id":"@1"}`).has(want).lacks(hidden...).text("schemas", 0)
	})
}
