// Package schema describes SCIM resource types and their attributes
// (RFC 7643 §6 and §7). Every other package of the protocol works from these
// descriptions, so an attribute is declared in one place only.
package schema

// Type is the data type of an attribute (RFC 7643 §2.3).
type Type string

// The data types of RFC 7643 §2.3.
const (
	String    Type = "string"
	Boolean   Type = "boolean"
	Decimal   Type = "decimal"
	Integer   Type = "integer"
	DateTime  Type = "dateTime"
	Binary    Type = "binary"
	Reference Type = "reference"
	Complex   Type = "complex"
)

// Mutability says who may change an attribute (RFC 7643 §7).
type Mutability string

// The mutabilities of RFC 7643 §7.
const (
	ReadOnly  Mutability = "readOnly"
	ReadWrite Mutability = "readWrite"
	Immutable Mutability = "immutable"
	WriteOnly Mutability = "writeOnly"
)

// Returned says when an attribute is part of an answer (RFC 7643 §7).
type Returned string

// The values of returned in RFC 7643 §7.
const (
	Always  Returned = "always"
	Never   Returned = "never"
	Default Returned = "default"
	Request Returned = "request"
)

// Uniqueness says over what values must differ (RFC 7643 §7).
type Uniqueness string

// The values of uniqueness in RFC 7643 §7.
const (
	None   Uniqueness = "none"
	Server Uniqueness = "server"
	Global Uniqueness = "global"
)

// Attribute describes one attribute (RFC 7643 §7). The JSON form is what
// /Schemas answers.
type Attribute struct {
	Name            string       `json:"name"`
	Type            Type         `json:"type"`
	SubAttributes   []*Attribute `json:"subAttributes,omitempty"`
	MultiValued     bool         `json:"multiValued"`
	Description     string       `json:"description"`
	Required        bool         `json:"required"`
	CanonicalValues []string     `json:"canonicalValues,omitempty"`
	CaseExact       bool         `json:"caseExact"`
	Mutability      Mutability   `json:"mutability"`
	Returned        Returned     `json:"returned"`
	Uniqueness      Uniqueness   `json:"uniqueness"`
	ReferenceTypes  []string     `json:"referenceTypes,omitempty"`

	// Declared by an administrator, not by RFC 7643: values have to have the form
	// of their type. Those of the RFC's attributes may be any text, since
	// identity providers send any text in them.
	Declared bool `json:"-"`
	// Discarded values are accepted and stored nowhere.
	Discarded bool `json:"-"`
	// Derived values are made while an answer is written, so no filter sees them.
	Derived bool `json:"-"`
	// MaxLength bounds a string, in characters; 0 is no bound of its own. It
	// equals the bound in the CRD, so that a value too long is a SCIM error.
	MaxLength int `json:"-"`
	// MaxItems bounds a multi-valued attribute; 0 is no bound.
	MaxItems int `json:"-"`
}

// Schema is a named set of attributes (RFC 7643 §7).
type Schema struct {
	ID          string
	Name        string
	Description string
	Attributes  []*Attribute
	Declared    bool // by an administrator, see Extend
}

// Extension is a schema that adds attributes to a resource type (RFC 7643 §3.3).
type Extension struct {
	Schema   *Schema
	Required bool
}

// ResourceType is one kind of resource that a service provider serves
// (RFC 7643 §6).
type ResourceType struct {
	Name        string // "User"
	Endpoint    string // "/Users"
	Description string
	Schema      *Schema
	Extensions  []Extension
}

// The schema URNs of RFC 7643.
const (
	UserURN           = "urn:ietf:params:scim:schemas:core:2.0:User"
	GroupURN          = "urn:ietf:params:scim:schemas:core:2.0:Group"
	EnterpriseUserURN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
)
