package conformance

import "strings"

// schemaCases hold the attributes of RFC 7643 §8.7.1 to their characteristics.
var schemaCases = []Case{
	characteristics("user-userName", "7643 §4.1.1, §8.7.1", userURN, "userName", `{"type":"string","multiValued":false,"required":true,"caseExact":false,"uniqueness":"server","mutability":"readWrite","returned":"default"}`),
	characteristics("user-name", "7643 §4.1.1, §8.7.1", userURN, "name", `{"type":"complex","multiValued":false,"required":false}`),
	characteristics("user-name-familyName", "7643 §4.1.1", userURN, "name.familyName", `{"type":"string","multiValued":false,"mutability":"readWrite"}`),
	characteristics("user-name-givenName", "7643 §4.1.1", userURN, "name.givenName", `{"type":"string","multiValued":false,"mutability":"readWrite"}`),
	characteristics("user-name-formatted", "7643 §4.1.1", userURN, "name.formatted", `{"type":"string","multiValued":false}`),
	characteristics("user-displayName", "7643 §4.1.1", userURN, "displayName", `{"type":"string","multiValued":false,"required":false,"mutability":"readWrite"}`),
	characteristics("user-nickName", "7643 §4.1.1", userURN, "nickName", `{"type":"string","multiValued":false}`),
	characteristics("user-profileUrl", "7643 §4.1.1", userURN, "profileUrl", `{"type":"reference","referenceTypes":["external"]}`),
	characteristics("user-title", "7643 §4.1.1", userURN, "title", `{"type":"string","multiValued":false}`),
	characteristics("user-userType", "7643 §4.1.1", userURN, "userType", `{"type":"string","multiValued":false}`),
	characteristics("user-preferredLanguage", "7643 §4.1.1", userURN, "preferredLanguage", `{"type":"string"}`),
	characteristics("user-locale", "7643 §4.1.1", userURN, "locale", `{"type":"string"}`),
	characteristics("user-timezone", "7643 §4.1.1", userURN, "timezone", `{"type":"string"}`),
	characteristics("user-active", "7643 §4.1.1", userURN, "active", `{"type":"boolean","multiValued":false,"mutability":"readWrite"}`),
	characteristics("user-password", "7643 §4.1.1, §8.7.1", userURN, "password", `{"type":"string","mutability":"writeOnly","returned":"never"}`),
	characteristics("user-emails", "7643 §4.1.2", userURN, "emails", `{"type":"complex","multiValued":true}`),
	characteristics("user-emails-type", "7643 §4.1.2", userURN, "emails.type", `{"type":"string","canonicalValues":["work","home","other"]}`),
	characteristics("user-emails-primary", "7643 §2.4, §4.1.2", userURN, "emails.primary", `{"type":"boolean"}`),
	characteristics("user-phoneNumbers", "7643 §4.1.2", userURN, "phoneNumbers", `{"type":"complex","multiValued":true}`),
	characteristics("user-phoneNumbers-type", "7643 §4.1.2", userURN, "phoneNumbers.type", `{"canonicalValues":["work","home","mobile","fax","pager","other"]}`),
	characteristics("user-ims", "7643 §4.1.2", userURN, "ims", `{"type":"complex","multiValued":true}`),
	characteristics("user-photos", "7643 §4.1.2", userURN, "photos.value", `{"type":"reference","referenceTypes":["external"]}`),
	characteristics("user-addresses", "7643 §4.1.2", userURN, "addresses", `{"type":"complex","multiValued":true}`),
	characteristics("user-groups", "7643 §4.1.2, §8.7.1", userURN, "groups", `{"type":"complex","multiValued":true,"mutability":"readOnly"}`),
	characteristics("user-groups-type", "7643 §4.1.2", userURN, "groups.type", `{"canonicalValues":["direct","indirect"],"mutability":"readOnly"}`),
	characteristics("user-entitlements", "7643 §4.1.2", userURN, "entitlements", `{"type":"complex","multiValued":true}`),
	characteristics("user-roles", "7643 §4.1.2", userURN, "roles", `{"type":"complex","multiValued":true}`),
	characteristics("user-x509Certificates", "7643 §4.1.2, §8.7.1", userURN, "x509Certificates.value", `{"type":"binary"}`),
	characteristics("group-displayName", "7643 §4.2", groupURN, "displayName", `{"type":"string","multiValued":false,"required":true}`),
	characteristics("group-members", "7643 §4.2, §8.7.1", groupURN, "members", `{"type":"complex","multiValued":true,"mutability":"readWrite"}`),
	characteristics("group-members-value", "7643 §4.2, §8.7.1", groupURN, "members.value", `{"type":"string","mutability":"immutable"}`),
	characteristics("group-members-ref", "7643 §4.2, §8.7.1", groupURN, "members.$ref", `{"type":"reference","referenceTypes":["User","Group"],"mutability":"immutable"}`),
	characteristics("group-members-type", "7643 §4.2, §8.7.1", groupURN, "members.type", `{"canonicalValues":["User","Group"],"mutability":"immutable"}`),
	characteristics("enterprise-employeeNumber", "7643 §4.3", enterpriseURN, "employeeNumber", `{"type":"string","multiValued":false}`),
	characteristics("enterprise-costCenter", "7643 §4.3", enterpriseURN, "costCenter", `{"type":"string","multiValued":false}`),
	characteristics("enterprise-organization", "7643 §4.3", enterpriseURN, "organization", `{"type":"string","multiValued":false}`),
	characteristics("enterprise-division", "7643 §4.3", enterpriseURN, "division", `{"type":"string","multiValued":false}`),
	characteristics("enterprise-department", "7643 §4.3", enterpriseURN, "department", `{"type":"string","multiValued":false}`),
	characteristics("enterprise-manager", "7643 §4.3", enterpriseURN, "manager", `{"type":"complex","multiValued":false}`),
	characteristics("enterprise-manager-displayName", "7643 §4.3, §8.7.1", enterpriseURN, "manager.displayName", `{"type":"string","mutability":"readOnly"}`),
	c("no-common-attributes", Must, "7643 §3.1", "The attributes that every resource has belong to no schema: schemas and meta are not listed as attributes of User.", func(t *T) {
		a := t.get("/Schemas/" + userURN).is(200)
		for i := range max(1, len(a.list("attributes"))) {
			if name := a.text("attributes", i, "name"); name == "schemas" || name == "meta" {
				t.fail(a, "no attribute %s", name)
			}
		}
	}),
}

func characteristics(name, source, urn, path, want string) Case {
	return c(name, Must, source, "/Schemas shows "+path+" with the characteristics of RFC 7643.", func(t *T) {
		a := t.get("/Schemas/" + urn).is(200)
		attributes := a.list("attributes")
		var found map[string]any
		for name := range strings.SplitSeq(path, ".") {
			found = nil
			for _, one := range attributes {
				if attribute, _ := one.(map[string]any); attribute["name"] == name {
					found = attribute
				}
			}
			attributes, _ = found["subAttributes"].([]any)
		}
		if found == nil {
			t.fail(a, "the attribute %s", path)
		}
		if where, same := covers(found, decode([]byte(want))); !same {
			t.fail(a, "the attribute %s with %s; it differs at %q", path, want, where)
		}
	})
}
