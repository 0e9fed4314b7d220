package memory

import (
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// uniqueName is the attribute of a type whose values must differ, and its value.
func uniqueName(rt *schema.ResourceType, attributes scim.Object) (attribute, value string) {
	for _, a := range rt.Schema.Attributes {
		if a.Uniqueness == schema.Server {
			value, _ = attributes[a.Name].(string)
			return a.Name, value
		}
	}
	return "", ""
}

// free tells whether a resource may have its unique name: a Conflict if one
// with another id has it, ignoring case.
func (k *kind) free(rt *schema.ResourceType, attributes scim.Object, id string) error {
	for _, target := range rt.Unique() {
		for other, r := range k.records {
			if wanted := target.Value(attributes); wanted != nil && other != id && same(target.Attribute, wanted, target.Value(r.attributes)) {
				return scim.Conflict("a %s with the %s %q exists already (id %s)", rt.Name, target, wanted, other)
			}
		}
	}
	attribute, value := uniqueName(rt, attributes)
	if holder, taken := k.taken[schema.Fold(value)]; taken && holder != id {
		return scim.Conflict("a %s with the %s %q exists already: look it up with the filter %s eq %q, and change it",
			rt.Name, attribute, value, attribute, value)
	}
	return nil
}

// same tells whether two values of an attribute are one.
func same(a *schema.Attribute, x, y any) bool {
	one, isText := x.(string)
	other, isToo := y.(string)
	if isText && isToo && !a.CaseExact {
		return schema.Fold(one) == schema.Fold(other)
	}
	return x == y
}

func (k *kind) claim(rt *schema.ResourceType, r *record) {
	if _, value := uniqueName(rt, r.attributes); value != "" {
		k.taken[schema.Fold(value)] = r.id
	}
}

func (k *kind) release(rt *schema.ResourceType, r *record) {
	_, value := uniqueName(rt, r.attributes)
	delete(k.taken, schema.Fold(value))
}
