package projection

import (
	"errors"
	"iter"
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// company is a directory in memory: the given objects of a test.
type company struct {
	users      map[string]*v1alpha1.User
	groups     map[string]*v1alpha1.Group
	members    map[string][]string // by group id
	unreadable map[string]bool     // group ids
	visible    bool                // whether GroupsOf gives unreadable groups
	username   *Username
}

func newCompany() *company {
	username, err := CompileUsername("user.userName.lowerAscii()")
	if err != nil {
		panic(err)
	}
	return &company{
		users: map[string]*v1alpha1.User{}, groups: map[string]*v1alpha1.Group{},
		members: map[string][]string{}, unreadable: map[string]bool{}, username: username,
	}
}

// user adds an active user whose id is the name.
func (c *company) user(name string) *v1alpha1.User {
	yes := true
	u := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.UserSpec{UserName: name, Active: &yes}}
	u.Spec.ID = name
	c.users[name] = u
	return u
}

// group adds a group whose id is the name.
func (c *company) group(name string, members ...string) {
	g := &v1alpha1.Group{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.GroupSpec{DisplayName: name}}
	g.Spec.ID = name
	c.groups[name], c.members[name] = g, members
}

func (c *company) Group(displayName string) (*v1alpha1.Group, bool) {
	for _, g := range c.groups {
		if g.Spec.DisplayName == displayName {
			return g, true
		}
	}
	return nil, false
}

func (c *company) Groups() iter.Seq[*v1alpha1.Group] { return maps.Values(c.groups) }

func (c *company) GroupByID(id string) (*v1alpha1.Group, bool) { g, ok := c.groups[id]; return g, ok }
func (c *company) User(id string) (*v1alpha1.User, bool)       { u, ok := c.users[id]; return u, ok }

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
	for gid, members := range c.members {
		if c.unreadable[gid] && c.visible || !c.unreadable[gid] && slices.Contains(members, id) {
			groups = append(groups, c.groups[gid])
		}
	}
	return groups
}

func (c *company) Name(u *v1alpha1.User) (string, error) { return c.username.Evaluate(u) }

func (c *company) Users(name string) []string {
	var ids []string
	for id, u := range c.users {
		if got, err := c.Name(u); err == nil && got == name {
			ids = append(ids, id)
		}
	}
	return ids
}

func (c *company) source(sync *v1alpha1.IdentityProviderSync) Source {
	return Source{Sync: sync, Directory: c, Usernames: c}
}

// entra is the sync of most tests.
func entra() *v1alpha1.IdentityProviderSync {
	return &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "entra"}}
}

// binding binds groups of entra to the role edit.
func binding(groups ...string) *v1alpha1.GroupRoleBinding {
	b := &v1alpha1.GroupRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "devs", UID: "b-uid"},
		Spec:       v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{RoleRef: &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "edit"}}},
	}
	for _, g := range groups {
		b.Spec.GroupRefs = append(b.Spec.GroupRefs, v1alpha1.GroupReference{
			SyncRef: v1alpha1.NamespacedSyncReference{Name: "entra"}, DisplayName: g})
	}
	return b
}

func subjects(names ...string) []rbacv1.Subject {
	var s []rbacv1.Subject
	for _, name := range names {
		s = append(s, rbacv1.Subject{APIGroup: "rbac.authorization.k8s.io", Kind: "User", Name: name})
	}
	return s
}

// cluster are the namespaces there are.
type cluster []Namespace

func (c cluster) Namespaces() iter.Seq[Namespace] { return slices.Values(c) }

func (c cluster) Namespace(name string) (Namespace, bool) {
	i := slices.IndexFunc(c, func(n Namespace) bool { return n.Name == name })
	if i < 0 {
		return Namespace{}, false
	}
	return c[i], true
}

// request is for a binding of one sync in the namespace team, with those who
// are bound now.
func request(b *v1alpha1.GroupRoleBinding, source Source, bound ...string) Request {
	return Request{
		Binding: OfGroupRoleBinding(b), Current: current(b, bound...), Namespaces: cluster{{Name: "team"}},
		Source: only(source),
	}
}

func only(s Source) func(types.NamespacedName) Source {
	return func(types.NamespacedName) Source { return s }
}

// current is the first object of a binding.
func current(b *v1alpha1.GroupRoleBinding, names ...string) []CurrentObject {
	return []CurrentObject{{
		Namespace: b.Namespace, Name: OfGroupRoleBinding(b).objectName(*b.Spec.RoleRef, 0),
		RoleRef: roleRef(*b.Spec.RoleRef), Subjects: subjects(names...),
	}}
}

// bound gives the subjects of all objects that should exist.
func bound(o *Outcome) []string {
	names := []string{}
	for _, p := range o.Placements {
		for _, object := range p.Objects {
			names = append(names, nameList(object.Subjects)...)
		}
	}
	slices.Sort(names)
	return names
}

func nameList(subjects []rbacv1.Subject) []string {
	var names []string
	for _, s := range subjects {
		names = append(names, s.Name)
	}
	return names
}

func reasons(o *Outcome) []Reason {
	got := []Reason{}
	for _, p := range o.Problems {
		got = append(got, p.Reason)
	}
	return got
}
