package patch

import (
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// add understands an operation and appends what it does.
func (r *Request) add(op operation) error {
	if op.path == "" || strings.EqualFold(op.path, r.rt.Schema.ID) {
		return r.addObject(op, "")
	}
	path, err := filter.ParsePath(op.path)
	if err != nil {
		return scim.BadRequest(scim.TypeInvalidPath, "path %q: %s", op.path, err)
	}
	if r.comparisons += comparisons(path.Filter); r.comparisons > MaxComparisons {
		return scim.BadRequest(scim.TypeInvalidValue, "the filters of paths have more than %d comparisons; at most %[1]d are accepted in one request", MaxComparisons)
	}
	target, found := r.rt.Lookup(path.URN, path.Name, path.SubAttribute)
	if !found && path.URN != "" && r.rt.Keeps(path.AttributePath.String(), op.value) {
		return r.addUndeclared(op, path)
	}
	switch {
	case !found:
		return scim.BadRequest(scim.TypeInvalidPath, "path %q: a %s has no such attribute", op.path, r.rt.Name)
	case target.Attribute == nil:
		return r.addExtension(op, target)
	case target.URN == "" && target.Attribute.Name == "schemas":
		return nil // follows from the attributes
	case target.Attribute.Discarded:
		return nil // a password is accepted and forgotten
	case target.URN == "" && target.Attribute.Name == "id" && op.verb != remove && op.value == r.id:
		return nil
	case !resource.Settable(target):
		return scim.BadRequest(scim.TypeMutability, "%s is read-only", target)
	case target.URN == "" && target.Attribute.Name == "members":
		return r.addMembers(op, target, path.Filter)
	}
	return r.addEdit(op, target, path.Filter)
}

// comparisons counts those of a filter.
func comparisons(e filter.Expression) int {
	switch e := e.(type) {
	case filter.And:
		return comparisons(e.Left) + comparisons(e.Right)
	case filter.Or:
		return comparisons(e.Left) + comparisons(e.Right)
	case filter.Not:
		return comparisons(e.Operand)
	case filter.Comparison:
		return 1
	}
	return 0
}

// addObject takes the keys of a value as paths. As in any resource that a
// client sends, attributes it cannot set or that do not exist are left out.
func (r *Request) addObject(op operation, urn string) error {
	value := op.value
	if list, ok := value.([]any); ok && len(list) == 1 {
		value = list[0]
	}
	object, ok := value.(scim.Object)
	if !ok {
		return scim.BadRequest(scim.TypeInvalidValue, "without the path of an attribute, value must be an object")
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		part := operation{verb: op.verb, path: key, value: object[key], hasValue: true}
		if urn != "" {
			part.path = urn + ":" + key
		}
		if !r.ignored(part, urn != "") {
			if err := r.add(part); err != nil {
				return err
			}
		}
	}
	return nil
}

// ignored tells whether a key of a value without a path is left out.
func (r *Request) ignored(part operation, inExtension bool) bool {
	if strings.EqualFold(part.path, r.rt.Schema.ID) {
		return false
	}
	path, err := filter.ParsePath(part.path)
	if err != nil {
		return true
	}
	target, found := r.rt.Lookup(path.URN, path.Name, path.SubAttribute)
	if !found {
		return inExtension || path.URN == "" || !r.rt.Keeps(path.AttributePath.String(), part.value)
	}
	return target.Attribute != nil && !resource.Settable(target)
}

// addExtension changes several attributes of an extension, or drops them all.
func (r *Request) addExtension(op operation, target schema.Target) error {
	if op.verb == remove || op.verb == replace && op.value == nil {
		r.edits = append(r.edits, func(attributes scim.Object) error { return r.dropExtension(attributes, target.URN) })
		return nil
	}
	value, err := resource.ExtensionValue(target.URN, op.value)
	if err != nil || value == nil {
		return err
	}
	op.value = value
	return r.addObject(op, target.URN)
}

// dropExtension drops an extension but for what clients cannot set.
func (r *Request) dropExtension(attributes scim.Object, urn string) error {
	object, _ := attributes[urn].(scim.Object)
	delete(attributes, urn)
	for _, extension := range r.rt.Extensions {
		if extension.Schema.ID == urn && extension.Required && len(object) > 0 {
			return isRequired(schema.Target{URN: urn})
		}
	}
	kept := scim.Object{}
	for _, a := range r.rt.Extension(urn).Attributes {
		value, set := object[a.Name]
		switch {
		case set && a.Required:
			return isRequired(schema.Target{URN: urn, Attribute: a})
		case set && a.Mutability == schema.ReadOnly:
			kept[a.Name] = value
		}
	}
	if len(kept) > 0 {
		attributes[urn] = kept
	}
	return nil
}

// addUndeclared changes an extension that nobody declared, or an attribute of
// it. Values stay as sent. Where a URN ends and the attribute begins cannot be
// told for sure: what the resource has decides, and else an object is the whole
// extension.
func (r *Request) addUndeclared(op operation, path filter.Path) error {
	if path.Filter != nil {
		return scim.BadRequest(scim.TypeInvalidPath, "path %q: the schema is not known, so its values cannot be filtered", op.path)
	}
	_, isObject := op.value.(scim.Object)
	whole := path.AttributePath.String()
	r.edits = append(r.edits, func(attributes scim.Object) error {
		names := []string{whole}
		within := (attributes[keyOf(attributes, path.URN)] != nil || !isObject) && !r.rt.Owns(path.URN)
		if path.Name != "" && attributes[keyOf(attributes, whole)] == nil && within {
			names = []string{path.URN, path.Name}
			if path.SubAttribute != "" {
				names = append(names, path.SubAttribute)
			}
		}
		err := setRaw(attributes, names, op)
		resource.Prune(attributes, keyOf(attributes, names[0]))
		return err
	})
	return nil
}

// setRaw changes a value that no schema describes, under names within each
// other.
func setRaw(object scim.Object, names []string, op operation) error {
	key := keyOf(object, names[0])
	if len(names) > 1 {
		inner, ok := object[key].(scim.Object)
		if !ok {
			if object[key] != nil {
				return scim.BadRequest(scim.TypeInvalidPath, "path %q: %s is not an object", op.path, key)
			}
			inner = scim.Object{}
			object[key] = inner
		}
		err := setRaw(inner, names[1:], op)
		resource.Prune(object, key)
		return err
	}
	if op.verb == remove || op.value == nil {
		delete(object, key)
		return nil
	}
	object[key] = merged(object[key], op.value)
	return nil
}

// keyOf is the key as it is there already, in whatever letter case.
func keyOf(object scim.Object, name string) string {
	if key, found := schema.KeyOf(object, name); found {
		return key
	}
	return name
}

// merged is the new value of a complex attribute: sub-attributes that are not
// sent stay (RFC 7644 §3.5.2.1, §3.5.2.3).
func merged(old, value any) any {
	object, ok := value.(scim.Object)
	if !ok {
		return value
	}
	result := resource.Clone(object)
	if known, ok := old.(scim.Object); ok {
		for key, kept := range known {
			if _, sent := result[key]; !sent {
				result[key] = kept
			}
		}
	}
	return result
}
