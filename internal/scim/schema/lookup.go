package schema

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
// A bare name that neither the core schema nor the common attributes have and
// that exactly one extension has is found there: Entra ID sends `manager` so.
func (rt *ResourceType) Lookup(urn, name, sub string) (Target, bool) {
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

// inExtensions finds the attribute if exactly one extension has it.
func (rt *ResourceType) inExtensions(name string) (Target, bool) {
	var target Target
	for _, extension := range rt.Extensions {
		attribute := find(extension.Schema.Attributes, name)
		if attribute == nil {
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
