package membership

import (
	"fmt"
	"slices"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// position is a place in the leaves of a group: the offset-th member of the
// leaf-th leaf.
type position struct{ leaf, offset int }

// leaves reads the leaf slices of one index, each at most once and only when
// it is needed.
type leaves struct {
	src    Source
	refs   []v1alpha1.LeafReference
	loaded map[int][]string

	// strays are the members of the leaves that src has not indexed; indexed
	// are the other leaves, those for which src.Holders was relied on.
	covered bool
	strays  map[string]position
	indexed []string
}

// open checks the root against its index. Without an index there are no leaves.
func open(root Root, src Source) (*leaves, error) {
	l := &leaves{src: src, loaded: map[int][]string{}}
	total := len(root.Members) - len(root.Removed)
	if root.Index != "" {
		index, err := src.Slice(root.Index)
		if err != nil {
			return nil, fmt.Errorf("reading index %s: %w", root.Index, err)
		}
		if len(index.Leaves) == 0 {
			return nil, fmt.Errorf("%w: slice %s should be an index but names no leaves", ErrInconsistent, root.Index)
		}
		l.refs = index.Leaves
		for i := range l.refs {
			total += int(l.refs[i].Count)
		}
	} else if len(root.Removed) > 0 {
		return nil, fmt.Errorf("%w: members are listed as removed, but there is no index", ErrInconsistent)
	}
	if int64(total) != root.MemberCount {
		return nil, fmt.Errorf("%w: memberCount is %d, but there are %d", ErrInconsistent, root.MemberCount, total)
	}
	return l, nil
}

// members gives the ids of leaf i, the removed ones included.
func (l *leaves) members(i int) ([]string, error) {
	if ids, ok := l.loaded[i]; ok {
		return ids, nil
	}
	ref := &l.refs[i]
	slice, err := l.src.Slice(ref.Name)
	if err != nil {
		return nil, fmt.Errorf("reading leaf %s: %w", ref.Name, err)
	}
	removed := bitmap(ref.Removed)
	if live := len(slice.Members) - removed.count(); live != int(ref.Count) || removed.length() > len(slice.Members) {
		return nil, fmt.Errorf("%w: leaf %s has %d members, but %d by its index", ErrInconsistent, ref.Name, live, ref.Count)
	}
	l.loaded[i] = slice.Members
	return slice.Members, nil
}

// each calls visit for every id in leaf i that its bitmap does not remove.
func (l *leaves) each(i int, visit func(id string, at position)) error {
	ids, err := l.members(i)
	if err != nil {
		return err
	}
	removed := bitmap(l.refs[i].Removed)
	for offset, id := range ids {
		if !removed.has(offset) {
			visit(id, position{i, offset})
		}
	}
	return nil
}

// find looks an id up. That it is not there is certain only once unchanged
// has confirmed it.
func (l *leaves) find(id string) (at position, found bool, err error) {
	if len(l.refs) == 0 {
		return position{}, false, nil
	}
	if at, found, err = l.held(id); found || err != nil {
		return at, found, err
	}
	if !l.covered {
		if err := l.cover(); err != nil {
			return position{}, false, err
		}
		// A leaf may have been indexed after it was asked for its holders.
		if at, found, err = l.held(id); found || err != nil {
			return at, found, err
		}
	}
	at, found = l.strays[id]
	return at, found, nil
}

// held looks an id up in the leaves that the source says hold it.
func (l *leaves) held(id string) (position, bool, error) {
	holders := l.src.Holders(id)
	if len(holders) == 0 {
		return position{}, false, nil
	}
	for i := range l.refs {
		if !slices.Contains(holders, l.refs[i].Name) {
			continue
		}
		ids, err := l.members(i)
		if err != nil {
			return position{}, false, err
		}
		if offset := slices.Index(ids, id); offset >= 0 && !bitmap(l.refs[i].Removed).has(offset) {
			return position{i, offset}, true, nil
		}
	}
	return position{}, false, nil
}

// cover reads the leaves that the source has not indexed.
func (l *leaves) cover() error {
	l.strays = map[string]position{}
	for i := range l.refs {
		if l.src.Indexed(l.refs[i].Name) {
			l.indexed = append(l.indexed, l.refs[i].Name)
			continue
		}
		if err := l.each(i, func(id string, at position) { l.strays[id] = at }); err != nil {
			return err
		}
	}
	l.covered = true
	return nil
}

// unchanged fails if a leaf left the source's index while it was relied on:
// an id in it may have been taken for absent.
func (l *leaves) unchanged() error {
	for _, name := range l.indexed {
		if !l.src.Indexed(name) {
			return fmt.Errorf("%w: leaf %s vanished", ErrStale, name)
		}
	}
	return nil
}
