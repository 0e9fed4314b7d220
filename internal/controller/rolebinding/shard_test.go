package rolebinding_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// users makes so many users, several at once, and gives their ids.
func (w world) users(n int) []string {
	w.Helper()
	ids := make([]string, n)
	var group sync.WaitGroup
	const writers = 16
	for writer := range writers {
		group.Go(func() {
			for i := writer; i < n; i += writers {
				name := fmt.Sprintf("user%d", i)
				u := newUser(w.namespace, name, w.name(name))
				if err := admin.Create(w.Context(), u); err != nil {
					w.Error(err)
					return
				}
				ids[i] = u.Spec.ID
			}
		})
	}
	group.Wait()
	if w.Failed() {
		w.FailNow()
	}
	return ids
}

// largeGroup makes a group as the SCIM server lays it out: an index and leaves.
func (w world) largeGroup(displayName string, ids []string) *v1alpha1.Group {
	w.Helper()
	g := &v1alpha1.Group{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: objectName(displayName)},
		Spec:       v1alpha1.GroupSpec{DisplayName: displayName},
	}
	g.Spec.SyncRef.Name, g.Spec.ID = "entra", objectName(displayName)+"-gaaaaaa"
	w.create(g)
	var leaves []v1alpha1.LeafReference
	for part := range slices.Chunk(ids, v1alpha1.MaxLeafMembers) {
		name := fmt.Sprintf("leaf-%s-%d", g.Name, len(leaves))
		w.slice(g, name, v1alpha1.GroupMemberSliceSpec{Members: part})
		leaves = append(leaves, v1alpha1.LeafReference{Name: name, Count: int32(len(part))})
	}
	w.slice(g, "index-"+g.Name, v1alpha1.GroupMemberSliceSpec{Leaves: leaves})
	update(w, g, func(g *v1alpha1.Group) { g.Spec.Index, g.Spec.MemberCount = "index-"+g.Name, int64(len(ids)) })
	return g
}

// within waits for something that takes longer than a single change.
func (w world) within(limit time.Duration, what string, ok func() bool) {
	w.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("%s: not within %s", what, limit)
		}
	}
}

func subjectsOf(objects []rbacv1.RoleBinding) []string {
	names := []string{}
	for _, rb := range objects {
		for _, s := range rb.Subjects {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

func TestShards(t *testing.T) {
	w := newWorld(t)
	ids := w.users(251)
	devs := w.largeGroup("Devs", ids[:250])
	b := w.bind("pod-reader", "Devs")
	w.within(5*time.Second, "250 members", func() bool { return len(subjectsOf(w.roleBindings(w.namespace))) == 250 })
	if objects := w.roleBindings(w.namespace); len(objects) != 3 {
		t.Errorf("%d RoleBindings for 250 members, want 3", len(objects))
	}
	settle(t)
	steps := []struct {
		name   string
		change func(*v1alpha1.Group)
		user   string
		want   bool
	}{
		{"leaves", func(g *v1alpha1.Group) { g.Spec.Removed, g.Spec.MemberCount = []string{ids[120]}, 249 }, "user120", false},
		{"joins", func(g *v1alpha1.Group) { g.Spec.Members, g.Spec.MemberCount = []string{ids[250]}, 250 }, "user250", true},
		{"is back", func(g *v1alpha1.Group) { g.Spec.Removed, g.Spec.MemberCount = nil, 251 }, "user120", true},
	}
	for _, step := range steps {
		before := requests.of("rolebindings", w.namespace)
		update(w, devs, step.change)
		w.wantAccess(access{step.user: step.want})
		settle(t)
		if got := requests.of("rolebindings", w.namespace).minus(before); got.updates != 1 || got.creates+got.deletes != 0 {
			t.Errorf("one %s: %+v, want one update", step.name, got)
		}
	}
	w.wantReason(b, "Bound")
	if status, _ := w.status(b); status.MembersApplied != 251 || status.ObjectCount != 3 || len(status.Objects) != 3 {
		t.Errorf("applied %d in %d objects %v; want 251 in 3", status.MembersApplied, status.ObjectCount, status.Objects)
	}
	names := subjectsOf(w.roleBindings(w.namespace))
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("somebody is bound twice")
	}

	// Nearly all leave: what remains ends in fewer objects, without a gap.
	update(w, devs, func(g *v1alpha1.Group) {
		g.Spec.Index, g.Spec.Removed, g.Spec.Members, g.Spec.MemberCount = "", nil, []string{ids[0], ids[120], ids[249]}, 3
	})
	w.wantAccess(access{"user0": true, "user120": true, "user249": true, "user7": false})
	w.within(20*time.Second, "one RoleBinding", func() bool {
		if !w.mayRead("user0") || !w.mayRead("user120") || !w.mayRead("user249") {
			t.Error("a gap while objects were compacted")
		}
		return len(w.roleBindings(w.namespace)) == 1
	})
}

// settle waits until a binding has been looked at once more after its last write.
func settle(t *testing.T) {
	t.Helper()
	time.Sleep(1200 * time.Millisecond)
}
