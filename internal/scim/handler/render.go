package handler

import (
	"maps"
	"net/url"
	"slices"
	"strconv"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

const listURN = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

// view writes resources of one type as one request wants them.
type view struct {
	*resourceType
	sel  selection
	base string // the URL of the SCIM base
	text string // the same, as it is in a JSON string
	at   int    // where the last resource has it in what was written
}

func newView(t *resourceType, sel selection, base string) *view {
	v := &view{resourceType: t, sel: sel, base: base, text: base}
	if needsEscape(base) {
		v.text = string(appendEscaped(nil, base))
	}
	return v
}

func (v *view) location(id string) string {
	return v.base + v.Endpoint + "/" + url.PathEscape(id)
}

// appendListHead begins a ListResponse (RFC 7644 §3.4.2); startIndex 0 is none.
func appendListHead(b []byte, total, startIndex, items int) []byte {
	b = append(b, `{"schemas":["`+listURN+`"],"totalResults":`...)
	b = strconv.AppendInt(b, int64(total), 10)
	if startIndex > 0 {
		b = append(b, `,"startIndex":`...)
		b = strconv.AppendInt(b, int64(startIndex), 10)
	}
	b = append(b, `,"itemsPerPage":`...)
	b = strconv.AppendInt(b, int64(items), 10)
	return append(b, `,"Resources":[`...)
}

// appendResource writes a resource (RFC 7643 §3): attributes in the order of
// their schemas, so that the same resource always has the same bytes.
func (v *view) appendResource(b []byte, r *scim.Resource) []byte {
	if e := r.Encoded; e != nil {
		b = append(b, e.Head...)
		b = append(b, v.text...)
		return append(b, e.Tail...)
	}
	others := v.undeclared(r.Attributes)
	b = append(b, '{')
	b = append(b, v.schemas...)
	for i := range v.extensions {
		if isShown(r.Attributes[v.extensions[i].urn]) {
			b = append(b, ',')
			b = appendString(b, v.extensions[i].urn)
		}
	}
	for _, urn := range others {
		b = append(b, ',')
		b = appendString(b, urn)
	}
	b = append(b, `],"id":`...)
	b = appendString(b, r.ID)
	b = v.appendField(b, &v.externalID, "", r.Attributes)
	for i := range v.core {
		b = v.appendField(b, &v.core[i], v.foldedURN, r.Attributes)
	}
	for i := range v.extensions {
		b = v.appendExtension(b, &v.extensions[i], r.Attributes)
	}
	for _, urn := range others {
		b = v.appendUndeclared(b, urn, r.Attributes[urn])
	}
	b = v.appendMeta(b, r)
	return append(b, '}')
}

// undeclared are the URNs of extensions that no schema declares, sorted.
func (v *view) undeclared(attributes scim.Object) []string {
	var urns []string
	for key := range attributes {
		if !v.declared[key] {
			urns = append(urns, key)
		}
	}
	slices.Sort(urns)
	return urns
}

// appendField writes one attribute with a comma before it, if it has a value
// and is selected.
func (v *view) appendField(b []byte, f *field, urn string, attributes scim.Object) []byte {
	value, ok := attributes[f.Name]
	if !ok {
		return b
	}
	visible := v.sel.attribute(urn, f.Attribute)
	if visible == hidden {
		return b
	}
	before := len(b)
	b = append(b, ',')
	b = append(b, f.key...)
	empty := len(b)
	if b = v.appendFieldValue(b, f, visible, value); len(b) == empty {
		return b[:before]
	}
	return b
}

// appendFieldValue writes nothing where nothing of the value is selected: an
// empty object or list would be no value anyway (RFC 7643 §2.5).
func (v *view) appendFieldValue(b []byte, f *field, visible visibility, value any) []byte {
	switch value := value.(type) {
	case []any:
		return appendList(b, len(value), func(b []byte, i int) []byte {
			return v.appendFieldValue(b, f, visible, value[i])
		})
	case []scim.Member:
		return appendList(b, len(value), func(b []byte, i int) []byte {
			return v.appendMember(b, f, visible, &value[i])
		})
	case scim.Object:
		if len(f.sub) > 0 {
			return v.appendComplex(b, f, visible, value)
		}
	}
	return appendValue(b, value)
}

// appendList writes the values of a list that item writes something of.
func appendList(b []byte, items int, item func(b []byte, i int) []byte) []byte {
	open := len(b)
	for i := range items {
		before := len(b)
		b = append(b, ',')
		if b = item(b, i); len(b) == before+1 {
			b = b[:before]
		}
	}
	if len(b) == open {
		return b
	}
	b[open] = '[' // in the place of the first value's comma
	return append(b, ']')
}

// appendComplex writes a complex value. `$ref` is added where it follows from
// the value; it is relative, so that it is right under every URL.
func (v *view) appendComplex(b []byte, f *field, visible visibility, value scim.Object) []byte {
	b = append(b, '{')
	empty := len(b)
	for i := range f.sub {
		sub := &f.sub[i]
		if !v.sel.subAttribute(visible, sub.Attribute) {
			continue
		}
		item, ok := value[sub.Name]
		if !ok && sub.Name == "$ref" && f.reference != nil {
			id, _ := value["value"].(string)
			kind, _ := value["type"].(string)
			item = f.reference(id, kind)
			ok = item != ""
		}
		if ok {
			b = separate(b, empty)
			b = append(b, sub.key...)
			b = appendValue(b, item)
		}
	}
	if f.Declared && visible == shown {
		comma := len(b)
		b = appendOthers(b, f.sub, value, func(string) bool { return true })
		if comma == empty && len(b) > comma {
			b = slices.Delete(b, comma, comma+1)
		}
	}
	return closed(b, empty)
}

// appendMember writes what appendComplex does, without an Object for each of
// many members.
func (v *view) appendMember(b []byte, f *field, visible visibility, m *scim.Member) []byte {
	b = append(b, '{')
	empty := len(b)
	for i := range f.sub {
		sub := &f.sub[i]
		if !v.sel.subAttribute(visible, sub.Attribute) {
			continue
		}
		var item string
		switch sub.Name {
		case "value":
			item = m.Value
		case "type":
			item = m.Type
		case "display":
			item = m.Display
		case "$ref":
			item = f.reference(m.Value, m.Type)
		}
		if item != "" {
			b = separate(b, empty)
			b = append(b, sub.key...)
			b = appendString(b, item)
		}
	}
	return closed(b, empty)
}

func (v *view) appendExtension(b []byte, e *extensionFields, attributes scim.Object) []byte {
	values, ok := attributes[e.urn].(scim.Object)
	if !isShown(attributes[e.urn]) {
		return b
	}
	if !ok {
		return v.appendUndeclared(b, e.urn, attributes[e.urn])
	}
	before := len(b)
	b = append(b, ',')
	b = append(b, e.key...)
	open := len(b)
	for i := range e.fields {
		b = v.appendField(b, &e.fields[i], e.foldedURN, values)
	}
	if e.declared {
		b = v.appendLeftovers(b, e, values)
	}
	if len(b) == open {
		return b[:before] // nothing of it is selected
	}
	b[open] = '{' // in the place of the first attribute's comma
	return append(b, '}')
}

// appendUndeclared writes an extension that no schema declares, as it was sent.
func (v *view) appendUndeclared(b []byte, urn string, value any) []byte {
	before := len(b)
	b = append(b, ',')
	b = appendString(b, urn)
	b = append(b, ':')
	values, ok := value.(scim.Object)
	if !ok {
		if !v.sel.extension(urn, "") {
			return b[:before]
		}
		return appendValue(b, value)
	}
	b = append(b, '{')
	empty := len(b)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if v.sel.extension(urn, name) {
			b = separate(b, empty)
			b = appendString(b, name)
			b = append(b, ':')
			b = appendValue(b, values[name])
		}
	}
	if len(b) == empty {
		return b[:before]
	}
	return append(b, '}')
}

func (v *view) appendMeta(b []byte, r *scim.Resource) []byte {
	visible := v.sel.attribute("", v.meta.Attribute)
	if visible == hidden {
		return b
	}
	before := len(b)
	b = append(b, ',')
	b = append(b, v.meta.key...)
	b = append(b, '{')
	empty := len(b)
	for i := range v.meta.sub {
		sub := &v.meta.sub[i]
		if !v.sel.subAttribute(visible, sub.Attribute) {
			continue
		}
		b = separate(b, empty)
		b = append(b, sub.key...)
		switch sub.Name {
		case "resourceType":
			b = appendString(b, r.Meta.ResourceType)
		case "created":
			b = appendTime(b, r.Meta.Created)
		case "lastModified":
			b = appendTime(b, r.Meta.LastModified)
		case "location":
			v.at = len(b) + 1
			b = appendString(b, v.location(r.ID))
		case "version":
			b = appendString(b, r.Meta.Version)
		}
	}
	if len(b) == empty {
		return b[:before]
	}
	return append(b, '}')
}

// separate puts a comma before all members of an object but the first; empty
// is the length of b when the object had none.
func separate(b []byte, empty int) []byte {
	if len(b) == empty {
		return b
	}
	return append(b, ',')
}

// closed ends an object whose brace was the last before empty, or takes the
// brace back if the object has no members.
func closed(b []byte, empty int) []byte {
	if len(b) == empty {
		return b[:empty-1]
	}
	return append(b, '}')
}
