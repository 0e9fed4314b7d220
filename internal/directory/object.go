package directory

import (
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/mapping"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// The functions of this file are all that tells Users and Groups apart in the
// rest of the package.

func newObject(kind string) client.Object {
	if kind == KindGroup {
		return &v1alpha1.Group{}
	}
	return &v1alpha1.User{}
}

func kindOf(o client.Object) string {
	if _, ok := o.(*v1alpha1.Group); ok {
		return KindGroup
	}
	return KindUser
}

func resourceOf(o client.Object) *v1alpha1.ResourceSpec {
	if g, ok := o.(*v1alpha1.Group); ok {
		return &g.Spec.ResourceSpec
	}
	return &o.(*v1alpha1.User).Spec.ResourceSpec
}

func claimOf(o client.Object) *v1alpha1.ClaimSpec {
	if g, ok := o.(*v1alpha1.Group); ok {
		return &g.Spec.ClaimSpec
	}
	return &o.(*v1alpha1.User).Spec.ClaimSpec
}

// nameOf gives the name that is unique in a sync: userName or displayName.
func nameOf(o client.Object) string {
	if g, ok := o.(*v1alpha1.Group); ok {
		return g.Spec.DisplayName
	}
	return o.(*v1alpha1.User).Spec.UserName
}

// displayOf gives what is shown of a member.
func displayOf(o client.Object) string {
	if u, ok := o.(*v1alpha1.User); ok && u.Spec.DisplayName != "" {
		return u.Spec.DisplayName
	}
	return nameOf(o)
}

func attributesOf(o client.Object) scim.Object {
	if g, ok := o.(*v1alpha1.Group); ok {
		return groupAttributes(&g.Spec)
	}
	return userAttributes(&o.(*v1alpha1.User).Spec)
}

// setAttributes replaces all attributes; members of a group stay.
func setAttributes(o client.Object, attributes scim.Object) error {
	if g, ok := o.(*v1alpha1.Group); ok {
		return setGroupAttributes(&g.Spec, attributes)
	}
	return setUserAttributes(&o.(*v1alpha1.User).Spec, attributes)
}

func sameSpec(a, b client.Object) bool {
	if g, ok := a.(*v1alpha1.Group); ok {
		return equality.Semantic.DeepEqual(&g.Spec, &b.(*v1alpha1.Group).Spec)
	}
	return equality.Semantic.DeepEqual(&a.(*v1alpha1.User).Spec, &b.(*v1alpha1.User).Spec)
}

// toClaim takes everything from an object but the claims it holds, and what
// others have put on it.
func toClaim(o client.Object) {
	sync, claim := resourceOf(o).SyncRef, *claimOf(o)
	resource := v1alpha1.ResourceSpec{SyncRef: sync}
	switch o := o.(type) {
	case *v1alpha1.Group:
		o.Spec = v1alpha1.GroupSpec{ResourceSpec: resource, ClaimSpec: claim}
	case *v1alpha1.User:
		o.Spec = v1alpha1.UserSpec{ResourceSpec: resource, ClaimSpec: claim}
	}
	setLabel(o, v1alpha1.LabelClaim, "true")
	setLabel(o, v1alpha1.LabelSynced, "")
	mapped := mapping.Removal(o)
	mapped.Apply(o)
}

// visible tells whether SCIM shows the object: it is a resource, not a mere
// claim, and it is not deleted.
func visible(o client.Object) bool {
	r := resourceOf(o)
	return r.ID != "" && r.Deleted == nil
}

func syncOf(o client.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: o.GetNamespace(), Name: resourceOf(o).SyncRef.Name}
}

func keyOf(o metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
}

func copyOf(o client.Object) client.Object { return o.DeepCopyObject().(client.Object) }

// setLabel sets a label, or removes it when value is empty.
func setLabel(o client.Object, key, value string) {
	labels := o.GetLabels()
	if value == "" {
		delete(labels, key)
		return
	}
	if labels == nil {
		labels = map[string]string{}
	}
	labels[key] = value
	o.SetLabels(labels)
}
