package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// GroupMemberSliceSpec is either a leaf (members) or an index (leaves).
//
// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a GroupMemberSlice is immutable; a new one is written instead"
// +kubebuilder:validation:XValidation:rule="has(self.members) != has(self.leaves)",message="a GroupMemberSlice is either a leaf (members) or an index (leaves)"
type GroupMemberSliceSpec struct {
	// syncRef names the IdentityProviderSync of the group.
	// +required
	SyncRef SyncReference `json:"syncRef"`

	// group is the object name of the Group this slice was written for.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	Group string `json:"group"`

	// base is the resourceVersion of the Group this slice was written for.
	// Only an update of that version of the Group may start to use the slice.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +required
	Base string `json:"base"`

	// members are the SCIM ids of a leaf.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=1024
	// +kubebuilder:validation:items:MaxLength=256
	// +listType=atomic
	// +optional
	Members []string `json:"members,omitempty"`

	// leaves are the leaf slices of an index.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4096
	// +listType=atomic
	// +optional
	Leaves []LeafReference `json:"leaves,omitempty"`
}

// LeafReference names a leaf slice in an index.
type LeafReference struct {
	// name of the GroupMemberSlice that is the leaf.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +required
	Name string `json:"name"`

	// count is how many of the leaf's members are members of the group.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1024
	// +required
	Count int32 `json:"count"`

	// removed is a bitmap of the leaf's positions that are members no more:
	// position i is bit i%8 (lowest first) of byte i/8.
	// +kubebuilder:validation:MaxLength=172
	// +kubebuilder:validation:Format=byte
	// +optional
	Removed []byte `json:"removed,omitempty"`
}

// GroupMemberSlice is an immutable part of a large group's members. The SCIM
// server writes it and removes it when no Group refers to it any more.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=groupmemberslices,shortName=gms,categories=rollcall
// +kubebuilder:printcolumn:name="GROUP",type=string,JSONPath=`.spec.group`
// +kubebuilder:printcolumn:name="BASE",type=string,JSONPath=`.spec.base`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
type GroupMemberSlice struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the slice's part of the membership.
	// +required
	Spec GroupMemberSliceSpec `json:"spec"`
}

// GroupMemberSliceList is a list of GroupMemberSlices.
//
// +kubebuilder:object:root=true
type GroupMemberSliceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []GroupMemberSlice `json:"items"`
}
