package v1alpha1

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// GroupNetworkPolicySpec lets the members of groups reach pods, or be reached
// by them, in the namespace of the GroupNetworkPolicy.
//
// +kubebuilder:validation:XValidation:rule="has(self.ingress) || has(self.egress)",message="say what members may do: ingress, egress, or both"
// +kubebuilder:validation:XValidation:rule="!has(self.policyTypes) || size(self.policyTypes) == 0 || ((!has(self.ingress) || 'Ingress' in self.policyTypes) && (!has(self.egress) || 'Egress' in self.policyTypes))",message="policyTypes must name the direction of each rule, or the rule would not count"
type GroupNetworkPolicySpec struct {
	// groupRefs are the groups whose members are let through. A group need not
	// exist yet: until it does, nobody is.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +listType=atomic
	// +required
	GroupRefs []GroupReference `json:"groupRefs"`

	// podSelector chooses the pods of this namespace that the rules are about.
	// An empty selector chooses all of them.
	// +required
	PodSelector metav1.LabelSelector `json:"podSelector"`

	// policyTypes are the directions in which these pods are isolated: all
	// traffic that no policy allows is refused. Empty: Ingress if there is an
	// ingress rule, Egress if there is an egress rule.
	// +kubebuilder:validation:MaxItems=2
	// +kubebuilder:validation:items:Enum=Ingress;Egress
	// +listType=set
	// +optional
	PolicyTypes []networkingv1.PolicyType `json:"policyTypes,omitempty"`

	// ingress lets the members' peers reach the pods.
	// +optional
	Ingress *GroupNetworkPolicyRule `json:"ingress,omitempty"`

	// egress lets the pods reach the members' peers.
	// +optional
	Egress *GroupNetworkPolicyRule `json:"egress,omitempty"`
}

// GroupNetworkPolicyRule says on which ports which peers of a member are let through.
type GroupNetworkPolicyRule struct {
	// ports of the destination. Empty: every port.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Ports []networkingv1.NetworkPolicyPort `json:"ports,omitempty"`

	// peers say which pods, namespaces or addresses are a member's.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +listType=atomic
	// +required
	Peers []GroupNetworkPolicyPeer `json:"peers"`
}

// GroupNetworkPolicyPeer says what on the network is a member's. Exactly one
// of its fields is set.
//
// +kubebuilder:validation:XValidation:rule="(has(self.pods) ? 1 : 0) + (has(self.namespaces) ? 1 : 0) + (has(self.ipBlocks) ? 1 : 0) == 1",message="a peer has exactly one of pods, namespaces and ipBlocks"
type GroupNetworkPolicyPeer struct {
	// pods whose label has a value that a member has.
	// +optional
	Pods *PodPeers `json:"pods,omitempty"`

	// namespaces whose label has a value that a member has, or that the sync
	// labels for its groups.
	// +optional
	Namespaces *NamespacePeers `json:"namespaces,omitempty"`

	// ipBlocks that an attribute of a member holds.
	// +optional
	IPBlocks *IPBlockPeers `json:"ipBlocks,omitempty"`
}

// PodPeers are pods by label.
type PodPeers struct {
	// labelKey of the pods.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +required
	LabelKey string `json:"labelKey"`

	// value is a CEL expression over `user` that gives the label's value. What
	// may not stand in a label is escaped; docs/network-policies.md says how.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +required
	Value string `json:"value"`

	// namespaceSelector chooses the namespaces of the pods. Absent: this namespace.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
}

// NamespacePeersFrom says where the label of namespaces comes from.
//
// +kubebuilder:validation:Enum=Label;Sync
type NamespacePeersFrom string

// The ways to select namespaces.
const (
	NamespacePeersLabel NamespacePeersFrom = "Label"
	NamespacePeersSync  NamespacePeersFrom = "Sync"
)

// NamespacePeers are all pods of namespaces by label.
//
// +kubebuilder:validation:XValidation:rule="self.from == 'Sync' ? !has(self.labelKey) && !has(self.value) : has(self.labelKey) && has(self.value)",message="from: Label needs labelKey and value; from: Sync takes neither"
type NamespacePeers struct {
	// from is Label (labelKey and value of each member) or Sync: the sync's
	// labelNamespaces keeps a label on the namespaces of each group's members, so
	// that a member more costs no change of the policy.
	// +kubebuilder:default=Label
	// +optional
	From NamespacePeersFrom `json:"from,omitempty"`

	// labelKey of the namespaces.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +optional
	LabelKey string `json:"labelKey,omitempty"`

	// value is a CEL expression over `user` that gives the label's value.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Value string `json:"value,omitempty"`
}

// IPBlockPeers are addresses that members have.
type IPBlockPeers struct {
	// address is a CEL expression over `user` that gives an IP address or a CIDR,
	// or a list of them.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +required
	Address string `json:"address"`

	// within are the CIDRs that an address must lie in; others are left out and
	// reported. The identity provider can open no other network than these.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=49
	// +listType=set
	// +required
	Within []string `json:"within"`
}

// GroupNetworkPolicyStatus is what has been projected.
type GroupNetworkPolicyStatus struct {
	// conditions say whether the policy is Ready, Reconciling or Stalled, and why.
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

	// membersApplied is how many of them are let through right now, with
	// everything of theirs that the rules name.
	// +optional
	MembersApplied int64 `json:"membersApplied"`

	// objectCount is how many NetworkPolicies exist for this policy.
	// +optional
	ObjectCount int64 `json:"objectCount"`

	// objects are their names: the first 64 in alphabetical order.
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=253
	// +listType=atomic
	// +optional
	Objects []string `json:"objects,omitempty"`

	// problems has one line for each thing that keeps part of the policy from
	// being projected, and what to do about it.
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=1024
	// +listType=atomic
	// +optional
	Problems []string `json:"problems,omitempty"`

	// peers are those that the NetworkPolicies were last written with. While
	// the spec cannot be used, they tell whose traffic to stop.
	// +optional
	Peers *AppliedPeers `json:"peers,omitempty"`
}

// AppliedPeers are the peers of both directions.
type AppliedPeers struct {
	// ingress are the peers that may reach the pods.
	// +kubebuilder:validation:MaxItems=8
	// +listType=atomic
	// +optional
	Ingress []GroupNetworkPolicyPeer `json:"ingress,omitempty"`

	// egress are the peers that the pods may reach.
	// +kubebuilder:validation:MaxItems=8
	// +listType=atomic
	// +optional
	Egress []GroupNetworkPolicyPeer `json:"egress,omitempty"`
}

// Conditions of a GroupNetworkPolicy, besides Ready, Reconciling and Stalled.
const (
	// ConditionDefaultDeny says whether another NetworkPolicy refuses all other
	// traffic to and from the same pods, so that they stay closed without this one.
	ConditionDefaultDeny = "DefaultDeny"
	// ConditionBypassed is true while another NetworkPolicy lets all traffic
	// through to the same pods, so that membership restricts nothing.
	ConditionBypassed = "Bypassed"
)

// GroupNetworkPolicy lets the members of identity provider groups through to
// pods of its own namespace, by NetworkPolicies that follow the membership.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=groupnetworkpolicies,shortName=gnp,categories=rollcall
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 200",message="the name of a GroupNetworkPolicy may have at most 200 characters, since the names of its NetworkPolicies begin with it"
// +kubebuilder:printcolumn:name="GROUP",type=string,JSONPath=`.spec.groupRefs[0].displayName`
// +kubebuilder:printcolumn:name="READY",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="DESIRED",type=integer,JSONPath=`.status.membersDesired`
// +kubebuilder:printcolumn:name="APPLIED",type=integer,JSONPath=`.status.membersApplied`
// +kubebuilder:printcolumn:name="AGE",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="REASON",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,priority=1
// +kubebuilder:printcolumn:name="MESSAGE",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
type GroupNetworkPolicy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec says which groups' members are let through, and where.
	// +required
	Spec GroupNetworkPolicySpec `json:"spec"`

	// status says what has been projected.
	// +optional
	Status GroupNetworkPolicyStatus `json:"status,omitempty"`
}

// GroupNetworkPolicyList is a list of GroupNetworkPolicies.
//
// +kubebuilder:object:root=true
type GroupNetworkPolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []GroupNetworkPolicy `json:"items"`
}
