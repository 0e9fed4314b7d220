package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// GroupGrant says which groups get which roles, and under which names their
// members are bound. It is what GroupRoleBinding and ClusterGroupRoleBinding
// have in common.
type GroupGrant struct {
	// groupRefs are the groups whose members are bound. A group need not exist
	// yet: its members are bound once it does.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +optional
	GroupRefs []GroupReference `json:"groupRefs,omitempty"`

	// groupSelector chooses groups by a naming convention, instead of groupRefs.
	// +optional
	GroupSelector *GroupSelector `json:"groupSelector,omitempty"`

	// roleRef is the role the members get.
	// +optional
	RoleRef *RoleReference `json:"roleRef,omitempty"`

	// roles are the roles that the groupSelector's pattern may choose by its
	// capture "role", instead of roleRef. A name that is captured and not listed
	// here gives nothing.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +listType=atomic
	// +optional
	Roles []RoleReference `json:"roles,omitempty"`

	// subject says how the members are named in the bindings that are written.
	// Empty: one subject of kind User for each member, named by the sync's
	// kubernetesUsername.
	// +optional
	Subject *SubjectTemplate `json:"subject,omitempty"`
}

// GroupSelector chooses the groups of a sync by their displayName.
type GroupSelector struct {
	// syncRef names the IdentityProviderSync that the groups come from.
	// +required
	SyncRef NamespacedSyncReference `json:"syncRef"`

	// pattern is a regular expression (RE2) that must match the whole
	// displayName, case-sensitive. Its named captures "namespace" and "role", if
	// it has them, say where the members of a group are bound, and to which of
	// the roles: ^k8s-(?P<namespace>[a-z0-9-]+)-(?P<role>view|edit)$
	// +kubebuilder:validation:XValidation:rule="''.matches(self) ? true : true",message="pattern must be a regular expression (RE2)"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +required
	Pattern string `json:"pattern"`
}

// SubjectKind is the kind of the subjects that are written.
//
// +kubebuilder:validation:Enum=User;Group
type SubjectKind string

// The kinds of subjects.
const (
	SubjectUser  SubjectKind = "User"
	SubjectGroup SubjectKind = "Group"
)

// SubjectTemplate says how members are named in the bindings that are written.
type SubjectTemplate struct {
	// kind is User (one subject for each active, synced member) or Group (one
	// subject for each group; then it is the identity provider's token that says
	// who is in it, and disabling a person takes effect when the token expires).
	// +kubebuilder:default=User
	// +optional
	Kind SubjectKind `json:"kind,omitempty"`

	// name is a CEL expression that gives the name of the subject: over `user`
	// for kind User (empty: the sync's kubernetesUsername), over `group` for kind
	// Group (empty: group.displayName). It must equal the name that the API
	// server's authenticator gives.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Name string `json:"name,omitempty"`
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

// GroupBindingSummary names what a binding binds in a few words.
type GroupBindingSummary struct {
	// groups are the displayName of the first group and how many more there are,
	// or the pattern of the groupSelector.
	// +kubebuilder:validation:MaxLength=300
	// +optional
	Groups string `json:"groups,omitempty"`

	// roles are the names of the roles, with a comma between them.
	// +kubebuilder:validation:MaxLength=300
	// +optional
	Roles string `json:"roles,omitempty"`
}

// GroupBindingStatus is what has been projected of a GroupRoleBinding or
// ClusterGroupRoleBinding.
type GroupBindingStatus struct {
	// conditions say whether the binding is Ready, Reconciling or Stalled, and why.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// observedGeneration is the generation of the spec this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// membersDesired is how many distinct active, synced members the groups
	// have; for subjects of kind Group, how many groups there are.
	// +optional
	MembersDesired int64 `json:"membersDesired"`

	// membersApplied is how many of them are bound right now, everywhere they should be.
	// +optional
	MembersApplied int64 `json:"membersApplied"`

	// namespaces is how many namespaces the members are to be bound in.
	// +optional
	Namespaces int64 `json:"namespaces,omitempty"`

	// summary names groups and roles in a few words, for kubectl get.
	// +optional
	Summary *GroupBindingSummary `json:"summary,omitempty"`

	// objectCount is how many RoleBindings and ClusterRoleBindings exist for this binding.
	// +optional
	ObjectCount int64 `json:"objectCount"`

	// objects are their names, with the namespace where that is not this
	// object's own: the first 64 in alphabetical order.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=317
	// +listType=atomic
	// +optional
	Objects []string `json:"objects,omitempty"`

	// roles are those that objects exist for: what was bound last, should the
	// spec name others meanwhile.
	// +kubebuilder:validation:MaxItems=17
	// +listType=atomic
	// +optional
	Roles []RoleReference `json:"roles,omitempty"`

	// subjectName is the last subject.name that could be used. While the one in
	// the spec cannot, it tells whose access to take away.
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	SubjectName string `json:"subjectName,omitempty"`

	// problems has one line for each thing that keeps part of the binding from
	// being projected, and what to do about it.
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	Problems []string `json:"problems,omitempty"`
}
