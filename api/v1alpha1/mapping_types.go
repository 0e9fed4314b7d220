package v1alpha1

// AttributeMappings copy SCIM attributes to labels and annotations of the
// User and Group objects, for kubectl and other tools to select by.
type AttributeMappings struct {
	// users are the mappings for User objects, over the variable `user`.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	Users []AttributeMapping `json:"users,omitempty"`

	// groups are the mappings for Group objects, over the variable `group`.
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	Groups []AttributeMapping `json:"groups,omitempty"`
}

// AttributeMapping sets one label or annotation.
//
// +kubebuilder:validation:XValidation:rule="has(self.label) != has(self.annotation)",message="a mapping sets either a label or an annotation"
type AttributeMapping struct {
	// label is the key of the label to set. What may not stand in a label value
	// is escaped; docs/mappings.md says how.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +optional
	Label string `json:"label,omitempty"`

	// annotation is the key of the annotation to set.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +optional
	Annotation string `json:"annotation,omitempty"`

	// value is a CEL expression that gives a string. A resource for which it
	// gives "" or reads an attribute that is not there has no such label or annotation.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +required
	Value string `json:"value"`
}
