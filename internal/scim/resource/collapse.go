package resource

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Collapse leaves one of the elements that are the same value of a
// multi-valued attribute (see Identity), with the sub-attributes of all; where
// they differ, the last counts.
func Collapse(a *schema.Attribute, list []any) []any {
	place := make(map[string]int, len(list))
	kept := list[:0:0]
	for _, element := range list {
		identity := Identity(a, element)
		at, seen := place[identity]
		if !seen {
			place[identity] = len(kept)
			kept = append(kept, element)
			continue
		}
		object, ok := element.(scim.Object)
		if known, isKnown := kept[at].(scim.Object); ok && isKnown {
			merged := maps.Clone(known)
			maps.Copy(merged, object)
			kept[at] = merged
		}
	}
	return kept
}

// Identity is equal for elements of a multi-valued attribute that are the same
// value: those with the same `value` and `type`, and of those without a
// `value` the ones that are equal in all (RFC 7643 §2.4). Texts compare as
// caseExact says.
func Identity(a *schema.Attribute, element any) string {
	if object, ok := element.(scim.Object); ok {
		function, _ := Form(a.SubAttribute("type"), object["type"]).(string)
		switch value := Form(a.SubAttribute("value"), object["value"]).(type) {
		case string:
			return fmt.Sprintf("%q %q", value, function)
		case json.Number:
			return fmt.Sprintf("%s %q", value, function)
		}
		object = maps.Clone(object)
		for name, value := range object {
			object[name] = Form(a.SubAttribute(name), value)
		}
		element = object
	} else {
		element = Form(a, element)
	}
	// What was decoded from JSON can be encoded; map keys come out in order.
	encoded, _ := json.Marshal(element)
	return string(encoded)
}

// Form is equal for simple values of an attribute that are the same. What is not
// simple, or of an attribute that is not declared any more, is as it is.
func Form(a *schema.Attribute, value any) any {
	if text, ok := value.(string); ok && a != nil && !a.CaseExact {
		return schema.Fold(text)
	}
	return value
}

// Prune drops an attribute that is an object or a list without anything in it,
// which is no value (RFC 7643 §2.5).
func Prune(attributes scim.Object, name string) {
	switch value := attributes[name].(type) {
	case scim.Object:
		if len(value) == 0 {
			delete(attributes, name)
		}
	case []any:
		if len(value) == 0 {
			delete(attributes, name)
		}
	}
}

// Clone is a copy of the attributes that shares nothing with them.
func Clone(attributes scim.Object) scim.Object {
	copied := make(scim.Object, len(attributes))
	for key, value := range attributes {
		copied[key] = clone(value)
	}
	return copied
}

func clone(value any) any {
	switch value := value.(type) {
	case scim.Object:
		return Clone(value)
	case []any:
		copied := make([]any, len(value))
		for i, one := range value {
			copied[i] = clone(one)
		}
		return copied
	}
	return value
}
