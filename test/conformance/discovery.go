package conformance

import (
	"strings"
)

const (
	configURN = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	typeURN   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaURN = "urn:ietf:params:scim:schemas:core:2.0:Schema"
)

var discoveryCases = []Case{
	c("config", Must, "7644 §4, 7643 §5", "GET /ServiceProviderConfig answers with the schema of the ServiceProviderConfig.", func(t *T) {
		t.get("/ServiceProviderConfig").is(200).has(`{"schemas":["` + configURN + `"]}`)
	}),
	c("config-patch", Must, "7643 §5", "patch.supported is there, a boolean.", configHas("patch")),
	c("config-bulk", Must, "7643 §5", "bulk.supported is there, a boolean, with maxOperations and maxPayloadSize as integers.", func(t *T) {
		configHas("bulk")(t)
		t.last.number("bulk", "maxOperations")
		t.last.number("bulk", "maxPayloadSize")
	}),
	c("config-bulk-limits", Must, "7643 §5, 7644 §3.7", "Where bulk is offered, its limits are positive.", func(t *T) {
		a := t.get("/ServiceProviderConfig").is(200)
		if a.number("bulk", "maxOperations") < 1 || a.number("bulk", "maxPayloadSize") < 1 {
			t.fail(a, "positive maxOperations and maxPayloadSize")
		}
	}).needing(FeatureBulk),
	c("config-filter", Must, "7643 §5", "filter.supported is there, a boolean, with maxResults as a positive integer.", func(t *T) {
		configHas("filter")(t)
		if t.last.number("filter", "maxResults") < 1 {
			t.fail(t.last, "a positive maxResults")
		}
	}),
	c("config-changePassword", Must, "7643 §5", "changePassword.supported is there, a boolean.", configHas("changePassword")),
	c("config-sort", Must, "7643 §5", "sort.supported is there, a boolean.", configHas("sort")),
	c("config-etag", Must, "7643 §5", "etag.supported is there, a boolean.", configHas("etag")),
	c("config-authentication", Must, "7643 §5", "authenticationSchemes lists at least one scheme with type, name and description.", func(t *T) {
		a := t.get("/ServiceProviderConfig").is(200)
		for i := range max(1, len(a.list("authenticationSchemes"))) {
			for _, name := range []string{"type", "name", "description"} {
				a.text("authenticationSchemes", i, name)
			}
		}
	}),
	c("config-meta", Must, "7643 §3.1", "The ServiceProviderConfig says its resourceType and location.", func(t *T) {
		a := t.get("/ServiceProviderConfig").is(200).has(`{"meta":{"resourceType":"ServiceProviderConfig"}}`)
		if !strings.HasSuffix(a.text("meta", "location"), "/ServiceProviderConfig") {
			t.fail(a, "meta.location that ends in /ServiceProviderConfig")
		}
	}),
	c("config-pagination", Must, "9865 §4", "Where pages by cursor are offered, pagination.cursor and pagination.index are booleans.", func(t *T) {
		a := t.get("/ServiceProviderConfig").is(200)
		_, index := a.at("pagination", "index").(bool)
		if a.at("pagination", "cursor") != true || !index {
			t.fail(a, "pagination with cursor true and index a boolean")
		}
	}).needing(FeatureCursor),
	c("config-pagination-method", Must, "9865 §4", "pagination.defaultPaginationMethod, where it is given, is cursor or index.", func(t *T) {
		a := t.get("/ServiceProviderConfig").is(200)
		method := a.at("pagination", "defaultPaginationMethod")
		if a.at("pagination") == nil || method != nil && method != "cursor" && method != "index" {
			t.fail(a, `pagination with a defaultPaginationMethod of "cursor" or "index"`)
		}
	}).needing(FeatureCursor),
	c("config-pagination-sizes", Must, "9865 §4", "Page sizes and the cursor's timeout, where they are given, are positive integers.", func(t *T) {
		a := t.get("/ServiceProviderConfig").is(200)
		given := 0
		for _, name := range []string{"defaultPageSize", "maxPageSize", "cursorTimeout"} {
			if a.at("pagination", name) != nil {
				if given++; a.number("pagination", name) < 1 {
					t.fail(a, "a positive %s", name)
				}
			}
		}
		if a.at("pagination") == nil && given == 0 {
			t.fail(a, "pagination")
		}
	}).needing(FeatureCursor),
	c("types", Must, "7644 §4", "GET /ResourceTypes answers with a ListResponse of all resource types.", func(t *T) {
		a := t.get("/ResourceTypes").is(200).has(`{"schemas":["` + listURN + `"]}`)
		if n := a.number("totalResults"); n < 2 || n != len(a.list("Resources")) {
			t.fail(a, "totalResults that counts the Resources, User and Group at least")
		}
	}),
	c("types-user", Must, "7643 §6", "The resource type User has its name, endpoint, schema and extensions.", func(t *T) {
		t.get("/ResourceTypes/User").is(200).has(`{"schemas":["` + typeURN + `"],"name":"User","endpoint":"/Users","schema":"` + userURN + `"}`)
	}),
	c("types-group", Must, "7643 §6", "The resource type Group has its name, endpoint and schema.", func(t *T) {
		t.get("/ResourceTypes/Group").is(200).has(`{"schemas":["` + typeURN + `"],"name":"Group","endpoint":"/Groups","schema":"` + groupURN + `"}`)
	}),
	c("types-extensions", Must, "7643 §6", "schemaExtensions of User names the enterprise extension, and whether it is required.", func(t *T) {
		a := t.get("/ResourceTypes/User").is(200)
		for i := range a.list("schemaExtensions") {
			if a.at("schemaExtensions", i, "schema") == enterpriseURN {
				if _, is := a.at("schemaExtensions", i, "required").(bool); is {
					return
				}
			}
		}
		t.fail(a, "schemaExtensions with %s and a boolean required", enterpriseURN)
	}),
	c("types-meta", Must, "7643 §3.1", "A resource type says its resourceType and location.", func(t *T) {
		a := t.get("/ResourceTypes/User").is(200).has(`{"meta":{"resourceType":"ResourceType"}}`)
		if !strings.HasSuffix(a.text("meta", "location"), "/ResourceTypes/User") {
			t.fail(a, "meta.location that ends in /ResourceTypes/User")
		}
	}),
	c("types-unknown", Must, "7644 §3.12", "A resource type that does not exist is a 404.", func(t *T) {
		t.get("/ResourceTypes/User").is(200)
		t.get("/ResourceTypes/~").fails(404, "")
	}),
	c("schemas", Must, "7644 §4", "GET /Schemas answers with a ListResponse of all schemas, extensions included.", func(t *T) {
		a := t.get("/Schemas").is(200).has(`{"schemas":["` + listURN + `"]}`)
		ids := strings.Join(a.ids(), " ")
		for _, urn := range []string{userURN, groupURN, enterpriseURN} {
			if !strings.Contains(ids, urn) {
				t.fail(a, "the schema %s", urn)
			}
		}
		if n := a.number("totalResults"); n != len(a.list("Resources")) {
			t.fail(a, "totalResults that counts the Resources")
		}
	}),
	c("schemas-user", Must, "7644 §4, 7643 §7", "GET /Schemas/{id} answers with the schema User.", schemaNamed(userURN, "User")),
	c("schemas-group", Must, "7644 §4, 7643 §7", "GET /Schemas/{id} answers with the schema Group.", schemaNamed(groupURN, "Group")),
	c("schemas-enterprise", Must, "7644 §4, 7643 §7", "GET /Schemas/{id} answers with the enterprise extension.", schemaNamed(enterpriseURN, "EnterpriseUser")),
	c("schemas-unknown", Must, "7644 §3.12", "A schema that does not exist is a 404.", func(t *T) {
		t.get("/Schemas/" + userURN).is(200)
		t.get("/Schemas/urn:example:~").fails(404, "")
	}),
	c("schemas-id-ignores-case", Must, "7643 §2.1", "URNs of schemas compare ignoring letter case.", func(t *T) {
		t.get("/Schemas/" + strings.ToUpper(userURN)).is(200).has(`{"id":"` + userURN + `"}`)
	}),
	c("schemas-complete", Must, "7643 §7", "Each attribute has a name, type, description, and all characteristics.", func(t *T) {
		a := t.get("/Schemas").is(200)
		for i := range max(1, len(a.list("Resources"))) {
			complete(t, a, a.list("Resources", i, "attributes"))
		}
	}),
	c("extensions-known", Must, "7643 §6, §7", "Each schema that a resource type names is in /Schemas.", func(t *T) {
		known := strings.Join(t.get("/Schemas").is(200).ids(), " ")
		a := t.get("/ResourceTypes").is(200)
		for i := range max(1, len(a.list("Resources"))) {
			urns := []string{a.text("Resources", i, "schema")}
			if a.at("Resources", i, "schemaExtensions") != nil {
				for j := range a.list("Resources", i, "schemaExtensions") {
					urns = append(urns, a.text("Resources", i, "schemaExtensions", j, "schema"))
				}
			}
			for _, urn := range urns {
				if !strings.Contains(known, urn) {
					t.fail(a, "only schemas that /Schemas lists, but it lacks %s", urn)
				}
			}
		}
	}),
	c("config-read-only", Must, "7644 §4, §3.2", "The discovery endpoints take no POST, PUT, PATCH or DELETE.", func(t *T) {
		for _, path := range []string{"/ServiceProviderConfig", "/Schemas", "/ResourceTypes"} {
			t.get(path).is(200)
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
				t.send(method, path, "{}").fails(405, "")
			}
		}
	}),
	c("no-filter", Must, "7644 §4", "A filter on a discovery endpoint is refused with 403, or ignored (§3.4.2 leaves parameters that mean nothing aside): it never narrows the list.", func(t *T) {
		all := t.get("/Schemas").is(200).number("totalResults")
		a := t.find("/Schemas", `id eq "~"`).is(200, 403)
		if a.status == 200 && a.number("totalResults") != all {
			t.fail(a, "403, or all %d schemas", all)
		}
	}),
	c("sorting-and-pages-ignored", Must, "7644 §4", "Sorting, pages and attributes are ignored on discovery endpoints.", func(t *T) {
		a := t.get("/ResourceTypes?sortBy=name&startIndex=2&count=1&attributes=name").is(200)
		if n := a.number("totalResults"); n < 2 || len(a.list("Resources")) != n {
			t.fail(a, "all resource types")
		}
		a.text("Resources", 0, "endpoint")
	}),
	c("authenticated", May, "7644 §2, §4", "The discovery endpoints answer who has a token.", func(t *T) {
		for _, path := range []string{"/ServiceProviderConfig", "/Schemas", "/ResourceTypes"} {
			t.get(path).is(200)
		}
	}),
}

// configHas expects a feature in the ServiceProviderConfig, as a boolean.
func configHas(feature string) func(*T) {
	return func(t *T) {
		a := t.get("/ServiceProviderConfig").is(200)
		if _, is := a.at(feature, "supported").(bool); !is {
			t.fail(a, "a boolean %s.supported", feature)
		}
	}
}

func schemaNamed(urn, name string) func(*T) {
	return func(t *T) {
		a := t.get("/Schemas/" + urn).is(200).has(`{"schemas":["` + schemaURN + `"],"id":"` + urn + `","name":"` + name + `","meta":{"resourceType":"Schema"}}`)
		if !strings.HasSuffix(a.text("meta", "location"), "/Schemas/"+urn) {
			t.fail(a, "meta.location that ends in /Schemas/%s", urn)
		}
	}
}

// complete expects all characteristics of attributes and sub-attributes.
func complete(t *T, a *answer, attributes []any) {
	for _, one := range attributes {
		attribute, _ := one.(map[string]any)
		for _, name := range []string{"name", "type", "mutability", "returned"} {
			if text, _ := attribute[name].(string); text == "" {
				t.fail(a, "%s of the attribute %v", name, attribute["name"])
			}
		}
		for _, name := range []string{"multiValued", "required"} {
			if _, is := attribute[name].(bool); !is {
				t.fail(a, "a boolean %s of the attribute %v", name, attribute["name"])
			}
		}
		if _, is := attribute["caseExact"].(bool); !is && attribute["type"] == "string" {
			t.fail(a, "a boolean caseExact of the attribute %v", attribute["name"])
		}
		if attribute["type"] == "reference" && empty(attribute["referenceTypes"]) {
			t.fail(a, "referenceTypes of the attribute %v", attribute["name"])
		}
		if attribute["type"] == "complex" {
			subs, _ := attribute["subAttributes"].([]any)
			if len(subs) == 0 {
				t.fail(a, "subAttributes of the attribute %v", attribute["name"])
			}
			complete(t, a, subs)
		}
	}
}
