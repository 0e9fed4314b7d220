package security

import (
	"context"
	"fmt"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func role(name string) *v1alpha1.RoleReference {
	return &v1alpha1.RoleReference{Kind: "ClusterRole", Name: name}
}

func groups(sync, displayName string) []v1alpha1.GroupReference {
	return []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Namespace: served, Name: sync}, DisplayName: displayName}}
}

// convention is a grant to the groups of a sync by their names.
func convention(namespace, pattern string, roles ...string) v1alpha1.GroupGrant {
	g := v1alpha1.GroupGrant{GroupSelector: &v1alpha1.GroupSelector{SyncRef: v1alpha1.NamespacedSyncReference{Namespace: namespace, Name: "idp"}, Pattern: pattern}}
	for _, name := range roles {
		g.Roles = append(g.Roles, *role(name))
	}
	return g
}

func binding(namespace, name string, grant v1alpha1.GroupGrant) *v1alpha1.GroupRoleBinding {
	return &v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: grant}}
}

func to(name string) v1alpha1.GroupGrant {
	return v1alpha1.GroupGrant{GroupRefs: groups("idp", "devs"), RoleRef: role(name)}
}

// eight are the names of as many roles, of which the last is given.
func eight(last string) (names []string) {
	for i := range 7 {
		names = append(names, fmt.Sprintf("eight-%d", i))
	}
	return append(names, last)
}

const byRole = "^k8s-(?P<role>[a-z0-9-]+)$"

// An admin of a namespace gives roles there that the operator may give, and
// that are not the admin's to give.
func TestGroupRoleBindingAuthors(t *testing.T) {
	ns := namespace(t, nil)
	mallory := actor{"mallory-author"}.in(t, ns, "admin").
		may(t, ns, allow(rbacv1.GroupName, []string{"clusterroles"}, []string{"bind"}, eight("eight-7")...))
	create(t, binding(ns, "old", to("view")))
	create(t, binding(ns, "older", to("cluster-admin"))) // by a cluster admin

	own := to("mine")
	own.RoleRef.Kind = "Role"
	withstands(t, "rollcall-grouprolebinding-authors", map[string]attack{
		"view":            {mallory, creating(binding(ns, "view", to("view")))},
		"admin":           {mallory, creating(binding(ns, "admin", to("admin")))},
		"eight roles":     {mallory, creating(binding(ns, "eight", convention(served, byRole, eight("eight-7")...)))},
		"another group":   {mallory, changing(binding(ns, "old", to("")), func(b *v1alpha1.GroupRoleBinding) { b.Spec.GroupRefs = groups("idp", "ops") })},
		"a label":         {mallory, changing(binding(ns, "older", to("")), func(b *v1alpha1.GroupRoleBinding) { b.Labels = map[string]string{"team": "blue"} })},
		"a lesser role":   {mallory, changing(binding(ns, "older", to("")), func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "edit" })},
		"nobody any more": {mallory, deleting(binding(ns, "older", to("")))},
	}, map[string]attack{
		"cluster-admin":           {mallory, creating(binding(ns, "cluster-admin", to("cluster-admin")))},
		"a role nobody has yet":   {mallory, creating(binding(ns, "not-yet", to("not-yet")))},
		"a Role without bind":     {mallory, creating(binding(ns, "own", own))},
		"the eighth of the roles": {mallory, creating(binding(ns, "eighth", convention(served, byRole, eight("cluster-admin")...)))},
		"by an update":            {mallory, changing(binding(ns, "old", to("")), func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "cluster-admin" })},
		"more people in a binding that a cluster admin wrote": {mallory, func() func(context.Context, client.Client) error {
			create(t, binding(ns, "oldest", to("cluster-admin")))
			return changing(binding(ns, "oldest", to("")), func(b *v1alpha1.GroupRoleBinding) { b.Spec.GroupRefs = groups("mallorys", "mallory") })
		}()},
	})
}

func clusterBinding(name string, grant v1alpha1.GroupGrant, target v1alpha1.BindingTarget) *v1alpha1.ClusterGroupRoleBinding {
	return &v1alpha1.ClusterGroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.ClusterGroupRoleBindingSpec{GroupGrant: grant, Target: target}}
}

func inNamespaces(names ...string) v1alpha1.BindingTarget {
	return v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces, Namespaces: names}
}

// Somebody who may write ClusterGroupRoleBindings, and bind in three
// namespaces, but not in the whole cluster.
func TestClusterGroupRoleBindingAuthors(t *testing.T) {
	a, b, c, foreign := namespace(t, nil), namespace(t, nil), namespace(t, nil), namespace(t, nil)
	mallory := actor{"mallory-cluster-author"}.
		may(t, "", allow(scimGroup, []string{"clustergrouprolebindings"}, []string{"*"}))
	bind := allow(rbacv1.GroupName, []string{"clusterroles", "roles"}, []string{"bind"}, append(eight("eight-7"), "view")...)
	for _, ns := range []string{a, b, c} {
		mallory.may(t, ns, bind)
	}
	everywhere := actor{"everywhere"}.
		may(t, "", allow(scimGroup, []string{"clustergrouprolebindings"}, []string{"*"}), bind)
	selector := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces, NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "blue"}}}
	anywhere := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces}
	cluster := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster}
	byNamespace := convention(served, "^k8s-(?P<namespace>[a-z0-9-]+)$")
	byNamespace.RoleRef = role("view")
	mine := convention(a, "^(?P<namespace>[a-z0-9-]+)-(?P<role>view|admin)$", "view")
	ownRole := to("mine")
	ownRole.RoleRef.Kind = "Role"
	create(t, clusterBinding("old", to("view"), inNamespaces(a, b)))

	withstands(t, "rollcall-clustergrouprolebinding-authors", map[string]attack{
		"one namespace":             {mallory, creating(clusterBinding("one", to("view"), inNamespaces(a)))},
		"two namespaces":            {mallory, creating(clusterBinding("two", to("view"), inNamespaces(a, b)))},
		"three, bind everywhere":    {everywhere, creating(clusterBinding("three", to("view"), inNamespaces(a, b, c)))},
		"selector, bind everywhere": {everywhere, creating(clusterBinding("selector", to("view"), selector))},
		"eight roles by a pattern, bind everywhere": {everywhere,
			creating(clusterBinding("eight", convention(served, "^(?P<namespace>[a-z0-9-]+)-(?P<role>.+)$", eight("eight-7")...), anywhere))},
		"the cluster, bind everywhere": {everywhere, creating(clusterBinding("cluster", to("view"), cluster))},
	}, map[string]attack{
		"the whole cluster":                       {mallory, creating(clusterBinding("m-cluster", to("view"), cluster))},
		"cluster-admin":                           {mallory, creating(clusterBinding("m-admin", to("cluster-admin"), inNamespaces(a)))},
		"a namespace where mallory may not bind":  {mallory, creating(clusterBinding("m-one", to("view"), inNamespaces(foreign)))},
		"one of two namespaces":                   {mallory, creating(clusterBinding("m-two", to("view"), inNamespaces(a, foreign)))},
		"three namespaces, though in each":        {mallory, creating(clusterBinding("m-three", to("view"), inNamespaces(a, b, c)))},
		"a namespaceSelector":                     {mallory, creating(clusterBinding("m-selector", to("view"), selector))},
		"a pattern":                               {mallory, creating(clusterBinding("m-pattern", byNamespace, anywhere))},
		"a pattern within one namespace":          {mallory, creating(clusterBinding("m-pattern-one", byNamespace, inNamespaces(a)))},
		"a pattern that names mallory's own sync": {mallory, creating(clusterBinding("m-own", mine, anywhere))},
		"a Role in a foreign namespace":           {mallory, creating(clusterBinding("m-role", ownRole, inNamespaces(foreign)))},
		"by an update": {mallory, changing(clusterBinding("old", to(""), cluster), func(b *v1alpha1.ClusterGroupRoleBinding) {
			b.Spec.Target.Namespaces = []string{a, foreign}
		})},
	})
}

// An editor whose right to NetworkPolicies was taken away.
func TestGroupNetworkPolicyAuthors(t *testing.T) {
	ns := namespace(t, nil)
	policies := allow(scimGroup, []string{"groupnetworkpolicies"}, []string{"create", "patch"})
	mallory := actor{"mallory-network"}.may(t, ns, policies)
	editor := actor{"network-editor"}.may(t, ns, policies, allow("networking.k8s.io", []string{"networkpolicies"}, []string{"create"}))
	policy := func(name string) *v1alpha1.GroupNetworkPolicy {
		return &v1alpha1.GroupNetworkPolicy{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
			Spec: v1alpha1.GroupNetworkPolicySpec{GroupRefs: groups("idp", "devs"), Ingress: &v1alpha1.GroupNetworkPolicyRule{
				Peers: []v1alpha1.GroupNetworkPolicyPeer{{Pods: &v1alpha1.PodPeers{LabelKey: "owner", Value: "user.userName"}}},
			}},
		}
	}
	create(t, policy("old"))
	withstands(t, "rollcall-groupnetworkpolicy-authors", map[string]attack{
		"with create networkpolicies": {editor, creating(policy("editors"))},
		"a label":                     {mallory, changing(policy("old"), func(p *v1alpha1.GroupNetworkPolicy) { p.Labels = map[string]string{"team": "blue"} })},
	}, map[string]attack{
		"without": {mallory, creating(policy("mallorys"))},
		"by an update": {mallory, changing(policy("old"), func(p *v1alpha1.GroupNetworkPolicy) {
			p.Spec.GroupRefs = groups("mallorys", "mallory")
		})},
	})
}

// An admin of syncs, who may not label namespaces.
func TestLabelNamespacesAuthors(t *testing.T) {
	ns := namespace(t, nil)
	mallory := actor{"mallory-syncs"}.may(t, ns, everything)
	labeler := actor{"labeler"}.may(t, ns, everything).may(t, "", allow("", []string{"namespaces"}, []string{"patch"}))
	labels := &v1alpha1.LabelNamespaces{Groups: []string{"payments"}, Namespace: "user.userName"}
	sync := func(name string, labels *v1alpha1.LabelNamespaces) *v1alpha1.IdentityProviderSync {
		return &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name}, Spec: v1alpha1.IdentityProviderSyncSpec{LabelNamespaces: labels}}
	}
	create(t, sync("plain", nil))
	create(t, sync("labeling", labels))
	create(t, sync("stopped", labels))
	withstands(t, "rollcall-labelnamespaces-authors", map[string]attack{
		"who may patch namespaces": {labeler, creating(sync("labelers", labels))},
		"a sync without":           {mallory, creating(sync("mallorys", nil))},
		"taking it out":            {mallory, changing(sync("stopped", nil), func(s *v1alpha1.IdentityProviderSync) { s.Spec.LabelNamespaces = nil })},
		"a label":                  {mallory, changing(sync("labeling", nil), func(s *v1alpha1.IdentityProviderSync) { s.Labels = map[string]string{"team": "blue"} })},
	}, map[string]attack{
		"a new sync":       {mallory, creating(sync("mallory", labels))},
		"a sync there was": {mallory, changing(sync("plain", nil), func(s *v1alpha1.IdentityProviderSync) { s.Spec.LabelNamespaces = labels })},
		"a token of one's own for a sync that labels": {mallory, changing(sync("labeling", nil), func(s *v1alpha1.IdentityProviderSync) {
			s.Spec.Tokens = append(s.Spec.Tokens, v1alpha1.Token{Name: "mallory", SecretRef: v1alpha1.SecretKeyReference{Name: "mallorys"}})
		})},
	})
}
