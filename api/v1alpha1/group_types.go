package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Bounds of the membership layout; internal/membership keeps to them.
const (
	// MaxInlineMembers is how many members a group without an index lists itself.
	MaxInlineMembers = 100
	// MaxAddedMembers is how many members a group with an index lists on top of it.
	MaxAddedMembers = 32
	// MaxRemovedMembers is how many members of its index a group may list as removed.
	MaxRemovedMembers = 32
	// MaxLeafMembers is how many members one leaf slice holds.
	MaxLeafMembers = 1024
	// MaxIndexLeaves is how many leaf slices one index names.
	MaxIndexLeaves = 4096
)

// GroupSpec is one SCIM group: a root of bounded size, from which all members
// can be reached.
//
// +kubebuilder:validation:XValidation:rule="has(self.id) == has(self.displayName)",message="a Group has both an id and a displayName; an object with neither only claims a name"
// +kubebuilder:validation:XValidation:rule="has(self.id) || has(self.claimFor)",message="a Group without an id must name in claimFor the resource it claims its name for"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.id) || !has(self.id) || self.id == oldSelf.id",message="id is immutable"
type GroupSpec struct {
	ResourceSpec `json:",inline"`
	ClaimSpec    `json:",inline"`

	// displayName is the group's name, unique in this sync ignoring case, kept as sent.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +optional
	DisplayName string `json:"displayName,omitempty"`

	// memberCount is how many members the group has, users and groups.
	// +kubebuilder:validation:Minimum=0
	// +optional
	MemberCount int64 `json:"memberCount"`

	// members are SCIM ids. Without an index they are all members; with one
	// they are members on top of it.
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	Members []string `json:"members,omitempty"`

	// removed are SCIM ids in the index that are members no more.
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	Removed []string `json:"removed,omitempty"`

	// index is the name of the GroupMemberSlice that lists the leaf slices
	// with the other members.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Index string `json:"index,omitempty"`
}

// Group is a group of users and groups as an identity provider describes it
// over SCIM. Only the SCIM server writes it. Other APIs may also have
// `groups`; `kubectl get scimgroups` is never ambiguous.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=groups,shortName=scimgroup;scimgroups,categories=rollcall
// +kubebuilder:printcolumn:name="DISPLAY NAME",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="MEMBERS",type=integer,JSONPath=`.spec.memberCount`
// +kubebuilder:printcolumn:name="SYNCED",type=string,JSONPath=`.metadata.labels.scim\.rollcall\.dev/synced`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="SYNC",type=string,JSONPath=`.spec.syncRef.name`,priority=1
// +kubebuilder:printcolumn:name="EXTERNAL ID",type=string,JSONPath=`.spec.externalId`,priority=1
// +kubebuilder:printcolumn:name="ID",type=string,JSONPath=`.spec.id`,priority=1
// +kubebuilder:printcolumn:name="CLAIM FOR",type=string,JSONPath=`.spec.claimFor`,priority=1
type Group struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the group's SCIM attributes and the root of its membership.
	// +required
	Spec GroupSpec `json:"spec"`
}

// GroupList is a list of Groups.
//
// +kubebuilder:object:root=true
type GroupList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Group `json:"items"`
}
