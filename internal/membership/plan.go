package membership

import "github.com/rollcall-scim/rollcall/api/v1alpha1"

// Target says for which version of which Group an Edit is planned.
type Target struct {
	SyncRef v1alpha1.SyncReference
	Group   string        // the object name of the Group
	Base    string        // its resourceVersion: the precondition of the update
	NewName func() string // gives a random name for each new slice
}

// Plan is what to write so that an Edit takes effect: first the slices, in any
// order, then one update of the root.
type Plan struct {
	Root    Root     // the new root, for an update of version Target.Base only
	Slices  []Slice  // to be created before the update; most changes need none
	Added   []string // who is a member now and was not before
	Removed []string // who was a member before and is not now
	Dropped []string // names of slices that only the old root reaches
}

// Slice is a GroupMemberSlice to be created.
type Slice struct {
	Name string
	Spec v1alpha1.GroupMemberSliceSpec
}

// Changed tells whether there is anything to write.
func (p *Plan) Changed() bool { return len(p.Added)+len(p.Removed) > 0 }

// Plan decides what to write for the changes made so far. It reads a leaf only
// to rewrite it or to find the position of a removed member. It fails with
// ErrTooManyMembers, ErrStale, ErrInconsistent or an error of the Source.
func (e *Edit) Plan(target Target) (*Plan, error) {
	// Also when nothing changed: an id in a vanished leaf may have been missed.
	if err := e.leaves.unchanged(); err != nil {
		return nil, err
	}
	p := &Plan{Root: e.root}
	p.Added, p.Removed = e.difference()
	if !p.Changed() {
		return p, nil
	}
	added, removed := e.lists()
	indexed := e.root.Index != ""
	switch {
	case indexed && e.count <= int64(e.layout.Reinline), !indexed && e.count <= int64(e.layout.Inline):
		all, err := e.Members()
		if err != nil {
			return nil, err
		}
		p.Root = Root{MemberCount: e.count, Members: all}
		p.Dropped = References(e.root, &v1alpha1.GroupMemberSliceSpec{Leaves: e.leaves.refs})
	case indexed && len(added) <= e.layout.Added && len(removed) <= e.layout.Removed:
		p.Root = Root{MemberCount: e.count, Members: added, Removed: removed, Index: e.root.Index}
	default:
		if err := e.fold(p, target, added, removed); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// difference gives the net effect of all changes, in a stable order.
func (e *Edit) difference() (added, removed []string) {
	var in, out inOrder
	for id, now := range e.marks {
		if _, had := e.before[id]; had {
			continue
		}
		if now.present {
			in = append(in, ordered{now.order, id})
		} else {
			out = append(out, ordered{now.order, id})
		}
	}
	for id, was := range e.before {
		if _, has := e.marks[id]; has {
			continue
		}
		if was.present {
			out = append(out, ordered{was.order, id})
		} else {
			in = append(in, ordered{was.order, id})
		}
	}
	return in.ids(), out.ids()
}
