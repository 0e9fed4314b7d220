package conformance

import "strings"

// extensionCases are about extensions that the service provider declares beyond
// RFC 7643, with whatever attributes it has.
var extensionCases = []Case{
	declares("schema", "7643 §7, 7644 §4", "/Schemas has the schema of the extension, with the URN as its id.", FeatureDeclared, func(t *T, d declared) {
		complete(t, t.get("/Schemas/"+d.urn).is(200).has(`{"schemas":["`+schemaURN+`"],"id":"`+d.urn+`"}`), t.last.list("attributes"))
	}),
	declares("create", "7643 §3.3, 7644 §3.3", "POST keeps an attribute of the extension, and schemas has its URN.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`)).has(d.with(`"~Red"`))
		t.get("/Users/@1").is(200).has(d.with(`"~Red"`)).has(`{"schemas":["` + userURN + `","` + d.urn + `"]}`)
	}),
	declares("names-ignore-case", "7643 §2.1", "URN and name compare ignoring letter case, and come back as the schema has them.", FeatureDeclared, func(t *T, d declared) {
		other := declared{urn: strings.ToUpper(d.urn[:4]) + d.urn[4:], name: strings.ToUpper(d.name)}
		t.user(other.with(`"~Red"`)).has(d.with(`"~Red"`))
	}),
	declares("wrong-type", "7643 §2.3.1, 7644 §3.12", "A value that is no text is refused: invalidValue.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.post("/Users", t.userBody(d.with(`{"shoe":[1]}`))).fails(400, "invalidValue")
		t.post("/Users", t.userBody(d.with(`["a","b"]`))).fails(400, "invalidValue")
	}),
	declares("replace", "7644 §3.5.1", "PUT replaces the value.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.put("/Users/@1", t.body(d.with(`"~Blue"`), userURN, "userName", "~u1")).is(200).has(d.with(`"~Blue"`))
	}),
	declares("replace-clears", "7643 §2.5, 7644 §3.5.1", "PUT without the value clears it.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.put("/Users/@1", t.body("", userURN, "userName", "~u1")).is(200)
		t.get("/Users/@1").is(200).lacks(d.urn)
	}),
	patchedExtension("patch-path", "A PATCH path may be the full name.", func(d declared) string {
		return `{"op":"replace","path":"` + d.path() + `","value":"~Blue"}`
	}),
	patchedExtension("patch-path-ignores-case", "The full name in a PATCH path compares ignoring letter case.", func(d declared) string {
		return `{"op":"Replace","path":"` + strings.ToUpper(d.path()) + `","value":"~Blue"}`
	}),
	patchedExtension("patch-object", "A PATCH without a path may have the extension as an object.", func(d declared) string {
		return `{"op":"replace","value":` + d.with(`"~Blue"`) + `}`
	}),
	patchedExtension("patch-extension-as-path", "A PATCH path may be the URN of the extension.", func(d declared) string {
		return `{"op":"add","path":"` + d.urn + `","value":` + d.object(`"~Blue"`) + `}`
	}),
	patchedExtension("patch-full-name-as-key", "A PATCH without a path may have the full name as a key, as Entra ID sends it.", func(d declared) string {
		return `{"op":"replace","value":{"` + d.path() + `":"~Blue"}}`
	}).practice("Entra ID"),
	declares("patch-remove", "7644 §3.5.2.2", "remove of the attribute clears it.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.patch("/Users/@1", `{"op":"remove","path":"`+d.path()+`"}`).ok()
		t.get("/Users/@1").is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
	}).needing(FeatureDeclared.and(FeaturePatch)),
	declares("patch-remove-extension", "7644 §3.5.2.2", "remove of the URN drops the extension.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.patch("/Users/@1", `{"op":"remove","path":"`+d.urn+`"}`).ok()
		t.get("/Users/@1").is(200).has(`{"schemas":["` + userURN + `"]}`).lacks(d.urn)
	}).needing(FeatureDeclared.and(FeaturePatch)),
	declares("patch-unknown", "7644 §3.5.2, §3.12", "A path to an attribute that the extension does not have is invalidPath.", FeatureDeclared, func(t *T, d declared) {
		t.user("")
		t.patch("/Users/@1", `{"op":"add","path":"`+d.path()+`","value":"~Red"}`).ok()
		t.patch("/Users/@1", `{"op":"add","path":"`+d.urn+`:noSuchAttribute","value":"~Red"}`).fails(400, "invalidPath")
	}).needing(FeatureDeclared.and(FeaturePatch)),
	declares("filter", "7644 §3.4.2.2, §3.10", "Filters take the full name, and compare text ignoring case.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.user(d.with(`"~Blue"`))
		t.find("/Users", d.path()+` eq "~RED"`).found("@1")
		t.find("/Users", d.path()+` sw "~b"`).found("@2")
		t.find("/Users", strings.ToUpper(d.path())+` eq "~red" and userName eq "~u1"`).found("@1")
		t.find("/Users", d.path()+` eq "~red" and userName eq "~u2"`).found()
	}).needing(FeatureDeclared.and(FeatureFilter)),
	declares("filter-presence", "7644 §3.4.2.2", "pr and ne see which users have the value.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.user("")
		t.find("/Users", `userName sw "~u" and `+d.path()+` pr`).found("@1")
		t.find("/Users", `userName sw "~u" and `+d.path()+` ne "~red"`).found("@2")
	}).needing(FeatureDeclared.and(FeatureFilter)),
	declares("search", "7644 §3.4.3", "POST /.search takes the full name in filter and attributes.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.post("/Users/.search", `{"schemas":["`+searchURN+`"],"filter":"`+d.path()+` eq \"~red\"","attributes":["`+d.path()+`"]}`).
			found("@1").has(`{"Resources":[` + d.with(`"~Red"`) + `]}`)
	}).needing(FeatureDeclared.and(FeatureSearch).and(FeatureFilter)),
	declares("sort", "7644 §3.4.2.3", "sortBy takes the full name.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~b"`))
		t.user(d.with(`"~A"`))
		a := t.find("/Users", `userName sw "~u"`, "sortBy="+d.path()).found("@1", "@2")
		if a.ids()[0] != t.id(2) {
			t.fail(a, "the user with ~A before the one with ~b")
		}
	}).needing(FeatureDeclared.and(FeatureFilter).and(FeatureSort)),
	declares("attributes", "7644 §3.9", "attributes takes the full name.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.get("/Users/@1?attributes=" + d.path()).is(200).has(d.with(`"~Red"`)).lacks("userName")
	}),
	declares("excludedAttributes", "7644 §3.9", "excludedAttributes takes the full name.", FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.get("/Users/@1?excludedAttributes=" + d.path()).is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
	}),
	declares("bulk", "7644 §3.7", "Bulk operations take the extension.", FeatureDeclared, func(t *T, d declared) {
		a := t.post("/Bulk", `{"schemas":["`+bulkURN+`"],"Operations":[{"method":"POST","path":"/Users","bulkId":"1","data":`+t.userBody(d.with(`"~Red"`))+`}]}`).is(200)
		location := a.text("Operations", 0, "location")
		t.paths = append(t.paths, "/Users"+location[strings.LastIndexByte(location, '/'):])
		t.get(t.paths[0]).is(200).has(d.with(`"~Red"`))
	}).needing(FeatureDeclared.and(FeatureBulk)),
	declares("integer", "7643 §2.3.4", "An integer is a JSON number, and orders as one.", FeatureDeclaredInteger, func(t *T, d declared) {
		t.user(d.with("9")).has(d.with("9"))
		t.user(d.with("10")).has(d.with("10"))
		t.find("/Users", `userName sw "~u" and `+d.path()+` gt 9`).found("@2")
		t.find("/Users", `userName sw "~u" and `+d.path()+` eq 9`).found("@1")
	}).needing(FeatureDeclaredInteger.and(FeatureFilter)),
	declares("integer-long", "7643 §2.3.4", "An integer keeps its digits.", FeatureDeclaredInteger, func(t *T, d declared) {
		t.user(d.with("9007199254740993")).has(d.with("9007199254740993"))
		t.find("/Users", `userName sw "~u" and `+d.path()+` eq 9007199254740993`).found("@1")
		t.find("/Users", `userName sw "~u" and `+d.path()+` eq 9007199254740992`).found()
	}).needing(FeatureDeclaredInteger.and(FeatureFilter)),
	declares("integer-wrong", "7643 §2.3.4, 7644 §3.12", "What is no integer is invalidValue, in POST and PATCH.", FeatureDeclaredInteger, func(t *T, d declared) {
		t.user(d.with("9"))
		t.post("/Users", t.userBody(d.with("9.5"))).fails(400, "invalidValue")
		t.patch("/Users/@1", `{"op":"replace","path":"`+d.path()+`","value":"nine"}`).fails(400, "invalidValue")
		t.get("/Users/@1").is(200).has(d.with("9"))
	}).needing(FeatureDeclaredInteger.and(FeaturePatch)),
	declares("integer-filter-wrong", "7644 §3.4.2.2, §3.12", "An integer compared with a text is invalidFilter.", FeatureDeclaredInteger, func(t *T, d declared) {
		t.user(d.with("9"))
		t.find("/Users", d.path()+` eq "nine"`).fails(400, "invalidFilter")
	}).needing(FeatureDeclaredInteger.and(FeatureFilter)),
	declares("integer-sort", "7644 §3.4.2.3", "Integers sort as numbers.", FeatureDeclaredInteger, func(t *T, d declared) {
		t.user(d.with("10"))
		t.user(d.with("9"))
		if a := t.find("/Users", `userName sw "~u"`, "sortBy="+d.path()).found("@1", "@2"); a.ids()[0] != t.id(2) {
			t.fail(a, "9 before 10")
		}
	}).needing(FeatureDeclaredInteger.and(FeatureFilter).and(FeatureSort)),
	declares("decimal", "7643 §2.3.3", "A decimal is a JSON number, and compares as one.", FeatureDeclaredDecimal, func(t *T, d declared) {
		t.user(d.with("1.5")).has(d.with("1.5"))
		t.find("/Users", `userName sw "~u" and `+d.path()+` eq 1.50`).found("@1")
		t.post("/Users", t.userBody(d.with(`"a lot"`))).fails(400, "invalidValue")
	}).needing(FeatureDeclaredDecimal.and(FeatureFilter)),
	declares("boolean", "7643 §2.3.2", "A boolean is true or false, and compares as one.", FeatureDeclaredBoolean, func(t *T, d declared) {
		t.user(d.with("true")).has(d.with("true"))
		t.user(d.with("false")).has(d.with("false"))
		t.find("/Users", `userName sw "~u" and `+d.path()+` eq true`).found("@1")
		t.post("/Users", t.userBody(d.with(`"perhaps"`))).fails(400, "invalidValue")
	}).needing(FeatureDeclaredBoolean.and(FeatureFilter)),
	declares("boolean-as-text", "", "A boolean in a string means the boolean.", FeatureDeclaredBoolean, func(t *T, d declared) {
		t.user(d.with(`"False"`)).has(d.with("false"))
	}).practice("Entra ID"),
	declares("dateTime", "7643 §2.3.5", "Times compare by their place in time, and come back as sent.", FeatureDeclaredDateTime, func(t *T, d declared) {
		t.user(d.with(`"2026-01-31T08:00:00+01:00"`)).has(d.with(`"2026-01-31T08:00:00+01:00"`))
		t.find("/Users", `userName sw "~u" and `+d.path()+` eq "2026-01-31T07:00:00Z"`).found("@1")
		t.post("/Users", t.userBody(d.with(`"soon"`))).fails(400, "invalidValue")
	}).needing(FeatureDeclaredDateTime.and(FeatureFilter)),
	declares("several", "7643 §2.4, 7644 §3.5.2", "Of several texts a PATCH adds some and removes those that it chooses.", FeatureDeclaredSeveral, func(t *T, d declared) {
		t.user(d.with(`["~a","~b"]`)).has(d.with(`["~a","~b"]`))
		t.patch("/Users/@1", `{"op":"add","path":"`+d.path()+`","value":["~c","~a"]}`).ok()
		t.get("/Users/@1").is(200).has(d.with(`["~a","~b","~c"]`))
		t.patch("/Users/@1", `{"op":"remove","path":"`+d.path()+`[value eq \"~b\"]"}`).ok()
		t.get("/Users/@1").is(200).has(d.with(`["~a","~c"]`))
		t.find("/Users", d.path()+` eq "~C"`).found("@1")
		t.find("/Users", d.path()+` eq "~b"`).found()
	}).needing(FeatureDeclaredSeveral.and(FeaturePatch).and(FeatureFilter)),
	declares("complex", "7643 §2.3.8, 7644 §3.10", "A sub-attribute is found and changed by its full name.", FeatureDeclaredComplex, func(t *T, d declared) {
		t.user(d.with(`"~Red"`)).has(d.with(`"~Red"`))
		t.find("/Users", d.path()+` eq "~red"`).found("@1")
		t.patch("/Users/@1", `{"op":"replace","path":"`+d.path()+`","value":"~Blue"}`).ok()
		t.get("/Users/@1").is(200).has(d.with(`"~Blue"`))
		t.post("/Users", t.userBody(d.with(`{"x":1}`))).fails(400, "invalidValue")
	}).needing(FeatureDeclaredComplex.and(FeaturePatch).and(FeatureFilter)),
	declares("unique", "7643 §7, 7644 §3.3, §3.12", "A value that must differ and is taken is a 409 uniqueness.", FeatureDeclaredUnique, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.post("/Users", t.userBody(d.with(`"~Red"`))).fails(409, "uniqueness")
		t.user(d.with(`"~Blue"`))
		t.patch("/Users/@2", `{"op":"replace","path":"`+d.path()+`","value":"~Red"}`).fails(409, "uniqueness")
		t.get("/Users/@2").is(200).has(d.with(`"~Blue"`))
		t.delete("/Users/@1").is(204)
		t.patch("/Users/@2", `{"op":"replace","path":"`+d.path()+`","value":"~Red"}`).ok()
	}).needing(FeatureDeclaredUnique.and(FeaturePatch)),
	declares("group", "7643 §3.3", "Groups have extensions too.", FeatureDeclaredGroup, func(t *T, d declared) {
		t.group(d.with(`"~Red"`)).has(d.with(`"~Red"`))
		t.find("/Groups", d.path()+` eq "~red"`).found("@1")
		t.patch("/Groups/@1", `{"op":"replace","path":"`+d.path()+`","value":"~Blue"}`).ok()
		t.get("/Groups/@1").is(200).has(d.with(`"~Blue"`))
	}).needing(FeatureDeclaredGroup.and(FeaturePatch).and(FeatureFilter)),
}

// declares is a case about a declared attribute of a kind.
func declares(name, source, requires string, f Feature, run func(*T, declared)) Case {
	return c(name, Must, source, requires, func(t *T) { run(t, t.declared(f)) }).needing(f)
}

// patchedExtension changes ~Red to ~Blue.
func patchedExtension(name, requires string, operation func(declared) string) Case {
	return declares(name, "7644 §3.5.2, §3.10", requires, FeatureDeclared, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.patch("/Users/@1", operation(d)).ok()
		t.get("/Users/@1").is(200).has(d.with(`"~Blue"`))
	}).needing(FeatureDeclared.and(FeaturePatch))
}

// practice makes a case one that an identity provider relies on.
func (c Case) practice(source string) Case {
	c.Level, c.Source = Practice, source
	return c
}
