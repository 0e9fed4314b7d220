package networkpolicy

import (
	"errors"
	"iter"
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

var (
	entra = types.NamespacedName{Namespace: "idp", Name: "entra"}
	yes   = true
)

// company is one sync with its directory, in memory; ids are the names.
type company struct {
	sync       *v1alpha1.IdentityProviderSync
	users      map[string]*v1alpha1.User
	groups     map[string]*v1alpha1.Group
	members    map[string][]string
	unreadable map[string]bool
}

func newCompany() *company {
	return &company{
		sync: &v1alpha1.IdentityProviderSync{
			ObjectMeta: metav1.ObjectMeta{Namespace: entra.Namespace, Name: entra.Name},
			Spec:       v1alpha1.IdentityProviderSyncSpec{AllowedNamespaces: &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}},
		},
		users: map[string]*v1alpha1.User{}, groups: map[string]*v1alpha1.Group{},
		members: map[string][]string{}, unreadable: map[string]bool{},
	}
}

// user adds an active user with addresses.
func (c *company) user(name string, addresses ...string) *v1alpha1.User {
	u := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.UserSpec{UserName: name, Active: &yes}}
	u.Spec.ID = name
	for _, address := range addresses {
		u.Spec.IMs = append(u.Spec.IMs, v1alpha1.MultiValue{Value: address})
	}
	c.users[name] = u
	return u
}

func (c *company) group(name string, members ...string) {
	g := &v1alpha1.Group{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.GroupSpec{DisplayName: name}}
	g.Spec.ID = name
	c.groups[name], c.members[name] = g, members
}

func (c *company) Group(name string) (*v1alpha1.Group, bool)   { g, ok := c.groups[name]; return g, ok }
func (c *company) GroupByID(id string) (*v1alpha1.Group, bool) { g, ok := c.groups[id]; return g, ok }
func (c *company) User(id string) (*v1alpha1.User, bool)       { u, ok := c.users[id]; return u, ok }
func (c *company) Groups() iter.Seq[*v1alpha1.Group]           { return maps.Values(c.groups) }

func (c *company) Members(g *v1alpha1.Group) ([]string, error) {
	if c.unreadable[g.Spec.ID] {
		return nil, errors.New("a slice is missing")
	}
	return c.members[g.Spec.ID], nil
}

func (c *company) NestedGroups(g *v1alpha1.Group) ([]string, error) {
	members, err := c.Members(g)
	return slices.DeleteFunc(slices.Clone(members), func(id string) bool { return c.groups[id] == nil }), err
}

func (c *company) GroupsOf(id string) []*v1alpha1.Group {
	var groups []*v1alpha1.Group
	for group, members := range c.members {
		if !c.unreadable[group] && slices.Contains(members, id) {
			groups = append(groups, c.groups[group])
		}
	}
	return groups
}

// index computes the values of users as they are asked for.
type index struct {
	company *company
	values  Values
}

func (n index) Values(user *v1alpha1.User) ([]string, error) { return n.values(user) }

func (n index) Users(value string) []string {
	var ids []string
	for id, user := range n.company.users {
		if values, _ := n.values(user); slices.Contains(values, value) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (c *company) source(types.NamespacedName) Source {
	return Source{Sync: c.sync, Directory: c, Values: func(e Expression) (Index, error) {
		values, err := Compile(e.Kind, e.Text)
		if err != nil {
			return nil, err
		}
		return index{c, values}, nil
	}}
}

// policy is about the pods app=db in namespace shop.
func policy(groups ...string) *v1alpha1.GroupNetworkPolicy {
	p := &v1alpha1.GroupNetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "db", UID: "p-uid"},
		Spec:       v1alpha1.GroupNetworkPolicySpec{PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}}},
	}
	for _, g := range groups {
		p.Spec.GroupRefs = append(p.Spec.GroupRefs, v1alpha1.GroupReference{
			SyncRef: v1alpha1.NamespacedSyncReference{Namespace: entra.Namespace, Name: entra.Name}, DisplayName: g})
	}
	return p
}

var (
	podPeer       = v1alpha1.GroupNetworkPolicyPeer{Pods: &v1alpha1.PodPeers{LabelKey: "user", Value: "user.userName"}}
	otherPodPeer  = v1alpha1.GroupNetworkPolicyPeer{Pods: &v1alpha1.PodPeers{LabelKey: "user", Value: "user.userName", NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kind": "dev"}}}}
	namespacePeer = v1alpha1.GroupNetworkPolicyPeer{Namespaces: &v1alpha1.NamespacePeers{LabelKey: "owner", Value: "'o-' + user.userName"}}
	syncPeer      = v1alpha1.GroupNetworkPolicyPeer{Namespaces: &v1alpha1.NamespacePeers{From: v1alpha1.NamespacePeersSync}}
	addressPeer   = v1alpha1.GroupNetworkPolicyPeer{IPBlocks: &v1alpha1.IPBlockPeers{Address: "user.ims.map(i, i.value)", Within: []string{"10.0.0.0/16", "2001:db8::/32"}}}
)

func letIn(p *v1alpha1.GroupNetworkPolicy, peers ...v1alpha1.GroupNetworkPolicyPeer) *v1alpha1.GroupNetworkPolicy {
	p.Spec.Ingress = &v1alpha1.GroupNetworkPolicyRule{Peers: peers}
	return p
}

// cluster plays the controller: it keeps what was written.
type cluster struct {
	company  *company
	policy   *v1alpha1.GroupNetworkPolicy
	objects  []networkingv1.NetworkPolicy
	limits   Limits
	noMore   *projection.Problem
	guard    projection.Guard
	lastSeen *Result
}

// project projects once and writes the result.
func (c *cluster) project() *Result {
	r := Wanted(Input{Policy: c.policy, Source: c.company.source, Current: c.objects, NoAdditions: c.noMore, Guard: c.guard, Limits: c.limits})
	c.objects = nil
	for _, object := range r.Objects {
		c.objects = append(c.objects, *object.DeepCopy())
	}
	c.policy.Status.Peers = r.Peers
	c.lastSeen = r
	return r
}

// values are those in the objects, sorted.
func (c *cluster) values() []string {
	values := []string{}
	for i := range c.objects {
		for _, e := range entriesIn(&c.objects[i].Spec) {
			values = append(values, e.value)
		}
	}
	slices.Sort(values)
	return values
}

func reasons(r *Result) []projection.Reason {
	got := []projection.Reason{}
	for _, p := range r.Problems {
		got = append(got, p.Reason)
	}
	return got
}
