package directory

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// BenchmarkGroupsOf looks up the groups of one user who is in many, all of which
// have slices.
func BenchmarkGroupsOf(b *testing.B) {
	for _, groups := range []int{50, 500, 5000} {
		b.Run(fmt.Sprintf("groups=%d", groups), func(b *testing.B) {
			d, sync := newReplica(b), types.NamespacedName{Namespace: "bench", Name: "entra"}
			user := newID(KindUser, slot(KindUser, sync.Name, "ada", false))
			for i := range groups {
				g := &v1alpha1.Group{}
				g.Namespace, g.Name = sync.Namespace, slot(KindGroup, sync.Name, fmt.Sprintf("k8s-team-%d", i), false)
				g.Spec.SyncRef.Name, g.Spec.ID, g.Spec.Index, g.Spec.MemberCount = sync.Name, newID(KindGroup, g.Name), g.Name+"-index", 1
				leaf, index := &v1alpha1.GroupMemberSlice{}, &v1alpha1.GroupMemberSlice{}
				leaf.Namespace, leaf.Name, leaf.Spec.Group, leaf.Spec.Members = sync.Namespace, g.Name+"-leaf", g.Name, []string{user}
				index.Namespace, index.Name, index.Spec.Group = sync.Namespace, g.Spec.Index, g.Name
				index.Spec.Leaves = []v1alpha1.LeafReference{{Name: leaf.Name, Count: 1}}
				for _, err := range []error{d.groups.informer.GetIndexer().Add(g), d.slices.informer.GetIndexer().Add(leaf), d.slices.informer.GetIndexer().Add(index)} {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			for b.Loop() {
				if found, err := d.groupsOf(b.Context(), sync, user, false); err != nil || len(found) != groups {
					b.Fatalf("%d groups, %v", len(found), err)
				}
			}
		})
	}
}
