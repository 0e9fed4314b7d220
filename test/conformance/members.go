package conformance

import "strings"

var memberCases = []Case{
	changed("add-one", "7644 §3.5.2.1", "add appends a member.", "1", `{"op":"add","path":"members","value":[{"value":"@2"}]}`, "12"),
	changed("add-several", "7644 §3.5.2.1", "add appends several members.", "1", `{"op":"add","path":"members","value":[{"value":"@2"},{"value":"@3"}]}`, "123"),
	changed("add-known", "7644 §3.5.2.1", "add of a member that is one leaves it once.", "12", `{"op":"add","path":"members","value":[{"value":"@2"}]}`, "12"),
	changed("add-to-empty", "7644 §3.5.2.1", "add fills a group without members.", "", `{"op":"add","path":"members","value":[{"value":"@1"}]}`, "1"),
	changed("add-object", "7644 §3.5.2.1", "add takes one member without a list.", "", `{"op":"add","path":"members","value":{"value":"@1"}}`, "1"),
	changed("add-no-path", "7644 §3.5.2.1", "add without a path takes members as a key.", "1", `{"op":"add","value":{"members":[{"value":"@2"}]}}`, "12"),
	changed("remove-chosen", "7644 §3.5.2.2", "remove with a filter removes the member it names.", "123", `{"op":"remove","path":"members[value eq \"@2\"]"}`, "13"),
	changed("remove-chosen-or", "7644 §3.5.2.2", "remove with a filter removes all members it names.", "123", `{"op":"remove","path":"members[value eq \"@2\" or value eq \"@3\"]"}`, "1"),
	changed("remove-all", "7644 §3.5.2.2", "remove of members without a filter and a value removes all.", "123", `{"op":"remove","path":"members"}`, ""),
	changed("remove-no-member", "7644 §3.5.2.2", "remove of who is no member succeeds and changes nothing.", "12", `{"op":"remove","path":"members[value eq \"@3\"]"}`, "12"),
	changed("remove-by-type", "7644 §3.5.2.2", "remove may choose members by another sub-attribute.", "12", `{"op":"remove","path":"members[type eq \"Group\"]"}`, "12"),
	changed("replace", "7644 §3.5.2.3", "replace of members leaves just those sent.", "12", `{"op":"replace","path":"members","value":[{"value":"@2"},{"value":"@3"}]}`, "23"),
	changed("replace-by-nothing", "7644 §3.5.2.3", "replace of members by an empty list empties the group.", "12", `{"op":"replace","path":"members","value":[]}`, ""),
	changed("replace-no-path", "7644 §3.5.2.3", "replace without a path replaces the members.", "12", `{"op":"replace","value":{"members":[{"value":"@3"}]}}`, "3"),
	changed("replace-leaves-members", "7644 §3.5.2.3", "replace without a path leaves members that it does not name.", "12", `{"op":"replace","value":{"displayName":"~new"}}`, "12"),
	changed("in-order", "7644 §3.5.2", "Operations on members are applied in order.", "1", `{"op":"add","path":"members","value":[{"value":"@2"},{"value":"@3"}]},{"op":"remove","path":"members[value eq \"@2\"]"},{"op":"remove","path":"members[value eq \"@1\"]"},{"op":"add","path":"members","value":[{"value":"@1"}]}`, "13"),
	changed("many-operations", "7644 §3.5.2", "One request may have an operation for each member.", "", `{"op":"add","path":"members","value":[{"value":"@1"}]},{"op":"add","path":"members","value":[{"value":"@2"}]},{"op":"add","path":"members","value":[{"value":"@3"}]}`, "123"),
	c("rename", Must, "7644 §3.5.2.3", "displayName can be changed, and the members stay.", func(t *T) {
		t.user("")
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@2", `{"op":"replace","path":"displayName","value":"~new"}`).ok()
		t.get("/Groups/@2").members("@1").has(`{"displayName":"~new"}`)
		t.find("/Groups", `displayName eq "~new"`).found("@2")
	}),
	c("all-or-nothing", Must, "7644 §3.5.2", "If one operation fails, no member is added.", func(t *T) {
		t.user("")
		t.group("")
		t.patch("/Groups/@2", `{"op":"add","path":"members","value":[{"value":"@1"}]},{"op":"replace","path":"shoeSize","value":"x"}`).fails(400, "invalidPath")
		t.get("/Groups/@2").members()
	}),
	c("value-is-immutable", Must, "7643 §4.2, §2.2", "The value of a member cannot be changed: mutability.", func(t *T) {
		t.users(2)
		t.group(`{"members":[{"value":"@1"}]}`)
		t.patch("/Groups/@3", `{"op":"replace","path":"members[value eq \"@1\"].value","value":"@2"}`).fails(400, "mutability")
		t.get("/Groups/@3").members("@1")
	}),
	c("remove-displayName", Must, "7644 §3.5.2.2", "displayName is required and cannot be removed.", func(t *T) {
		t.group("")
		t.patch("/Groups/@1", `{"op":"remove","path":"displayName"}`).fails(400, "mutability")
	}),
	c("no-string", Must, "7643 §2.3.1", "A member whose value is no string is refused with invalidValue.", func(t *T) {
		t.group("")
		t.patch("/Groups/@1", `{"op":"add","path":"members","value":[{"value":{"a":1}}]}`).fails(400, "invalidValue")
	}),
	c("nested-groups-of-user", Should, "7643 §4.1.2", "A group within a group is a member of it like a user.", func(t *T) {
		t.group("")
		t.group("")
		t.patch("/Groups/@2", `{"op":"add","path":"members","value":[{"value":"@1"}]}`).ok()
		t.get("/Groups/@2").is(200).has(`{"members":[{"value":"@1","type":"Group"}]}`)
	}),
	c("concurrent", Must, "7644 §3.5.2", "Members that are added at the same time are all there.", func(t *T) {
		t.users(6)
		t.group("")
		answers := make(chan *answer, 6)
		for n := 1; n <= 6; n++ {
			id := t.id(n)
			go func() {
				a, _ := t.client.send(t.ctx, "PATCH", "/Groups/"+t.id(7), `{"schemas":["`+patchURN+`"],"Operations":[{"op":"add","path":"members","value":[{"value":"`+id+`"}]}]}`)
				answers <- a
			}()
		}
		for range 6 {
			if a := <-answers; a != nil {
				a.t = t
				a.ok()
			}
		}
		t.get("/Groups/@7").members("@1", "@2", "@3", "@4", "@5", "@6")
	}),
}

// changed makes three users and a group that has some of them, applies
// operations, and reads who is in it: "13" are the first and the third.
func changed(name, source, requires, have, operations, want string) Case {
	return c(name, Must, source, requires, func(t *T) {
		t.users(3)
		var members []string
		for _, n := range have {
			members = append(members, `{"value":"@`+string(n)+`"}`)
		}
		t.group(`{"members":[` + strings.Join(members, ",") + `]}`)
		t.patch("/Groups/@4", operations).ok()
		var ids []string
		for _, n := range want {
			ids = append(ids, "@"+string(n))
		}
		t.get("/Groups/@4").members(ids...)
	})
}
