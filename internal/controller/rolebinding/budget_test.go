package rolebinding_test

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/rolebinding"
)

// An identity provider adds 1,000 members one by one to a group that is bound
// 20 times. Each addition rewrites 20 objects: what that costs is bounded, and
// a removal in the middle does not wait.
func TestAdditionsAreCoalesced(t *testing.T) {
	w := openWorld(t)
	const members, places = 1000, 20
	ids := w.users(members)
	devs := w.group("Devs", ids[0])
	var bindings []*v1alpha1.GroupRoleBinding
	var targets []string
	for range places {
		targets = append(targets, createNamespace(t, nil))
		bindings = append(bindings, w.bindIn(targets[len(targets)-1], "pod-reader", "Devs"))
	}
	last := bindings[places-1].Namespace
	w.wantIn(last, "user0", true)
	settle(t)

	before, statuses, begun := requests.of("rolebindings", targets...), requests.of("grouprolebindings", targets...), time.Now()
	var removed time.Duration
	for i := 1; i < members; i++ { // as the SCIM server does: a leaf and an index at times, the root always
		if i%32 == 0 {
			leaf := fmt.Sprintf("leaf-%d", i/32)
			w.slice(devs, leaf, v1alpha1.GroupMemberSliceSpec{Members: ids[:i]})
			w.slice(devs, "index-"+leaf, v1alpha1.GroupMemberSliceSpec{Leaves: []v1alpha1.LeafReference{{Name: leaf, Count: int32(i)}}})
			devs.Spec.Index = "index-" + leaf
		}
		devs.Spec.Members, devs.Spec.MemberCount = ids[i-i%32:i+1], int64(i+1)
		if err := admin.Update(t.Context(), devs); err != nil {
			t.Fatal(err)
		}
		if i == members/2 {
			no, leaves := false, time.Now()
			user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: objectName("user0")}}
			update(w, user, func(u *v1alpha1.User) { u.Spec.Active = &no })
			for _, b := range bindings {
				w.wantIn(b.Namespace, "user0", false)
			}
			removed = time.Since(leaves)
		}
	}
	filled := time.Since(begun)
	user := fmt.Sprintf("user%d", members-1)
	for _, b := range bindings {
		w.within(20*time.Second, "the last member", func() bool { return w.may(user, "get", "pods", b.Namespace) })
	}
	took := time.Since(begun)
	got := requests.of("rolebindings", targets...).minus(before)
	unbounded := int64(0)
	for n := range members {
		unbounded += int64(places * (n % 100) * 60)
	}
	t.Logf("%d members one by one in %s, all bound after %s: %d creates, %d updates, %.1f MB written (one by one: about %.1f MB)",
		members, filled.Round(time.Millisecond), took.Round(time.Millisecond), got.creates, got.updates, float64(got.bytes)/1e6, float64(unbounded)/1e6)
	t.Logf("the removal in the middle: out of %d namespaces after %s", places, removed.Round(time.Millisecond))
	// The burst, the rate, and what is not rewritten but new; requests are a
	// little larger than what they store.
	if bound := int64(1.5*rolebinding.WriteBudget*(took.Seconds()+1)) + members*places*150; got.bytes > bound {
		t.Errorf("%d bytes written, more than %d", got.bytes, bound)
	}
	// The status of each binding is written once a second at most.
	patches := requests.of("grouprolebindings", targets...).minus(statuses).patches
	t.Logf("%d status writes", patches)
	if bound := places * (int(took.Seconds()) + 4); patches > bound {
		t.Errorf("%d status writes, more than %d", patches, bound)
	}
}
