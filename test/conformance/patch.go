package conformance

import "strings"

// barbara is a user to patch.
const barbara = `{"title":"T","active":true,"name":{"givenName":"G","familyName":"F"},
	"emails":[{"type":"work","value":"w@example.com","primary":true},{"type":"home","value":"h@example.com"}],
	"` + enterpriseURN + `":{"department":"D","division":"V"}}`

var patchCases = []Case{
	patched("add-whole-chosen", "7644 §3.5.2.1", "add of an object to a chosen value merges it.", `{"op":"add","path":"emails[type eq \"home\"]","value":{"display":"H"}}`, `{"emails":[{"type":"work","display":null},{"type":"home","value":"h@example.com","display":"H"}]}`),
	patched("extension-sub-attribute", "7644 §3.5.2, §3.10", "A path may lead to a sub-attribute in an extension.", `{"op":"add","path":"`+enterpriseURN+`:manager.value","value":"m"}`, `{"`+enterpriseURN+`":{"manager":{"value":"m"},"department":"D"}}`),
	patched("urn-ignores-case", "7643 §2.1, 7644 §3.10", "URNs in paths compare ignoring letter case.", `{"op":"replace","path":"URN:ietf:params:scim:schemas:EXTENSION:enterprise:2.0:user:Department","value":"E"}`, `{"`+enterpriseURN+`":{"department":"E","division":"V"}}`),
	patched("chosen-by-or", "7644 §3.5.2, §3.4.2.2", "A value filter may offer alternatives.", `{"op":"remove","path":"emails[type eq \"work\" or type eq \"home\"]"}`, `{"emails":null}`),
	patched("value-with-comma", "7644 §3.5.2", "A bracket or comma in a quoted text of a path is text.", `{"op":"add","path":"emails[type eq \"a],[b\"].value","value":"c@example.com"}`, `{"emails":[{"type":"work"},{"type":"home"},{"type":"a],[b","value":"c@example.com"}]}`),
	refused("add-without-value", "7644 §3.5.2.1", "add without a value is refused: invalidValue or invalidSyntax.", `{"op":"add","path":"title"}`, "invalidValue"),
	refused("dotted-too-deep", "7644 §3.5.2, §3.10", "A path has one level of sub-attributes.", `{"op":"replace","path":"name.givenName.x","value":"U"}`, "invalidPath"),
	refused("too-long", "7644 §3.12, RFC 9110 §17.5", "A value that is absurdly long is invalidValue.", `{"op":"replace","path":"userName","value":"`+strings.Repeat("x", 5000)+`"}`, "invalidValue"),

	patched("add-new", "7644 §3.5.2.1", "add gives an attribute without a value one.", `{"op":"add","path":"nickName","value":"N"}`, `{"nickName":"N","title":"T"}`),
	patched("add-replaces-single", "7644 §3.5.2.1", "add on a single-valued attribute replaces its value.", `{"op":"add","path":"title","value":"U"}`, `{"title":"U"}`),
	patched("add-complex-merges", "7644 §3.5.2.1", "add on a complex attribute sets the sub-attributes sent and leaves the others.", `{"op":"add","path":"name","value":{"givenName":"H"}}`, `{"name":{"givenName":"H","familyName":"F"}}`),
	patched("add-sub-attribute", "7644 §3.5.2.1", "add on a sub-attribute sets just that.", `{"op":"add","path":"name.middleName","value":"M"}`, `{"name":{"givenName":"G","familyName":"F","middleName":"M"}}`),
	patched("add-appends", "7644 §3.5.2.1", "add on a multi-valued attribute appends.", `{"op":"add","path":"emails","value":[{"value":"o@example.com","type":"other"}]}`, `{"emails":[{"value":"w@example.com"},{"value":"h@example.com"},{"value":"o@example.com"}]}`),
	patched("add-known-value", "7644 §3.5.2.1", "add of a value that is there leaves one.", `{"op":"add","path":"emails","value":[{"value":"h@example.com","type":"home"}]}`, `{"emails":[{"type":"work"},{"type":"home"}]}`),
	patched("add-no-path", "7644 §3.5.2.1", "add without a path adds the attributes of the value.", `{"op":"add","value":{"nickName":"N","emails":[{"value":"o@example.com"}]}}`, `{"nickName":"N","title":"T","emails":[{"value":"w@example.com"},{"value":"h@example.com"},{"value":"o@example.com"}]}`),
	patched("add-to-chosen", "7644 §3.5.2.1", "add with a value filter changes the values it chooses.", `{"op":"add","path":"emails[type eq \"home\"].display","value":"H"}`, `{"emails":[{"type":"work","display":null},{"type":"home","display":"H"}]}`),
	patched("add-extension-attribute", "7644 §3.5.2, §3.10", "A path may be an attribute of an extension with its URN.", `{"op":"add","path":"`+enterpriseURN+`:costCenter","value":"C"}`, `{"`+enterpriseURN+`":{"department":"D","costCenter":"C"}}`),
	patched("add-core-urn", "7644 §3.10", "A path may have the URN of the core schema.", `{"op":"add","path":"`+userURN+`:title","value":"U"}`, `{"title":"U"}`),
	patched("add-extension-no-path", "7644 §3.5.2.1", "add without a path takes extensions under their URN.", `{"op":"add","value":{"`+enterpriseURN+`":{"costCenter":"C"}}}`, `{"`+enterpriseURN+`":{"department":"D","costCenter":"C"}}`),
	patched("add-primary", "7644 §3.5.2", "A new primary value takes it from the old.", `{"op":"add","path":"emails","value":[{"value":"o@example.com","primary":true}]}`, `{"emails":[{"value":"o@example.com","primary":true},{"value":"h@example.com"},{"value":"w@example.com","primary":false}]}`),
	patched("replace-single", "7644 §3.5.2.3", "replace replaces a single value.", `{"op":"replace","path":"title","value":"U"}`, `{"title":"U"}`),
	patched("replace-absent-adds", "7644 §3.5.2.3", "replace of what is not there adds it.", `{"op":"replace","path":"nickName","value":"N"}`, `{"nickName":"N"}`),
	patched("replace-list", "7644 §3.5.2.3", "replace of a multi-valued attribute replaces all values.", `{"op":"replace","path":"emails","value":[{"value":"n@example.com"}]}`, `{"emails":[{"value":"n@example.com"}]}`),
	patched("replace-complex", "7644 §3.5.2.3", "replace of a complex attribute sets the sub-attributes sent and leaves the others.", `{"op":"replace","path":"name","value":{"familyName":"E"}}`, `{"name":{"givenName":"G","familyName":"E"}}`),
	patched("replace-sub-attribute", "7644 §3.5.2.3", "replace of a sub-attribute replaces just that.", `{"op":"replace","path":"name.givenName","value":"H"}`, `{"name":{"givenName":"H","familyName":"F"}}`),
	patched("replace-no-path", "7644 §3.5.2.3", "replace without a path replaces the attributes of the value.", `{"op":"replace","value":{"title":"U","emails":[{"value":"n@example.com"}],"name":{"givenName":"H"}}}`, `{"title":"U","emails":[{"value":"n@example.com"}],"name":{"givenName":"H","familyName":"F"}}`),
	patched("replace-chosen-value", "7644 §3.5.2.3", "replace with a value filter replaces the values it chooses.", `{"op":"replace","path":"emails[type eq \"work\"]","value":{"type":"work","value":"n@example.com"}}`, `{"emails":[{"type":"work","value":"n@example.com"},{"type":"home","value":"h@example.com"}]}`),
	patched("replace-chosen-sub-attribute", "7644 §3.5.2.3", "replace with a value filter and a sub-attribute replaces just that.", `{"op":"replace","path":"emails[type eq \"home\"].value","value":"n@example.com"}`, `{"emails":[{"type":"work","value":"w@example.com","primary":true},{"type":"home","value":"n@example.com"}]}`),
	patched("replace-chosen-by-and", "7644 §3.5.2", "A value filter may join conditions.", `{"op":"replace","path":"emails[type eq \"home\" and value co \"h@\"].value","value":"n@example.com"}`, `{"emails":[{"value":"w@example.com"},{"value":"n@example.com"}]}`),
	patched("replace-chosen-by-not", "7644 §3.5.2, §3.4.2.2", "A value filter may negate.", `{"op":"replace","path":"emails[not (type eq \"work\")].value","value":"n@example.com"}`, `{"emails":[{"value":"w@example.com"},{"value":"n@example.com"}]}`),
	patched("replace-extension-attribute", "7644 §3.5.2.3", "replace takes an attribute of an extension.", `{"op":"replace","path":"`+enterpriseURN+`:department","value":"E"}`, `{"`+enterpriseURN+`":{"department":"E","division":"V"}}`),
	patched("replace-by-null", "7643 §2.5, 7644 §3.5.2.3", "replace by null clears.", `{"op":"replace","path":"title","value":null}`, `{"title":null}`),
	patched("replace-by-empty-list", "7643 §2.5, 7644 §3.5.2.3", "replace by an empty list clears.", `{"op":"replace","path":"emails","value":[]}`, `{"emails":null}`),
	patched("replace-active", "7644 §3.5.2.3", "replace switches a boolean.", `{"op":"replace","path":"active","value":false}`, `{"active":false}`),
	patched("remove-single", "7644 §3.5.2.2", "remove of a single-valued attribute clears it.", `{"op":"remove","path":"title"}`, `{"title":null,"name":{"givenName":"G"}}`),
	patched("remove-complex", "7644 §3.5.2.2", "remove of a complex attribute clears all of it.", `{"op":"remove","path":"name"}`, `{"name":null}`),
	patched("remove-sub-attribute", "7644 §3.5.2.2", "remove of a sub-attribute leaves the others.", `{"op":"remove","path":"name.givenName"}`, `{"name":{"givenName":null,"familyName":"F"}}`),
	patched("remove-list", "7644 §3.5.2.2", "remove of a multi-valued attribute removes all values.", `{"op":"remove","path":"emails"}`, `{"emails":null}`),
	patched("remove-chosen", "7644 §3.5.2.2", "remove with a value filter removes the values it chooses.", `{"op":"remove","path":"emails[type eq \"work\"]"}`, `{"emails":[{"type":"home"}]}`),
	patched("remove-last-chosen", "7644 §3.5.2.2", "An attribute whose last value was removed has no value.", `{"op":"remove","path":"emails[value pr]"}`, `{"emails":null}`),
	patched("remove-chosen-sub-attribute", "7644 §3.5.2.2", "remove with a value filter and a sub-attribute removes just that.", `{"op":"remove","path":"emails[type eq \"work\"].primary"}`, `{"emails":[{"type":"work","value":"w@example.com","primary":null},{"type":"home"}]}`),
	patched("remove-absent", "7644 §3.5.2.2", "remove of what is not there succeeds.", `{"op":"remove","path":"nickName"}`, `{"nickName":null,"title":"T"}`),
	patched("remove-nothing-chosen", "7644 §3.5.2.2", "remove whose filter chooses nothing leaves all values.", `{"op":"remove","path":"emails[type eq \"other\"]"}`, `{"emails":[{"type":"work"},{"type":"home"}]}`),
	patched("remove-extension-attribute", "7644 §3.5.2.2", "remove takes an attribute of an extension.", `{"op":"remove","path":"`+enterpriseURN+`:department"}`, `{"`+enterpriseURN+`":{"department":null,"division":"V"}}`),
	patched("remove-extension", "7644 §3.5.2.2", "remove of an extension's URN drops the extension, and schemas follows.", `{"op":"remove","path":"`+enterpriseURN+`"}`, `{"schemas":["`+userURN+`"],"`+enterpriseURN+`":null}`),
	patched("in-order", "7644 §3.5.2", "Operations are applied one after the other, each on the outcome of the one before.", `{"op":"add","path":"nickName","value":"A"},{"op":"replace","path":"nickName","value":"B"},{"op":"remove","path":"title"},{"op":"add","path":"title","value":"V"}`, `{"nickName":"B","title":"V"}`),
	patched("path-ignores-case", "7643 §2.1", "Paths compare ignoring letter case.", `{"op":"replace","path":"NAME.GivenName","value":"H"}`, `{"name":{"givenName":"H","familyName":"F"}}`),
	patched("rename", "7644 §3.5.2.3", "userName can be changed.", `{"op":"replace","path":"userName","value":"~new"}`, `{"userName":"~new"}`),
	patched("readOnly-no-path", "7644 §3.5.2", "readOnly attributes in a value without a path do no harm.", `{"op":"replace","value":{"groups":[{"value":"g"}],"title":"U"}}`, `{"title":"U","groups":null}`),
	refused("remove-needs-path", "7644 §3.5.2.2", "remove without a path is noTarget.", `{"op":"remove"}`, "noTarget"),
	refused("unknown-op", "7644 §3.5.2, §3.12", "An operation that is none is invalidSyntax.", `{"op":"increase","path":"title","value":"U"}`, "invalidSyntax"),
	refused("malformed-path", "7644 §3.5.2, §3.12", "A path that cannot be read is invalidPath.", `{"op":"replace","path":"emails[type eq","value":"U"}`, "invalidPath"),
	refused("unknown-attribute", "7644 §3.5.2, §3.12", "A path to an attribute that does not exist is invalidPath.", `{"op":"replace","path":"shoeSize","value":"43"}`, "invalidPath"),
	refused("unknown-sub-attribute", "7644 §3.5.2, §3.12", "A path to a sub-attribute that does not exist is invalidPath.", `{"op":"replace","path":"name.nick","value":"U"}`, "invalidPath"),
	refused("noTarget", "7644 §3.5.2.3", "replace whose filter chooses nothing is noTarget.", `{"op":"replace","path":"emails[value eq \"none\"].display","value":"U"}`, "noTarget"),
	refused("id", "7643 §3.1, 7644 §3.5.2", "id cannot be changed: mutability.", `{"op":"replace","path":"id","value":"~other"}`, "mutability"),
	refused("groups", "7643 §4.1.2, 7644 §3.5.2", "groups of a user cannot be changed: mutability.", `{"op":"add","path":"groups","value":[{"value":"g"}]}`, "mutability"),
	refused("meta", "7643 §3.1, 7644 §3.5.2", "meta cannot be changed: mutability.", `{"op":"replace","path":"meta.created","value":"1999-01-01T00:00:00Z"}`, "mutability"),
	refused("remove-required", "7644 §3.5.2.2", "A required attribute cannot be removed: mutability.", `{"op":"remove","path":"userName"}`, "mutability"),
	refused("empty-required", "7644 §3.5.2, §3.12", "A required attribute cannot be emptied: invalidValue.", `{"op":"replace","path":"userName","value":""}`, "invalidValue"),
	refused("wrong-type", "7644 §3.5.2, §3.12", "A value of the wrong type is invalidValue.", `{"op":"replace","path":"active","value":"perhaps"}`, "invalidValue"),
	refused("no-object", "7644 §3.5.2.1", "Without a path the value has to be an object: invalidValue.", `{"op":"add","value":"U"}`, "invalidValue"),
	refused("two-primary", "7643 §2.4", "An operation cannot make two values primary.", `{"op":"add","path":"emails","value":[{"value":"1","primary":true},{"value":"2","primary":true}]}`, "invalidValue"),
	refused("wrong-filter", "7644 §3.5.2, §3.12", "A value filter that makes no sense for its attribute is invalidFilter or invalidPath.", `{"op":"remove","path":"emails[primary gt 3]"}`, "invalidFilter"),
	refused("all-or-nothing", "7644 §3.5.2", "If one operation fails, none is applied.", `{"op":"replace","path":"title","value":"U"},{"op":"replace","path":"emails[value eq \"none\"].display","value":"U"}`, "noTarget"),
	c("no-operations", Must, "7644 §3.5.2, §3.12", "A body without Operations is invalidSyntax.", func(t *T) {
		t.user("")
		t.send("PATCH", "/Users/@1", `{"schemas":["`+patchURN+`"]}`).fails(400, "invalidSyntax")
	}),
	c("rename-to-taken", Must, "7644 §3.5.2, §3.12", "A userName that is taken is a 409 uniqueness and changes nothing.", func(t *T) {
		t.users(2)
		t.patch("/Users/@2", `{"op":"replace","path":"userName","value":"~u1"}`).fails(409, "uniqueness")
		t.get("/Users/@2").is(200).has(`{"userName":"~u2"}`)
	}),
	c("unknown-id", Must, "7644 §3.5.2, §3.12", "A PATCH of an id that does not exist is a 404.", func(t *T) {
		t.user("")
		t.patch("/Users/@1", `{"op":"replace","path":"title","value":"T"}`).ok()
		t.patch("/Users/~none", `{"op":"replace","path":"title","value":"T"}`).fails(404, "")
	}),
	c("answer", Must, "7644 §3.5.2", "A PATCH answers 200 with the changed resource, or 204 without a body.", func(t *T) {
		t.user("")
		if a := t.patch("/Users/@1", `{"op":"replace","path":"title","value":"T"}`).ok(); a.status == 204 {
			a.blank()
		} else {
			a.has(`{"id":"@1","title":"T"}`)
		}
		t.get("/Users/@1").is(200).has(`{"title":"T"}`)
	}),
	c("attributes-parameter", Must, "7644 §3.5.2", "With attributes, a PATCH answers 200 with what was asked for.", func(t *T) {
		t.user("")
		t.patch("/Users/@1?attributes=title", `{"op":"replace","path":"title","value":"T"}`).is(200).has(`{"id":"@1","title":"T"}`).lacks("userName")
	}),
	c("no-change", Should, "7644 §3.5.2.1", "A PATCH that changes nothing succeeds and leaves lastModified.", func(t *T) {
		t.user(`{"title":"T"}`)
		before := t.get("/Users/@1").is(200).text("meta", "lastModified")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`).ok()
		if a := t.get("/Users/@1").is(200); a.text("meta", "lastModified") != before {
			t.fail(a, "meta.lastModified %s", before)
		}
	}),
	c("change-is-noted", Must, "7643 §3.1", "A PATCH that changes something moves lastModified on, and leaves created.", func(t *T) {
		created := t.user("")
		t.patch("/Users/@1", `{"op":"add","path":"title","value":"T"}`).ok()
		a := t.get("/Users/@1").is(200)
		if !a.instant("meta", "lastModified").After(created.instant("meta", "lastModified")) || a.text("meta", "created") != created.text("meta", "created") {
			t.fail(a, "meta.lastModified after that of the creation, and the same meta.created")
		}
	}),
	c("found-by-new-value", Must, "7644 §3.5.2", "After a PATCH filters find the new value and not the old.", func(t *T) {
		t.user(`{"externalId":"~a"}`)
		t.patch("/Users/@1", `{"op":"replace","path":"externalId","value":"~b"}`).ok()
		t.find("/Users", `externalId eq "~b"`).found("@1")
		t.find("/Users", `externalId eq "~a"`).found()
	}),
	c("put-of-operations", Must, "7644 §3.5.2", "The endpoint itself takes no PATCH.", func(t *T) {
		t.user("")
		t.patch("/Users", `{"op":"replace","path":"title","value":"T"}`).fails(405, "")
	}),
}

// patched applies operations to barbara and reads the outcome.
func patched(name, source, requires, operations, want string) Case {
	return c(name, Must, source, requires, func(t *T) {
		t.user(barbara)
		t.patch("/Users/@1", operations).ok()
		t.get("/Users/@1").is(200).has(want)
	})
}

// refused expects a scimType for operations on barbara, who stays as she is.
func refused(name, source, requires, operations, scimType string) Case {
	return c(name, Must, source, requires, func(t *T) {
		before := t.user(barbara)
		t.patch("/Users/@1", operations).fails(400, scimType)
		a := t.get("/Users/@1").is(200)
		if where, same := covers(a.body, any(before.body)); !same {
			t.fail(a, "the user as it was before, %s; it differs at %q", before.raw, where)
		}
	})
}
