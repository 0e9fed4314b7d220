package schema

import "strings"

// Target is an attribute of a resource type that a name was resolved to.
type Target struct {
	// URN is that of the extension the attribute belongs to, as its schema
	// spells it; empty for core and common attributes.
	URN string
	// Attribute is nil when the target is a whole extension.
	Attribute *Attribute
	// Sub is the sub-attribute, or nil.
	Sub *Attribute
}

// Leaf is the sub-attribute if there is one, else the attribute.
func (t Target) Leaf() *Attribute {
	if t.Sub != nil {
		return t.Sub
	}
	return t.Attribute
}

// String is the target in the notation of RFC 7644 §3.10, names as the schema
// spells them: "name.givenName", "urn:…:User:manager.value".
func (t Target) String() string {
	name := t.URN
	if t.Attribute != nil {
		if name != "" {
			name += ":"
		}
		name += t.Attribute.Name
	}
	if t.Sub != nil {
		name += "." + t.Sub.Name
	}
	return name
}

// Value is the value of the target's attribute (not of its sub-attribute)
// among the attributes of a resource; nil if it has none.
func (t Target) Value(attributes map[string]any) any {
	if t.URN != "" {
		extension := attributes[t.URN]
		if t.Attribute == nil {
			return extension
		}
		attributes, _ = extension.(map[string]any)
	}
	return attributes[t.Attribute.Name]
}

// Lookup resolves URN:name.sub, all of it ignoring letter case. The URN may be
// that of the core schema, of an extension, or empty; sub may be empty. With
// an extension's URN the name may be empty too: the target is the extension.
//
// Where the URN ends is the matter of the schemas that the type has: whoever
// split a text without them may have cut it elsewhere, so what is cut wrong is
// put together and split anew.
//
// A bare name that neither the core schema nor the common attributes have and
// that exactly one extension of the RFC has is found there: Entra ID sends
// `manager` so.
func (rt *ResourceType) Lookup(urn, name, sub string) (Target, bool) {
	if urn != "" && !rt.Knows(urn) {
		urn, name, sub = rt.split(urn, name, sub)
	}
	return rt.lookup(urn, name, sub)
}

// Knows tells whether a URN is that of the core schema or of an extension.
func (rt *ResourceType) Knows(urn string) bool {
	return equalName(urn, rt.Schema.ID) || rt.Extension(urn) != nil
}

// Owns tells whether a URN or what is within it belongs to a schema of the
// type, so that an attribute that is not found there does not exist.
func (rt *ResourceType) Owns(urn string) bool {
	owner, _, _ := rt.split(urn, "", "")
	return rt.Knows(owner)
}

// Keeps tells whether a value under a URN, or URN:name, that is no attribute of
// the type is kept as it comes: it belongs to no schema here. An object may be
// an extension whose URN only begins with that of one that is declared.
func (rt *ResourceType) Keeps(urn string, value any) bool {
	owner, _, _ := rt.split(urn, "", "")
	_, isObject := value.(map[string]any)
	extension := rt.Extension(owner)
	return !rt.Knows(owner) || isObject && extension != nil && extension.Declared
}

// split splits URN:name.sub at the end of the URN of a schema, if there is one
// that it begins with. No such URN begins with another one, see Extend.
func (rt *ResourceType) split(urn, name, sub string) (string, string, string) {
	text := urn
	if name != "" {
		text += ":" + name
	}
	if sub != "" {
		text += "." + sub
	}
	for i := -1; i < len(rt.Extensions); i++ {
		id := rt.Schema.ID
		if i >= 0 {
			id = rt.Extensions[i].Schema.ID
		}
		switch {
		case equalName(text, id):
			return id, "", ""
		case within(text, id):
			name, sub, _ = strings.Cut(text[len(id)+1:], ".")
			return id, name, sub
		}
	}
	return urn, name, sub
}

func (rt *ResourceType) lookup(urn, name, sub string) (Target, bool) {
	target, found := rt.attribute(urn, name)
	if !found || sub == "" {
		return target, found
	}
	if target.Attribute == nil {
		return Target{}, false
	}
	target.Sub = target.Attribute.SubAttribute(sub)
	if target.Sub == nil {
		return Target{}, false
	}
	return target, true
}

func (rt *ResourceType) attribute(urn, name string) (Target, bool) {
	if urn == "" || equalName(urn, rt.Schema.ID) {
		if attribute := find(rt.Schema.Attributes, name); attribute != nil {
			return Target{Attribute: attribute}, true
		}
		if attribute := find(common, name); attribute != nil {
			return Target{Attribute: attribute}, true
		}
		if urn == "" {
			return rt.inExtensions(name)
		}
		return Target{}, false
	}
	extension := rt.Extension(urn)
	if extension == nil {
		return Target{}, false
	}
	target := Target{URN: extension.ID}
	if name == "" {
		return target, true
	}
	target.Attribute = find(extension.Attributes, name)
	return target, target.Attribute != nil
}

// inExtensions finds the attribute if exactly one extension of the RFC has it.
// What an administrator declares changes the meaning of no bare name.
func (rt *ResourceType) inExtensions(name string) (Target, bool) {
	var target Target
	for _, extension := range rt.Extensions {
		attribute := find(extension.Schema.Attributes, name)
		if attribute == nil || extension.Schema.Declared {
			continue
		}
		if target.Attribute != nil {
			return Target{}, false
		}
		target = Target{URN: extension.Schema.ID, Attribute: attribute}
	}
	return target, target.Attribute != nil
}

// Extension is the extension schema with the URN, ignoring letter case, or nil.
func (rt *ResourceType) Extension(urn string) *Schema {
	for _, extension := range rt.Extensions {
		if equalName(extension.Schema.ID, urn) {
			return extension.Schema
		}
	}
	return nil
}

// Attribute is the attribute with the name, ignoring letter case, or nil.
func (s *Schema) Attribute(name string) *Attribute { return find(s.Attributes, name) }

// SubAttribute is the sub-attribute with the name, ignoring letter case, or nil.
func (a *Attribute) SubAttribute(name string) *Attribute { return find(a.SubAttributes, name) }

func find(attributes []*Attribute, name string) *Attribute {
	for _, attribute := range attributes {
		if equalName(attribute.Name, name) {
			return attribute
		}
	}
	return nil
}

// IsURN tells whether a key among the attributes of a resource, or in what a
// client sends, is or begins with the URN of a schema.
func IsURN(key string) bool { return len(key) > len("urn:") && equalName(key[:len("urn:")], "urn:") }
