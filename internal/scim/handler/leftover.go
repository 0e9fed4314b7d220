package handler

import (
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// The declaration of an extension may have changed since values were stored.
// What it does not describe any more is shown as it is stored, like an
// extension that nobody declares.

// isShown tells whether a resource has values of an extension.
func isShown(value any) bool {
	object, ok := value.(scim.Object)
	return value != nil && (!ok || len(object) > 0)
}

// appendLeftovers writes the attributes of an extension that its schema does
// not have, each with a comma before it.
func (v *view) appendLeftovers(b []byte, e *extensionFields, values scim.Object) []byte {
	return appendOthers(b, e.fields, values, func(name string) bool { return v.sel.extension(e.urn, name) })
}

// appendOthers writes the members of an object that are none of the fields,
// each with a comma before it.
func appendOthers(b []byte, fields []field, values scim.Object, selected func(name string) bool) []byte {
	known := 0
	for i := range fields {
		if _, ok := values[fields[i].Name]; ok {
			known++
		}
	}
	if known == len(values) {
		return b
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		is := func(f field) bool { return f.Name == name }
		if slices.ContainsFunc(fields, is) || !selected(name) {
			continue
		}
		b = append(b, ',')
		b = appendString(b, name)
		b = append(b, ':')
		b = appendValue(b, values[name])
	}
	return b
}
