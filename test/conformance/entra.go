package conformance

// What Entra ID sends, with and without the flag aadOptscim062020.
var entraCases = []Case{
	c("test-connection", Practice, "Entra ID", "The look-up of a random userName is a 200 with an empty list.", func(t *T) {
		t.user(everything)
		t.find("/Users", `userName eq "8b8ac0cc-~-4f1e"`).found()
	}),
	c("test-connection-externalId", Practice, "Entra ID", "So is that of a random externalId.", func(t *T) {
		t.user(everything)
		t.find("/Users", `externalId eq "8b8ac0cc-~-4f1e"`).found()
	}),
	c("test-connection-email", Practice, "Entra ID", "So is that of a random e-mail address.", func(t *T) {
		t.user(everything)
		t.find("/Users", `emails[type eq "work"].value eq "8b8ac0cc-~-4f1e"`).found()
	}),
	c("look-up-userName", Practice, "Entra ID", "A user is found by userName with + for spaces.", func(t *T) {
		t.user("")
		t.get("/Users?filter=userName+eq+%22~u1%22").found("@1")
	}),
	c("look-up-externalId", Practice, "Entra ID", "A user is found by externalId.", func(t *T) {
		t.user(`{"externalId":"~e"}`)
		t.get("/Users?filter=externalId+eq+%22~e%22").found("@1")
	}),
	c("look-up-email", Practice, "Entra ID", `A user is found by emails[type eq "work"].value.`, func(t *T) {
		t.user(`{"emails":[{"type":"work","value":"~@example.com"},{"type":"home","value":"~h@example.com"}]}`)
		t.find("/Users", `emails[type eq "work"].value eq "~@example.com"`).found("@1")
		t.find("/Users", `emails[type eq "work"].value eq "~h@example.com"`).found()
	}),
	c("look-up-group", Practice, "Entra ID", "A group is found by displayName, without its members.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.find("/Groups", `displayName eq "~g2"`, "excludedAttributes=members").found("@2").has(`{"Resources":[{"displayName":"~g2","members":null}]}`)
	}),
	c("group-without-members", Practice, "Entra ID", "GET /Groups/{id}?excludedAttributes=members shows no members.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Groups/@2?excludedAttributes=members").is(200).has(`{"displayName":"~g2"}`).lacks("members")
	}),
	c("is-member", Practice, "Entra ID", `id eq "g" and members eq "u" tells whether a user is in a group.`, func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.find("/Groups", `id eq "@3" and members eq "@1"`, "attributes=id").found("@3").has(`{"Resources":[{"displayName":null,"members":null}]}`)
		t.find("/Groups", `id eq "@3" and members eq "@2"`, "attributes=id").found()
	}),
	c("is-manager", Practice, "Entra ID", `id eq "u" and manager eq "m" tells who somebody's manager is.`, func(t *T) {
		t.user("")
		t.user(`{"` + enterpriseURN + `":{"manager":{"value":"@1"}}}`)
		t.find("/Users", `id eq "@2" and manager eq "@1"`, "attributes=id").found("@2")
		t.find("/Users", `id eq "@2" and manager eq "@2"`, "attributes=id").found()
	}),
	c("flag-in-url", Practice, "Entra ID", "The flag aadOptscim062020 in the URL does no harm.", func(t *T) {
		t.user("")
		t.get("/Users?aadOptscim062020&filter=userName+eq+%22~u1%22").found("@1")
		t.patch("/Users/@1?aadOptscim062020", `{"op":"add","path":"title","value":"T"}`).ok()
	}),
	c("post", Practice, "Entra ID", "A POST with nulls, empty roles, meta and the mistyped URN in schemas makes a user.", func(t *T) {
		t.post("/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0User"],
			"externalId":"~e","userName":"~u1","active":true,"displayName":null,"addresses":null,"emails":[{"primary":true,"type":"work","value":"~@example.com"}],
			"meta":{"resourceType":"User"},"name":{"formatted":"G F","familyName":"F","givenName":"G"},"roles":[]}`).is(201).
			has(`{"userName":"~u1","externalId":"~e","displayName":null,"roles":null,"emails":[{"primary":true,"type":"work"}]}`)
	}),
	c("post-group", Practice, "Entra ID", "A POST of a group with Microsoft's own schema makes a group.", func(t *T) {
		t.post("/Groups", `{"schemas":["`+groupURN+`","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"~e","displayName":"~g1","meta":{"resourceType":"Group"}}`).is(201).
			has(`{"displayName":"~g1","externalId":"~e"}`)
	}),
	sends("deactivate", "active comes as the string False.", `{"op":"Replace","path":"active","value":"False"}`, `{"active":false}`),
	sends("deactivate-flag", "With the flag active comes as a boolean.", `{"op":"replace","path":"active","value":false}`, `{"active":false}`),
	sends("path-each", "One operation for each path, in capitals.", `{"op":"Replace","path":"displayName","value":"B"},{"op":"Add","path":"name.familyName","value":"E"},{"op":"Replace","path":"emails[type eq \"work\"].value","value":"n@example.com"}`, `{"displayName":"B","name":{"givenName":"G","familyName":"E"},"emails":[{"type":"work","value":"n@example.com","primary":true},{"type":"home"}]}`),
	sends("extension-path", "Paths of the extension have its URN.", `{"op":"Add","path":"`+enterpriseURN+`:employeeNumber","value":"A1"}`, `{"`+enterpriseURN+`":{"employeeNumber":"A1","department":"D"}}`),
	sends("dotted-keys", "With the flag, keys of a value without a path are paths.", `{"op":"replace","value":{"displayName":"B","name.givenName":"K","`+enterpriseURN+`:employeeNumber":"A"}}`, `{"displayName":"B","name":{"givenName":"K","familyName":"F"},"`+enterpriseURN+`":{"employeeNumber":"A","department":"D"}}`),
	sends("filter-keys", "Keys of a value may have a value filter.", `{"op":"add","value":{"emails[type eq \"other\"].value":"o@example.com"}}`, `{"emails":[{"type":"work"},{"type":"home"},{"type":"other","value":"o@example.com"}]}`),
	sends("add-creates", "add on a filter that matches nothing makes the value with what the filter says.", `{"op":"Add","path":"phoneNumbers[type eq \"mobile\"].value","value":"+1"}`, `{"phoneNumbers":[{"type":"mobile","value":"+1"}]}`),
	sends("add-joins", "Several operations on one new value make one value.", `{"op":"Add","path":"addresses[type eq \"work\"].country","value":"NL"},{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Delft"}`, `{"addresses":[{"type":"work","country":"NL","locality":"Delft"}]}`),
	sends("replace-creates-type", "replace makes it too where the filter is type eq a canonical value.", `{"op":"Replace","path":"phoneNumbers[type eq \"fax\"].value","value":"+2"}`, `{"phoneNumbers":[{"type":"fax","value":"+2"}]}`),
	sends("replace-creates-primary", `replace makes it too where the filter is primary eq "True".`, `{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"R"}`, `{"roles":[{"primary":true,"value":"R"}]}`),
	sends("primary-string", `primary eq "True" finds the boolean.`, `{"op":"Replace","path":"emails[primary eq \"True\"].value","value":"n@example.com"}`, `{"emails":[{"type":"work","value":"n@example.com","primary":true},{"type":"home","value":"h@example.com"}]}`),
	sends("wrapped-scalar", "A scalar may be wrapped in a list of one.", `{"op":"Replace","path":"displayName","value":["B"]}`, `{"displayName":"B"}`),
	sends("wrapped-object", "A scalar may be wrapped in a list of one object.", `{"op":"Replace","path":"displayName","value":[{"$ref":null,"value":"B"}]}`, `{"displayName":"B"}`),
	sends("one-attribute-twice", "Several operations on one attribute are applied in order.", `{"op":"Add","path":"nickName","value":"A"},{"op":"Replace","path":"nickName","value":"B"}`, `{"nickName":"B"}`),
	sends("manager-text", "manager comes as text, and comes back as an object.", `{"op":"Add","path":"manager","value":"random text"}`, `{"`+enterpriseURN+`":{"manager":{"value":"random text"}}}`),
	sends("manager-urn", "manager comes with its URN.", `{"op":"Replace","path":"`+enterpriseURN+`:manager","value":"m"}`, `{"`+enterpriseURN+`":{"manager":{"value":"m"}}}`),
	sends("manager-object", "manager comes as an object.", `{"op":"Replace","path":"`+enterpriseURN+`:manager","value":{"value":"m"}}`, `{"`+enterpriseURN+`":{"manager":{"value":"m"}}}`),
	sends("manager-list", "manager comes as a list of one with a $ref.", `{"op":"Add","path":"manager","value":[{"$ref":"http://x/Users/m","value":"m"}]}`, `{"`+enterpriseURN+`":{"manager":{"value":"m","$ref":null}}}`),
	sends("manager-cleared-text", "An empty text clears the manager.", `{"op":"Add","path":"manager","value":"m"},{"op":"Replace","path":"manager","value":""}`, `{"`+enterpriseURN+`":{"manager":null,"department":"D"}}`),
	sends("manager-cleared-object", "An object with an empty value clears the manager.", `{"op":"Add","path":"manager","value":"m"},{"op":"Replace","path":"manager","value":{"value":""}}`, `{"`+enterpriseURN+`":{"manager":null,"department":"D"}}`),
	sends("manager-cleared-null", "null clears the manager.", `{"op":"Add","path":"manager","value":"m"},{"op":"Replace","path":"manager","value":null}`, `{"`+enterpriseURN+`":{"manager":null,"department":"D"}}`),
	sends("manager-removed", "remove clears the manager.", `{"op":"Add","path":"manager","value":"m"},{"op":"Remove","path":"`+enterpriseURN+`:manager"}`, `{"`+enterpriseURN+`":{"manager":null,"department":"D"}}`),
	c("replace-unknown-type", Practice, "Entra ID, 7644 §3.5.2.3", "replace on a filter that matches nothing and is no canonical type is noTarget.", func(t *T) {
		t.user(barbara)
		t.patch("/Users/@1", `{"op":"Replace","path":"emails[type eq \"private\"].value","value":"x"}`).fails(400, "noTarget")
	}),
	c("add-member", Practice, "Entra ID", "A member is added with $ref null.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@3", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"@2"}]}`).ok()
		t.get("/Groups/@3").members("@1", "@2")
	}),
	c("remove-member", Practice, "Entra ID", "Remove with a value removes that member only.", func(t *T) {
		t.users(3)
		t.group(`{"members":[{"value":"@1"},{"value":"@2"},{"value":"@3"}]}`)
		t.patch("/Groups/@4", `{"op":"Remove","path":"members","value":[{"value":"@2"}]}`).ok()
		t.get("/Groups/@4").members("@1", "@3")
	}),
	c("remove-member-flag", Practice, "Entra ID", "With the flag a member is removed by a filter.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"},{"value":"@2"}]}`)
		t.patch("/Groups/@3", `{"op":"remove","path":"members[value eq \"@1\"]"}`).ok()
		t.get("/Groups/@3").members("@2")
	}),
	c("leaves-scope", Practice, "Entra ID", "An inactive user stays visible, keeps its memberships, and is deleted later.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Users/@1", `{"op":"Replace","path":"active","value":"False"}`).ok()
		t.find("/Users", `userName eq "~u1"`).found("@1").has(`{"Resources":[{"active":false}]}`)
		t.get("/Groups/@2").members("@1")
		t.delete("/Users/@1").is(204)
	}),
	c("group-rename", Practice, "Entra ID", "A group is renamed by a PATCH.", func(t *T) {
		t.group("")
		t.patch("/Groups/@1", `{"op":"Replace","path":"displayName","value":"~new"}`).ok()
		t.find("/Groups", `displayName eq "~new"`, "excludedAttributes=members").found("@1")
	}),
}

// sends applies to barbara what an identity provider sends, and reads the outcome.
func sends(name, requires, operations, want string) Case {
	return c(name, Practice, "Entra ID", requires, func(t *T) {
		t.user(barbara)
		t.patch("/Users/@1", operations).ok()
		t.get("/Users/@1").is(200).has(want)
	})
}
