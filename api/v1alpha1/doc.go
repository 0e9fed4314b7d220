// Package v1alpha1 holds the custom resources of Rollcall, API group
// scim.rollcall.dev.
//
// An IdentityProviderSync is written by admins and names an identity provider.
// User, Group and GroupMemberSlice are written by the SCIM server alone and
// are the only database there is. A GroupRoleBinding or ClusterGroupRoleBinding
// turns the membership of groups into RoleBindings and ClusterRoleBindings, a
// GroupNetworkPolicy into NetworkPolicies.
//
// +kubebuilder:object:generate=true
// +groupName=scim.rollcall.dev
package v1alpha1
