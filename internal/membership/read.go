package membership

import (
	"fmt"
	"slices"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Members lists all members of a group: in the order of its leaves, then the
// ones on top. The order is stable, but a member that is removed and added
// again may move. It is all of them or an error: ErrInconsistent, or one of
// src when a slice cannot be read.
func Members(root Root, src Source) ([]string, error) {
	e, err := Layout{}.Edit(root, src)
	if err != nil {
		return nil, err
	}
	return e.Members()
}

// Contains tells whether id is a member. It reads the index and the leaf that
// holds id, no others. Errors are those of Members, and ErrStale.
func Contains(root Root, src Source, id string) (bool, error) {
	l, err := open(root, src)
	if err != nil {
		return false, err
	}
	if slices.Contains(root.Members, id) {
		return true, nil
	}
	if slices.Contains(root.Removed, id) {
		return false, nil
	}
	_, found, err := l.find(id)
	if err != nil || found {
		return found, err
	}
	return false, l.unchanged()
}

// Lists tells whether id, which leaf lists, is a member by that alone. It looks
// at nothing else, so where it says no, Contains may say yes.
func Lists(root Root, index *v1alpha1.GroupMemberSliceSpec, leafName string, leaf *v1alpha1.GroupMemberSliceSpec, id string) bool {
	if root.Index == "" || slices.Contains(root.Removed, id) {
		return false
	}
	for i := range index.Leaves {
		ref := &index.Leaves[i]
		if ref.Name != leafName {
			continue
		}
		for offset := range bitmap(ref.Removed).all() {
			if offset >= len(leaf.Members) || leaf.Members[offset] == id {
				return false
			}
		}
		return true
	}
	return false
}

// Members lists the members with the changes made so far, in the order of the
// function Members.
func (e *Edit) Members() ([]string, error) {
	ids := make([]string, 0, e.count)
	for i := range e.leaves.refs {
		err := e.leaves.each(i, func(id string, _ position) {
			if _, marked := e.marks[id]; !marked {
				ids = append(ids, id)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	added, _ := e.lists()
	ids = append(ids, added...)
	// A mark that does not fit the leaves shows in the number.
	if int64(len(ids)) != e.count {
		return nil, fmt.Errorf("%w: %d members were found of %d", ErrInconsistent, len(ids), e.count)
	}
	return ids, nil
}
