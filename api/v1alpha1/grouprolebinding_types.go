package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// GroupRoleBindingSpec binds the members of groups to roles in the namespace
// of the GroupRoleBinding.
//
// +kubebuilder:validation:XValidation:rule="has(self.groupRefs) != has(self.groupSelector)",message="name the groups by either groupRefs or groupSelector"
// +kubebuilder:validation:XValidation:rule="has(self.roleRef) != has(self.roles)",message="name the role by roleRef, or several by roles together with a groupSelector that captures \"role\""
// +kubebuilder:validation:XValidation:rule="!has(self.roles) || (has(self.groupSelector) && self.groupSelector.pattern.contains('<role>'))",message="roles need a groupSelector whose pattern has the capture (?P<role>…)"
// +kubebuilder:validation:XValidation:rule="has(self.roles) || !has(self.groupSelector) || !self.groupSelector.pattern.contains('<role>')",message="a pattern that captures \"role\" needs roles, the roles it may choose"
type GroupRoleBindingSpec struct {
	GroupGrant `json:",inline"`
}

// GroupRoleBindingStatus is what has been projected.
type GroupRoleBindingStatus struct {
	GroupBindingStatus `json:",inline"`
}

// GroupRoleBinding gives the members of identity provider groups a role in its
// own namespace, and takes it away when they leave or are disabled.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=grouprolebindings,shortName=grb,categories=rollcall
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 200",message="the name of a GroupRoleBinding may have at most 200 characters, since the names of its RoleBindings begin with it"
// +kubebuilder:printcolumn:name="GROUP",type=string,JSONPath=`.status.summary.groups`
// +kubebuilder:printcolumn:name="ROLE",type=string,JSONPath=`.status.summary.roles`
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
