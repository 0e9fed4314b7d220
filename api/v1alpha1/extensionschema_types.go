package v1alpha1

// ExtensionSchema declares attributes that an identity provider sends under a
// URN of its own (RFC 7643 §3.3).
type ExtensionSchema struct {
	// urn of the schema, such as
	// urn:ietf:params:scim:schemas:extension:example:2.0:User.
	// +kubebuilder:validation:MinLength=5
	// +kubebuilder:validation:MaxLength=256
	// +required
	URN string `json:"urn"`

	// resource that the schema extends: User or Group.
	// +kubebuilder:validation:Enum=User;Group
	// +required
	Resource string `json:"resource"`

	// name of the schema as shown to people.
	// +kubebuilder:validation:MaxLength=256
	// +optional
	Name string `json:"name,omitempty"`

	// description of the schema.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Description string `json:"description,omitempty"`

	// required means that every resource must have the extension.
	// +optional
	Required bool `json:"required,omitempty"`

	// attributes of the schema.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +listType=map
	// +listMapKey=name
	// +required
	Attributes []ExtensionAttribute `json:"attributes"`
}

// ExtensionAttribute declares one attribute (RFC 7643 §7).
type ExtensionAttribute struct {
	ExtensionSubAttribute `json:",inline"`

	// subAttributes of an attribute of type complex.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=name
	// +optional
	SubAttributes []ExtensionSubAttribute `json:"subAttributes,omitempty"`
}

// ExtensionSubAttribute holds the characteristics of an attribute or
// sub-attribute (RFC 7643 §7).
type ExtensionSubAttribute struct {
	// name of the attribute, ignoring case (RFC 7643 §2.1).
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Za-z$][A-Za-z0-9$_-]*$`
	// +required
	Name string `json:"name"`

	// type of the values (RFC 7643 §2.3).
	// +kubebuilder:validation:Enum=string;boolean;decimal;integer;dateTime;binary;reference;complex
	// +kubebuilder:default=string
	// +optional
	Type string `json:"type,omitempty"`

	// description of the attribute.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Description string `json:"description,omitempty"`

	// multiValued means that the attribute has a list of values.
	// +optional
	MultiValued bool `json:"multiValued,omitempty"`

	// required means that the attribute must have a value.
	// +optional
	Required bool `json:"required,omitempty"`

	// caseExact means that letter case matters when values are compared.
	// +optional
	CaseExact bool `json:"caseExact,omitempty"`

	// canonicalValues are suggestions; other values are taken as well.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	CanonicalValues []string `json:"canonicalValues,omitempty"`

	// mutability says who may change the attribute.
	// +kubebuilder:validation:Enum=readOnly;readWrite;immutable;writeOnly
	// +kubebuilder:default=readWrite
	// +optional
	Mutability string `json:"mutability,omitempty"`

	// returned says when the attribute is part of an answer.
	// +kubebuilder:validation:Enum=always;never;default;request
	// +kubebuilder:default=default
	// +optional
	Returned string `json:"returned,omitempty"`

	// uniqueness says over what values must differ.
	// +kubebuilder:validation:Enum=none;server;global
	// +kubebuilder:default=none
	// +optional
	Uniqueness string `json:"uniqueness,omitempty"`

	// referenceTypes are what an attribute of type reference may refer to.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	ReferenceTypes []string `json:"referenceTypes,omitempty"`
}
