package resource

import (
	"encoding/json"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Bounds of extensions, but for the enterprise extension, whose attributes have
// their own. They equal those of the custom resources.
const (
	MaxExtensions      = 16    // per resource
	MaxExtensionLength = 16384 // characters of JSON each
	maxURN             = 256   // characters
)

// Validate tells whether attributes may be stored: required ones are there,
// types, lengths and numbers of values fit, and no attribute has two primary
// values. Texts may have any form, but in declared extensions. `members` are
// bounded one by one only.
func Validate(rt *schema.ResourceType, attributes scim.Object) error {
	return validate(rt, nil, attributes)
}

// validate leaves alone, in declared extensions, what is the same in before.
func validate(rt *schema.ResourceType, before, attributes scim.Object) error {
	for _, a := range rt.Schema.Attributes {
		if err := validateAttribute(a.Name, a, attributes[a.Name]); err != nil {
			return err
		}
	}
	for _, a := range schema.Common() {
		if a.Mutability == schema.ReadOnly {
			continue // the service provider gives those
		}
		if err := validateAttribute(a.Name, a, attributes[a.Name]); err != nil {
			return err
		}
	}
	for _, extension := range rt.Extensions {
		if err := validateExtension(extension, before, attributes); err != nil {
			return err
		}
	}
	return validateSizes(attributes)
}

func validateExtension(extension schema.Extension, before, attributes scim.Object) error {
	urn := extension.Schema.ID
	value := attributes[urn]
	if extension.Schema.Declared && before != nil {
		if extension.Required && value == nil && before[urn] != nil {
			return invalid(urn, "is required")
		}
		return validateExtensionChange(extension.Schema, before[urn], value)
	}
	if value == nil && !extension.Schema.Declared {
		return nil
	}
	if value == nil && extension.Required {
		return invalid(urn, "is required")
	}
	object, ok := value.(scim.Object)
	if !ok && value != nil {
		return invalid(urn, "must be an object")
	}
	for _, a := range extension.Schema.Attributes {
		if err := validateAttribute(urn+":"+a.Name, a, object[a.Name]); err != nil {
			return err
		}
	}
	return nil
}

// validateSizes bounds the extensions that are stored as they are.
func validateSizes(attributes scim.Object) error {
	n := 0
	for key, value := range attributes {
		if !schema.IsURN(key) || key == schema.EnterpriseUserURN {
			continue
		}
		if n++; n > MaxExtensions {
			return scim.BadRequest(scim.TypeInvalidValue, "more than %d extensions", MaxExtensions)
		}
		if err := validateSize(key, value); err != nil {
			return err
		}
	}
	return nil
}

func validateSize(urn string, value any) error {
	if characters(urn) > maxURN {
		return scim.BadRequest(scim.TypeInvalidValue, "the URN of an extension has %d characters; at most %d are accepted", characters(urn), maxURN)
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return invalid(urn, "is no JSON: %v", err)
	}
	if n := characters(string(encoded)); n > MaxExtensionLength {
		return invalid(urn, "has %d characters of JSON; at most %d are accepted", n, MaxExtensionLength)
	}
	return nil
}

func validateAttribute(name string, a *schema.Attribute, value any) error {
	if a.Required && blank(value) {
		return invalid(name, "is required")
	}
	if value == nil {
		return nil
	}
	if !a.MultiValued {
		return validateSingular(name, a, value)
	}
	list, ok := value.([]any)
	if !ok {
		return invalid(name, "must be a list")
	}
	return validateList(name, a, list, nil)
}

// validateList leaves alone those elements that are known already.
func validateList(name string, a *schema.Attribute, list, known []any) error {
	if a.MaxItems > 0 && len(list) > a.MaxItems {
		return invalid(name, "has %d values; at most %d are accepted", len(list), a.MaxItems)
	}
	primaries := 0
	for _, element := range list {
		if !has(known, element) {
			if err := validateSingular(name, a, element); err != nil {
				return err
			}
		}
		if object, ok := element.(scim.Object); ok && object["primary"] == true {
			primaries++
		}
	}
	if primaries > 1 {
		return invalid(name, "%d values are primary; at most one may be (RFC 7643 §2.4)", primaries)
	}
	return nil
}

func validateSingular(name string, a *schema.Attribute, value any) error {
	switch a.Type {
	case schema.Complex:
		object, ok := value.(scim.Object)
		if !ok {
			return invalid(name, "must be an object")
		}
		for _, sub := range a.SubAttributes {
			if err := validateAttribute(name+"."+sub.Name, sub, object[sub.Name]); err != nil {
				return err
			}
		}
		return nil
	case schema.Boolean:
		if _, ok := value.(bool); !ok {
			return invalid(name, "must be true or false")
		}
		return nil
	}
	if a.Declared {
		fit, err := scalar(name, a, value)
		if err == nil && fit != value {
			err = invalid(name, "must be a %s", a.Type)
		}
		return err
	}
	text, ok := value.(string)
	if !ok {
		return invalid(name, "must be a %s", a.Type)
	}
	if n := characters(text); a.MaxLength > 0 && n > a.MaxLength {
		return invalid(name, "has %d characters; at most %d are accepted", n, a.MaxLength)
	}
	return nil
}

func blank(value any) bool {
	text, ok := value.(string)
	list, isList := value.([]any)
	return value == nil || ok && strings.TrimSpace(text) == "" || isList && len(list) == 0
}
