package rolebinding_test

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// slice makes a GroupMemberSlice for a group as the SCIM server does.
func (w world) slice(g *v1alpha1.Group, name string, spec v1alpha1.GroupMemberSliceSpec) {
	w.Helper()
	spec.SyncRef, spec.Group, spec.Base = g.Spec.SyncRef, g.Name, g.ResourceVersion
	w.create(&v1alpha1.GroupMemberSlice{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: name}, Spec: spec})
}

func TestGroupWithSlices(t *testing.T) {
	w := newWorld(t)
	const size = 300
	members := make([]string, size)
	for i := range members {
		name := fmt.Sprintf("user%d", i)
		w.user(name)
		members[i] = userID(name)
	}
	devs := w.group("Devs", members[0], members[1])
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"user0": true, "user1": true, "user299": false})

	// The root names an index that is nowhere to be found.
	update(w, devs, func(g *v1alpha1.Group) {
		g.Spec.Members, g.Spec.Index, g.Spec.MemberCount = nil, "index-a", size
	})
	w.wantReason(b, "GroupUnresolved")
	no := false
	user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: objectName("user1")}}
	update(w, user, func(u *v1alpha1.User) { u.Spec.Active = &no })
	w.wantAccess(access{"user0": true, "user1": false})
	stays(t, "the hold", func() bool { return w.mayRead("user0") && !w.mayRead("user299") })

	// It turns up, and no event of the group says so.
	w.slice(devs, "leaf-a", v1alpha1.GroupMemberSliceSpec{Members: members})
	w.slice(devs, "index-a", v1alpha1.GroupMemberSliceSpec{Leaves: []v1alpha1.LeafReference{{Name: "leaf-a", Count: size}}})
	for deadline := time.Now().Add(5 * time.Second); !w.mayRead("user299") && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	w.wantAccess(access{"user0": true, "user1": false, "user299": true})
	w.wantReason(b, "Bound")
	if status, _ := w.status(b); status.MembersDesired != size-1 || status.MembersApplied != size-1 {
		t.Errorf("desired %d, applied %d; want %d of both", status.MembersDesired, status.MembersApplied, size-1)
	}

	// One leaves by the root alone.
	update(w, devs, func(g *v1alpha1.Group) { g.Spec.Removed, g.Spec.MemberCount = []string{members[299]}, size-1 })
	w.wantAccess(access{"user0": true, "user299": false})
}
