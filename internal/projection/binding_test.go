package projection

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// clusterBinding binds groups of team/entra to the ClusterRole edit.
func clusterBinding(target v1alpha1.BindingTarget, groups ...string) *v1alpha1.ClusterGroupRoleBinding {
	b := &v1alpha1.ClusterGroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "all", UID: "c-uid"}}
	b.Spec.GroupGrant, b.Spec.Target = binding(groups...).Spec.GroupGrant, target
	for i := range b.Spec.GroupRefs {
		b.Spec.GroupRefs[i].SyncRef.Namespace = "team"
	}
	return b
}

// byPattern binds the groups of team/entra that match.
func byPattern(target v1alpha1.BindingTarget, pattern string, roles ...string) *v1alpha1.ClusterGroupRoleBinding {
	b := clusterBinding(target)
	b.Spec.GroupSelector = &v1alpha1.GroupSelector{
		SyncRef: v1alpha1.NamespacedSyncReference{Namespace: "team", Name: "entra"}, Pattern: pattern,
	}
	for _, role := range roles {
		b.Spec.RoleRef = nil
		b.Spec.Roles = append(b.Spec.Roles, v1alpha1.RoleReference{Kind: "ClusterRole", Name: role})
	}
	return b
}

func named(namespaces ...string) v1alpha1.BindingTarget {
	return v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces, Namespaces: namespaces}
}

func production() v1alpha1.BindingTarget {
	return v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces,
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "prod"}}}
}

func TestBinding(t *testing.T) {
	entra, okta := types.NamespacedName{Namespace: "team", Name: "entra"}, types.NamespacedName{Namespace: "idp", Name: "okta"}
	two := binding("devs", "ops", "devs")
	two.Spec.GroupRefs[1].SyncRef = v1alpha1.NamespacedSyncReference{Namespace: "idp", Name: "okta"}
	own := OfGroupRoleBinding(two)
	everywhere := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster}
	anywhere := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces}
	tests := map[string]struct {
		binding        Binding
		wantKey        string
		wantSyncs      []types.NamespacedName
		wantGroups     []GroupKey
		wantConcerns   []string // of the groups of team/entra below
		wantNamespaces []string
		wantFollows    bool
	}{
		"groupRefs in its own namespace": {
			binding: own, wantKey: "GroupRoleBinding/team/devs", wantSyncs: []types.NamespacedName{entra, okta},
			wantGroups: []GroupKey{{entra, "devs"}, {okta, "ops"}}, wantConcerns: []string{"devs"}, wantNamespaces: []string{"team"},
		},
		"the whole cluster": {
			binding: OfClusterGroupRoleBinding(clusterBinding(everywhere, "devs")), wantKey: "ClusterGroupRoleBinding/all",
			wantSyncs: []types.NamespacedName{entra}, wantGroups: []GroupKey{{entra, "devs"}}, wantConcerns: []string{"devs"},
		},
		"a namespaceSelector": {
			binding: OfClusterGroupRoleBinding(clusterBinding(production(), "ops")), wantKey: "ClusterGroupRoleBinding/all",
			wantSyncs: []types.NamespacedName{entra}, wantGroups: []GroupKey{{entra, "ops"}}, wantConcerns: []string{"ops"}, wantFollows: true,
		},
		"a pattern": {
			binding: OfClusterGroupRoleBinding(byPattern(anywhere, `k8s-(?P<namespace>[a-z]+)`)), wantKey: "ClusterGroupRoleBinding/all",
			wantSyncs: []types.NamespacedName{entra}, wantConcerns: []string{"k8s-a", "k8s-b"}, wantFollows: true,
		},
		"a pattern and listed namespaces": {
			binding: OfClusterGroupRoleBinding(byPattern(named("a"), `k8s-a|ops`)), wantKey: "ClusterGroupRoleBinding/all",
			wantSyncs: []types.NamespacedName{entra}, wantConcerns: []string{"ops", "k8s-a"}, wantNamespaces: []string{"a"},
		},
		"a pattern that does not compile concerns every group": {
			binding: OfClusterGroupRoleBinding(byPattern(anywhere, `(`)), wantKey: "ClusterGroupRoleBinding/all",
			wantSyncs: []types.NamespacedName{entra}, wantConcerns: []string{"devs", "ops", "k8s-a", "k8s-b", "my-k8s-a"}, wantFollows: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := test.binding
			var concerns []string
			for _, group := range []string{"devs", "ops", "k8s-a", "k8s-b", "my-k8s-a"} {
				if b.Concerns(entra, group) {
					concerns = append(concerns, group)
				}
			}
			if b.Key().String() != test.wantKey || b.FollowsNamespaces() != test.wantFollows {
				t.Errorf("key %s, follows namespaces: %v", b.Key(), b.FollowsNamespaces())
			}
			for _, diff := range []string{
				cmp.Diff(test.wantSyncs, b.Syncs()), cmp.Diff(test.wantGroups, b.Groups()),
				cmp.Diff(test.wantConcerns, concerns), cmp.Diff(test.wantNamespaces, b.TargetNamespaces()),
			} {
				if diff != "" {
					t.Errorf("syncs, groups, concerns or namespaces (-want +got):\n%s", diff)
				}
			}
		})
	}
	if !own.Concerns(okta, "ops") || own.Concerns(okta, "devs") {
		t.Error("a group of another sync is another group")
	}
}

func TestNameExpression(t *testing.T) {
	sync := entra()
	sync.Spec.KubernetesUsername, sync.Status.KubernetesUsername = "user.id", "user.userName"
	tests := map[string]struct {
		subject *v1alpha1.SubjectTemplate
		sync    *v1alpha1.IdentityProviderSync
		want    []string
	}{
		"the sync's":      {nil, sync, []string{"user.id", "user.userName"}},
		"no sync":         {nil, nil, []string{"", ""}},
		"empty":           {&v1alpha1.SubjectTemplate{Kind: "User"}, sync, []string{"user.id", "user.userName"}},
		"the binding's":   {&v1alpha1.SubjectTemplate{Name: "user.title"}, nil, []string{"user.title", "user.nickName"}},
		"names of groups": {&v1alpha1.SubjectTemplate{Kind: "Group", Name: "group.id"}, sync, []string{"", ""}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := Binding{Grant: v1alpha1.GroupGrant{Subject: test.subject}, BoundSubjectName: "user.nickName"}
			now, last := b.NameExpression(test.sync)
			if got := []string{now, last}; !slices.Equal(got, test.want) {
				t.Errorf("expressions %q, want %q", got, test.want)
			}
		})
	}
}

func TestBindingOf(t *testing.T) {
	owner := func(kind, apiVersion string, controller bool) []metav1.OwnerReference {
		return []metav1.OwnerReference{{APIVersion: apiVersion, Kind: kind, Name: "devs", UID: "1", Controller: &controller}}
	}
	const ours = "scim.rollcall.dev/v1"
	tests := map[string]struct {
		namespace string
		owners    []metav1.OwnerReference
		want      BindingKey
		wantOK    bool
	}{
		"nobody":                               {namespace: "a"},
		"a GroupRoleBinding":                   {"a", owner("GroupRoleBinding", ours, true), BindingKey{"GroupRoleBinding", "a", "devs"}, true},
		"a ClusterGroupRoleBinding":            {"a", owner("ClusterGroupRoleBinding", ours, true), BindingKey{"ClusterGroupRoleBinding", "", "devs"}, true},
		"the whole cluster's":                  {"", owner("ClusterGroupRoleBinding", ours, true), BindingKey{"ClusterGroupRoleBinding", "", "devs"}, true},
		"no namespace, so no GroupRoleBinding": {"", owner("GroupRoleBinding", ours, true), BindingKey{"GroupRoleBinding", "", "devs"}, false},
		"an owner that does not control it":    {"a", owner("GroupRoleBinding", ours, false), BindingKey{}, false},
		"another API":                          {"a", owner("GroupRoleBinding", "example.com/v1", true), BindingKey{}, false},
		"another kind":                         {"a", owner("User", ours, true), BindingKey{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := BindingOf(&metav1.ObjectMeta{Namespace: test.namespace, OwnerReferences: test.owners})
			if got != test.want || ok != test.wantOK {
				t.Errorf("BindingOf = %v, %v; want %v, %v", got, ok, test.want, test.wantOK)
			}
		})
	}
}

func TestRolesOf(t *testing.T) {
	role := func(name string) v1alpha1.RoleReference {
		return v1alpha1.RoleReference{Kind: "ClusterRole", Name: name}
	}
	b := OfGroupRoleBinding(binding("devs")) // to edit
	b.BoundRoles = []v1alpha1.RoleReference{role("view"), role("gone"), role("edit")}
	var exist []CurrentObject
	for _, name := range []string{"view", "edit", "forged", "edit"} {
		exist = append(exist, objects(b, name, []string{"team"}, "ann")...)
	}
	if diff := cmp.Diff([]v1alpha1.RoleReference{role("edit"), role("view")}, b.RolesOf(exist)); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}
