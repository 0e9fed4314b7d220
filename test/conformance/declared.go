package conformance

import (
	"context"
	"net/http"
)

// The features of service providers that declare extensions of their own: an
// attribute of a kind, in an extension other than those of RFC 7643.
const (
	FeatureDeclared         Feature = "a declared extension with a text"
	FeatureDeclaredInteger  Feature = "a declared extension with an integer"
	FeatureDeclaredDecimal  Feature = "a declared extension with a decimal"
	FeatureDeclaredBoolean  Feature = "a declared extension with a boolean"
	FeatureDeclaredDateTime Feature = "a declared extension with a dateTime"
	FeatureDeclaredSeveral  Feature = "a declared extension with several texts"
	FeatureDeclaredComplex  Feature = "a declared extension with a complex attribute that has a text"
	FeatureDeclaredUnique   Feature = "a declared extension with a unique text"
	// Of these ordinary does not hold.
	FeatureDeclaredImmutable Feature = "a declared extension with an immutable text"
	FeatureDeclaredReadOnly  Feature = "a declared extension with a readOnly text"
	FeatureDeclaredRequest   Feature = "a declared extension with a text that is returned on request"
	FeatureDeclaredNever     Feature = "a declared extension with a text that is never returned"
	FeatureDeclaredExact     Feature = "a declared extension with a caseExact text"
	FeatureDeclaredPart      Feature = "a declared extension with several values, of which a text beside value is immutable"

	FeatureDeclaredGroup Feature = "a declared extension of groups with a text"
)

// declared is an attribute of an extension, or its sub-attribute.
type declared struct{ urn, name, sub string }

// path is the full name (RFC 7644 §3.10).
func (d declared) path() string {
	if d.sub != "" {
		return d.urn + ":" + d.name + "." + d.sub
	}
	return d.urn + ":" + d.name
}

// with is a resource with the value, JSON.
func (d declared) with(value string) string { return `{"` + d.urn + `":` + d.object(value) + `}` }

// object is the extension with the value.
func (d declared) object(value string) string {
	if d.sub != "" {
		value = `{"` + d.sub + `":` + value + `}`
	}
	return `{"` + d.name + `":` + value + `}`
}

// declared is an attribute that the case needs.
func (t *T) declared(f Feature) declared { return t.offer.declared[f] }

// askDeclared finds an attribute of each kind.
func askDeclared(ctx context.Context, c *client) (map[Feature]declared, error) {
	found := map[Feature]declared{}
	for _, resource := range []string{"User", "Group"} {
		shown, err := c.send(ctx, http.MethodGet, "/ResourceTypes/"+resource, "")
		if err != nil {
			return nil, err
		}
		extensions, _ := shown.at("schemaExtensions").([]any)
		for i := range extensions {
			urn, _ := shown.at("schemaExtensions", i, "schema").(string)
			if urn == "" || urn == enterpriseURN {
				continue
			}
			s, err := c.send(ctx, http.MethodGet, "/Schemas/"+urn, "")
			if err != nil {
				return nil, err
			}
			attributes, _ := s.at("attributes").([]any)
			for _, one := range attributes {
				if attribute, ok := one.(map[string]any); ok {
					addDeclared(found, resource, urn, attribute)
				}
			}
		}
	}
	return found, nil
}

// addDeclared notes what an attribute is good for, if nothing else is yet.
func addDeclared(found map[Feature]declared, resource, urn string, attribute map[string]any) {
	d := declared{urn: urn}
	d.name, _ = attribute["name"].(string)
	f := kindOf(attribute)
	if d.sub = immutablePart(attribute); d.sub != "" {
		f = FeatureDeclaredPart
	} else if !ordinary(attribute) {
		f = guardedKind(attribute, f)
	}
	if f == FeatureDeclaredComplex {
		subs, _ := attribute["subAttributes"].([]any)
		for _, one := range subs {
			sub, _ := one.(map[string]any)
			if ordinary(sub) && kindOf(sub) == FeatureDeclared && d.sub == "" {
				d.sub, _ = sub["name"].(string)
			}
		}
		if d.sub == "" {
			return
		}
	}
	if resource == "Group" {
		if f != FeatureDeclared {
			return
		}
		f = FeatureDeclaredGroup
	}
	if _, known := found[f]; f != "" && !known {
		found[f] = d
	}
}

// ordinary attributes can be written and read, and compare ignoring case.
func ordinary(attribute map[string]any) bool {
	return attribute["mutability"] == "readWrite" && attribute["returned"] == "default" && attribute["caseExact"] != true
}

// guardedKind is the feature that a text is which is not ordinary in one way.
func guardedKind(attribute map[string]any, kind Feature) Feature {
	if kind != FeatureDeclared || attribute["required"] == true {
		return ""
	}
	switch [3]any{attribute["mutability"], attribute["returned"], attribute["caseExact"]} {
	case [3]any{"immutable", "default", false}:
		return FeatureDeclaredImmutable
	case [3]any{"readOnly", "default", false}:
		return FeatureDeclaredReadOnly
	case [3]any{"readWrite", "request", false}:
		return FeatureDeclaredRequest
	case [3]any{"readWrite", "never", false}, [3]any{"writeOnly", "never", false}:
		return FeatureDeclaredNever
	case [3]any{"readWrite", "default", true}:
		return FeatureDeclaredExact
	}
	return ""
}

// immutablePart is the immutable text of an attribute with several values that
// have an ordinary value beside; empty if it is no such attribute.
func immutablePart(attribute map[string]any) string {
	subs, _ := attribute["subAttributes"].([]any)
	if attribute["multiValued"] != true || !ordinary(attribute) {
		return ""
	}
	name, hasValue := "", false
	for _, one := range subs {
		sub, _ := one.(map[string]any)
		hasValue = hasValue || sub["name"] == "value" && ordinary(sub)
		if guardedKind(sub, kindOf(sub)) == FeatureDeclaredImmutable {
			name, _ = sub["name"].(string)
		}
	}
	if !hasValue {
		return ""
	}
	return name
}

// kindOf is the feature that an attribute is; empty for none.
func kindOf(attribute map[string]any) Feature {
	several := attribute["multiValued"] == true
	unique := attribute["uniqueness"] == "server" || attribute["uniqueness"] == "global"
	switch attribute["type"] {
	case "string":
		switch {
		case several && !unique:
			return FeatureDeclaredSeveral
		case unique && !several:
			return FeatureDeclaredUnique
		case several:
			return ""
		}
		return FeatureDeclared
	case "complex":
		if !several {
			return FeatureDeclaredComplex
		}
	}
	simple := map[any]Feature{
		"integer": FeatureDeclaredInteger, "decimal": FeatureDeclaredDecimal,
		"boolean": FeatureDeclaredBoolean, "dateTime": FeatureDeclaredDateTime,
	}
	if several || unique {
		return ""
	}
	return simple[attribute["type"]]
}
