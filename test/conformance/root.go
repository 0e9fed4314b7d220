package conformance

var rootCases = []Case{
	c("filter", Must, "7644 §3.4.2.1", "A query of the root finds resources of all types.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.group(`{"externalId":"E-~"}`)
		t.find("/", `externalId eq "E-~"`).found("@1", "@2")
	}),
	c("resourceType", Must, "7644 §3.4.2.1", "meta.resourceType tells the types apart.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.group(`{"externalId":"E-~"}`)
		t.find("/", `externalId eq "E-~" and meta.resourceType eq "Group"`).found("@2")
	}),
	c("attribute-of-one-type", Must, "7644 §3.4.2.1", "An attribute that one type has only finds resources of that type.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.group(`{"externalId":"E-~"}`)
		t.find("/", `externalId eq "E-~" and userName pr`).found("@1")
	}),
	c("schemas", Must, "7644 §3.4.2.1, 7643 §3", "Each resource of the list says what it is.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.group(`{"externalId":"E-~"}`)
		t.find("/", `externalId eq "E-~"`).found("@1", "@2").
			has(`{"Resources":[{"schemas":["` + userURN + `"],"meta":{"resourceType":"User"}},{"schemas":["` + groupURN + `"],"meta":{"resourceType":"Group"}}]}`)
	}),
	c("pages", Must, "7644 §3.4.2.1, §3.4.2.4", "Pages go over all types.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.group(`{"externalId":"E-~"}`)
		first := t.find("/", `externalId eq "E-~"`, "count=1")
		wantPage(first, 2, 1, 1)
		second := t.find("/", `externalId eq "E-~"`, "count=1", "startIndex=2")
		wantPage(second, 2, 2, 1)
		if first.ids()[0] == second.ids()[0] {
			t.fail(second, "another resource than on the first page")
		}
	}),
	c("attributes", Must, "7644 §3.4.2.1, §3.9", "attributes holds for all types.", func(t *T) {
		t.user(`{"externalId":"E-~"}`)
		t.group(`{"externalId":"E-~"}`)
		t.find("/", `externalId eq "E-~"`, "attributes=externalId").found("@1", "@2").
			has(`{"Resources":[{"userName":null,"displayName":null,"externalId":"E-~"},{"userName":null,"displayName":null,"externalId":"E-~"}]}`)
	}),
	c("nothing", Must, "7644 §3.4.2.1", "A query of the root that finds nothing is a 200.", func(t *T) {
		t.user("")
		t.group("")
		t.find("/", `externalId eq "E-~"`).found()
	}),
	c("wrong-filter", Must, "7644 §3.4.2.1, §3.12", "A filter that cannot be read is invalidFilter.", func(t *T) {
		t.find("/", `externalId eq`).fails(400, "invalidFilter")
	}),
}
