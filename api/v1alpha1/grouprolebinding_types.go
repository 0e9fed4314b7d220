package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// GroupRoleBindingSpec binds the members of groups to a role in the
// namespace of the GroupRoleBinding.
type GroupRoleBindingSpec struct {
	// groupRefs are the groups whose members are bound. A group need not exist
	// yet: its members are bound once it does.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +required
	GroupRefs []GroupReference `json:"groupRefs"`

	// roleRef is the role the members get.
	// +required
	RoleRef RoleReference `json:"roleRef"`
}

// GroupReference names a group by its sync and displayName.
type GroupReference struct {
	// syncRef names the IdentityProviderSync that the group comes from.
	// +required
	SyncRef NamespacedSyncReference `json:"syncRef"`

	// displayName of the group at the identity provider, case-sensitive.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +required
	DisplayName string `json:"displayName"`
}

// NamespacedSyncReference names an IdentityProviderSync, possibly in another namespace.
type NamespacedSyncReference struct {
	// namespace of the IdentityProviderSync; empty is the namespace of this
	// object. Another namespace must be let in by the sync's allowedNamespaces.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// name of the IdentityProviderSync.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	Name string `json:"name"`
}

// RoleReference names a Role or ClusterRole.
type RoleReference struct {
	// kind is Role (in the namespace of the binding) or ClusterRole.
	// +kubebuilder:validation:Enum=Role;ClusterRole
	// +required
	Kind string `json:"kind"`

	// name of the role.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +required
	Name string `json:"name"`
}

// GroupRoleBindingStatus is what has been projected.
type GroupRoleBindingStatus struct {
	// conditions say whether the binding is Ready, Reconciling or Stalled, and why.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// membersDesired is how many distinct active, synced members the groups have.
	// +optional
	MembersDesired int64 `json:"membersDesired"`

	// membersApplied is how many of them are bound right now.
	// +optional
	MembersApplied int64 `json:"membersApplied"`

	// objects are the names of the RoleBindings written for this binding.
	// +kubebuilder:validation:MaxItems=1024
	// +kubebuilder:validation:items:MaxLength=253
	// +listType=atomic
	// +optional
	Objects []string `json:"objects,omitempty"`

	// problems has one line for each thing that keeps part of the binding from
	// being projected, and what to do about it.
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	Problems []string `json:"problems,omitempty"`
}

// GroupRoleBinding gives the members of identity provider groups a role in its
// own namespace, and takes it away when they leave or are disabled.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=grouprolebindings,shortName=grb,categories=rollcall
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 200",message="the name of a GroupRoleBinding may have at most 200 characters, since the names of its RoleBindings begin with it"
// +kubebuilder:printcolumn:name="GROUP",type=string,JSONPath=`.spec.groupRefs[0].displayName`
// +kubebuilder:printcolumn:name="ROLE",type=string,JSONPath=`.spec.roleRef.name`
// +kubebuilder:printcolumn:name="READY",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="DESIRED",type=integer,JSONPath=`.status.membersDesired`
// +kubebuilder:printcolumn:name="APPLIED",type=integer,JSONPath=`.status.membersApplied`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="REASON",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:printcolumn:name="MESSAGE",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type GroupRoleBinding struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says which groups get which role.
	// +required
	Spec GroupRoleBindingSpec `json:"spec"`

	// status says what has been projected.
	// +optional
	Status GroupRoleBindingStatus `json:"status,omitempty"`
}

// GroupRoleBindingList is a list of GroupRoleBindings.
//
// +kubebuilder:object:root=true
type GroupRoleBindingList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []GroupRoleBinding `json:"items"`
}
