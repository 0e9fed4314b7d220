// Package membership lays the members of a group out over objects, so that a
// change costs the same whether the group has 10 members or 1,000,000.
//
// A Group object is a root of bounded size. While a group is small, the root
// lists all its members. A larger group has an index: an immutable slice that
// names leaf slices, each with up to 1,024 members and a bitmap of those that
// have left since. The members are then
//
//	members of the leaves whose bit is not set − removed + members
//
// where removed and members are two short lists in the root. Most changes
// touch only these. When one of them is full, it is folded into a new index
// and at most a few new leaves; nothing is ever changed in place.
//
// A change is committed by one update of the root, with its resourceVersion
// as precondition. The slices it needs are written first and are unreachable
// until then; whatever a commit leaves behind, or a failed one never used, is
// for the sweeper (see Sweepable).
//
// Everything here is a function of its arguments: the caller reads and writes.
package membership

import (
	"errors"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Layout holds the bounds of the layout.
type Layout struct {
	Inline   int // members in the root of a group without an index
	Reinline int // a group with an index that shrinks to this many loses it
	Added    int // members in the root of a group with an index
	Removed  int // removed members in the root of a group with an index
	Leaf     int // members in a leaf, the removed ones included
	Leaves   int // leaves in an index
}

// Default is the layout whose bounds the API server enforces.
var Default = Layout{
	Inline:   v1alpha1.MaxInlineMembers,
	Reinline: v1alpha1.MaxInlineMembers / 2,
	Added:    v1alpha1.MaxAddedMembers,
	Removed:  v1alpha1.MaxRemovedMembers,
	Leaf:     v1alpha1.MaxLeafMembers,
	Leaves:   v1alpha1.MaxIndexLeaves,
}

var (
	// ErrTooManyMembers says that a change would leave the group with more
	// members than all leaves can hold (4,194,304 by default).
	ErrTooManyMembers = errors.New("the group would have more members than can be stored; split it into several groups")

	// ErrInconsistent says that the root and its slices disagree. The group
	// must be treated as unreadable, never as smaller.
	ErrInconsistent = errors.New("the group's members are inconsistent")

	// ErrStale says that a slice vanished during the call, which happens only
	// when another writer has changed the root: read it again and start over.
	ErrStale = errors.New("the group was changed by another writer; read it again")
)

// Root is what a Group object holds of its membership.
type Root struct {
	MemberCount int64    // how many members the group has
	Members     []string // all members, or with an index those on top of it
	Removed     []string // ids in the index that are members no more
	Index       string   // the name of the index slice; empty: none
}

// RootOf reads the root off a Group. The slices are shared with spec; this
// package does not write to them.
func RootOf(spec *v1alpha1.GroupSpec) Root {
	return Root{MemberCount: spec.MemberCount, Members: spec.Members, Removed: spec.Removed, Index: spec.Index}
}

// Apply sets the root in a Group.
func (r Root) Apply(spec *v1alpha1.GroupSpec) {
	spec.MemberCount, spec.Members, spec.Removed, spec.Index = r.MemberCount, r.Members, r.Removed, r.Index
}

// Source gives the slices of one group. What it returns may be shared with
// others: this package does not write to it.
type Source interface {
	// Slice gives a slice by name, or an error, which then ends the call.
	Slice(name string) (*v1alpha1.GroupMemberSliceSpec, error)

	// Holders names the leaf slices that list id, as far as an index from ids
	// to slices knows. Slices that the group does not refer to are ignored.
	Holders(id string) []string

	// Indexed tells whether Holders takes account of the named leaf slice. The
	// leaves for which it does not are read instead, so an index that lags
	// costs time, never a member.
	Indexed(name string) bool
}
