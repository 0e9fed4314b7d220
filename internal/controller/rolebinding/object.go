package rolebinding

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// objectKey names a RoleBinding, or a ClusterRoleBinding if namespace is empty.
type objectKey struct{ namespace, name string }

func keyOf(o client.Object) objectKey { return objectKey{o.GetNamespace(), o.GetName()} }

func (k objectKey) String() string {
	if k.namespace == "" {
		return "ClusterRoleBinding " + k.name
	}
	return "RoleBinding " + k.namespace + "/" + k.name
}

// empty gives an object of the key's kind to read into.
func (k objectKey) empty() client.Object {
	if k.namespace == "" {
		return &rbacv1.ClusterRoleBinding{}
	}
	return &rbacv1.RoleBinding{}
}

// current is an object as projection sees it.
func current(o client.Object) projection.CurrentObject {
	c := projection.CurrentObject{Namespace: o.GetNamespace(), Name: o.GetName()}
	switch o := o.(type) {
	case *rbacv1.RoleBinding:
		c.RoleRef, c.Subjects = o.RoleRef, o.Subjects
	case *rbacv1.ClusterRoleBinding:
		c.RoleRef, c.Subjects = o.RoleRef, o.Subjects
	}
	return c
}

// desired makes the object that is to be written.
func desired(b projection.Binding, o projection.Object) client.Object {
	if o.Namespace == "" {
		return b.ClusterRoleBinding(o)
	}
	return b.RoleBinding(o)
}

func setSubjects(o client.Object, subjects []rbacv1.Subject) {
	switch o := o.(type) {
	case *rbacv1.RoleBinding:
		o.Subjects = subjects
	case *rbacv1.ClusterRoleBinding:
		o.Subjects = subjects
	}
}
