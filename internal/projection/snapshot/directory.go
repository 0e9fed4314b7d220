package snapshot

import (
	"errors"
	"iter"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/membership"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// directory is what one sync holds.
type directory struct {
	users  map[string]*v1alpha1.User                 // by id
	groups map[string]*v1alpha1.Group                // by id
	named  map[string]*v1alpha1.Group                // by displayName
	slices map[string]*v1alpha1.GroupMemberSliceSpec // by name

	members map[string]members // of groups that were looked at, by id
	indexes map[string]*index
	above   map[string][]*v1alpha1.Group // by member; nil until somebody asks
}

type members struct {
	ids []string
	err error
}

func newDirectory() *directory {
	return &directory{users: map[string]*v1alpha1.User{}, groups: map[string]*v1alpha1.Group{}, named: map[string]*v1alpha1.Group{},
		slices: map[string]*v1alpha1.GroupMemberSliceSpec{}, members: map[string]members{}, indexes: map[string]*index{}}
}

func (d *directory) addUser(user *v1alpha1.User) { d.users[user.Spec.ID] = user }

func (d *directory) addGroup(group *v1alpha1.Group) {
	d.groups[group.Spec.ID], d.named[group.Spec.DisplayName] = group, group
}

// Group implements projection.Directory.
func (d *directory) Group(displayName string) (*v1alpha1.Group, bool) {
	group, ok := d.named[displayName]
	return group, ok
}

// GroupByID implements projection.Directory.
func (d *directory) GroupByID(id string) (*v1alpha1.Group, bool) {
	group, ok := d.groups[id]
	return group, ok
}

// Groups implements projection.Directory.
func (d *directory) Groups() iter.Seq[*v1alpha1.Group] { return maps.Values(d.groups) }

// User implements projection.Directory.
func (d *directory) User(id string) (*v1alpha1.User, bool) { user, ok := d.users[id]; return user, ok }

// Members implements projection.Directory.
func (d *directory) Members(group *v1alpha1.Group) ([]string, error) {
	known, ok := d.members[group.Spec.ID]
	if !ok {
		known.ids, known.err = membership.Members(membership.RootOf(&group.Spec), d)
		d.members[group.Spec.ID] = known
	}
	return known.ids, known.err
}

// NestedGroups implements projection.Directory.
func (d *directory) NestedGroups(group *v1alpha1.Group) ([]string, error) {
	ids, err := d.Members(group)
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return d.groups[id] == nil }), err
}

// GroupsOf implements projection.Memberships. Groups whose members are not known
// are above nobody: only Members tells who is a member.
func (d *directory) GroupsOf(id string) []*v1alpha1.Group {
	if d.above == nil {
		d.above = map[string][]*v1alpha1.Group{}
		for _, group := range d.groups {
			ids, _ := d.Members(group)
			for _, member := range ids {
				d.above[member] = append(d.above[member], group)
			}
		}
	}
	return d.above[id]
}

// Slice implements membership.Source.
func (d *directory) Slice(name string) (*v1alpha1.GroupMemberSliceSpec, error) {
	if slice, ok := d.slices[name]; ok {
		return slice, nil
	}
	return nil, errors.New("GroupMemberSlice " + name + " was not listed")
}

// Holders implements membership.Source: there is no index.
func (d *directory) Holders(string) []string { return nil }

// Indexed implements membership.Source.
func (d *directory) Indexed(string) bool { return false }

// values give what an expression makes of a user.
type values func(*v1alpha1.User) ([]string, error)

// index knows what an expression makes of all users.
type index struct {
	values values
	users  map[string][]string // ids, by value
}

// index gives the index of an expression as a kind reads it; it is made once.
func (d *directory) index(kind, text string, compile func() (values, error)) (*index, error) {
	key := kind + ":" + text
	if known := d.indexes[key]; known != nil {
		return known, nil
	}
	values, err := compile()
	if err != nil {
		return nil, err
	}
	n := &index{values, map[string][]string{}}
	for id, user := range d.users {
		found, _ := values(user) // whom an error concerns is asked for again
		for _, value := range found {
			n.users[value] = append(n.users[value], id)
		}
	}
	d.indexes[key] = n
	return n, nil
}

// Values implements networkpolicy.Index.
func (n *index) Values(user *v1alpha1.User) ([]string, error) { return n.values(user) }

// Users implements networkpolicy.Index and projection.Usernames.
func (n *index) Users(value string) []string { return n.users[value] }

// usernames is an index of names.
type usernames struct{ *index }

// Name implements projection.Usernames.
func (u usernames) Name(user *v1alpha1.User) (string, error) {
	names, err := u.Values(user)
	if err != nil {
		return "", err
	}
	return names[0], nil
}

func isOf(b projection.Binding, o metav1.Object) bool {
	owner, ok := projection.BindingOf(o)
	return ok && owner == b.Key()
}
