package projection

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Bounds of one object.
const (
	// MaxSubjects is up to how many subjects an object is filled in a placement
	// of at most manySubjects. Objects that hold more, from a time when there
	// were more, are left as they are.
	MaxSubjects = 100
	// MaxSubjectsOfMany is the same in larger placements. No object exceeds it.
	MaxSubjectsOfMany = 500
	manySubjects      = 2000
	// maxSubjectsBytes bounds the names: the API server takes 1.5 MiB.
	maxSubjectsBytes = 512 << 10
	subjectBytes     = 64 // kind, apiGroup and framing
)

// layout says which subjects each object of a placement holds. Subjects stay
// in the object that they are in, and new ones go where there is room, so that
// a member more or less changes one object.
type layout struct {
	shards []shard  // in order of their index
	absent []string // names that should be bound, or may be, and are in none
}

// shard is one object of a placement.
type shard struct {
	index    int
	current  *CurrentObject   // nil: to be created
	subjects []rbacv1.Subject // sorted; the very slice of current if nothing changes
	shrunk   []rbacv1.Subject // current without who is revoked
	obsolete bool

	size                 int // of the names, in bytes
	adds, revokes, moves int
}

// existing are the objects that a placement has.
type existing struct {
	shards []shard          // index and current, in order of the index
	others []*CurrentObject // of another name, or of the role that was bound before
	frozen bool             // nothing may be added
}

// maxLayouts bounds how many layouts are compared for each placement.
const maxLayouts = 4

type knownLayout struct {
	existing
	layout *layout
}

// layout works out the objects of a placement. Placements of the same groups
// mostly have the same objects as well: then it is that of another one.
func (a *audience) layout(e existing) *layout {
	for _, known := range a.layouts {
		if known.fits(e) {
			return known.layout.with(e)
		}
	}
	l := a.newLayout(e)
	if len(e.others) == 0 && len(a.layouts) < maxLayouts {
		a.layouts = append(a.layouts, knownLayout{e, l})
	}
	return l
}

func (k *knownLayout) fits(e existing) bool {
	return len(e.others) == 0 && k.frozen == e.frozen && slices.EqualFunc(k.shards, e.shards, func(a, b shard) bool {
		return a.index == b.index && sameSubjects(a.current.Subjects, b.current.Subjects)
	})
}

// with is the same layout for objects that are like those it was made for.
func (l *layout) with(e existing) *layout {
	current := map[int]*CurrentObject{}
	for i := range e.shards {
		current[e.shards[i].index] = e.shards[i].current
	}
	other := &layout{shards: slices.Clone(l.shards), absent: l.absent}
	for i := range other.shards {
		s := &other.shards[i]
		if s.current == nil {
			continue
		}
		was := s.current.Subjects
		s.current = current[s.index]
		if sameSlice(s.subjects, was) {
			s.subjects = s.current.Subjects
		}
		if sameSlice(s.shrunk, was) {
			s.shrunk = s.current.Subjects
		}
	}
	return other
}

func sameSlice(a, b []rbacv1.Subject) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// newLayout works a layout out.
func (a *audience) newLayout(e existing) *layout {
	if a.position == nil {
		a.index()
	}
	f := newFilling(a, e.frozen)
	for i := range e.shards {
		f.retain(e.shards[i])
	}
	missing := f.missing()
	var others []shard
	for _, object := range e.others {
		other, extra := f.leave(object)
		others, missing = append(others, other), append(missing, extra...)
	}
	slices.Sort(missing)
	l := &layout{}
	if e.frozen {
		l.absent = f.missing()
	} else {
		f.fill(missing)
	}
	if !f.changed && len(e.others) == 0 && !e.frozen {
		f.compact()
	}
	f.dropEmpty()
	for name := range a.maybe {
		if !f.extra[name] {
			l.absent = append(l.absent, name)
		}
	}
	slices.SortFunc(f.shards, func(a, b shard) int { return a.index - b.index })
	l.shards = slices.Concat(f.shards, others)
	return l
}
