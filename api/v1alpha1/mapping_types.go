package v1alpha1

// AttributeMappings copy SCIM attributes to labels and annotations of the
// User and Group objects, for kubectl and other tools to select by. Each key is
// set by one mapping of a list. Condition MappingsValid says which mappings
// cannot be used; what they have set stays until they are corrected.
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

// AttributeMapping sets one label or annotation. Keys under kubernetes.io,
// k8s.io and rollcall.dev, and the domains below them, are refused. A key that
// somebody else has set on an object stays as it is there; when the mapping is
// removed, only what it has set is removed.
//
// +kubebuilder:validation:XValidation:rule="has(self.label) != has(self.annotation)",message="a mapping sets either a label or an annotation"
type AttributeMapping struct {
	// label is the key of the label to set. What may not stand in a label value
	// is escaped, so that distinct values stay distinct and valid ones stay as
	// they are; docs/mappings.md says how.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +optional
	Label string `json:"label,omitempty"`

	// annotation is the key of the annotation to set. A value of more than 4096
	// bytes is not set.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +optional
	Annotation string `json:"annotation,omitempty"`

	// value is a CEL expression over `user` or `group` that gives a string. A
	// resource for which it gives "" or no string, or reads an attribute that is
	// not there, has no such label or annotation.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +required
	Value string `json:"value"`
}
