package rolebinding_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestDriftIsRepaired(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	rb := &w.roleBindings(w.namespace)[0]

	tests := []struct {
		name  string
		drift func(*rbacv1.RoleBinding)
	}{
		{"a subject added", func(rb *rbacv1.RoleBinding) {
			rb.Subjects = append(rb.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: w.name("eve")})
		}},
		{"a subject removed", func(rb *rbacv1.RoleBinding) { rb.Subjects = nil }},
		{"our label removed", func(rb *rbacv1.RoleBinding) { rb.Labels = nil; rb.Subjects = nil }},
		{"the owner removed", func(rb *rbacv1.RoleBinding) { rb.OwnerReferences = nil }},
		{"the owner removed and a subject added", func(rb *rbacv1.RoleBinding) {
			rb.OwnerReferences = nil
			rb.Subjects = append(rb.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: w.name("eve")})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			update(w, rb, test.drift)
			w.wantAccess(access{"ann": true, "eve": false})
			w.promptly("objects, labels and owners", []string{"rollcall devs"}, func() any {
				var got []string
				for _, rb := range w.roleBindings(w.namespace) {
					owner := metav1.GetControllerOf(&rb)
					if owner == nil {
						owner = &metav1.OwnerReference{}
					}
					got = append(got, rb.Labels["app.kubernetes.io/managed-by"]+" "+owner.Name)
				}
				return got
			})
		})
	}
	t.Run("deleted", func(t *testing.T) {
		w.delete(rb)
		w.promptly("RoleBindings", 1, func() any { return len(w.roleBindings(w.namespace)) })
		w.wantAccess(access{"ann": true})
	})
	t.Run("labels and owner removed", func(t *testing.T) { // then it is somebody else's, and the policies protect it
		rb := &w.roleBindings(w.namespace)[0]
		update(w, rb, func(rb *rbacv1.RoleBinding) { rb.Labels, rb.OwnerReferences = nil, nil })
		w.wantReason(b, "ObjectNameTaken")
		w.delete(rb)
		w.within(10*time.Second, "a RoleBinding of our own", func() bool {
			objects := w.roleBindings(w.namespace)
			return len(objects) == 1 && objects[0].Labels != nil
		})
		w.wantAccess(access{"ann": true})
	})
	t.Run("labels of others stay", func(t *testing.T) {
		rb := &w.roleBindings(w.namespace)[0]
		update(w, rb, func(rb *rbacv1.RoleBinding) { rb.Labels["team"], rb.Subjects = "a", nil })
		w.wantAccess(access{"ann": true})
		if got := w.roleBindings(w.namespace)[0].Labels["team"]; got != "a" {
			t.Errorf("label team = %q, want a", got)
		}
	})
}

func TestDriftOfAClusterRoleBindingIsRepaired(t *testing.T) {
	w := openWorld(t)
	w.group("Devs", w.user("ann").Spec.ID)
	b := w.bindCluster(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster}, nil)
	w.wantIn("", "ann", true)
	crb := &w.clusterRoleBindings(b)[0]
	update(w, crb, func(crb *rbacv1.ClusterRoleBinding) {
		crb.Subjects = append(crb.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User", Name: w.name("eve")})
	})
	w.wantIn("", "eve", false)
	update(w, crb, func(crb *rbacv1.ClusterRoleBinding) { crb.OwnerReferences, crb.Subjects = nil, nil })
	w.wantIn("", "ann", true)
	w.delete(crb)
	w.wantIn("", "ann", true)
}

func TestChangedRoleLeavesNoGap(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	gaps := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer close(gaps)
		for ctx.Err() == nil {
			if allowed, err := review(ctx, w.name("ann"), "get", "pods", w.namespace); ctx.Err() == nil && (err != nil || !allowed) {
				gaps <- fmt.Errorf("allowed: %v, error: %w", allowed, err)
				return
			}
		}
	}()
	for i := range 10 {
		role := []string{"pod-writer", "pod-reader"}[i%2]
		update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = role })
		w.promptly("writing", role == "pod-writer", func() any { return w.may("ann", "create", "pods", w.namespace) })
		w.promptly("RoleBindings", 1, func() any { return len(w.roleBindings(w.namespace)) })
	}
	stop()
	if err := <-gaps; err != nil {
		t.Errorf("ann could not read pods for a moment while the role changed: %v", err)
	}
}

func TestObjectNameTaken(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	taken := w.roleBindings(w.namespace)[0]
	w.delete(b)
	w.promptly("RoleBindings", 0, func() any { return len(w.roleBindings(w.namespace)) })
	foreign := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: taken.Name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "pod-writer"},
	}
	w.create(foreign)
	b = w.bind("pod-reader", "Devs")
	w.wantReason(b, "ObjectNameTaken")
	if got := w.roleBindings(w.namespace); len(got) != 1 || got[0].ResourceVersion != foreign.ResourceVersion {
		t.Errorf("the foreign RoleBinding was touched: %+v", got)
	}
	w.delete(foreign)
	update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.GroupRefs = append(b.Spec.GroupRefs, b.Spec.GroupRefs[0]) })
	w.wantAccess(access{"ann": true})
}

func TestDeletedBindingRevokesAtOnce(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	w.delete(b)
	w.wantAccess(access{"ann": false})
}

// Deleting a binding takes access away also while a finalizer keeps the object.
func TestDeletedBindingWithAFinalizer(t *testing.T) {
	tests := map[string]struct {
		finalizer string
		keeps     bool
	}{
		"of somebody else": {"example.com/wait", false},
		"foreground":       {metav1.FinalizerDeleteDependents, false},
		"orphan":           {metav1.FinalizerOrphanDependents, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ann := w.user("ann")
			w.group("Devs", ann.Spec.ID)
			b := w.bind("pod-reader", "Devs")
			w.wantAccess(access{"ann": true})
			update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Finalizers = []string{test.finalizer} })
			w.delete(b)
			if test.keeps {
				stays(t, "access", func() bool { return w.mayRead("ann") })
			} else {
				w.wantAccess(access{"ann": false})
			}
			update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Finalizers = nil })
		})
	}
}

// While a group cannot be read its subjects are held, but only those that the
// operator bound: a RoleBinding to a lesser role that claims to be of the
// binding must not lead to the binding's role.
func TestForgedRoleBindingIsNotHeld(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.user("eve")
	devs := w.group("Devs", ann.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	update(w, devs, func(g *v1alpha1.Group) { g.Spec.Index = "missing" })
	w.wantReason(b, "GroupUnresolved")
	owned := w.roleBindings(w.namespace)[0]
	forged := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "forged", Labels: owned.Labels, OwnerReferences: owned.OwnerReferences},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "secret-reader"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: w.name("eve")}},
	}
	w.create(forged)
	w.promptly("RoleBindings", 1, func() any { return len(w.roleBindings(w.namespace)) })
	w.wantAccess(access{"ann": true, "eve": false})
}

// A role that is gone may come back: nobody who was removed may have it then.
func TestRevokingWithoutTheRole(t *testing.T) {
	w := newWorld(t)
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "reader"},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}}}
	binder := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "binder"},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{rbacv1.GroupName}, Resources: []string{"roles"}, Verbs: []string{"bind"}, ResourceNames: []string{role.Name}}}}
	grant := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "binder"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: binder.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "rollcall"}}}
	for _, o := range []client.Object{role, binder, grant} {
		w.create(o)
	}
	ann, bob := w.user("ann"), w.user("bob")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	b := w.bind(role.Name, "Devs")
	update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Kind = "Role" })
	w.wantAccess(access{"ann": true, "bob": true})
	w.delete(grant)
	w.delete(role)
	w.setMembers(devs, bob.Spec.ID)
	w.promptly("RoleBindings that name ann", 0, func() any {
		n := 0
		for _, rb := range w.roleBindings(w.namespace) {
			for _, subject := range rb.Subjects {
				if subject.Name == w.name("ann") {
					n++
				}
			}
		}
		return n
	})
}

func TestRoleThatMayNotBeBound(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	b := w.bind("secret-reader", "Devs")
	w.wantReason(b, "BindPermissionMissing")
	status, _ := w.status(b)
	if len(status.Problems) != 1 || !strings.Contains(status.Problems[0], "bindableRoles") {
		t.Errorf("problems = %q, want one that says how to grant it", status.Problems)
	}
	if status.MembersDesired != 1 || status.MembersApplied != 0 {
		t.Errorf("desired %d, applied %d; want 1 and 0", status.MembersDesired, status.MembersApplied)
	}
	w.promptly("events", true, func() any {
		var list eventsv1.EventList
		if err := admin.List(t.Context(), &list, client.InNamespace(w.namespace)); err != nil {
			t.Fatal(err)
		}
		for _, e := range list.Items {
			if e.Regarding.Name == b.Name && e.Type == "Warning" && e.Reason == "BindPermissionMissing" {
				return true
			}
		}
		return false
	})
	update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "pod-reader" })
	w.wantAccess(access{"ann": true})
}

func TestRoleThatDoesNotExistYet(t *testing.T) {
	w := newWorld(t)
	ann := w.user("ann")
	w.group("Devs", ann.Spec.ID)
	w.bind("not-yet", "Devs") // the operator may bind it
	w.promptly("RoleBindings", 1, func() any { return len(w.roleBindings(w.namespace)) })
	other := newWorld(t)
	other.group("Devs", other.user("ann").Spec.ID)
	b := other.bind("never", "Devs")
	other.wantReason(b, "RoleNotFound")
}

// The API server refuses every update of a RoleBinding to a role that the
// operator may not bind, also one that takes access away.
func TestRevokingWithoutBind(t *testing.T) {
	w := newWorld(t)
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
	b := w.bind(role.Name, "Devs")
	w.wantAccess(access{"ann": true, "bob": true})
	w.delete(grant)
	w.setMembers(devs, ann.Spec.ID, bob.Spec.ID, cid.Spec.ID)
	w.wantReason(b, "BindPermissionMissing")
	w.wantAccess(access{"ann": true, "bob": true, "cid": false}) // a refused addition leaves the others
	w.setMembers(devs, bob.Spec.ID)
	w.wantAccess(access{"ann": false}) // a refused removal does not
	w.wantReason(b, "BindPermissionMissing")
}
