package patch

import (
	"errors"
	"maps"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// selection edits the values of a multi-valued attribute that a filter
// chooses, or all of them without one: as a whole, or a sub-attribute of each.
type selection struct {
	verb   verb
	path   string
	target schema.Target
	sub    *schema.Attribute      // of the target, or nil
	value  any                    // of the sub-attribute or of the whole value; nil removes
	chosen func(scim.Object) bool // whether the filter holds
	// implied has the sub-attributes that a value must have for the filter to
	// hold; nil where the filter is no conjunction of equalities.
	implied scim.Object
	// creates tells whether a value is made where none is chosen.
	creates bool
}

func newSelection(op operation, target schema.Target, values filter.Expression) (func(*list) error, error) {
	s := &selection{verb: op.verb, path: op.path, target: target, sub: target.Sub, chosen: func(scim.Object) bool { return true }}
	if values == nil {
		s.implied, s.creates = scim.Object{}, op.verb != remove
	} else {
		var err error
		if s.chosen, err = valueFilter(op.path, target.Attribute, values); err != nil {
			return nil, err
		}
		s.implied = implied(target, values)
		s.creates = s.implied != nil && s.chosen(s.implied) && (op.verb == add || op.verb == replace && isCanonical(target.Attribute, values))
	}
	if op.verb == remove {
		if target.Sub != nil && target.Sub.Required {
			return nil, isRequired(target)
		}
		return s.apply, nil
	}
	var err error
	if target.Sub != nil {
		s.value, err = resource.Value(target, op.value)
	} else {
		s.value, err = resource.Element(target, unwrapped(op.value))
	}
	return s.apply, err
}

func (s *selection) apply(l *list) error {
	matched := false
	for i, value := range l.values {
		object, ok := value.(scim.Object)
		if !ok {
			object = scim.Object{"value": value}
		}
		if s.sub != nil && !ok || !s.chosen(object) {
			continue
		}
		matched = true
		if ok {
			next := s.edited(object)
			if s.sub != nil || s.verb == add {
				if err := keepsImmutable(s.target, object, next); err != nil {
					return err
				}
			}
			l.set(i, next)
		} else if s.value != nil || s.verb != add {
			l.set(i, s.value)
		}
	}
	if !matched && s.verb != remove {
		if !s.creates {
			return scim.BadRequest(scim.TypeNoTarget, "path %q: no value matches", s.path)
		}
		if s.value != nil {
			l.values = append(l.values, nil)
			l.set(len(l.values)-1, s.edited(s.implied))
		}
	}
	l.keep(func(value any) bool { return value != nil })
	return nil
}

// edited is a chosen value after the operation, or nil if nothing is left.
func (s *selection) edited(object scim.Object) any {
	if s.sub != nil {
		result := maps.Clone(object)
		if s.value == nil {
			delete(result, s.sub.Name)
		} else {
			result[s.sub.Name] = s.value
		}
		if len(result) == 0 {
			return nil
		}
		return result
	}
	switch {
	case s.value == nil && s.verb == add:
		return object
	case s.value == nil:
		return nil
	case s.verb == replace:
		return merged(s.implied, s.value)
	}
	return merged(object, s.value)
}

func valueFilter(path string, a *schema.Attribute, values filter.Expression) (func(scim.Object) bool, error) {
	chosen, err := filter.CompileValue(a, values)
	var syntax *filter.SyntaxError
	if errors.As(err, &syntax) {
		return nil, scim.BadRequest(scim.TypeInvalidFilter, "path %q: %s", path, syntax.Detail)
	}
	return chosen, err
}

// implied has the sub-attributes that follow from a filter such as
// type eq "work" and primary eq true; nil where a client cannot set them all.
func implied(target schema.Target, values filter.Expression) scim.Object {
	switch e := values.(type) {
	case filter.And:
		left, right := implied(target, e.Left), implied(target, e.Right)
		if left == nil || right == nil {
			return nil
		}
		maps.Copy(left, right)
		return left
	case filter.Comparison:
		sub := target.Attribute.SubAttribute(e.Path.Name)
		if sub == nil || e.Operator != filter.Equal || e.Path.URN != "" || e.Path.SubAttribute != "" {
			return nil
		}
		whole := schema.Target{URN: target.URN, Attribute: target.Attribute, Sub: sub}
		value, err := resource.Value(whole, e.Value)
		if err != nil || value == nil || !resource.Settable(whole) {
			return nil
		}
		return scim.Object{sub.Name: value}
	}
	return nil
}

// isCanonical tells whether a filter is type eq one of the canonical values, or
// primary eq true. Entra ID replaces what it has never added, with such paths.
func isCanonical(a *schema.Attribute, values filter.Expression) bool {
	e, ok := values.(filter.Comparison)
	if !ok {
		return false
	}
	text, _ := e.Value.(string)
	switch sub := a.SubAttribute(e.Path.Name); sub.Name {
	case "primary":
		return e.Value == true || strings.EqualFold(text, "true")
	case "type":
		for _, value := range sub.CanonicalValues {
			if strings.EqualFold(value, text) {
				return true
			}
		}
	}
	return false
}

// unwrapped takes a value out of a list of one.
func unwrapped(value any) any {
	if list, ok := value.([]any); ok && len(list) <= 1 {
		if len(list) == 0 {
			return nil
		}
		return list[0]
	}
	return value
}
