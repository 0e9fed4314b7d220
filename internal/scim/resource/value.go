package resource

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Value reads the value of an attribute, or of its sub-attribute, as the
// schema has it: []any for a multi-valued attribute, Object for a complex one.
// Null, "", [] and {} are nil, no value (RFC 7643 §2.5).
func Value(target schema.Target, value any) (any, error) {
	if target.Sub == nil && target.Attribute.MultiValued {
		list, err := Values(target, value)
		if len(list) == 0 {
			return nil, err
		}
		return list, err
	}
	return singular(target.String(), target.Leaf(), value)
}

// repeated is how many times as many values as may be stored are read, since the
// same one may come several times.
const repeated = 16

// Values reads the values of a multi-valued attribute. One value may come
// without a list. Values that are the same come once.
func Values(target schema.Target, value any) ([]any, error) {
	sent, ok := value.([]any)
	if !ok {
		if value == nil || value == "" && !isMembers(target) {
			return nil, nil
		}
		sent = []any{value}
	}
	if most := repeated * target.Attribute.MaxItems; most > 0 && len(sent) > most {
		return nil, invalid(target.String(), "has %d values; at most %d are accepted", len(sent), target.Attribute.MaxItems)
	}
	list := make([]any, 0, len(sent))
	for _, one := range sent {
		element, err := Element(target, one)
		if err != nil {
			return nil, err
		}
		if element != nil {
			list = append(list, element)
		}
	}
	return Collapse(target.Attribute, list), nil
}

// Element reads one value of a multi-valued attribute.
func Element(target schema.Target, value any) (any, error) {
	if isMembers(target) {
		return member(value)
	}
	return singular(target.String(), target.Attribute, value)
}

// singular reads one value of an attribute.
func singular(name string, a *schema.Attribute, value any) (any, error) {
	value, err := single(name, value)
	if err != nil || value == nil || value == "" {
		return nil, err
	}
	if a.Type == schema.Complex {
		return complexValue(name, a, value)
	}
	if object, ok := value.(scim.Object); ok {
		// Entra ID wraps also the values of simple attributes: [{"$ref":null,"value":"x"}].
		inner, wrapped := Field(object, "value")
		if _, again := inner.(scim.Object); again || !wrapped {
			return nil, invalid(name, "must be a %s, not an object", a.Type)
		}
		return singular(name, a, inner)
	}
	if a.Type == schema.Boolean {
		return boolean(name, value)
	}
	if a.Declared {
		return scalar(name, a, value)
	}
	return text(name, a, value)
}

// single takes the value out of a list of one.
func single(name string, value any) (any, error) {
	list, ok := value.([]any)
	if !ok {
		return value, nil
	}
	switch len(list) {
	case 0:
		return nil, nil
	case 1:
		return list[0], nil
	}
	return nil, invalid(name, "takes one value, not a list of %d", len(list))
}

// complexValue reads an object; a text stands for its `value`.
func complexValue(name string, a *schema.Attribute, value any) (any, error) {
	object, ok := value.(scim.Object)
	if !ok {
		if a.SubAttribute("value") == nil {
			return nil, invalid(name, "must be an object")
		}
		object = scim.Object{"value": value}
	}
	decoded := scim.Object{}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		sub := a.SubAttribute(key)
		if sub == nil || sub.Mutability == schema.ReadOnly {
			continue
		}
		part, err := singular(name+"."+sub.Name, sub, object[key])
		if err != nil {
			return nil, err
		}
		if part != nil {
			decoded[sub.Name] = part
		}
	}
	if !a.MultiValued && !a.Declared && decoded["value"] != nil {
		// Entra ID repeats a manager every cycle unless it reads {"value": …} alone.
		delete(decoded, "$ref")
	}
	if len(decoded) == 0 {
		return nil, nil
	}
	return decoded, nil
}

func boolean(name string, value any) (any, error) {
	switch value := value.(type) {
	case bool:
		return value, nil
	case string:
		if strings.EqualFold(value, "true") {
			return true, nil
		}
		if strings.EqualFold(value, "false") {
			return false, nil
		}
	}
	return nil, invalid(name, "must be true or false")
}

func text(name string, a *schema.Attribute, value any) (any, error) {
	switch value := value.(type) {
	case string:
		return value, nil
	case json.Number:
		return value.String(), nil
	}
	return nil, invalid(name, "must be a %s, not a %s", a.Type, kind(value))
}

// kind names the JSON type of a value that is neither text nor number nor object.
func kind(value any) string {
	switch value.(type) {
	case bool:
		return "boolean"
	case []any:
		return "list"
	}
	return fmt.Sprintf("%T", value)
}

// Field is the value of a key, ignoring letter case.
func Field(object scim.Object, name string) (value any, found bool) {
	key, found := schema.KeyOf(object, name)
	if !found {
		return nil, false
	}
	return object[key], true
}

func invalid(name, format string, args ...any) *scim.Error {
	return scim.BadRequest(scim.TypeInvalidValue, "%s: %s", name, fmt.Sprintf(format, args...))
}

func characters(s string) int { return utf8.RuneCountInString(s) }
