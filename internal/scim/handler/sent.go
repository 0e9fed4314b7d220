package handler

import (
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/patch"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// sentBy selects also what is returned on request where the body of a POST, PUT
// or PATCH names it: RFC 7643 §7 has a client see what it has just set.
func (s selection) sentBy(t *resourceType, body scim.Object) selection {
	if !t.onRequest {
		return s
	}
	s.sent = map[*schema.Attribute]bool{}
	operations, isPatch := resource.Field(body, "Operations")
	if !isPatch {
		s.addSent(t, "", body)
		return s
	}
	list, ok := operations.([]any)
	if !ok {
		list = []any{operations}
	}
	for _, one := range list[:min(len(list), patch.MaxOperations)] {
		op, _ := one.(scim.Object)
		path, _ := resource.Field(op, "path")
		value, _ := resource.Field(op, "value")
		if name, _ := path.(string); name != "" {
			s.addSent(t, "", scim.Object{name: value})
		} else if object, ok := value.(scim.Object); ok {
			s.addSent(t, "", object)
		}
	}
	return s
}

// addSent marks the attributes that the keys of an object name; those of a
// schema's URN are within it.
func (s selection) addSent(t *resourceType, prefix string, object scim.Object) {
	for key, value := range object {
		if inner, ok := value.(scim.Object); ok && prefix == "" && (t.Extension(key) != nil || strings.EqualFold(key, t.Schema.ID)) {
			s.addSent(t, key+":", inner)
			continue
		}
		path, err := filter.ParseAttribute(prefix + key)
		if err != nil {
			continue
		}
		target, found := t.Lookup(path.URN, path.Name, path.SubAttribute)
		if !found || target.Attribute == nil {
			continue
		}
		s.sent[target.Attribute] = true
		for _, sub := range target.Attribute.SubAttributes {
			s.sent[sub] = s.sent[sub] || target.Sub == nil || target.Sub == sub
		}
	}
}

// returnsOnRequest tells whether any attribute is returned on request only.
func returnsOnRequest(attributes []*schema.Attribute) bool {
	for _, a := range attributes {
		if a.Returned == schema.Request || returnsOnRequest(a.SubAttributes) {
			return true
		}
	}
	return false
}
