package rolebinding_test

import (
	"context"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// openWorld is a world whose groups may be bound everywhere.
func openWorld(t testing.TB) world {
	t.Helper()
	w := newWorld(t)
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	})
	return w
}

func (w world) ref(group string) v1alpha1.GroupReference {
	return v1alpha1.GroupReference{SyncRef: w.syncRef(), DisplayName: group}
}

func (w world) syncRef() v1alpha1.NamespacedSyncReference {
	return v1alpha1.NamespacedSyncReference{Namespace: w.namespace, Name: "entra"}
}

func clusterRole(name string) *v1alpha1.RoleReference {
	return &v1alpha1.RoleReference{Kind: "ClusterRole", Name: name}
}

// bindCluster makes a ClusterGroupRoleBinding of the group Devs to pod-reader,
// as changed.
func (w world) bindCluster(target v1alpha1.BindingTarget, change func(*v1alpha1.ClusterGroupRoleBindingSpec)) *v1alpha1.ClusterGroupRoleBinding {
	w.Helper()
	b := &v1alpha1.ClusterGroupRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "devs-" + w.namespace},
		Spec: v1alpha1.ClusterGroupRoleBindingSpec{Target: target,
			GroupGrant: v1alpha1.GroupGrant{GroupRefs: []v1alpha1.GroupReference{w.ref("Devs")}, RoleRef: clusterRole("pod-reader")}},
	}
	if change != nil {
		change(&b.Spec)
	}
	w.create(b)
	w.Cleanup(func() { _ = client.IgnoreNotFound(admin.Delete(context.Background(), b)) })
	return b
}

func namespaces(names ...string) v1alpha1.BindingTarget {
	return v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces, Namespaces: names}
}

func selected(label, value string) v1alpha1.BindingTarget {
	return v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces,
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{label: value}}}
}

// wantIn waits until a user may read pods in a namespace, or may not.
func (w world) wantIn(namespace, user string, want bool) {
	w.Helper()
	w.promptly(user+" in "+namespace, want, func() any { return w.may(user, "get", "pods", namespace) })
}

func (w world) relabel(namespace string, labels map[string]string) {
	w.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	update(w, ns, func(ns *corev1.Namespace) { ns.Labels = labels })
}

// clusterRoleBindings gives those of a binding, straight from the API server.
func (w world) clusterRoleBindings(b client.Object) []rbacv1.ClusterRoleBinding {
	w.Helper()
	var list rbacv1.ClusterRoleBindingList
	if err := admin.List(w.Context(), &list, client.MatchingLabels{"scim.rollcall.dev/binding": b.GetName()}); err != nil {
		w.Fatal(err)
	}
	return list.Items
}

func TestClusterWide(t *testing.T) {
	w := openWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	devs := w.group("Devs", ann.Spec.ID)
	b := w.bindCluster(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster}, nil)
	w.wantIn("", "ann", true)
	w.wantReason(b, "Bound")
	w.setMembers(devs, bob.Spec.ID)
	w.wantIn("", "ann", false)
	w.wantIn("", "bob", true)
	update(w, b, func(b *v1alpha1.ClusterGroupRoleBinding) { b.Spec.RoleRef.Name = "pod-writer" })
	w.promptly("writing", true, func() any { return w.may("bob", "create", "pods", "") })
	w.promptly("ClusterRoleBindings", 1, func() any { return len(w.clusterRoleBindings(b)) })
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) { s.Spec.AllowedNamespaces = nil })
	w.wantIn("", "bob", false)
	w.wantReason(b, "NamespaceNotAllowed")
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	})
	w.wantIn("", "bob", true)
	w.delete(b)
	w.wantIn("", "bob", false)
}

func TestNamespacesByName(t *testing.T) {
	w := openWorld(t)
	w.group("Devs", w.user("ann").Spec.ID)
	there, later := createNamespace(t, nil), "later-"+w.namespace
	b := w.bindCluster(namespaces(there, later, w.namespace), nil)
	w.wantIn(there, "ann", true)
	w.wantIn(w.namespace, "ann", true) // holds a sync, but is named
	w.wantIn("", "ann", false)
	w.wantReason(b, "NamespaceNotFound")
	w.create(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: later}})
	w.wantIn(later, "ann", true)
	w.wantReason(b, "Bound")
	if status, _ := w.status(b); status.Namespaces != 3 || status.ObjectCount != 3 || status.MembersApplied != 1 {
		t.Errorf("namespaces, objects, applied = %d, %d, %d; want 3, 3, 1", status.Namespaces, status.ObjectCount, status.MembersApplied)
	}
	update(w, b, func(b *v1alpha1.ClusterGroupRoleBinding) { b.Spec.Target = namespaces(later) })
	w.wantIn(there, "ann", false)
	w.wantIn(w.namespace, "ann", false)
	w.wantIn(later, "ann", true)
}

func TestNamespaceThatIsDeleted(t *testing.T) {
	w := openWorld(t)
	ann, bob, cid := w.user("ann"), w.user("bob"), w.user("cid")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	stays, goes := createNamespace(t, nil), createNamespace(t, nil)
	b := w.bindCluster(namespaces(stays, goes), nil)
	w.wantIn(goes, "ann", true)
	w.delete(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: goes}}) // and nothing finalizes it here
	w.wantReason(b, "NamespaceTerminating")
	w.setMembers(devs, bob.Spec.ID, cid.Spec.ID)
	w.wantIn(goes, "ann", false)
	w.wantIn(stays, "ann", false)
	w.wantIn(stays, "cid", true)
	w.wantIn(goes, "cid", false)
}

func TestNamespaceSelectorFollowsNamespaces(t *testing.T) {
	w := openWorld(t)
	w.group("Devs", w.user("ann").Spec.ID)
	tier := w.namespace
	in, out := createNamespace(t, map[string]string{"tier": tier}), createNamespace(t, nil)
	b := w.bindCluster(selected("tier", tier), nil)
	w.wantIn(in, "ann", true)
	w.wantIn(out, "ann", false)
	comes := createNamespace(t, map[string]string{"tier": tier})
	w.wantIn(comes, "ann", true)
	w.relabel(out, map[string]string{"tier": tier})
	w.wantIn(out, "ann", true)
	w.relabel(in, nil)
	w.wantIn(in, "ann", false)
	w.wantReason(b, "Bound")

	// A sync makes its namespace one that no selector chooses.
	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: comes, Name: "okta"}}
	w.create(sync)
	w.wantIn(comes, "ann", false)
	w.delete(sync)
	w.wantIn(comes, "ann", true)
}

func TestOperatorNamespaceIsNotSelected(t *testing.T) {
	w := openWorld(t)
	w.group("Devs", w.user("ann").Spec.ID)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}}
	if err := admin.Create(t.Context(), ns); err != nil && !apierrors.IsAlreadyExists(err) { // with -count it may exist
		t.Fatal(err)
	}
	w.relabel(operatorNamespace, map[string]string{"tier": w.namespace})
	w.relabel("kube-public", map[string]string{"tier": w.namespace})
	w.relabel(w.namespace, map[string]string{"tier": w.namespace})
	in := createNamespace(t, map[string]string{"tier": w.namespace})
	w.bindCluster(selected("tier", w.namespace), nil)
	w.wantIn(in, "ann", true)
	stays(t, "no access in protected namespaces", func() bool {
		return !w.may("ann", "get", "pods", operatorNamespace) && !w.may("ann", "get", "pods", "kube-public") && !w.mayRead("ann")
	})
}

func TestPatternBindsByConvention(t *testing.T) {
	w := openWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	shop, bank := createNamespace(t, nil), createNamespace(t, nil)
	b := w.bindCluster(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces}, func(s *v1alpha1.ClusterGroupRoleBindingSpec) {
		s.GroupRefs, s.RoleRef = nil, nil
		s.GroupSelector = &v1alpha1.GroupSelector{SyncRef: w.syncRef(), Pattern: `k8s-(?P<namespace>[a-z0-9-]+)-(?P<role>pod-reader|pod-writer|secret-reader)`}
		s.Roles = []v1alpha1.RoleReference{*clusterRole("pod-reader"), *clusterRole("pod-writer")}
	})
	w.wantReason(b, "GroupNotFound")
	readers := w.group("k8s-"+shop+"-pod-reader", ann.Spec.ID)
	w.wantIn(shop, "ann", true)
	w.wantIn(bank, "ann", false)
	w.group("k8s-"+bank+"-pod-writer", bob.Spec.ID)
	w.promptly("bob writes", true, func() any { return w.may("bob", "create", "pods", bank) })
	w.group("k8s-"+bank+"-secret-reader", ann.Spec.ID)
	w.group("Devs", ann.Spec.ID)
	stays(t, "a role that is not listed gives nothing", func() bool {
		return !w.may("ann", "get", "secrets", bank) && !w.may("ann", "get", "pods", bank)
	})
	update(w, readers, func(g *v1alpha1.Group) { g.Spec.DisplayName = "k8s-" + bank + "-pod-reader" })
	w.wantIn(shop, "ann", false)
	w.wantIn(bank, "ann", true)
	w.setMembers(readers)
	w.wantIn(bank, "ann", false)
	w.delete(readers)
	w.promptly("bob still writes", true, func() any { return w.may("bob", "create", "pods", bank) })
}

func TestSubjectKindGroup(t *testing.T) {
	w := openWorld(t)
	devs := w.group("Devs", w.user("ann").Spec.ID)
	b := w.bindCluster(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster}, func(s *v1alpha1.ClusterGroupRoleBindingSpec) {
		s.Subject = &v1alpha1.SubjectTemplate{Kind: v1alpha1.SubjectGroup, Name: "'oidc:' + group.displayName"}
	})
	want := func(names ...string) {
		t.Helper()
		w.promptly("subjects", names, func() any {
			var got []string
			for _, o := range w.clusterRoleBindings(b) {
				for _, s := range o.Subjects {
					got = append(got, s.Kind+" "+s.Name)
				}
			}
			return got
		})
	}
	want("Group oidc:Devs")
	w.wantReason(b, "Bound")
	w.setMembers(devs) // the token says who is in it
	want("Group oidc:Devs")
	w.delete(devs)
	want()
}

func TestSubjectName(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	set := func(name string) {
		t.Helper()
		update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.Subject = &v1alpha1.SubjectTemplate{Name: name} })
	}
	set("'saml:' + user.userName")
	w.wantAccess(access{"ann": false, "saml:ann": true})
	w.promptly("subjectName", "'saml:' + user.userName", func() any { s, _ := w.status(b); return s.SubjectName })
	set("user.userName +")
	w.wantReason(b, "InvalidUsernameExpression")
	w.wantAccess(access{"saml:ann": true}) // held
	no := false
	update(w, ann, func(u *v1alpha1.User) { u.Spec.Active = &no })
	w.wantAccess(access{"saml:ann": false}) // but revoking works
	update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.Subject = nil })
	update(w, ann, func(u *v1alpha1.User) { *u.Spec.Active = true })
	w.wantAccess(access{"ann": true, "saml:ann": false})
}
