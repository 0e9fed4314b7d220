package rolebinding

import (
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// kind is all that differs between the two kinds of bindings.
type kind struct {
	name string
	// empty gives an object of the kind to read into.
	empty func() client.Object
	list  func() client.ObjectList
	// binding is how projection sees an object of the kind.
	binding func(client.Object) projection.Binding
	// status is the status of an object of the kind, to be changed in place.
	status func(client.Object) *v1alpha1.GroupBindingStatus
}

var kinds = []kind{
	{
		name:  projection.KindGroupRoleBinding,
		empty: func() client.Object { return &v1alpha1.GroupRoleBinding{} },
		list:  func() client.ObjectList { return &v1alpha1.GroupRoleBindingList{} },
		binding: func(o client.Object) projection.Binding {
			return projection.OfGroupRoleBinding(o.(*v1alpha1.GroupRoleBinding))
		},
		status: func(o client.Object) *v1alpha1.GroupBindingStatus {
			return &o.(*v1alpha1.GroupRoleBinding).Status.GroupBindingStatus
		},
	},
	{
		name:  projection.KindClusterGroupRoleBinding,
		empty: func() client.Object { return &v1alpha1.ClusterGroupRoleBinding{} },
		list:  func() client.ObjectList { return &v1alpha1.ClusterGroupRoleBindingList{} },
		binding: func(o client.Object) projection.Binding {
			return projection.OfClusterGroupRoleBinding(o.(*v1alpha1.ClusterGroupRoleBinding))
		},
		status: func(o client.Object) *v1alpha1.GroupBindingStatus {
			return &o.(*v1alpha1.ClusterGroupRoleBinding).Status.GroupBindingStatus
		},
	},
}

func (k kind) key(name types.NamespacedName) projection.BindingKey {
	return projection.BindingKey{Kind: k.name, Namespace: name.Namespace, Name: name.Name}
}
