package patch

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// list is a multi-valued attribute while it is edited. touched has the places
// of the values that the operation set.
type list struct {
	values  []any
	touched map[int]bool
}

// newListEdit is an edit of a multi-valued attribute, by what the path names:
// all values, those that a filter chooses, or a sub-attribute of either.
func newListEdit(op operation, target schema.Target, values filter.Expression) (edit, error) {
	var change func(*list) error
	var err error
	switch {
	case values != nil || target.Sub != nil:
		change, err = newSelection(op, target, values)
	case op.verb == remove && op.value != nil:
		change, err = removeValues(op, target)
	default:
		change, err = wholeList(op, target)
	}
	if err != nil {
		return nil, err
	}
	a := target.Attribute
	return func(attributes scim.Object) error {
		known, ok := attributes[a.Name].([]any)
		if value := attributes[a.Name]; !ok && value != nil {
			known = []any{value} // it was declared to have one value
		}
		l := &list{values: known, touched: map[int]bool{}}
		if err := change(l); err != nil {
			return err
		}
		l.settlePrimary()
		l.values = resource.Collapse(a, l.values)
		if op.verb == remove && a.Required && len(known) > 0 && len(l.values) == 0 {
			return isRequired(schema.Target{URN: target.URN, Attribute: a})
		}
		if a.MaxItems > 0 && len(l.values) > a.MaxItems {
			return scim.BadRequest(scim.TypeInvalidValue, "%s has %d values; at most %d are accepted", target, len(l.values), a.MaxItems)
		}
		attributes[a.Name] = l.values
		resource.Prune(attributes, a.Name)
		return nil
	}, nil
}

// wholeList adds values, or puts them in place of all, or removes all.
func wholeList(op operation, target schema.Target) (func(*list) error, error) {
	if op.verb == remove {
		op.value = nil
	}
	sent, err := resource.Values(target, op.value)
	return func(l *list) error {
		if op.verb != add {
			l.values = make([]any, len(sent))
			for i, value := range sent {
				l.values[i] = merged(nil, value)
			}
			return nil
		}
		place := make(map[string]int, len(l.values))
		for i, value := range l.values {
			place[resource.Identity(target.Attribute, value)] = i
		}
		for _, value := range sent {
			i, known := place[resource.Identity(target.Attribute, value)]
			if !known {
				i = len(l.values)
				l.values = append(l.values, nil)
			}
			next := merged(l.values[i], value)
			if err := keepsImmutable(target, l.values[i], next); err != nil {
				return err
			}
			l.set(i, next)
		}
		return nil
	}, err
}

// removeValues removes the values that are one of those sent, or have all of its
// sub-attributes, which compare as caseExact says. A remove that names values
// never removes others.
func removeValues(op operation, target schema.Target) (func(*list) error, error) {
	sent, err := resource.Values(target, op.value)
	simple := map[any]bool{}
	patterns := map[any][]scim.Object{} // by their `value`, which they may lack
	for _, value := range sent {
		if object, ok := value.(scim.Object); ok {
			pattern := folded(target.Attribute, object)
			patterns[pattern["value"]] = append(patterns[pattern["value"]], pattern)
		} else {
			simple[form(target.Attribute, value)] = true
		}
	}
	return func(l *list) error {
		l.keep(func(value any) bool {
			object, ok := value.(scim.Object)
			if !ok {
				return !simple[form(target.Attribute, value)]
			}
			return !isCovered(target.Attribute, object, patterns)
		})
		return nil
	}, err
}

// form is that of a simple value; nil for others, which a former declaration may
// have left.
func form(a *schema.Attribute, value any) any {
	switch value.(type) {
	case string, json.Number, bool:
		return resource.Form(a, value)
	}
	return nil
}

// folded has the forms of the sub-attributes.
func folded(a *schema.Attribute, object scim.Object) scim.Object {
	forms := make(scim.Object, len(object))
	for name, value := range object {
		if sub := a.SubAttribute(name); sub != nil {
			forms[name] = form(sub, value)
		}
	}
	return forms
}

// isCovered tells whether a value has all that one of the patterns has.
func isCovered(a *schema.Attribute, value scim.Object, patterns map[any][]scim.Object) bool {
	var key any
	if sub := a.SubAttribute("value"); sub != nil {
		key = form(sub, value["value"])
	}
	candidates := slices.Concat(patterns[key], patterns[nil])
	if len(candidates) == 0 {
		return false
	}
	value = folded(a, value)
	return slices.ContainsFunc(candidates, func(pattern scim.Object) bool {
		for name, part := range pattern {
			if value[name] != part {
				return false
			}
		}
		return true
	})
}

// set puts a value at a place.
func (l *list) set(i int, value any) {
	l.values[i] = value
	l.touched[i] = true
}

// keep drops the values for which the test does not hold.
func (l *list) keep(test func(any) bool) {
	kept := make([]any, 0, len(l.values))
	touched := map[int]bool{}
	for i, value := range l.values {
		if test(value) {
			touched[len(kept)] = l.touched[i]
			kept = append(kept, value)
		}
	}
	l.values, l.touched = kept, touched
}

// settlePrimary leaves primary only what the operation made primary, if it did
// (RFC 7644 §3.5.2). Two that it made so are refused by Validate.
func (l *list) settlePrimary() {
	isPrimary := func(i int) bool {
		object, ok := l.values[i].(scim.Object)
		return ok && object["primary"] == true
	}
	made := false
	for i := range l.values {
		made = made || l.touched[i] && isPrimary(i)
	}
	for i := range l.values {
		if made && !l.touched[i] && isPrimary(i) {
			object := maps.Clone(l.values[i].(scim.Object))
			object["primary"] = false
			l.values[i] = object
		}
	}
}
