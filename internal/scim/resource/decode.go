// Package resource turns what clients send into what is stored: the body of a
// POST or PUT, or a value of a PATCH, into attributes spelled and typed as the
// schema has them.
//
// Identity providers send booleans as strings, one value where a list belongs
// and a list where one value does, dotted and fully qualified names, nulls and
// empty strings for "no value", and whatever they once read, read-only
// attributes included. All of that means one thing only, so all of it is
// taken. What could mean several things is a 400 that names the attribute.
//
// Every error is a *scim.Error.
package resource

import (
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Decoded is the body of a POST or PUT.
type Decoded struct {
	// Attributes are those that have a value, without schemas, id, meta and
	// everything else that clients cannot set. `members` of a Group are a
	// []any of Objects with a `value`.
	Attributes scim.Object
	// Present has the names of all that clients can set and the body named,
	// also with null or an empty value; the URN for attributes of an extension.
	Present map[string]bool

	sent []sent // what the body says of declared extensions
}

// Decode reads the body of a POST or PUT. Attributes the schema does not have
// are left out, but for extensions nobody declared: those are kept as sent.
func Decode(rt *schema.ResourceType, body scim.Object) (*Decoded, error) {
	d, err := decode(rt, body)
	for i := 0; err == nil && i < len(d.sent); i++ {
		err = d.sent[i].err
	}
	return d, err
}

// decode is Decode but for values that do not fit the declaration of their
// attribute: see settle.
func decode(rt *schema.ResourceType, body scim.Object) (*Decoded, error) {
	d := &Decoded{Attributes: scim.Object{}, Present: map[string]bool{}}
	return d, d.decode(rt, body)
}

// decode goes through the keys in order, so that one key sent twice in
// different letter case always has the same outcome.
func (d *Decoded) decode(rt *schema.ResourceType, body scim.Object) error {
	for _, key := range slices.Sorted(maps.Keys(body)) {
		value := body[key]
		var err error
		switch {
		case strings.EqualFold(key, rt.Schema.ID):
			if object, ok := value.(scim.Object); ok {
				err = d.decode(rt, object)
			}
		case rt.Extension(key) != nil:
			err = d.extension(rt, rt.Extension(key), value)
		default:
			err = d.attribute(rt, key, value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// extension reads the attributes of an extension that has a schema.
func (d *Decoded) extension(rt *schema.ResourceType, extension *schema.Schema, value any) error {
	d.Present[extension.ID] = true
	object, err := ExtensionValue(extension.ID, value)
	if err != nil && extension.Declared {
		d.sent = append(d.sent, sent{schema.Target{URN: extension.ID}, value, err})
		return nil
	}
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		name, sub, _ := strings.Cut(key, ".")
		target, found := rt.Lookup(extension.ID, name, sub)
		if !found || target.Attribute == nil {
			continue
		}
		if err := d.set(target, object[key]); err != nil {
			return err
		}
	}
	return nil
}

// ExtensionValue is the object with the attributes of an extension; nil for null.
func ExtensionValue(urn string, value any) (scim.Object, error) {
	value, err := single(urn, value)
	if err != nil || value == nil {
		return nil, err
	}
	object, ok := value.(scim.Object)
	if !ok {
		return nil, invalid(urn, "must be an object with the attributes of the extension")
	}
	return object, nil
}

// attribute reads the value of name, name.sub, URN:name or URN:name.sub.
func (d *Decoded) attribute(rt *schema.ResourceType, key string, value any) error {
	path, err := filter.ParseAttribute(key)
	if err != nil || strings.Contains(key, "[") {
		return nil // no attribute of ours has such a name
	}
	target, found := rt.Lookup(path.URN, path.Name, path.SubAttribute)
	if !found || target.Attribute == nil {
		if path.URN != "" && value != nil && rt.Keeps(key, value) {
			d.Present[key] = true
			d.Attributes[key] = clone(value)
			Prune(d.Attributes, key)
		}
		return nil
	}
	return d.set(target, value)
}

// set reads the value of an attribute, unless clients cannot set it.
func (d *Decoded) set(target schema.Target, value any) error {
	if !Settable(target) {
		return nil
	}
	d.Present[firstName(target)] = true
	decoded, err := Value(target, value)
	if target.Attribute.Declared {
		d.sent = append(d.sent, sent{target, value, err})
		err = nil
	}
	if err != nil || decoded == nil {
		return err
	}
	d.put(target, decoded)
	return nil
}

// put adds a value; those of several sub-attributes come together in one.
func (d *Decoded) put(target schema.Target, value any) {
	attributes := d.Attributes
	if target.URN != "" {
		extension, ok := attributes[target.URN].(scim.Object)
		if !ok {
			extension = scim.Object{}
			attributes[target.URN] = extension
		}
		attributes = extension
	}
	name := target.Attribute.Name
	if target.Sub != nil {
		value = scim.Object{target.Sub.Name: value}
		if target.Attribute.MultiValued {
			list, _ := attributes[name].([]any)
			attributes[name] = append(list, value)
			return
		}
	}
	known, isKnown := attributes[name].(scim.Object)
	if object, ok := value.(scim.Object); ok && isKnown {
		maps.Copy(known, object)
		return
	}
	attributes[name] = value
}

// Settable tells whether clients can set an attribute at all. What they send
// for another one is left out (RFC 7644 §3.3, §3.5.1).
func Settable(target schema.Target) bool {
	leaf := target.Leaf()
	return !leaf.Discarded && leaf.Mutability != schema.ReadOnly && target.Attribute.Mutability != schema.ReadOnly
}

// firstName is the key of the target among the attributes of the resource.
func firstName(target schema.Target) string {
	if target.URN != "" {
		return target.URN
	}
	return target.Attribute.Name
}
