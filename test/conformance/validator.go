package conformance

import (
	"fmt"
	"strings"
)

// everything is a user as Microsoft's validator makes one: all attributes, with
// random text for values.
const everything = `{"active":true,"displayName":"AUVP","externalId":"~ext","title":"YFTG","preferredLanguage":"bfo-TQ","locale":"XDPP","timezone":"Asia/Kuching",
	"nickName":"OLHT","userType":"HYLJ","profileUrl":"VJQHJMHKD",
	"name":{"givenName":"Hubert","familyName":"Keegan","formatted":"Crawford","middleName":"Imani","honorificPrefix":"Dejah","honorificSuffix":"Gus"},
	"emails":[{"type":"work","value":"~@example.com","primary":true}],
	"phoneNumbers":[{"type":"work","value":"27-735-4129","primary":true},{"type":"mobile","value":"27-735-4129"},{"type":"fax","value":"27-735-4129"}],
	"addresses":[{"type":"work","formatted":"IUGY","streetAddress":"81 Ada","locality":"EAHB","region":"TBUV","postalCode":"zx5 8wp","country":"Samoa","primary":true}],
	"roles":[{"primary":true,"display":"VSBN","value":"LQTI","type":"ZRRQ"}],
	"` + enterpriseURN + `":{"employeeNumber":"PYJO","department":"IZTH","costCenter":"UGZM","organization":"TKIO","division":"MKJE","manager":{"value":"random ~"}}}`

var validatorCases = []Case{
	c("user-create", Practice, "Microsoft validator", "A user is created with all attributes, and each comes back as it was sent.", func(t *T) {
		t.user(everything).has(everything)
		t.get("/Users/@1").is(200).has(everything)
	}),
	c("user-create-duplicate", Practice, "Microsoft validator", "The same user again is a 409.", func(t *T) {
		body := t.userBody(everything)
		t.post("/Users", body).is(201)
		t.post("/Users", body).fails(409, "uniqueness")
	}),
	c("user-filter-existing", Practice, "Microsoft validator", "A user is found by the matching attribute.", func(t *T) {
		t.user(everything)
		t.find("/Users", `userName eq "~u1"`).found("@1").has(`{"Resources":[` + everything + `]}`)
		t.find("/Users", `externalId eq "~ext"`).found("@1")
		t.find("/Users", `emails[type eq "work"].value eq "~@example.com"`).found("@1")
	}),
	c("user-filter-other-case", Practice, "Microsoft validator", "A user is found in another letter case.", func(t *T) {
		t.user(everything)
		t.find("/Users", `userName eq "`+strings.ToUpper(t.tag)+`U1"`).found("@1")
		t.find("/Users", `emails[type eq "work"].value eq "`+strings.ToUpper(t.tag)+`@EXAMPLE.COM"`).found("@1")
	}),
	c("user-filter-none", Practice, "Microsoft validator", "A user that does not exist is a 200 with an empty list.", func(t *T) {
		t.user("")
		t.find("/Users", `userName eq "~none"`).found()
	}),
	c("user-add-attributes", Practice, "Microsoft validator", "36 add operations fill a user that has only a userName.", func(t *T) {
		t.user("")
		t.patch("/Users/@1", addEverything()).ok()
		t.get("/Users/@1").is(200).has(everything)
	}),
	c("user-replace-attributes", Practice, "Microsoft validator", "Replace operations change all attributes.", func(t *T) {
		t.user(everything)
		t.patch("/Users/@1", strings.ReplaceAll(strings.ReplaceAll(addEverything(), `"op":"Add"`, `"op":"Replace"`), "AUVP", "CHANGED")).ok()
		t.get("/Users/@1").is(200).has(strings.ReplaceAll(everything, "AUVP", "CHANGED"))
	}),
	c("user-several-on-one", Practice, "Microsoft validator", "Several operations on different attributes in one PATCH, and on one attribute.", func(t *T) {
		t.user(everything)
		t.patch("/Users/@1", `{"op":"Replace","path":"displayName","value":"A"},{"op":"Replace","path":"displayName","value":"B"},{"op":"Remove","path":"title"},{"op":"Add","path":"title","value":"C"},{"op":"Remove","path":"nickName"}`).ok()
		t.get("/Users/@1").is(200).has(`{"displayName":"B","title":"C","nickName":null}`)
	}),
	c("user-update-userName", Practice, "Microsoft validator", "The userName is changed by a PATCH.", func(t *T) {
		t.user(everything)
		t.patch("/Users/@1", `{"op":"Replace","path":"userName","value":"~new"}`).ok()
		t.find("/Users", `userName eq "~new"`).found("@1")
	}),
	c("user-disable", Practice, "Microsoft validator", "A user is disabled and stays visible.", func(t *T) {
		t.user(everything)
		t.patch("/Users/@1", `{"op":"Replace","path":"active","value":false}`).ok()
		t.get("/Users/@1").is(200).has(`{"active":false}`)
	}),
	c("user-delete", Practice, "Microsoft validator", "A user is deleted with 204, and then is a 404.", func(t *T) {
		t.user(everything)
		t.delete("/Users/@1").is(204)
		t.get("/Users/@1").fails(404, "")
		t.find("/Users", `userName eq "~u1"`).found()
	}),
	c("user-delete-unknown", Practice, "Microsoft validator", "Deleting a user that does not exist is a 404.", func(t *T) {
		t.delete("/Users/~none").fails(404, "")
	}),
	c("user-delete-twice", Practice, "Microsoft validator", "Deleting a user twice is a 404 the second time.", func(t *T) {
		t.user("")
		t.delete("/Users/@1").is(204)
		t.delete("/Users/@1").fails(404, "")
	}),
	c("group-create", Practice, "Microsoft validator", "A group is created and comes back as it was sent.", func(t *T) {
		t.group(`{"externalId":"~e"}`).has(`{"displayName":"~g1","externalId":"~e"}`)
		t.get("/Groups/@1").is(200).has(`{"displayName":"~g1","externalId":"~e"}`)
	}),
	c("group-create-duplicate", Practice, "Microsoft validator", "A group of a name that is taken is a 409.", func(t *T) {
		t.group("")
		t.post("/Groups", `{"schemas":["`+groupURN+`"],"displayName":"~g1"}`).fails(409, "uniqueness")
	}),
	c("group-get", Practice, "Microsoft validator", "A group is read with and without its members.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.get("/Groups/@2").members("@1")
		t.get("/Groups/@2?excludedAttributes=members").is(200).has(`{"id":"@2"}`).lacks("members")
	}),
	c("group-filter", Practice, "Microsoft validator", "A group is found with and without its members, in any letter case.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.find("/Groups", `displayName eq "~G2"`).found("@2").has(`{"Resources":[{"members":[{"value":"@1"}]}]}`)
		t.find("/Groups", `displayName eq "~g2"`, "excludedAttributes=members").found("@2").has(`{"Resources":[{"members":null}]}`)
	}),
	c("group-filter-none", Practice, "Microsoft validator", "A group that does not exist is a 200 with an empty list.", func(t *T) {
		t.group("")
		t.find("/Groups", `displayName eq "~none"`, "excludedAttributes=members").found()
	}),
	c("group-replace-attributes", Practice, "Microsoft validator", "A group's attributes are replaced.", func(t *T) {
		t.group(`{"externalId":"~e"}`)
		t.patch("/Groups/@1", `{"op":"Replace","path":"displayName","value":"~new"},{"op":"Replace","path":"externalId","value":"~f"}`).ok()
		t.get("/Groups/@1").is(200).has(`{"displayName":"~new","externalId":"~f"}`)
	}),
	c("group-add-member", Practice, "Microsoft validator", "A member is added.", func(t *T) {
		t.user("")
		t.group("")
		t.patch("/Groups/@2", `{"op":"Add","path":"members","value":[{"value":"@1"}]}`).ok()
		t.get("/Groups/@2").members("@1")
	}),
	c("group-remove-member", Practice, "Microsoft validator", "A member is removed.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"},{"value":"@2"}]}`)
		t.patch("/Groups/@3", `{"op":"Remove","path":"members[value eq \"@1\"]"}`).ok()
		t.get("/Groups/@3").members("@2")
	}),
	c("group-replace-members", Practice, "Microsoft validator", "replace of members with one value leaves that one.", func(t *T) {
		t.users(3)
		t.group(`{"members":[{"value":"@1"},{"value":"@2"}]}`)
		t.patch("/Groups/@4", `{"op":"Replace","path":"members","value":[{"value":"@3"}]}`).ok()
		t.get("/Groups/@4").members("@3")
	}),
	c("group-add-and-remove", Practice, "Microsoft validator", "A member is added and removed in one PATCH.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@3", `{"op":"Add","path":"members","value":[{"value":"@2"}]},{"op":"Remove","path":"members","value":[{"value":"@2"}]}`).ok()
		t.get("/Groups/@3").members("@1")
	}),
	c("group-delete", Practice, "Microsoft validator", "A group is deleted with 204, then is a 404, also for a second DELETE.", func(t *T) {
		t.group("")
		t.delete("/Groups/@1").is(204)
		t.get("/Groups/@1").fails(404, "")
		t.delete("/Groups/@1").fails(404, "")
		t.delete("/Groups/~none").fails(404, "")
	}),
}

// addEverything is everything as operations with a path each.
func addEverything() string {
	var operations []string
	add := func(path string, value any) {
		operations = append(operations, fmt.Sprintf(`{"op":"Add","path":%q,"value":%s}`, path, encode(value)))
	}
	attributes, _ := decode([]byte(everything)).(map[string]any)
	for name, value := range attributes {
		prefix := name + "."
		if strings.HasPrefix(name, "urn:") {
			prefix = name + ":"
		}
		switch value := value.(type) {
		case map[string]any:
			for sub, part := range value {
				add(prefix+sub, part)
			}
		case []any:
			for _, one := range value {
				object, _ := one.(map[string]any)
				filter := fmt.Sprintf(`%s[type eq %q].`, name, object["type"])
				if name == "roles" {
					filter = `roles[primary eq "True"].`
				}
				for sub, part := range object {
					if sub != "type" || name == "roles" {
						add(filter+sub, part)
					}
				}
			}
		default:
			add(name, value)
		}
	}
	return strings.Join(operations, ",")
}
