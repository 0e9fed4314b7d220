package resource

import (
	"reflect"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// CheckImmutable tells whether next changes an immutable attribute that has a
// value in current (RFC 7644 §3.5.1, §3.5.2). What is immutable in one of
// several values, as `value` of members is, changes only with the whole value.
func CheckImmutable(rt *schema.ResourceType, current, next scim.Object) error {
	return eachGuarded(rt, current, next, func(name string, a *schema.Attribute, current, next scim.Object) error {
		value, set := current[a.Name]
		if a.Mutability == schema.Immutable && set && !reflect.DeepEqual(value, next[a.Name]) {
			return scim.BadRequest(scim.TypeMutability, "%s is immutable and has a value already", name)
		}
		return nil
	})
}

// keep gives next what a PUT leaves out although a client could not help it:
// values that it may not change, and those that it never gets to read.
func keep(rt *schema.ResourceType, current, next scim.Object) error {
	return eachGuarded(rt, current, next, func(_ string, a *schema.Attribute, current, next scim.Object) error {
		if value, set := current[a.Name]; set && next[a.Name] == nil {
			next[a.Name] = clone(value)
		}
		return nil
	})
}

// eachGuarded visits the immutable and writeOnly attributes of a resource type,
// with the objects that have them, or would, in current and next.
func eachGuarded(rt *schema.ResourceType, current, next scim.Object, visit func(name string, a *schema.Attribute, current, next scim.Object) error) error {
	if err := guarded("", rt.Schema.Attributes, current, next, visit); err != nil {
		return err
	}
	for _, extension := range rt.Extensions {
		if err := within(extension.Schema.ID, current, next, func(current, next scim.Object) error {
			return guarded(extension.Schema.ID+":", extension.Schema.Attributes, current, next, visit)
		}); err != nil {
			return err
		}
	}
	return nil
}

func guarded(prefix string, attributes []*schema.Attribute, current, next scim.Object, visit func(string, *schema.Attribute, scim.Object, scim.Object) error) error {
	for _, a := range attributes {
		var err error
		switch {
		case a.Mutability == schema.Immutable || a.Mutability == schema.WriteOnly:
			err = visit(prefix+a.Name, a, current, next)
		case a.Type == schema.Complex && !a.MultiValued && a.Mutability != schema.ReadOnly:
			err = within(a.Name, current, next, func(current, next scim.Object) error {
				return guarded(prefix+a.Name+".", a.SubAttributes, current, next, visit)
			})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// within visits the objects under a name. One that is added to next only stays
// if something was put into it.
func within(name string, current, next scim.Object, visit func(current, next scim.Object) error) error {
	before, _ := current[name].(scim.Object)
	if len(before) == 0 {
		return nil // nothing is set, so nothing is to be kept
	}
	after, ok := next[name].(scim.Object)
	if !ok {
		after = scim.Object{}
	}
	if err := visit(before, after); err != nil {
		return err
	}
	if !ok && len(after) > 0 {
		next[name] = after
	}
	return nil
}
