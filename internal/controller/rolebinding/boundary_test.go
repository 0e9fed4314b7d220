package rolebinding_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// A quota's 403 keeps a namespace from getting its objects. It deletes nothing,
// blocks no other namespace, and does not keep a removal from being made.
func TestQuota(t *testing.T) {
	w := openWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	full, free := createNamespace(t, nil), createNamespace(t, nil)
	b := w.bindCluster(namespaces(full), nil)
	w.wantIn(full, "ann", true)

	quota := w.fillQuota(full)
	update(w, b, func(b *v1alpha1.ClusterGroupRoleBinding) {
		b.Spec.Target, b.Spec.RoleRef.Name = namespaces(full, free), "pod-writer"
	})
	w.wantReason(b, "RefusedByAPIServer")
	w.promptly("the namespace without a quota", true, func() any { return w.may("ann", "create", "pods", free) })
	w.wantIn(full, "ann", true) // by the former role
	w.setMembers(devs, bob.Spec.ID)
	w.wantIn(full, "ann", false)
	w.wantIn(full, "bob", true)
	w.promptly("ann in the namespace without a quota", false, func() any { return w.may("ann", "get", "pods", free) })
	w.delete(quota)
	w.within(20*time.Second, "the new role", func() bool { return w.may("bob", "create", "pods", full) })
}

// The operator may bind the role in some namespaces only: the others are not
// kept from it, and once it may no longer, revoking still works.
func TestBindWithdrawnFromAClusterRoleBinding(t *testing.T) {
	w := openWorld(t)
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "reader-" + w.namespace},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}}
	binder := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "binder-" + w.namespace},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"clusterroles"}, Verbs: []string{"bind"}, ResourceNames: []string{role.Name}}}}
	grant := &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: binder.Name},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: binder.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "rollcall"}}}
	for _, o := range []client.Object{role, binder, grant} {
		w.create(o)
	}
	ann, bob, cid := w.user("ann"), w.user("bob"), w.user("cid")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	b := w.bindCluster(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster},
		func(s *v1alpha1.ClusterGroupRoleBindingSpec) { s.RoleRef.Name = role.Name })
	w.wantIn("", "ann", true)
	w.delete(grant)
	w.setMembers(devs, ann.Spec.ID, bob.Spec.ID, cid.Spec.ID)
	w.wantReason(b, "BindPermissionMissing")
	w.wantIn("", "ann", true) // a refused addition leaves the others
	w.setMembers(devs, bob.Spec.ID)
	w.wantIn("", "ann", false) // a refused removal does not
	w.wantReason(b, "BindPermissionMissing")
	grant.ResourceVersion = ""
	w.create(grant)
	w.within(20*time.Second, "bob again", func() bool { return w.may("bob", "get", "pods", "") })
}

// While the gate is closed nothing new is projected, and removals go on.
func TestGate(t *testing.T) {
	w := openWorld(t)
	ann, bob, cid := w.user("ann"), w.user("bob"), w.user("cid")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true, "bob": true})
	gate.set(true)
	defer gate.set(false)
	w.setMembers(devs, bob.Spec.ID, cid.Spec.ID)
	w.wantAccess(access{"ann": false, "bob": true, "cid": false})
	w.wantReason(b, "AdmissionPolicyMissing")
	other := w.bindCluster(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster}, nil)
	w.wantReason(other, "AdmissionPolicyMissing")
	stays(t, "nothing new", func() bool { return !w.mayRead("cid") && !w.may("bob", "get", "pods", "") })
	gate.set(false)
	w.wantAccess(access{"ann": false, "bob": true, "cid": true})
	w.wantIn("", "bob", true)
	w.wantReason(b, "Bound")
}

// The sync's removalGuard holds many removals until they are confirmed.
func TestRemovalsAreHeld(t *testing.T) {
	w := newWorld(t)
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.RemovalGuard = &v1alpha1.RemovalGuard{Percent: new(int32(50)), Subjects: new(int32(3)), Window: &metav1.Duration{Duration: time.Hour}}
	})
	ids := w.users(10)
	devs := w.group("Devs", ids...)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"user0": true, "user9": true})
	w.setMembers(devs, ids[:2]...)
	w.promptly("a problem", true, func() any {
		status, _ := w.status(b)
		return slices.ContainsFunc(status.Problems, func(line string) bool { return strings.HasPrefix(line, "RemovalsHeld: ") })
	})
	no := false
	user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: objectName("user5")}}
	update(w, user, func(u *v1alpha1.User) { u.Spec.Active = &no })
	w.wantAccess(access{"user0": true, "user5": false, "user9": true})
	held := guard.Status(w.sync)
	if held == nil {
		t.Fatal("the guard holds nothing")
	}
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Annotations = map[string]string{v1alpha1.AnnotationConfirmRemovals: held.ID}
	})
	w.wantAccess(access{"user0": true, "user1": true, "user9": false})
}

// What the admin of a sync can mend is told there too, once for many bindings.
func TestEvents(t *testing.T) {
	w := newWorld(t)
	w.group("Devs", w.user("ann").Spec.ID)
	other, another := createNamespace(t, nil), createNamespace(t, nil)
	events := func(namespace, kind, reason string) func() any {
		return func() any {
			var list eventsv1.EventList
			if err := admin.List(t.Context(), &list, client.InNamespace(namespace)); err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, e := range list.Items {
				if e.Regarding.Kind == kind && e.Reason == reason {
					n++
				}
			}
			return n
		}
	}
	w.bindIn(other, "pod-reader", "Devs")
	w.promptly("events on the binding", 1, events(other, "GroupRoleBinding", "NamespaceNotAllowed"))
	w.promptly("events on the sync", 1, events(w.namespace, "IdentityProviderSync", "NamespaceNotAllowed"))
	w.bindIn(another, "pod-reader", "Devs")
	w.promptly("events on the other binding", 1, events(another, "GroupRoleBinding", "NamespaceNotAllowed"))
	if n := events(w.namespace, "IdentityProviderSync", "NamespaceNotAllowed")(); n != 1 {
		t.Errorf("%v events on the sync, want 1", n)
	}
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	})
	w.promptly("the event that it is bound", 1, events(other, "GroupRoleBinding", "Bound"))
}
