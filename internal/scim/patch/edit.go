package patch

import (
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// addEdit changes an attribute of the schema. Its value is read here, once:
// nil clears the attribute.
func (r *Request) addEdit(op operation, target schema.Target, values filter.Expression) error {
	change, err := newEdit(op, target, values)
	if err != nil {
		return err
	}
	r.edits = append(r.edits, func(attributes scim.Object) error {
		if target.URN == "" {
			return change(attributes)
		}
		extension, ok := attributes[target.URN].(scim.Object)
		if !ok {
			extension = scim.Object{}
			attributes[target.URN] = extension
		}
		err := change(extension)
		resource.Prune(attributes, target.URN)
		return err
	})
	return nil
}

// newEdit is an edit of the object that has the target's attribute.
func newEdit(op operation, target schema.Target, values filter.Expression) (edit, error) {
	if target.Attribute.MultiValued {
		return newListEdit(op, target, values)
	}
	if values != nil {
		return nil, scim.BadRequest(scim.TypeInvalidPath, "path %q: %s has one value and takes no filter", op.path, target.Attribute.Name)
	}
	if op.verb == remove {
		if target.Leaf().Required {
			return nil, isRequired(target)
		}
		op.value = nil
	}
	if object, ok := unwrapped(op.value).(scim.Object); ok && len(object) > 0 && hasParts(target) {
		return partsEdit(op, target, object)
	}
	value, err := resource.Value(target, op.value)
	if err != nil {
		return nil, err
	}
	if target.Sub != nil {
		return subEdit(target, value), nil
	}
	return singularEdit(target.Attribute, value), nil
}

// hasParts tells whether an attribute is nothing but its sub-attributes, as
// name is. The manager, a reference by `value`, is not: those of another manager
// would be wrong.
func hasParts(target schema.Target) bool {
	a := target.Attribute
	return target.Sub == nil && a.Type == schema.Complex && (a.Declared || a.SubAttribute("value") == nil)
}

// partsEdit changes the sub-attributes that are sent, also to no value, and
// keeps the others (RFC 7644 §3.5.2.1, §3.5.2.3).
func partsEdit(op operation, target schema.Target, object scim.Object) (edit, error) {
	var edits []edit
	for _, key := range slices.Sorted(maps.Keys(object)) {
		part := schema.Target{URN: target.URN, Attribute: target.Attribute, Sub: target.Attribute.SubAttribute(key)}
		if part.Sub == nil || !resource.Settable(part) {
			continue
		}
		change, err := newEdit(operation{verb: op.verb, path: op.path, value: object[key], hasValue: true}, part, nil)
		if err != nil {
			return nil, err
		}
		edits = append(edits, change)
	}
	return func(attributes scim.Object) error {
		for _, change := range edits {
			if err := change(attributes); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// singularEdit gives an attribute its value.
func singularEdit(a *schema.Attribute, value any) edit {
	return func(attributes scim.Object) error {
		switch {
		case value == nil && a.Name == "active" && !a.Declared:
			attributes[a.Name] = false // whoever takes the value away means no access
		case value == nil:
			delete(attributes, a.Name)
		default:
			attributes[a.Name] = merged(nil, value)
		}
		return nil
	}
}

// subEdit gives a sub-attribute its value. Beside the `value` of a manager there
// is no $ref: it was that of a value before, or of another.
func subEdit(target schema.Target, value any) edit {
	name, sub := target.Attribute.Name, target.Sub.Name
	return func(attributes scim.Object) error {
		object, ok := attributes[name].(scim.Object)
		if !ok {
			object = scim.Object{}
			attributes[name] = object
		}
		if value == nil {
			delete(object, sub)
		} else {
			object[sub] = value
		}
		if object["value"] != nil && !target.Attribute.Declared {
			delete(object, "$ref")
		}
		resource.Prune(attributes, name)
		return nil
	}
}
