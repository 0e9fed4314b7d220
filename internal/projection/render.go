package projection

import (
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Labels are those of the binding's objects.
func (b Binding) Labels() map[string]string {
	return map[string]string{LabelManagedBy: ManagedBy, LabelBinding: labelValue(b.Name)}
}

// OwnerReferences are those of the binding's objects. A ClusterGroupRoleBinding
// may own objects in any namespace.
func (b Binding) OwnerReferences() []metav1.OwnerReference {
	controller := true
	// Without blockOwnerDeletion, which takes a permission of its own on some clusters.
	return []metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: b.Kind, Name: b.Name, UID: b.UID, Controller: &controller,
	}}
}

// RoleBinding gives an object that has a namespace. It shares the subjects.
func (b Binding) RoleBinding(o Object) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: o.Namespace, Name: o.Name, Labels: b.Labels(), OwnerReferences: b.OwnerReferences(),
		},
		RoleRef: o.RoleRef, Subjects: o.Subjects,
	}
}

// ClusterRoleBinding gives an object that has no namespace. It shares the subjects.
func (b Binding) ClusterRoleBinding(o Object) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRoleBinding"},
		ObjectMeta: metav1.ObjectMeta{Name: o.Name, Labels: b.Labels(), OwnerReferences: b.OwnerReferences()},
		RoleRef:    o.RoleRef, Subjects: o.Subjects,
	}
}

// objectPrefix begins the names of the objects that bind a role.
func (b Binding) objectPrefix(role v1alpha1.RoleReference) string {
	return b.Name + "-" + hash(b.Kind, b.Namespace, b.Name, role.Kind, role.Name) + "-"
}

func (b Binding) objectName(role v1alpha1.RoleReference, index int) string {
	return b.objectPrefix(role) + strconv.Itoa(index)
}

// indexOf gives the index in a name that objectName gives.
func (b Binding) indexOf(name string, role v1alpha1.RoleReference) (int, bool) {
	text, ok := strings.CutPrefix(name, b.objectPrefix(role))
	if !ok {
		return 0, false
	}
	index, err := strconv.Atoi(text)
	return index, err == nil && index >= 0 && strconv.Itoa(index) == text
}

// GeneratedFor gives the bindings that an object may have been generated for, by
// its name: one of each kind.
func GeneratedFor(o CurrentObject) []BindingKey {
	rest, number, ok := cutLast(o.Name)
	name, _, found := cutLast(rest)
	if !ok || !found || number == "" {
		return nil
	}
	var keys []BindingKey
	for _, b := range []Binding{{Kind: KindGroupRoleBinding, Namespace: o.Namespace, Name: name}, {Kind: KindClusterGroupRoleBinding, Name: name}} {
		if b.Generated(o) {
			keys = append(keys, b.Key())
		}
	}
	return keys
}

func cutLast(text string) (before, after string, found bool) {
	i := strings.LastIndex(text, "-")
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+1:], true
}

// Generated reports whether an object has a name that the binding gives to
// objects of its role.
func (b Binding) Generated(o CurrentObject) bool {
	_, ok := b.indexOf(o.Name, v1alpha1.RoleReference{Kind: o.RoleRef.Kind, Name: o.RoleRef.Name})
	return ok && (b.Namespace == "" || b.Namespace == o.Namespace)
}
