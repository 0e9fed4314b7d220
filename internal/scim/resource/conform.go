package resource

import (
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Conform gives attributes that were stored, maybe before an extension was
// declared, the names that the declaration has: URNs, attributes and
// sub-attributes in its letter case, and what was stored under its whole name
// within its extension. Values stay as they are. It changes the attributes in
// place.
func Conform(rt *schema.ResourceType, attributes scim.Object) {
	if !rt.Declares() {
		return
	}
	members := map[string]schema.Target{}
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		if !schema.IsURN(key) {
			continue
		}
		target, found := rt.Lookup(key, "", "")
		if !found || target.URN == "" || !rt.Extension(target.URN).Declared {
			continue
		}
		switch _, taken := attributes[target.URN]; {
		case target.Attribute != nil:
			members[key] = target
		case key != target.URN && !taken:
			attributes[target.URN] = attributes[key]
			delete(attributes, key)
		}
	}
	conformSpelling(rt, attributes)
	for _, key := range slices.Sorted(maps.Keys(members)) {
		conformMember(attributes, key, members[key])
	}
	if len(members) > 0 {
		conformSpelling(rt, attributes)
	}
}

// conformSpelling spells what is in declared extensions as they do.
func conformSpelling(rt *schema.ResourceType, attributes scim.Object) {
	for _, extension := range rt.Extensions {
		object, ok := attributes[extension.Schema.ID].(scim.Object)
		if !ok || !extension.Schema.Declared {
			continue
		}
		respell(object, extension.Schema.Attributes)
		for _, a := range extension.Schema.Attributes {
			for _, value := range elements(object[a.Name]) {
				if one, ok := value.(scim.Object); ok {
					respell(one, a.SubAttributes)
				}
			}
		}
	}
}

// conformMember moves what is stored as URN:name, or URN:name.sub, into the
// extension, unless something else is in its place.
func conformMember(attributes scim.Object, key string, target schema.Target) {
	extension, ok := child(attributes, target.URN)
	holder, name := extension, target.Attribute.Name
	if ok && target.Sub != nil {
		holder, ok = child(extension, name)
		name = target.Sub.Name
	}
	if !ok || holder[name] != nil {
		return
	}
	holder[name] = attributes[key]
	delete(attributes, key)
	if target.Sub != nil {
		extension[target.Attribute.Name] = holder
	}
	attributes[target.URN] = extension
}

// child is the object under a name, or a new one where there is nothing.
func child(object scim.Object, name string) (scim.Object, bool) {
	if object[name] == nil {
		return scim.Object{}, true
	}
	found, ok := object[name].(scim.Object)
	return found, ok
}

// respell gives the keys of an object the letter case of the schema, where that
// is free.
func respell(object scim.Object, attributes []*schema.Attribute) {
	for _, a := range attributes {
		if _, exact := object[a.Name]; exact {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(object)) {
			if strings.EqualFold(key, a.Name) {
				object[a.Name] = object[key]
				delete(object, key)
				break
			}
		}
	}
}
