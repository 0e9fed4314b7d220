package conformance

// characteristicCases are about what the schema of a declared extension says of
// its attributes (RFC 7643 §7), beyond their types.
var characteristicCases = []Case{
	declares("immutable-first-value", "7643 §7, 7644 §3.5.2", "An immutable attribute without a value may be given one.", FeatureDeclaredImmutable, func(t *T, d declared) {
		t.user("")
		t.patch("/Users/@1", `{"op":"add","path":"`+d.path()+`","value":"~Red"}`).ok()
		t.get("/Users/@1").is(200).has(d.with(`"~Red"`))
	}).needing(FeatureDeclaredImmutable.and(FeaturePatch)),
	declares("immutable-patch", "7643 §7, 7644 §3.5.2", "A PATCH that changes an immutable attribute is mutability; the same value is none.", FeatureDeclaredImmutable, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.patch("/Users/@1", `{"op":"replace","path":"`+d.path()+`","value":"~Blue"}`).fails(400, "mutability")
		t.patch("/Users/@1", `{"op":"replace","value":{"`+d.path()+`":"~Blue"}}`).fails(400, "mutability")
		t.patch("/Users/@1", `{"op":"replace","path":"`+d.path()+`","value":"~Red"}`).ok()
		t.get("/Users/@1").is(200).has(d.with(`"~Red"`))
	}).needing(FeatureDeclaredImmutable.and(FeaturePatch)),
	declares("immutable-remove", "7643 §7, 7644 §3.5.2", "A PATCH that removes an immutable attribute is mutability.", FeatureDeclaredImmutable, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.patch("/Users/@1", `{"op":"remove","path":"`+d.path()+`"}`).fails(400, "mutability")
		t.patch("/Users/@1", `{"op":"remove","path":"`+d.urn+`"}`).fails(400, "mutability")
		t.get("/Users/@1").is(200).has(d.with(`"~Red"`))
	}).needing(FeatureDeclaredImmutable.and(FeaturePatch)),
	declares("immutable-put", "7644 §3.5.1", "A PUT with another value of an immutable attribute is mutability; one with the same is taken.", FeatureDeclaredImmutable, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.put("/Users/@1", t.body(d.with(`"~Blue"`), userURN, "userName", "~u1")).fails(400, "mutability")
		t.put("/Users/@1", t.body(d.with(`"~Red"`), userURN, "userName", "~u1")).is(200).has(d.with(`"~Red"`))
	}),
	declares("immutable-put-without", "7643 §7", "A PUT without an immutable attribute keeps it: it is not updated.", FeatureDeclaredImmutable, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.put("/Users/@1", t.body("", userURN, "userName", "~u1")).is(200).has(d.with(`"~Red"`))
	}),
	declares("immutable-part", "7643 §7, 7644 §3.5.2", "What is immutable in one of several values changes only with the whole value.", FeatureDeclaredPart, func(t *T, d declared) {
		part := d.urn + ":" + d.name + `[value eq \"~v\"]`
		values := `{"` + d.urn + `":{"` + d.name + `":[{"value":"~v","` + d.sub + `":"~Red"}]}}`
		t.user(values)
		t.patch("/Users/@1", `{"op":"replace","path":"`+part+"."+d.sub+`","value":"~Blue"}`).fails(400, "mutability")
		t.patch("/Users/@1", `{"op":"remove","path":"`+part+"."+d.sub+`"}`).fails(400, "mutability")
		t.patch("/Users/@1", `{"op":"add","path":"`+part+`","value":{"`+d.sub+`":"~Blue"}}`).fails(400, "mutability")
		t.get("/Users/@1").is(200).has(values)
		t.patch("/Users/@1", `{"op":"remove","path":"`+part+`"}`).ok()
		t.get("/Users/@1").is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
	}).needing(FeatureDeclaredPart.and(FeaturePatch)),
	declares("readOnly", "7643 §7, 7644 §3.3, §3.5.1", "POST and PUT leave a readOnly attribute out.", FeatureDeclaredReadOnly, func(t *T, d declared) {
		t.user(d.with(`"~Red"`)).has(`{"userName":"~u1"}`).lacks(d.urn)
		t.put("/Users/@1", t.body(d.with(`"~Blue"`), userURN, "userName", "~u1")).is(200).lacks(d.urn)
	}),
	declares("readOnly-patch", "7643 §7, 7644 §3.5.2", "A PATCH of a readOnly attribute is mutability.", FeatureDeclaredReadOnly, func(t *T, d declared) {
		t.user("")
		t.patch("/Users/@1", `{"op":"add","path":"`+d.path()+`","value":"~Red"}`).fails(400, "mutability")
		t.patch("/Users/@1", `{"op":"remove","path":"`+d.path()+`"}`).fails(400, "mutability")
		t.get("/Users/@1").is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
	}).needing(FeatureDeclaredReadOnly.and(FeaturePatch)),
	declares("request", "7643 §7", "What is returned on request comes to who names it, or has just set it.", FeatureDeclaredRequest, func(t *T, d declared) {
		t.user(d.with(`"~Red"`)).has(d.with(`"~Red"`))
		t.get("/Users/@1").is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
		t.get("/Users/@1?attributes=" + d.path()).is(200).has(d.with(`"~Red"`))
		t.put("/Users/@1", t.body(d.with(`"~Blue"`), userURN, "userName", "~u1")).is(200).has(d.with(`"~Blue"`))
		t.get("/Users/@1").is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
	}),
	declares("request-search", "7643 §7, 7644 §3.4.3", "In a search too.", FeatureDeclaredRequest, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		const search = `{"schemas":["` + searchURN + `"],"filter":"userName eq \"~u1\""`
		t.post("/Users/.search", search+`,"attributes":["`+d.path()+`"]}`).found("@1").has(`{"Resources":[` + d.with(`"~Red"`) + `]}`)
		if a := t.post("/Users/.search", search+`}`).found("@1"); a.at("Resources", 0, d.urn) != nil {
			t.fail(a, "no %s, which nobody asked for", d.path())
		}
	}).needing(FeatureDeclaredRequest.and(FeatureSearch).and(FeatureFilter)),
	declares("never", "7643 §7", "What is never returned is in no answer, also to who names it or has just set it.", FeatureDeclaredNever, func(t *T, d declared) {
		t.user(d.with(`"~Red"`)).has(`{"userName":"~u1"}`).lacks(d.urn)
		t.get("/Users/@1").is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
		t.get("/Users/@1?attributes=userName," + d.path()).is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
		t.get("/Users/@1?attributes=userName," + d.urn).is(200).has(`{"userName":"~u1"}`).lacks(d.urn)
	}),
	declares("caseExact", "7643 §7, 7644 §3.4.2.2", "caseExact text compares by letter case.", FeatureDeclaredExact, func(t *T, d declared) {
		t.user(d.with(`"~Red"`))
		t.find("/Users", d.path()+` eq "~Red"`).found("@1")
		t.find("/Users", d.path()+` eq "~red"`).found()
	}).needing(FeatureDeclaredExact.and(FeatureFilter)),
}
