package membership

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Edit collects ordered changes of one group's members, to be committed
// together. All of them are idempotent: adding a member or removing what is
// none changes nothing. An Edit is for one goroutine and one attempt: after a
// conflict a new one starts from the newer root.
//
// Errors are ErrInconsistent or come from the Source; the Edit is then of no
// further use.
type Edit struct {
	layout  Layout
	root    Root
	leaves  *leaves
	before  map[string]mark // what the root says on top of the leaves
	marks   map[string]mark // the same with the changes so far
	count   int64
	next    int
	journal []entry
}

// mark says how an id differs from the leaves: a member that is in none of
// them, or no member although it is in one.
type mark struct {
	present bool
	order   int
	at      *position // where an absent id is in the leaves; nil: not looked up
}

// entry is what Rollback needs to undo one change of marks.
type entry struct {
	id    string
	old   mark
	had   bool
	count int64
}

// Edit begins to change the members of a group. It reads the index, if there
// is one; without an index, src may be nil.
func (l Layout) Edit(root Root, src Source) (*Edit, error) {
	opened, err := open(root, src)
	if err != nil {
		return nil, err
	}
	e := &Edit{layout: l, root: root, leaves: opened, count: root.MemberCount,
		before: make(map[string]mark, len(root.Members)+len(root.Removed))}
	for _, id := range root.Members {
		e.before[id] = mark{present: true, order: e.tick()}
	}
	for _, id := range root.Removed {
		e.before[id] = mark{order: e.tick()}
	}
	if len(e.before) != len(root.Members)+len(root.Removed) {
		return nil, fmt.Errorf("%w: an id is listed twice", ErrInconsistent)
	}
	e.marks = maps.Clone(e.before)
	return e, nil
}

// Count is the number of members with the changes made so far.
func (e *Edit) Count() int64 { return e.count }

// Has tells whether id is a member with the changes made so far.
func (e *Edit) Has(id string) (bool, error) {
	if m, ok := e.marks[id]; ok {
		return m.present, nil
	}
	_, found, err := e.leaves.find(id)
	return found, err
}

// Add makes ids members.
func (e *Edit) Add(ids ...string) error {
	for _, id := range ids {
		if m, ok := e.marks[id]; ok {
			if !m.present {
				e.clear(id, +1)
			}
			continue
		}
		_, found, err := e.leaves.find(id)
		if err != nil {
			return err
		}
		if !found {
			e.set(id, mark{present: true, order: e.tick()}, +1)
		}
	}
	return nil
}

// Remove makes ids members no more.
func (e *Edit) Remove(ids ...string) error {
	for _, id := range ids {
		if m, ok := e.marks[id]; ok {
			if m.present {
				e.clear(id, -1)
			}
			continue
		}
		at, found, err := e.leaves.find(id)
		if err != nil {
			return err
		}
		if found {
			e.set(id, mark{order: e.tick(), at: &at}, -1)
		}
	}
	return nil
}

// Replace makes ids all the members there are. It reads every leaf, but what
// is written depends only on how many members differ.
func (e *Edit) Replace(ids []string) error {
	wanted := make(map[string]bool, len(ids)) // false once it is seen to be in a leaf
	for _, id := range ids {
		wanted[id] = true
	}
	twice := ""
	for i := range e.leaves.refs {
		err := e.leaves.each(i, func(id string, at position) {
			_, keep := wanted[id]
			m, marked := e.marks[id]
			switch {
			case m.present:
				twice = id
			case keep && marked:
				e.clear(id, +1)
			case !keep && !marked:
				e.set(id, mark{order: e.tick(), at: &at}, -1)
			}
			if keep {
				wanted[id] = false
			}
		})
		if err != nil {
			return err
		}
	}
	if twice != "" {
		return fmt.Errorf("%w: %q is in the root and in a leaf", ErrInconsistent, twice)
	}
	added, _ := e.lists()
	for _, id := range added {
		if !wanted[id] {
			e.clear(id, -1)
		}
	}
	for _, id := range ids {
		if _, ok := e.marks[id]; !ok && wanted[id] {
			e.set(id, mark{present: true, order: e.tick()}, +1)
		}
	}
	return nil
}

// Mark names the current state, for Rollback.
func (e *Edit) Mark() int { return len(e.journal) }

// Rollback undoes all changes made since mark.
func (e *Edit) Rollback(mark int) {
	for _, j := range slices.Backward(e.journal[mark:]) {
		if j.had {
			e.marks[j.id] = j.old
		} else {
			delete(e.marks, j.id)
		}
		e.count = j.count
	}
	e.journal = e.journal[:mark]
}

func (e *Edit) set(id string, m mark, change int64) {
	e.record(id)
	e.marks[id] = m
	e.count += change
}

func (e *Edit) clear(id string, change int64) {
	e.record(id)
	delete(e.marks, id)
	e.count += change
}

func (e *Edit) record(id string) {
	old, had := e.marks[id]
	e.journal = append(e.journal, entry{id: id, old: old, had: had, count: e.count})
}

func (e *Edit) tick() int {
	e.next++
	return e.next
}

// lists gives the ids on top of the leaves and those removed from them, each
// in the order in which they came.
func (e *Edit) lists() (added, removed []string) {
	var in, out inOrder
	for id, m := range e.marks {
		if m.present {
			in = append(in, ordered{m.order, id})
		} else {
			out = append(out, ordered{m.order, id})
		}
	}
	return in.ids(), out.ids()
}

// inOrder are ids to be sorted by when they came.
type inOrder []ordered

type ordered struct {
	order int
	id    string
}

func (l inOrder) ids() []string {
	if len(l) == 0 {
		return nil
	}
	slices.SortFunc(l, func(a, b ordered) int { return cmp.Compare(a.order, b.order) })
	ids := make([]string, len(l))
	for i := range l {
		ids[i] = l[i].id
	}
	return ids
}
