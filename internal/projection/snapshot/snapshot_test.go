package snapshot_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
	"github.com/rollcall-scim/rollcall/internal/projection/snapshot"
)

var entra = types.NamespacedName{Namespace: "identity", Name: "entra"}

func user(name string) v1alpha1.User {
	yes := true
	u := v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: entra.Namespace, Name: name}, Spec: v1alpha1.UserSpec{UserName: name, Active: &yes}}
	u.Spec.SyncRef.Name, u.Spec.ID = entra.Name, name+"-u"
	return u
}

func group(name string, members ...string) v1alpha1.Group {
	g := v1alpha1.Group{ObjectMeta: metav1.ObjectMeta{Namespace: entra.Namespace, Name: name},
		Spec: v1alpha1.GroupSpec{DisplayName: name, Members: members, MemberCount: int64(len(members))}}
	g.Spec.SyncRef.Name, g.Spec.ID = entra.Name, name+"-g"
	return g
}

func slice(name string, spec v1alpha1.GroupMemberSliceSpec) v1alpha1.GroupMemberSlice {
	spec.SyncRef.Name = entra.Name
	return v1alpha1.GroupMemberSlice{ObjectMeta: metav1.ObjectMeta{Namespace: entra.Namespace, Name: name}, Spec: spec}
}

func objects() snapshot.Objects {
	sync := v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: entra.Namespace, Name: entra.Name}}
	sync.Spec.KubernetesUsername = "user.userName"
	sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	claim, deleted := user("claim"), user("deleted")
	claim.Spec.ID = ""
	now := metav1.NowMicro()
	deleted.Spec.Deleted = &now
	large := group("large", "ann-u")
	large.Spec.Index, large.Spec.MemberCount, large.Spec.Members = "index", 2, nil
	lost := group("lost")
	lost.Spec.Index, lost.Spec.MemberCount = "not-listed", 1
	return snapshot.Objects{
		Syncs:  []v1alpha1.IdentityProviderSync{sync},
		Users:  []v1alpha1.User{user("bob"), user("ann"), claim, deleted},
		Groups: []v1alpha1.Group{group("devs", "crew-g"), group("crew", "ann-u"), large, lost},
		Slices: []v1alpha1.GroupMemberSlice{
			slice("index", v1alpha1.GroupMemberSliceSpec{Leaves: []v1alpha1.LeafReference{{Name: "leaf", Count: 2}}}),
			slice("leaf", v1alpha1.GroupMemberSliceSpec{Members: []string{"ann-u", "bob-u"}}),
		},
		Namespaces:        []corev1.Namespace{{ObjectMeta: metav1.ObjectMeta{Name: "team"}}, {ObjectMeta: metav1.ObjectMeta{Name: "identity"}}, {ObjectMeta: metav1.ObjectMeta{Name: "rollcall"}}},
		OperatorNamespace: "rollcall",
	}
}

func binding(groups ...string) projection.Binding {
	b := &v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "b"}}
	b.Spec.RoleRef = &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"}
	b.Spec.GroupRefs = refs(groups...)
	return projection.OfGroupRoleBinding(b)
}

func refs(groups ...string) []v1alpha1.GroupReference {
	var refs []v1alpha1.GroupReference
	for _, name := range groups {
		refs = append(refs, v1alpha1.GroupReference{SyncRef: v1alpha1.NamespacedSyncReference{Namespace: entra.Namespace, Name: entra.Name}, DisplayName: name})
	}
	return refs
}

// What the lists hold leads to the same access as the operator gives.
func TestRequest(t *testing.T) {
	tests := map[string]struct {
		groups  []string
		change  func(*snapshot.Objects)
		want    []string // subjects
		reasons []projection.Reason
	}{
		"nested":           {groups: []string{"devs"}, want: []string{"ann"}},
		"with slices":      {groups: []string{"large"}, want: []string{"ann", "bob"}},
		"a slice is lost":  {groups: []string{"lost", "crew"}, want: []string{"ann"}, reasons: []projection.Reason{projection.ReasonGroupUnresolved}},
		"no such group":    {groups: []string{"ops"}, reasons: []projection.Reason{projection.ReasonGroupNotFound}},
		"the sync is gone": {groups: []string{"crew"}, change: func(o *snapshot.Objects) { o.Syncs = nil }, reasons: []projection.Reason{projection.ReasonSyncNotFound}},
		"the last expression that could be used": {groups: []string{"crew"}, change: func(o *snapshot.Objects) {
			o.Syncs[0].Status.KubernetesUsername, o.Syncs[0].Spec.KubernetesUsername = "user.userName", "?"
		}, reasons: []projection.Reason{projection.ReasonUsernameExpression}},
		"the namespace is not listed": {groups: []string{"crew"}, change: func(o *snapshot.Objects) { o.Namespaces = nil }, reasons: []projection.Reason{projection.ReasonNamespaceNotFound}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := objects()
			if test.change != nil {
				test.change(&o)
			}
			outcome := projection.Project(snapshot.New(o).Request(binding(test.groups...), nil))
			var got []string
			for _, p := range outcome.Placements {
				for _, object := range p.Objects {
					for _, subject := range object.Subjects {
						got = append(got, subject.Name)
					}
				}
			}
			var reasons []projection.Reason
			for _, problem := range outcome.Problems {
				reasons = append(reasons, problem.Reason)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.reasons, reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUsersAndSyncs(t *testing.T) {
	o := objects()
	gone := user("zoe")
	gone.Spec.SyncRef.Name = "gone"
	o.Users = append(o.Users, gone)
	s := snapshot.New(o)
	var got []string
	for _, u := range s.Users(func(*v1alpha1.User) bool { return true }) {
		got = append(got, u.Spec.UserName)
	}
	if diff := cmp.Diff([]string{"ann", "bob", "zoe"}, got); diff != "" {
		t.Errorf("users (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff("[identity/entra identity/gone]", fmt.Sprint(s.Syncs())); diff != "" {
		t.Errorf("syncs (-want +got):\n%s", diff)
	}
	for name, want := range map[string]bool{"team": false, "identity": true, "rollcall": true} {
		if ns, ok := s.Namespace(name); !ok || ns.Protected != want {
			t.Errorf("namespace %s: known %t, protected %t; want %t", name, ok, ns.Protected, want)
		}
	}
}

func TestRoleBindingsOfABinding(t *testing.T) {
	b, yes := binding("crew"), true
	owner := func(name string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: "scim.rollcall.dev/v1alpha1", Kind: "GroupRoleBinding", Name: name, Controller: &yes}}
	}
	of := func(namespace, name, binding string) rbacv1.RoleBinding {
		return rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, OwnerReferences: owner(binding)}}
	}
	var got []string
	for _, o := range snapshot.RoleBindings(b, []rbacv1.RoleBinding{of("team", "mine", "b"), of("team", "other", "c"), of("elsewhere", "mine", "b")}, nil) {
		got = append(got, o.Namespace+"/"+o.Name)
	}
	if diff := cmp.Diff([]string{"team/mine"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNetworkInput(t *testing.T) {
	policy := &v1alpha1.GroupNetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "db"}, Spec: v1alpha1.GroupNetworkPolicySpec{
		GroupRefs: refs("crew"), Ingress: &v1alpha1.GroupNetworkPolicyRule{Peers: []v1alpha1.GroupNetworkPolicyPeer{
			{Pods: &v1alpha1.PodPeers{LabelKey: "owner", Value: "user.userName"}}}},
	}}
	others := []networkingv1.NetworkPolicy{{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "others"}}}
	in := snapshot.New(objects()).NetworkInput(policy, others)
	if len(in.Current) != 0 {
		t.Errorf("current: %v, want none of somebody else's", in.Current)
	}
	result := networkpolicy.Wanted(in)
	if len(result.Objects) != 1 || len(result.Objects[0].Spec.Ingress) != 1 {
		t.Fatalf("objects: %v, want one with one rule", result.Objects)
	}
	values := result.Objects[0].Spec.Ingress[0].From[0].PodSelector.MatchExpressions[0].Values
	if diff := cmp.Diff([]string{"ann"}, values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
