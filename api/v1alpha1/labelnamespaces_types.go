package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// NamespaceAccessLabelPrefix begins the labels that labelNamespaces sets; what
// follows is the group. Only the operator may set them.
const NamespaceAccessLabelPrefix = "access.scim.rollcall.dev/"

// LabelNamespaces keeps the label access.scim.rollcall.dev/<group>: "true" on
// the namespaces that belong to members of each group, for NetworkPolicies to
// select. What <group> is for each group is in status.labelNamespaces.
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

	// namespaceSelector chooses the namespaces that may be labeled. Absent:
	// every namespace. kube-*, the operator's own and every sync's namespace are
	// never labeled. It bounds what the identity provider can do with the
	// attributes that namespace reads.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
}

// LabelNamespacesStatus is what has been done for labelNamespaces.
type LabelNamespacesStatus struct {
	// namespace is the last spec.labelNamespaces.namespace that could be used.
	// While the one in the spec cannot, it tells whose label to take away.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// groups has the label of each group, and how many namespaces have it.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Groups []NamespaceLabelStatus `json:"groups,omitempty"`

	// problems has one line for each thing that keeps a namespace from being
	// labeled, and what to do about it.
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	Problems []string `json:"problems,omitempty"`
}

// NamespaceLabelStatus is the label of one group.
type NamespaceLabelStatus struct {
	// displayName of the group.
	// +kubebuilder:validation:MaxLength=256
	// +required
	DisplayName string `json:"displayName"`

	// label is the key of the label; its value is "true".
	// +kubebuilder:validation:MaxLength=317
	// +required
	Label string `json:"label"`

	// namespaces is how many namespaces have the label.
	// +required
	Namespaces int64 `json:"namespaces"`
}
