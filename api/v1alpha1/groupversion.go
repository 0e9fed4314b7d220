package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of every kind in this package.
var GroupVersion = schema.GroupVersion{Group: "scim.rollcall.dev", Version: "v1alpha1"}

var schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

// AddToScheme registers the kinds of this package.
var AddToScheme = schemeBuilder.AddToScheme

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&IdentityProviderSync{}, &IdentityProviderSyncList{},
		&User{}, &UserList{},
		&Group{}, &GroupList{},
		&GroupMemberSlice{}, &GroupMemberSliceList{},
		&GroupRoleBinding{}, &GroupRoleBindingList{},
		&ClusterGroupRoleBinding{}, &ClusterGroupRoleBindingList{},
		&GroupNetworkPolicy{}, &GroupNetworkPolicyList{},
		&ProvisioningLog{}, &ProvisioningLogList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
