package rolebinding_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

type access = map[string]bool

func TestAccessFollowsMembership(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	devs := w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true, "bob": false})
	w.wantReason(b, "Bound")

	w.setMembers(devs, ann.Spec.ID, bob.Spec.ID) // join
	w.wantAccess(access{"ann": true, "bob": true})
	w.setMembers(devs, bob.Spec.ID) // leave
	w.wantAccess(access{"ann": false, "bob": true})

	no, yes := false, true
	update(w, bob, func(u *v1alpha1.User) { u.Spec.Active = &no }) // disable
	w.wantAccess(access{"bob": false})
	update(w, bob, func(u *v1alpha1.User) { u.Spec.Active = &yes }) // enable again
	w.wantAccess(access{"bob": true})
	update(w, bob, func(u *v1alpha1.User) { u.Spec.UserName = w.name("robert") }) // rename
	w.wantAccess(access{"bob": false, "robert": true})
	now := metav1.NowMicro()
	update(w, bob, func(u *v1alpha1.User) { u.Spec.Deleted = &now }) // delete, retained
	w.wantAccess(access{"robert": false})
	w.setMembers(devs, ann.Spec.ID)
	w.wantAccess(access{"ann": true})
	w.delete(ann)
	w.wantAccess(access{"ann": false})
}

func TestMemberBeforeUser(t *testing.T) {
	w := newWorld(t)
	w.bind("pod-reader", "Devs")
	w.group("Devs", userID("ann"))
	w.wantAccess(access{"ann": false})
	w.user("ann")
	w.wantAccess(access{"ann": true})
}

func TestAccessFollowsTheGroup(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	b := w.bind("pod-reader", "Devs") // written before the group exists
	w.wantReason(b, "GroupNotFound")
	devs := w.group("Devs", ann.Spec.ID)
	w.wantAccess(access{"ann": true})
	update(w, devs, func(g *v1alpha1.Group) { g.Spec.DisplayName = "Developers" }) // renamed away
	w.wantAccess(access{"ann": false})
	update(w, devs, func(g *v1alpha1.Group) { g.Spec.DisplayName = "Devs" })
	w.wantAccess(access{"ann": true})
	w.delete(devs)
	w.wantAccess(access{"ann": false})
	w.wantReason(b, "GroupNotFound")
}

func TestNestedGroups(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	inner := w.group("Inner", ann.Spec.ID)
	middle := w.group("Middle", inner.Spec.ID)
	outer := w.group("Outer", middle.Spec.ID)
	w.bind("pod-reader", "Outer")
	w.wantAccess(access{"ann": true, "bob": false})
	w.setMembers(inner, bob.Spec.ID, outer.Spec.ID) // two levels down, and a cycle
	w.wantAccess(access{"ann": false, "bob": true})
	no := false
	update(w, bob, func(u *v1alpha1.User) { u.Spec.Active = &no })
	w.wantAccess(access{"bob": false})
	update(w, bob, func(u *v1alpha1.User) { u.Spec.Active = new(bool); *u.Spec.Active = true })
	w.wantAccess(access{"bob": true})
	w.delete(middle)
	w.wantAccess(access{"bob": false})
}

func TestAccessFollowsTheFilters(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	w.group("k8s-devs", ann.Spec.ID, bob.Spec.ID)
	staff := w.group("Staff", ann.Spec.ID)
	berlin := w.group("Berlin", bob.Spec.ID)
	w.bind("pod-reader", "k8s-devs")
	w.wantAccess(access{"ann": true, "bob": true})

	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"Staff"}}
	})
	w.wantAccess(access{"ann": true, "bob": false})
	w.setMembers(staff, berlin.Spec.ID) // now bob is staff, by way of Berlin
	w.wantAccess(access{"ann": false, "bob": true})
	w.setMembers(berlin, bob.Spec.ID, ann.Spec.ID)
	w.wantAccess(access{"ann": true, "bob": true})
	update(w, staff, func(g *v1alpha1.Group) { g.Spec.DisplayName = "Former" })
	w.wantAccess(access{"ann": false, "bob": false})
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.UserFilter = nil
		s.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}}
	})
	w.wantAccess(access{"ann": true, "bob": true})
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) { s.Spec.GroupFilter.Prefixes = []string{"K8s-"} })
	w.wantAccess(access{"ann": false, "bob": false})
}

func TestAccessFollowsAllowedNamespaces(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	other := createNamespace(t, map[string]string{"tier": "prod"})
	b := w.bindIn(other, "pod-reader", "Devs")
	want := func(allowed bool, reason string) {
		t.Helper()
		w.promptly("access", allowed, func() any { return w.may("ann", "get", "pods", other) })
		w.wantReason(b, reason)
	}
	want(false, "NamespaceNotAllowed")
	allow := func(a *v1alpha1.AllowedNamespaces) {
		t.Helper()
		update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) { s.Spec.AllowedNamespaces = a })
	}
	allow(&v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll})
	want(true, "Bound")
	allow(&v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSame})
	want(false, "NamespaceNotAllowed")
	allow(&v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector,
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "prod"}}})
	want(true, "Bound")
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: other}}
	update(w, ns, func(ns *corev1.Namespace) { ns.Labels["tier"] = "test" })
	want(false, "NamespaceNotAllowed")
}

func TestAccessFollowsKubernetesUsername(t *testing.T) {
	w := newWorld(t)
	ann, twin := w.user("ann"), w.user("Ann2")
	w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	set := func(expression string) {
		t.Helper()
		update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) { s.Spec.KubernetesUsername = expression })
	}
	set("'oidc:' + user.userName")
	w.wantAccess(access{"ann": false, "oidc:ann": true})
	set("user.userName +")
	w.wantReason(b, "InvalidUsernameExpression")
	w.wantAccess(access{"oidc:ann": true}) // held
	no := false
	update(w, ann, func(u *v1alpha1.User) { u.Spec.Active = &no })
	w.wantAccess(access{"oidc:ann": false}) // but revoking works
	set("user.userName.lowerAscii().replace('2@', '@')")
	update(w, ann, func(u *v1alpha1.User) { *u.Spec.Active = true })
	w.wantAccess(access{"ann": true})
	w.wantReason(b, "PartlyBound") // ann and Ann2 have one name
	update(w, twin, func(u *v1alpha1.User) { u.Spec.Active = &no })
	w.wantAccess(access{"ann": false}) // although Ann2 is no member
	w.delete(twin)
	w.wantAccess(access{"ann": true})
	w.wantReason(b, "Bound")
}

// A new leader has never seen an expression of the sync that can be used.
func TestRevokingWithABrokenExpressionAfterARestart(t *testing.T) {
	w := world{TB: t, namespace: createNamespace(t, nil)}
	w.sync = w.createSync(func(s *v1alpha1.IdentityProviderSyncSpec) { s.KubernetesUsername = "user.userName +" })
	w.sync.Status.KubernetesUsername = "user.userName"
	if err := admin.Status().Update(t.Context(), w.sync); err != nil {
		t.Fatal(err)
	}
	ann, bob, cid := w.user("ann"), w.user("bob"), w.user("cid")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID, cid.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantReason(b, "InvalidUsernameExpression")
	var subjects []rbacv1.Subject
	for _, user := range []string{"ann", "bob", "cid"} {
		subjects = append(subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: w.name(user)})
	}
	w.create(projection.OfGroupRoleBinding(b).RoleBinding(projection.Object{ // as the last leader left it
		Namespace: w.namespace, Name: generatedName(b, 0), Subjects: subjects,
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "pod-reader"},
	}))
	w.wantAccess(access{"ann": true, "bob": true, "cid": true}) // once the API server's authorizer has seen it
	stays(t, "access", func() bool { return w.mayRead("ann") && w.mayRead("bob") && w.mayRead("cid") })
	no := false
	update(w, ann, func(u *v1alpha1.User) { u.Spec.Active = &no })
	w.wantAccess(access{"ann": false, "bob": true, "cid": true})
	w.setMembers(devs, ann.Spec.ID, cid.Spec.ID)
	w.wantAccess(access{"ann": false, "bob": false, "cid": true})
}

func TestDeletedSync(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	devs := w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	w.delete(w.sync)
	w.wantReason(b, "SyncNotFound")
	stays(t, "access while the sync is gone", func() bool { return w.mayRead("ann") })
	w.setMembers(devs, ann.Spec.ID, bob.Spec.ID)
	stays(t, "nobody joins", func() bool { return w.mayRead("ann") && !w.mayRead("bob") })
	w.createSync(nil) // adopts
	w.wantAccess(access{"ann": true, "bob": true})
	w.wantReason(b, "Bound")
}

func TestSyncDeletedWithEverything(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Finalizers = []string{"scim.rollcall.dev/test"} // as while its groups are being deleted
		s.Spec.Deletion = &v1alpha1.DeletionPolicy{OnSyncDelete: v1alpha1.DeletionDelete}
	})
	w.delete(w.sync)
	w.wantAccess(access{"ann": false})
	w.wantReason(b, "SyncDeleted")
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) { s.Finalizers = nil })
}

// A name that very many users have is bound while all of them are active and
// synced, members of anything or not.
func TestOneOfVeryManyUsersOfAName(t *testing.T) {
	w := newWorld(t)
	last, ann := w.user("last"), w.user("ann")
	all := []string{ann.Spec.ID}
	for i := range 3 {
		var members []string
		for j := range 100 {
			members = append(members, w.user(fmt.Sprintf("u%d%02d", i, j)).Spec.ID)
		}
		all = append(all, w.group(fmt.Sprintf("Floor%d", i), members...).Spec.ID)
	}
	staff := w.group("Staff", append(all, last.Spec.ID)...)
	w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	update(w, b, func(b *v1alpha1.GroupRoleBinding) {
		b.Spec.Subject = &v1alpha1.SubjectTemplate{Name: "'everybody@" + w.namespace + "'"}
	})
	w.wantAccess(access{"everybody": true})
	update(w, last, func(u *v1alpha1.User) { u.Spec.Active = new(bool) })
	w.wantAccess(access{"everybody": false})
	update(w, last, func(u *v1alpha1.User) { *u.Spec.Active = true })
	w.wantAccess(access{"everybody": true})
	update(w, w.sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"Staff"}}
	})
	w.setMembers(staff, append(all, last.Spec.ID)...) // nothing changes
	w.wantAccess(access{"everybody": true})
	w.setMembers(staff, all...) // last is not let through any more
	w.wantAccess(access{"everybody": false})
}
