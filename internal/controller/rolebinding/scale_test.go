package rolebinding_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// TestScale binds one large group in many namespaces by one object, then
// removes one member and adds one. What was written is counted by the API server
// and by etcd. It prints what that takes.
func TestScale(t *testing.T) {
	members, places := 20_000, 50
	if raceDetector {
		members, places = 2_500, 20
	}
	w := openWorld(t)
	ids := w.users(members + 1)
	var targets []string
	for range places {
		targets = append(targets, createNamespace(t, map[string]string{"scale": w.namespace}))
	}
	shards := (members + 499) / 500
	devs := w.largeGroup("Devs", ids[:members])

	before, begun := readServed(t), time.Now()
	b := w.bindCluster(selected("scale", w.namespace), nil)
	w.within(2*time.Minute, "all in place", func() bool {
		status, reason := w.status(b)
		return reason == "Bound" && status.MembersApplied == int64(members)
	})
	took := time.Since(begun)
	got := readServed(t).minus(before)
	objects := w.everyObject(b)
	subjects := 0
	for _, rb := range objects {
		subjects += len(rb.Subjects)
	}
	t.Logf("%d members in %d namespaces: %d RoleBindings, %d subjects, all in place after %s; %d creates, %d updates, %.1f MB put into etcd, %.0f RoleBindings/s",
		members, places, len(objects), subjects, took.Round(time.Millisecond), got.creates, got.updates, got.etcdBytes/1e6, float64(got.creates)/took.Seconds())
	if len(objects) != shards*places || subjects != members*places || got.creates != shards*places || got.updates+got.deletes > 0 {
		t.Errorf("want %d RoleBindings of %d subjects, each made once", shards*places, members*places)
	}
	settle(t)

	// One member leaves: one object in each namespace.
	before = readServed(t)
	update(w, devs, func(g *v1alpha1.Group) { g.Spec.Removed, g.Spec.MemberCount = []string{ids[77]}, int64(members-1) })
	first, last, _ := w.everywhere(b, targets, "user77", false)
	settle(t)
	got = readServed(t).minus(before)
	t.Logf("one member removed: first gone after %s, everywhere after %s; %d updates, %.2f MB put into etcd",
		first.Round(time.Millisecond), last.Round(time.Millisecond), got.updates, got.etcdBytes/1e6)
	if want := (served{updates: places, etcdBytes: got.etcdBytes}); got != want {
		t.Errorf("removing one member made %+v, want %+v", got, want)
	}

	// One member joins: at once where the budget lets, then as it allows.
	before = readServed(t)
	update(w, devs, func(g *v1alpha1.Group) { g.Spec.Members, g.Spec.MemberCount = []string{ids[members]}, int64(members) })
	first, last, waited := w.everywhere(b, targets, fmt.Sprintf("user%d", members), true)
	settle(t)
	got = readServed(t).minus(before)
	t.Logf("one member added: first bound after %s, everywhere after %s (waited for the write budget: %t); %d updates, %.2f MB put into etcd",
		first.Round(time.Millisecond), last.Round(time.Millisecond), waited, got.updates, got.etcdBytes/1e6)
	if want := (served{updates: places, etcdBytes: got.etcdBytes}); got != want {
		t.Errorf("adding one member made %+v, want %+v", got, want)
	}
}

// everywhere waits until a user may read pods in all namespaces, or in none.
// It says when that was so in the first and in the last of them, and whether
// the binding's status told of the write budget meanwhile.
func (w world) everywhere(b client.Object, namespaces []string, user string, want bool) (first, last time.Duration, waited bool) {
	w.Helper()
	begun := time.Now()
	left := slices.Clone(namespaces)
	for len(left) > 0 {
		left = slices.DeleteFunc(left, func(namespace string) bool { return w.may(user, "get", "pods", namespace) == want })
		if len(left) < len(namespaces) && first == 0 {
			first = time.Since(begun)
		}
		status, _ := w.status(b)
		waited = waited || slices.ContainsFunc(status.Conditions, func(c metav1.Condition) bool { return c.Reason == "WriteBudget" })
		if time.Since(begun) > time.Minute {
			w.Fatalf("%s: access %t not yet in %v", user, want, left)
		}
	}
	return first, time.Since(begun), waited
}

// everyObject gives the RoleBindings of a binding in all namespaces.
func (w world) everyObject(b client.Object) []rbacv1.RoleBinding {
	w.Helper()
	var list rbacv1.RoleBindingList
	if err := admin.List(w.Context(), &list, client.MatchingLabels{"scim.rollcall.dev/binding": b.GetName()}); err != nil {
		w.Fatal(err)
	}
	return list.Items
}
