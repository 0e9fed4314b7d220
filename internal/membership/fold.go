package membership

import (
	"fmt"
	"slices"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// segment is what becomes one leaf of the new index: the members of adjacent
// old leaves, then fresh ones.
type segment struct {
	old   []int // old leaves
	fresh []string
	count int
}

// fold plans a new index that takes in everything from the root.
//
// Old leaves are kept, with more bits set, except these, which are rewritten:
// a leaf of which half is removed; two neighbors that together fill at most
// three quarters of a leaf; and the last one when the added members still
// fit. Neighbors that were written apart did not fit in one leaf, so a removal
// pays for rewriting a few members on average; the removed ids still stored
// are fewer than the members; and any two neighbors hold more than three
// quarters of a leaf between them: there are at most 1 + 2.7 × members / 1,024
// leaves.
func (e *Edit) fold(p *Plan, target Target, added, removed []string) error {
	if e.count > int64(e.layout.Leaf)*int64(e.layout.Leaves) {
		return ErrTooManyMembers
	}
	next, err := e.withRemoved(removed)
	if err != nil {
		return err
	}
	segments := next.segments(e.layout, added)
	if len(segments) > e.layout.Leaves {
		// Only a group of over a third of the most members can get here.
		if segments, err = next.repack(e.layout, added); err != nil {
			return err
		}
	}

	slice := func() *Slice {
		p.Slices = append(p.Slices, Slice{
			Name: target.NewName(),
			Spec: v1alpha1.GroupMemberSliceSpec{SyncRef: target.SyncRef, Group: target.Group, Base: target.Base},
		})
		return &p.Slices[len(p.Slices)-1]
	}
	refs := make([]v1alpha1.LeafReference, 0, len(segments))
	kept := make(map[int]bool, len(segments))
	for _, s := range segments {
		if i, ok := next.keeps(s); ok {
			kept[i] = true
			refs = append(refs, next.refs[i])
			continue
		}
		members, err := next.collect(s)
		if err != nil {
			return err
		}
		leaf := slice()
		leaf.Spec.Members = members
		refs = append(refs, v1alpha1.LeafReference{Name: leaf.Name, Count: int32(len(members))})
	}
	index := slice()
	index.Spec.Leaves = refs
	p.Root = Root{MemberCount: e.count, Index: index.Name}

	if e.root.Index != "" {
		p.Dropped = append(p.Dropped, e.root.Index)
	}
	for i := range next.refs {
		if !kept[i] {
			p.Dropped = append(p.Dropped, next.refs[i].Name)
		}
	}
	return nil
}

// withRemoved is the leaves with the bits of the removed members set.
func (e *Edit) withRemoved(removed []string) (*leaves, error) {
	gone := map[int][]int{}
	for _, id := range removed {
		at := e.marks[id].at
		if at == nil {
			found, ok, err := e.leaves.find(id)
			if err != nil {
				return nil, err
			}
			if !ok {
				return nil, fmt.Errorf("%w: %q is listed as removed, but is in no leaf", ErrInconsistent, id)
			}
			at = &found
		}
		gone[at.leaf] = append(gone[at.leaf], at.offset)
	}
	next := &leaves{src: e.leaves.src, refs: slices.Clone(e.leaves.refs), loaded: e.leaves.loaded}
	for i, offsets := range gone {
		ref := &next.refs[i]
		ref.Removed = bitmap(ref.Removed).with(offsets)
		ref.Count -= int32(len(offsets))
	}
	return next, nil
}

// segments decides what the new leaves are made of, without reading any.
func (l *leaves) segments(layout Layout, added []string) []segment {
	var out []segment
	room := func(n, limit int) bool {
		return len(out) > 0 && out[len(out)-1].count+n <= limit
	}
	for i := range l.refs {
		n := int(l.refs[i].Count)
		switch {
		case n == 0:
		case room(n, layout.Leaf*3/4):
			last := &out[len(out)-1]
			last.old, last.count = append(last.old, i), last.count+n
		default:
			out = append(out, segment{old: []int{i}, count: n})
		}
	}
	if room(len(added), layout.Leaf) {
		last := &out[len(out)-1]
		last.fresh, last.count = added, last.count+len(added)
		return out
	}
	for chunk := range slices.Chunk(added, layout.Leaf) {
		out = append(out, segment{fresh: chunk, count: len(chunk)})
	}
	return out
}

// repack fills new leaves to the brim with all members.
func (l *leaves) repack(layout Layout, added []string) ([]segment, error) {
	var all segment
	for i := range l.refs {
		all.old = append(all.old, i)
	}
	all.fresh = added
	members, err := l.collect(all)
	if err != nil {
		return nil, err
	}
	return (&leaves{}).segments(layout, members), nil
}

// keeps tells whether a segment is an old leaf that stays as it is, and which.
func (l *leaves) keeps(s segment) (int, bool) {
	if len(s.old) != 1 || len(s.fresh) > 0 {
		return 0, false
	}
	ref := &l.refs[s.old[0]]
	return s.old[0], bitmap(ref.Removed).count() < int(ref.Count)
}

// collect reads the members of a segment.
func (l *leaves) collect(s segment) ([]string, error) {
	members := make([]string, 0, s.count+len(s.fresh))
	for _, i := range s.old {
		if err := l.each(i, func(id string, _ position) { members = append(members, id) }); err != nil {
			return nil, err
		}
	}
	return append(members, s.fresh...), nil
}
