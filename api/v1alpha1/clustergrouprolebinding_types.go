package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// BindingScope says where roles are bound.
//
// +kubebuilder:validation:Enum=Cluster;Namespaces
type BindingScope string

// The scopes.
const (
	ScopeCluster    BindingScope = "Cluster"
	ScopeNamespaces BindingScope = "Namespaces"
)

// BindingTarget says where the roles of a ClusterGroupRoleBinding are bound.
//
// +kubebuilder:validation:XValidation:rule="self.scope == 'Namespaces' || (!has(self.namespaces) && !has(self.namespaceSelector))",message="namespaces and namespaceSelector go with scope: Namespaces only"
// +kubebuilder:validation:XValidation:rule="!has(self.namespaces) || !has(self.namespaceSelector)",message="name the namespaces by either namespaces or namespaceSelector"
type BindingTarget struct {
	// scope is Cluster (ClusterRoleBindings: everywhere) or Namespaces (RoleBindings).
	// +required
	Scope BindingScope `json:"scope"`

	// namespaces by name. One that does not exist yet is bound once it does.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +listType=set
	// +optional
	Namespaces []string `json:"namespaces,omitempty"`

	// namespaceSelector chooses namespaces by label, as they come, go and are
	// relabeled. kube-*, the operator's own namespace and those of
	// IdentityProviderSyncs are never chosen; they can only be named.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
}

// ClusterGroupRoleBindingSpec binds the members of groups to roles in the
// whole cluster or in several namespaces.
//
// +kubebuilder:validation:XValidation:rule="has(self.groupRefs) != has(self.groupSelector)",message="name the groups by either groupRefs or groupSelector"
// +kubebuilder:validation:XValidation:rule="has(self.roleRef) != has(self.roles)",message="name the role by roleRef, or several by roles together with a groupSelector that captures \"role\""
// +kubebuilder:validation:XValidation:rule="!has(self.roles) || (has(self.groupSelector) && self.groupSelector.pattern.contains('<role>'))",message="roles need a groupSelector whose pattern has the capture (?P<role>…)"
// +kubebuilder:validation:XValidation:rule="has(self.roles) || !has(self.groupSelector) || !self.groupSelector.pattern.contains('<role>')",message="a pattern that captures \"role\" needs roles, the roles it may choose"
// +kubebuilder:validation:XValidation:rule="self.target.scope == 'Cluster' || has(self.target.namespaces) || has(self.target.namespaceSelector) || (has(self.groupSelector) && self.groupSelector.pattern.contains('<namespace>'))",message="scope: Namespaces needs namespaces, a namespaceSelector, or a pattern with the capture (?P<namespace>…)"
// +kubebuilder:validation:XValidation:rule="self.target.scope == 'Namespaces' || !has(self.groupSelector) || !self.groupSelector.pattern.contains('<namespace>')",message="a pattern that captures \"namespace\" goes with scope: Namespaces"
// +kubebuilder:validation:XValidation:rule="self.target.scope == 'Namespaces' || ((!has(self.roleRef) || self.roleRef.kind == 'ClusterRole') && (!has(self.roles) || self.roles.all(r, r.kind == 'ClusterRole')))",message="scope: Cluster binds ClusterRoles only"
// +kubebuilder:validation:XValidation:rule="!has(self.groupRefs) || self.groupRefs.all(g, has(g.syncRef.namespace) && size(g.syncRef.namespace) > 0)",message="syncRef needs a namespace, since this object has none"
// +kubebuilder:validation:XValidation:rule="!has(self.groupSelector) || (has(self.groupSelector.syncRef.namespace) && size(self.groupSelector.syncRef.namespace) > 0)",message="syncRef needs a namespace, since this object has none"
type ClusterGroupRoleBindingSpec struct {
	GroupGrant `json:",inline"`

	// target says where the roles are bound. A namespace that the groupSelector
	// captures must also be among target's namespaces or match its
	// namespaceSelector, if it has one.
	// +required
	Target BindingTarget `json:"target"`
}

// ClusterGroupRoleBindingStatus is what has been projected.
type ClusterGroupRoleBindingStatus struct {
	GroupBindingStatus `json:",inline"`
}

// ClusterGroupRoleBinding gives the members of identity provider groups roles
// in the whole cluster or in many namespaces, and takes them away when they
// leave or are disabled.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=clustergrouprolebindings,scope=Cluster,shortName=cgrb,categories=rollcall
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 200",message="the name of a ClusterGroupRoleBinding may have at most 200 characters, since the names of its objects begin with it"
// +kubebuilder:printcolumn:name="GROUP",type=string,JSONPath=`.status.summary.groups`
// +kubebuilder:printcolumn:name="ROLE",type=string,JSONPath=`.status.summary.roles`
// +kubebuilder:printcolumn:name="SCOPE",type=string,JSONPath=`.spec.target.scope`
// +kubebuilder:printcolumn:name="READY",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="DESIRED",type=integer,JSONPath=`.status.membersDesired`
// +kubebuilder:printcolumn:name="APPLIED",type=integer,JSONPath=`.status.membersApplied`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="NAMESPACES",type=integer,JSONPath=`.status.namespaces`,priority=1
// +kubebuilder:printcolumn:name="OBJECTS",type=integer,JSONPath=`.status.objectCount`,priority=1
// +kubebuilder:printcolumn:name="REASON",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:printcolumn:name="MESSAGE",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type ClusterGroupRoleBinding struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says which groups get which roles, and where.
	// +required
	Spec ClusterGroupRoleBindingSpec `json:"spec"`

	// status says what has been projected.
	// +optional
	Status ClusterGroupRoleBindingStatus `json:"status,omitempty"`
}

// ClusterGroupRoleBindingList is a list of ClusterGroupRoleBindings.
//
// +kubebuilder:object:root=true
type ClusterGroupRoleBindingList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ClusterGroupRoleBinding `json:"items"`
}
