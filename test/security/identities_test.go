package security

import (
	"context"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func user(namespace, name string) *v1alpha1.User {
	return &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{v1alpha1.LabelSync: "idp", v1alpha1.LabelSynced: "true"}},
		Spec: v1alpha1.UserSpec{UserName: name, ResourceSpec: v1alpha1.ResourceSpec{
			SyncRef: v1alpha1.SyncReference{Name: "idp"}, ID: name + "-uabcdef",
		}},
	}
}

func group(namespace, name string, members ...string) *v1alpha1.Group {
	return &v1alpha1.Group{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{v1alpha1.LabelSync: "idp"},
			Annotations: map[string]string{v1alpha1.AnnotationFence: "1"}},
		Spec: v1alpha1.GroupSpec{DisplayName: name, Members: members, MemberCount: int64(len(members)), ResourceSpec: v1alpha1.ResourceSpec{
			SyncRef: v1alpha1.SyncReference{Name: "idp"}, ID: name + "-gabcdef",
		}},
	}
}

func slice(namespace, name string) *v1alpha1.GroupMemberSlice {
	return &v1alpha1.GroupMemberSlice{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1alpha1.GroupMemberSliceSpec{SyncRef: v1alpha1.SyncReference{Name: "idp"}, Group: "admins", Base: "1", Members: []string{"mallory-uabcdef"}},
	}
}

// A tenant with all verbs on everything in the namespace of a sync.
func TestIdentities(t *testing.T) {
	ns, other := namespace(t, nil), namespace(t, nil)
	mallory := actor{"mallory-identities"}.may(t, ns, everything).may(t, other, everything)
	create(t, user(other, "bob"))
	property := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "mallorys"}}
	create(t, property)
	objects := map[string]client.Object{}
	for _, name := range []string{"joined", "labeled", "unlabeled", "annotated", "fenced"} {
		objects[name] = group(ns, name, "ann-uabcdef")
	}
	for _, name := range []string{"edited", "owned", "kept", "fired", "ann"} {
		objects[name] = user(ns, name)
	}
	admins := group(ns, "admins")
	create(t, admins)
	for _, name := range []string{"leaf", "other-leaf"} {
		leaf := slice(ns, name)
		leaf.Spec.Base = admins.ResourceVersion // else the operator sweeps it before somebody else can delete it
		objects[name] = leaf
	}
	for _, o := range objects {
		create(t, o)
	}
	applied := group(ns, "applied")
	create(t, applied)
	for i := range 10 {
		apply(t, applied, fmt.Sprintf("manager-%d", i), admin)
	}
	of := func(name string) *v1alpha1.Group { return objects[name].(*v1alpha1.Group) }
	person := func(name string) *v1alpha1.User { return objects[name].(*v1alpha1.User) }

	withstands(t, "rollcall-identities", map[string]attack{
		"a label of one's own": {mallory, changing(person("ann"), func(u *v1alpha1.User) { u.Labels["team"] = "blue" })},
		"an annotation of one's own": {mallory, changing(of("joined"), func(g *v1alpha1.Group) {
			g.Annotations["example.com/note"] = "seen"
		})},
		"the garbage collector deletes": {actor{"system:serviceaccount:kube-system:generic-garbage-collector"}, deleting(objects["fired"])},
		"so does kube-controller-manager without credentials for each controller": {
			actor{"system:kube-controller-manager"}.may(t, "", everything), deleting(objects["other-leaf"])},
	}, map[string]attack{
		"joins a group": {mallory, changing(of("joined"), func(g *v1alpha1.Group) {
			g.Spec.Members = append(g.Spec.Members, "mallory-uabcdef")
		})},
		"forges a user":     {mallory, creating(user(ns, "forged"))},
		"forges a group":    {mallory, creating(group(ns, "forged", "mallory-uabcdef"))},
		"forges members":    {mallory, creating(slice(ns, "forged"))},
		"takes over a user": {mallory, changing(person("edited"), func(u *v1alpha1.User) { u.Spec.UserName = "mallory" })},
		"deletes members":   {mallory, deleting(objects["leaf"])},
		"deletes all users": {mallory, func(ctx context.Context, as client.Client) error {
			return as.DeleteAllOf(ctx, &v1alpha1.User{}, client.InNamespace(other))
		}},
		"changes a label":     {mallory, changing(of("labeled"), func(g *v1alpha1.Group) { g.Labels[v1alpha1.LabelSync] = "mine" })},
		"removes a label":     {mallory, changing(of("unlabeled"), func(g *v1alpha1.Group) { delete(g.Labels, v1alpha1.LabelSync) })},
		"adds an empty label": {mallory, changing(of("annotated"), func(g *v1alpha1.Group) { g.Labels[v1alpha1.LabelClaim] = "" })},
		"changes a fence":     {mallory, changing(of("fenced"), func(g *v1alpha1.Group) { g.Annotations[v1alpha1.AnnotationFence] = "2" })},
		"has a user deleted with an object of her own": {mallory, changing(person("owned"), func(u *v1alpha1.User) {
			_ = controllerutil.SetOwnerReference(property, u, scheme)
		})},
		"makes a group too large to be changed": {mallory, changing(of("annotated"), func(g *v1alpha1.Group) {
			for i := range 3500 {
				g.Labels[fmt.Sprintf("%s.example.com/%04d%s", strings.Repeat("a", 60), i, strings.Repeat("a", 59))] = strings.Repeat("a", 63)
			}
		})},
		"does so by annotations": {mallory, changing(of("annotated"), func(g *v1alpha1.Group) {
			for i := range 101 {
				g.Annotations[fmt.Sprintf("example.com/%03d", i)] = ""
			}
		})},
		"does so by applying the same as very many": {mallory, func(ctx context.Context, as client.Client) error {
			return applyAs(ctx, applied, "mallory", as)
		}},
		"keeps a user from being deleted": {mallory, changing(person("kept"), func(u *v1alpha1.User) {
			controllerutil.AddFinalizer(u, "example.com/mallory")
		})},
	})
}

func apply(t *testing.T, g *v1alpha1.Group, manager string, as client.Client) {
	t.Helper()
	if err := applyAs(t.Context(), g, manager, as); err != nil {
		t.Fatal(err)
	}
}

// applyAs has the API server keep a list of what a manager applied to a group.
func applyAs(ctx context.Context, g *v1alpha1.Group, manager string, as client.Client) error {
	o := &unstructured.Unstructured{}
	o.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("Group"))
	o.SetNamespace(g.Namespace)
	o.SetName(g.Name)
	o.SetLabels(map[string]string{"example.com/team": "blue"})
	return as.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner(manager))
}

// kube-controller-manager runs here with credentials for each controller.
func TestKubernetesCollectsIdentities(t *testing.T) {
	ns := namespace(t, nil)
	owner := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "owner"}}
	create(t, owner)
	owned, left := user(ns, "owned"), user(ns, "left")
	if err := controllerutil.SetOwnerReference(owner, owned, scheme); err != nil {
		t.Fatal(err)
	}
	for _, o := range []client.Object{owned, left, group(ns, "group"), slice(ns, "leaf")} {
		create(t, o)
	}
	gone := func(what string, o client.Object) {
		t.Helper()
		within(t, what+" is gone", func() string {
			if err := admin.Get(t.Context(), client.ObjectKeyFromObject(o), o); !apierrors.IsNotFound(err) {
				return fmt.Sprintf("reading it gives %v", err)
			}
			return ""
		})
	}
	if err := admin.Delete(t.Context(), owner, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Fatal(err)
	}
	gone("what belonged to an object", owned)
	if err := admin.Delete(t.Context(), left, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Fatal(err)
	}
	gone("a user deleted in the foreground", left)
	if err := admin.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}}); err != nil {
		t.Fatal(err)
	}
	gone("the namespace, with all in it,", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})
}
