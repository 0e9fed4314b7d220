package v1alpha1

// NamespaceAccessLabelPrefix begins the labels that labelNamespaces sets; what
// follows is the group. Only the operator may set them.
const NamespaceAccessLabelPrefix = "access.scim.rollcall.dev/"

// LabelNamespaces keeps the label access.scim.rollcall.dev/<group>: "true" on
// the namespaces that belong to members of each group, for NetworkPolicies to select.
type LabelNamespaces struct {
	// groups are displayNames, case-sensitive, of the groups to keep a label for.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=set
	// +required
	Groups []string `json:"groups"`

	// namespace is a CEL expression over `user` that gives the name of the
	// namespace that belongs to a member, such as "'dev-' + user.userName". A
	// member without one is left out.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +required
	Namespace string `json:"namespace"`
}
