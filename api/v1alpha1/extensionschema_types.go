package v1alpha1

// ExtensionSchema declares attributes that an identity provider sends under a
// URN of its own (RFC 7643 §3.3). One that cannot be served is treated as if
// nobody had declared it, and the condition Ready says why.
type ExtensionSchema struct {
	// urn of the schema, such as
	// urn:ietf:params:scim:schemas:extension:example:2.0:User. Those that RFC
	// 7643 defines cannot be declared anew.
	// +kubebuilder:validation:MinLength=7
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^urn(:[A-Za-z0-9._-]+){2,}$`
	// +kubebuilder:validation:XValidation:rule="!self.lowerAscii().startsWith('urn:ietf:params:scim:schemas:core:') && !self.lowerAscii().startsWith('urn:ietf:params:scim:api:') && !self.lowerAscii().startsWith('urn:ietf:params:scim:schemas:extension:enterprise:2.0:user')",message="the core schemas, the enterprise extension and SCIM's messages have their attributes from the RFCs; declare a URN of your own"
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

	// required means that a new resource must have the extension.
	// +optional
	Required bool `json:"required,omitempty"`

	// attributes of the schema. Their names differ in more than letter case.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(a, self.exists_one(b, b.name.lowerAscii() == a.name.lowerAscii()))",message="names of attributes differ in more than letter case"
	// +listType=map
	// +listMapKey=name
	// +required
	Attributes []ExtensionAttribute `json:"attributes"`
}

// ExtensionAttribute declares one attribute (RFC 7643 §7).
//
// +kubebuilder:validation:XValidation:rule="self.type == 'complex' ? has(self.subAttributes) && size(self.subAttributes) > 0 : !has(self.subAttributes)",message="subAttributes go with type: complex, and only with it"
// +kubebuilder:validation:XValidation:rule="self.uniqueness == 'none' || (self.type in ['string', 'integer', 'reference'] && !(has(self.multiValued) && self.multiValued))",message="only one string, integer or reference can be unique, not several values and no other type"
// +kubebuilder:validation:XValidation:rule="!has(self.referenceTypes) || self.type == 'reference'",message="referenceTypes go with type: reference"
type ExtensionAttribute struct {
	ExtensionCharacteristics `json:",inline"`

	// type of the values (RFC 7643 §2.3).
	// +kubebuilder:validation:Enum=string;boolean;decimal;integer;dateTime;binary;reference;complex
	// +kubebuilder:default=string
	// +optional
	Type string `json:"type,omitempty"`

	// multiValued means that the attribute has a list of values.
	// +optional
	MultiValued bool `json:"multiValued,omitempty"`

	// uniqueness says over what values must differ. server and global are
	// enforced alike, among the users or groups of this sync.
	// +kubebuilder:validation:Enum=none;server;global
	// +kubebuilder:default=none
	// +optional
	Uniqueness string `json:"uniqueness,omitempty"`

	// subAttributes of an attribute of type complex. Each has one value; their
	// names differ in more than letter case.
	// +kubebuilder:validation:MaxItems=32
	// +listType=map
	// +listMapKey=name
	// +optional
	SubAttributes []ExtensionSubAttribute `json:"subAttributes,omitempty"`
}

// ExtensionSubAttribute declares a part of a complex attribute (RFC 7643 §2.3.8).
//
// +kubebuilder:validation:XValidation:rule="!has(self.referenceTypes) || self.type == 'reference'",message="referenceTypes go with type: reference"
type ExtensionSubAttribute struct {
	ExtensionCharacteristics `json:",inline"`

	// type of the values (RFC 7643 §2.3).
	// +kubebuilder:validation:Enum=string;boolean;decimal;integer;dateTime;binary;reference
	// +kubebuilder:default=string
	// +optional
	Type string `json:"type,omitempty"`
}

// ExtensionCharacteristics are what attributes and sub-attributes have in
// common (RFC 7643 §7).
//
// +kubebuilder:validation:XValidation:rule="self.mutability != 'writeOnly' || self.returned == 'never'",message="mutability: writeOnly goes with returned: never"
// +kubebuilder:validation:XValidation:rule="self.mutability != 'readOnly' || !(has(self.required) && self.required)",message="nobody can send a readOnly attribute, so it cannot be required"
type ExtensionCharacteristics struct {
	// name of the attribute, ignoring case (RFC 7643 §2.1).
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^([A-Za-z][A-Za-z0-9_-]*|[$]ref)$`
	// +required
	Name string `json:"name"`

	// description of the attribute.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Description string `json:"description,omitempty"`

	// required means that a new resource must have a value, and that it cannot
	// be taken away.
	// +optional
	Required bool `json:"required,omitempty"`

	// caseExact means that letter case matters when values are compared. It
	// always does for references and binaries.
	// +optional
	CaseExact bool `json:"caseExact,omitempty"`

	// canonicalValues are suggestions; other values are taken as well.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	CanonicalValues []string `json:"canonicalValues,omitempty"`

	// mutability says who may change the attribute. What is writeOnly is kept
	// in the User or Group for the sync's CEL expressions, where whoever may
	// read that object reads it: it is no place for passwords.
	// +kubebuilder:validation:Enum=readOnly;readWrite;immutable;writeOnly
	// +kubebuilder:default=readWrite
	// +optional
	Mutability string `json:"mutability,omitempty"`

	// returned says when the attribute is part of an answer.
	// +kubebuilder:validation:Enum=always;never;default;request
	// +kubebuilder:default=default
	// +optional
	Returned string `json:"returned,omitempty"`

	// referenceTypes are what an attribute of type reference may refer to.
	// Empty: uri.
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	ReferenceTypes []string `json:"referenceTypes,omitempty"`
}
