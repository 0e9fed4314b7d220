package schema

import (
	"fmt"
	"strings"
)

// Extend is a resource type with further extensions, which an administrator
// declared. Their attributes are marked Declared and get what the RFC says of
// all attributes of a type; the extensions belong to the result from then on.
//
// An extension that cannot be told from what is there already, or that
// contradicts RFC 7643, is left out with an error in its place: errs has one
// entry for each extension. The base is not changed.
func Extend(base *ResourceType, extensions ...Extension) (extended *ResourceType, errs []error) {
	rt := *base
	rt.Extensions = append([]Extension(nil), base.Extensions...)
	errs = make([]error, len(extensions))
	for i, extension := range extensions {
		if errs[i] = rt.admits(extension.Schema); errs[i] != nil {
			continue
		}
		declare(extension.Schema.Attributes)
		extension.Schema.Declared = true
		rt.Extensions = append(rt.Extensions, extension)
	}
	return &rt, errs
}

// declare marks attributes and adds what follows from their types.
func declare(attributes []*Attribute) {
	for _, a := range attributes {
		a.Declared = true
		if a.Type == Reference || a.Type == Binary { // RFC 7643 §2.3.6, §2.3.7
			a.CaseExact = true
		}
		if a.MultiValued {
			a.MaxItems = maxDeclaredValues
		}
		if a.Type == Reference && len(a.ReferenceTypes) == 0 {
			a.ReferenceTypes = []string{"uri"}
		}
		declare(a.SubAttributes)
		if a.Mutability == ReadOnly {
			readOnly(a)
		}
	}
}

// admits tells why a schema cannot extend the type; nil if it can.
func (rt *ResourceType) admits(s *Schema) error {
	if !IsURN(s.ID) {
		return fmt.Errorf("%q is no URN, which would begin with urn:…", s.ID)
	}
	known := []string{UserURN, GroupURN, EnterpriseUserURN}
	for _, extension := range rt.Extensions {
		known = append(known, extension.Schema.ID)
	}
	for _, urn := range known {
		switch {
		case equalName(urn, s.ID):
			return fmt.Errorf("the schema %s exists already: choose another URN", urn)
		case within(s.ID, urn):
			return fmt.Errorf("its URN begins with that of the schema %s, so that attributes of the two cannot be told apart: choose another URN", urn)
		case within(urn, s.ID):
			return fmt.Errorf("the URN of the schema %s begins with it, so that attributes of the two cannot be told apart: choose another URN", urn)
		}
	}
	if len(s.Attributes) == 0 {
		return fmt.Errorf("it has no attributes: declare at least one")
	}
	return checkAttributes("attribute", s.Attributes)
}

func checkAttributes(what string, attributes []*Attribute) error {
	names := map[string]bool{}
	for _, a := range attributes {
		folded := Fold(a.Name)
		if names[folded] {
			return fmt.Errorf("%s %s is declared twice: names have to differ in more than letter case (RFC 7643 §2.1)", what, a.Name)
		}
		names[folded] = true
		if err := checkAttribute(a); err != nil {
			return fmt.Errorf("%s %s: %w", what, a.Name, err)
		}
		if err := checkAttributes(what+" "+a.Name+": sub-attribute", a.SubAttributes); err != nil {
			return err
		}
		for _, sub := range a.SubAttributes {
			if sub.Type == Complex || sub.MultiValued || sub.Uniqueness != None {
				return fmt.Errorf("%s %s: sub-attribute %s has to have one simple value, with no uniqueness", what, a.Name, sub.Name)
			}
		}
	}
	return nil
}

func checkAttribute(a *Attribute) error {
	if !isName(a.Name) {
		return fmt.Errorf("a name begins with a letter, followed by letters, digits, _ and - (RFC 7643 §2.1)")
	}
	switch a.Type {
	case String, Boolean, Decimal, Integer, DateTime, Binary, Reference, Complex:
	default:
		return fmt.Errorf("there is no type %q", a.Type)
	}
	switch {
	case a.Type == Complex && len(a.SubAttributes) == 0:
		return fmt.Errorf("type complex needs subAttributes")
	case a.Type != Complex && len(a.SubAttributes) > 0:
		return fmt.Errorf("type %s has no subAttributes; only complex does", a.Type)
	case a.Type != Reference && len(a.ReferenceTypes) > 0:
		return fmt.Errorf("type %s has no referenceTypes; only reference does", a.Type)
	case a.Mutability == WriteOnly && a.Returned != Never:
		return fmt.Errorf("mutability writeOnly goes with returned never (RFC 7643 §7)")
	case a.Mutability == ReadOnly && a.Required:
		return fmt.Errorf("nobody can send a readOnly attribute, so it cannot be required")
	}
	if a.Uniqueness == None {
		return nil
	}
	if a.MultiValued {
		return fmt.Errorf("a multi-valued attribute cannot be unique")
	}
	switch a.Type {
	case String, Integer, Reference:
		return nil
	}
	return fmt.Errorf("type %s cannot be unique; string, integer and reference can", a.Type)
}

// isName follows RFC 7643 §2.1, but for $ref without the $, which the grammar
// of filters (RFC 7644 §3.4.2.2) does not have.
func isName(name string) bool {
	if name == "$ref" {
		return true
	}
	for i := 0; i < len(name); i++ {
		c := lower(name[i])
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '_') {
			return false
		}
	}
	return name != ""
}

// within tells whether a text goes on after a URN as an attribute's name does.
func within(text, urn string) bool {
	return len(text) > len(urn) && text[len(urn)] == ':' && strings.EqualFold(text[:len(urn)], urn)
}

// Unique are the declared attributes whose values must differ among all
// resources of the type.
func (rt *ResourceType) Unique() []Target {
	var unique []Target
	for _, extension := range rt.Extensions {
		if !extension.Schema.Declared {
			continue
		}
		for _, a := range extension.Schema.Attributes {
			if a.Uniqueness == Server || a.Uniqueness == Global {
				unique = append(unique, Target{URN: extension.Schema.ID, Attribute: a})
			}
		}
	}
	return unique
}

// Declares tells whether an administrator declared an extension of the type.
func (rt *ResourceType) Declares() bool {
	for _, extension := range rt.Extensions {
		if extension.Schema.Declared {
			return true
		}
	}
	return false
}
