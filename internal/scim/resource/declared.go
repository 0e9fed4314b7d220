package resource

import (
	"reflect"
	"slices"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// An administrator may change the declaration of an extension at any time, while
// values are stored that do not fit it: of another type, of an attribute that is
// declared no more, or none where one is required now. Such a value stays as it
// is stored until a client writes it anew, and hinders no change of anything
// else: a user must stay such that it can be disabled.

// sent is what the body of a PUT says of an attribute of a declared extension,
// or, without an Attribute, of all of it.
type sent struct {
	target schema.Target
	value  any
	err    error // why the value does not fit
}

// settle completes the attributes of a PUT from those that are stored: what no
// client can set or read stays, and so does what does not fit but was sent as
// it is stored. Another value that does not fit is an error.
func (d *Decoded) settle(rt *schema.ResourceType, current, next scim.Object) error {
	named := map[string]bool{}
	for _, s := range d.sent {
		named[s.target.String()] = true
		known := s.stored(current)
		same := known != nil && reflect.DeepEqual(known, s.value)
		switch {
		case same && !s.fits(next):
			s.restore(next, known)
		case s.err != nil:
			return s.err
		}
	}
	for _, extension := range rt.Extensions {
		if !extension.Schema.Declared {
			continue
		}
		urn := extension.Schema.ID
		if extension.Required && next[urn] == nil && current[urn] != nil {
			next[urn] = clone(current[urn]) // a PUT that leaves nothing of it
			continue
		}
		known, _ := current[urn].(scim.Object)
		object, ok := next[urn].(scim.Object)
		if next[urn] != nil && !ok || len(known) == 0 {
			continue
		}
		if object == nil {
			object = scim.Object{}
		}
		retain(urn+":", extension.Schema.Attributes, known, object, named)
		if len(object) > 0 {
			next[urn] = object
		}
	}
	return nil
}

// retain gives next the stored values of attributes that a body without them
// does not clear: those that nobody declares any more, that no client can set or
// read, and that are required.
func retain(prefix string, attributes []*schema.Attribute, known, next scim.Object, named map[string]bool) {
	declared := map[string]bool{}
	for _, a := range attributes {
		declared[a.Name] = true
		name := prefix + a.Name
		stays := a.Mutability == schema.ReadOnly || !named[name] && (a.Required || a.Returned == schema.Never)
		if value := known[a.Name]; stays && value != nil && next[a.Name] == nil {
			next[a.Name] = clone(value)
			continue
		}
		before, isObject := known[a.Name].(scim.Object)
		after, isToo := next[a.Name].(scim.Object)
		if a.Type == schema.Complex && isObject && isToo {
			retain(name+".", a.SubAttributes, before, after, named)
		}
	}
	for name, value := range known {
		if _, set := next[name]; !set && !declared[name] {
			next[name] = clone(value)
		}
	}
}

// fits tells whether the value may be stored in place of the same value, which
// its declaration may refuse or, where it is immutable, read as another.
func (s sent) fits(next scim.Object) bool {
	a := s.target.Attribute
	immutable := func(a *schema.Attribute) bool { return a.Mutability == schema.Immutable }
	if s.err != nil || immutable(a) || slices.ContainsFunc(a.SubAttributes, immutable) {
		return false
	}
	value := s.target.Value(next)
	return value != nil && (s.target.Sub != nil || validateAttribute(a.Name, a, value) == nil)
}

// stored is the value that the body wants to replace.
func (s sent) stored(attributes scim.Object) any {
	value := s.target.Value(attributes)
	if s.target.Sub == nil {
		return value
	}
	object, _ := value.(scim.Object)
	return object[s.target.Sub.Name]
}

// restore puts a stored value back.
func (s sent) restore(attributes scim.Object, value any) {
	d := Decoded{Attributes: attributes}
	switch {
	case s.target.Attribute == nil:
		attributes[s.target.URN] = clone(value)
	case s.target.Sub != nil && s.target.Attribute.MultiValued:
		// It is one of several, which put would add once more.
	default:
		d.put(s.target, clone(value))
	}
}

// ValidateChange tells whether attributes may be stored in place of others. It
// is Validate for all that differs, and leaves alone what does not.
func ValidateChange(rt *schema.ResourceType, before, after scim.Object) error {
	return validate(rt, before, after)
}

func validateExtensionChange(extension *schema.Schema, before, after any) error {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	was, _ := before.(scim.Object)
	object, ok := after.(scim.Object)
	if !ok && after != nil {
		return invalid(extension.ID, "must be an object")
	}
	for _, a := range extension.Attributes {
		if err := validateChange(extension.ID+":"+a.Name, a, was[a.Name], object[a.Name]); err != nil {
			return err
		}
	}
	return nil
}

func validateChange(name string, a *schema.Attribute, before, after any) error {
	if reflect.DeepEqual(before, after) {
		return nil
	}
	was, wasObject := before.(scim.Object)
	object, isObject := after.(scim.Object)
	if a.Type == schema.Complex && !a.MultiValued && wasObject && isObject {
		for _, sub := range a.SubAttributes {
			if err := validateChange(name+"."+sub.Name, sub, was[sub.Name], object[sub.Name]); err != nil {
				return err
			}
		}
		return nil
	}
	if list, ok := after.([]any); ok && a.MultiValued {
		return validateList(name, a, list, elements(before))
	}
	return validateAttribute(name, a, after)
}

// elements are the values of an attribute, of which a declaration may have
// allowed only one before.
func elements(value any) []any {
	if list, ok := value.([]any); ok || value == nil {
		return list
	}
	return []any{value}
}

// has tells whether an element is in a list as it is.
func has(list []any, element any) bool {
	for _, one := range list {
		if reflect.DeepEqual(one, element) {
			return true
		}
	}
	return false
}
