package access

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/snapshot"
)

// company makes a sync, users who may be disabled or deleted, and groups of
// them and of each other, some of which cannot be read.
func company(random *rand.Rand) snapshot.Objects {
	const namespace, name = "identity", "entra"
	s := v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	s.Spec.KubernetesUsername = "'oidc:' + user.userName"
	s.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	if random.IntN(3) == 0 {
		s.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"group-0", "group-1"}}
	}
	if random.IntN(3) == 0 {
		s.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"group-2"}}
	}
	o := snapshot.Objects{
		Syncs:      []v1alpha1.IdentityProviderSync{s},
		Namespaces: []corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "team"}}, {ObjectMeta: metav1.ObjectMeta{Name: namespace}}},
	}
	var ids []string
	for i := range 8 {
		active := random.IntN(4) > 0
		u := v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("user-%d", i)}}
		u.Spec.SyncRef.Name, u.Spec.ID, u.Spec.UserName, u.Spec.Active = name, fmt.Sprintf("user-%d-id", i), u.Name, &active
		if random.IntN(8) == 0 {
			now := metav1.NowMicro()
			u.Spec.Deleted = &now
		}
		o.Users, ids = append(o.Users, u), append(ids, u.Spec.ID)
	}
	for i := range 5 {
		ids = append(ids, fmt.Sprintf("group-%d-id", i))
	}
	for i := range 5 {
		g := v1alpha1.Group{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("group-%d", i)}}
		g.Spec.SyncRef.Name, g.Spec.ID, g.Spec.DisplayName = name, fmt.Sprintf("group-%d-id", i), g.Name
		for _, id := range ids {
			if random.IntN(4) == 0 && id != g.Spec.ID {
				g.Spec.Members = append(g.Spec.Members, id)
			}
		}
		if g.Spec.MemberCount = int64(len(g.Spec.Members)); random.IntN(12) == 0 {
			g.Spec.Index = "lost"
		}
		o.Groups = append(o.Groups, g)
	}
	return o
}

// What is said of a person is the same whether all users were read, or only
// that one: the condition of alone.
func TestOneUserIsEnough(t *testing.T) {
	grb := &v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "view"}}
	grb.Spec.RoleRef = &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"}
	for _, name := range []string{"group-0", "group-3"} {
		grb.Spec.GroupRefs = append(grb.Spec.GroupRefs, v1alpha1.GroupReference{
			SyncRef: v1alpha1.NamespacedSyncReference{Namespace: "identity", Name: "entra"}, DisplayName: name})
	}
	binding := projection.OfGroupRoleBinding(grb)
	states := map[projection.AccessState]int{}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
		all := company(random)
		// What exists is of another time.
		var current []projection.CurrentObject
		for _, placement := range projection.Project(snapshot.New(company(random)).Request(binding, nil)).Placements {
			for _, object := range placement.Objects {
				current = append(current, projection.CurrentObject{Namespace: object.Namespace, Name: object.Name, RoleRef: object.RoleRef, Subjects: object.Subjects})
			}
		}
		key := client.ObjectKeyFromObject(&all.Syncs[0])
		for i := range all.Users {
			one := all
			one.Users = all.Users[i : i+1]
			id := all.Users[i].Spec.ID
			want := projection.Explain(snapshot.New(all).Request(binding, current), key, id)
			got := projection.Explain(snapshot.New(one).Request(binding, current), key, id)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, %s: with all users -, alone +\n%s", seed, id, diff)
			}
			for _, access := range want.Access {
				states[access.State]++
			}
		}
	}
	for _, state := range []projection.AccessState{projection.AccessBound, projection.AccessPending, projection.AccessHeld, projection.AccessRemoving, projection.AccessNone} {
		if states[state] == 0 {
			t.Errorf("nobody was in state %s", state)
		}
	}
}
