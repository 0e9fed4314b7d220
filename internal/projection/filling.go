package projection

import (
	"cmp"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// filling is a layout in the making.
type filling struct {
	*audience
	frozen  bool
	shards  []shard
	used    map[int]bool    // indexes of shards
	placed  []bool          // which of the audience's names are in a shard
	extra   map[string]bool // other names that are
	total   int             // of names in shards
	changed bool
}

func newFilling(a *audience, frozen bool) *filling {
	return &filling{audience: a, frozen: frozen, placed: make([]bool, len(a.names)), extra: map[string]bool{}, used: map[int]bool{}}
}

// fate is what becomes of a subject of an object that exists.
type fate uint8

const (
	stays fate = iota
	moves      // to another object of the placement, or it is there already
	revoked
)

// retain takes over an object that exists, without those who have to go. The
// order of its subjects is mended, too.
func (f *filling) retain(s shard) {
	subjects := s.current.Subjects
	fates := make([]fate, len(subjects))
	kept := 0
	for i := range subjects {
		fates[i] = f.fate(&subjects[i], kept, s.size)
		switch fates[i] {
		case stays:
			kept++
			s.size += sizeOf(subjects[i].Name)
		case moves:
			s.moves++
		case revoked:
			s.revokes++
		}
	}
	s.subjects, s.shrunk = upTo(stays, subjects, fates), upTo(moves, subjects, fates)
	if !slices.IsSortedFunc(s.subjects, compareSubjects) {
		s.subjects = slices.SortedFunc(slices.Values(s.subjects), compareSubjects)
	}
	f.changed = f.changed || !sameSlice(s.subjects, subjects)
	f.total += kept
	f.used[s.index] = true
	f.shards = append(f.shards, s)
}

// fate decides about a subject of an object that has so many others.
func (f *filling) fate(subject *rbacv1.Subject, kept, size int) fate {
	name := subject.Name
	full := !f.frozen && !hasRoom(kept, size, MaxSubjectsOfMany, name)
	i, wanted := f.find(name)
	switch {
	case !f.run.ours(subject), !wanted && !f.keeps(name):
		return revoked
	case full, wanted && f.placed[i], !wanted && f.extra[name]:
		return moves
	case wanted:
		f.placed[i] = true
	default:
		f.extra[name] = true
	}
	return stays
}

// upTo gives the subjects whose fate is none beyond last: the very slice, if
// these are all.
func upTo(last fate, subjects []rbacv1.Subject, fates []fate) []rbacv1.Subject {
	if !slices.ContainsFunc(fates, func(f fate) bool { return f > last }) {
		return subjects
	}
	var some []rbacv1.Subject
	for i, f := range fates {
		if f <= last {
			some = append(some, subjects[i])
		}
	}
	return some
}

// leave deals with an object that is not one of the placement's own: who is to
// stay is moved, so it goes when the others are complete. If nobody may be
// added, they stay here.
func (f *filling) leave(object *CurrentObject) (s shard, extra []string) {
	s = shard{current: object, obsolete: true}
	fates := make([]fate, len(object.Subjects))
	for i := range object.Subjects {
		subject := &object.Subjects[i]
		_, wanted := f.find(subject.Name)
		switch {
		case !f.run.ours(subject), !wanted && !f.keeps(subject.Name):
			fates[i] = revoked
			s.revokes++
			continue
		case !wanted && !f.extra[subject.Name] && !f.frozen:
			f.extra[subject.Name] = true
			extra = append(extra, subject.Name)
		}
		s.moves++
	}
	s.shrunk = upTo(moves, object.Subjects, fates)
	if f.frozen && s.moves > 0 {
		s.subjects, s.obsolete, s.moves = s.shrunk, false, 0
	}
	return s, extra
}

// missing gives the audience's names that are in no shard, sorted.
func (f *filling) missing() []string {
	var names []string
	for i, placed := range f.placed {
		if !placed {
			names = append(names, f.names[i])
		}
	}
	return names
}

// fill puts names where there is room, and makes shards when there is none.
func (f *filling) fill(names []string) {
	f.total += len(names)
	limit, next := f.limit(), 0
	for _, name := range names {
		for next < len(f.shards) && !f.shards[next].has(limit, name) {
			next++
		}
		if next == len(f.shards) {
			f.shards = append(f.shards, shard{index: f.freeIndex()})
		}
		f.shards[next].add(f.run.subject(name))
	}
	for i := range f.shards {
		if s := &f.shards[i]; s.adds > 0 {
			f.changed = true
			slices.SortFunc(s.subjects, compareSubjects)
		}
	}
}

// limit is up to how many subjects an object is filled.
func (f *filling) limit() int {
	if f.total > manySubjects {
		return MaxSubjectsOfMany
	}
	return MaxSubjects
}

func (f *filling) freeIndex() int {
	index := 0
	for f.used[index] {
		index++
	}
	f.used[index] = true
	return index
}

// compact empties the emptiest shard into the next one when all of them have
// twice the room they need. It is done when there is nothing else to do for
// the placement, one shard at a time, so it never adds much to what a change
// costs; and both fit into one, since on average they are at most half full.
func (f *filling) compact() {
	if len(f.shards) < 2 || 2*f.total > f.limit()*len(f.shards) {
		return
	}
	order := make([]*shard, len(f.shards))
	for i := range f.shards {
		order[i] = &f.shards[i]
	}
	slices.SortFunc(order, func(a, b *shard) int {
		return cmp.Or(len(a.subjects)-len(b.subjects), b.index-a.index)
	})
	from, to := order[0], order[1]
	if from.size+to.size > maxSubjectsBytes {
		return
	}
	for _, subject := range from.subjects {
		to.add(subject)
	}
	slices.SortFunc(to.subjects, compareSubjects)
	from.moves, from.subjects, from.obsolete = len(from.subjects), nil, true
}

// dropEmpty drops the shards that have no subjects. One stays for the groups
// to get members again.
func (f *filling) dropEmpty() {
	some := len(f.grants) == 0
	for i := range f.shards {
		some = some || len(f.shards[i].subjects) > 0
	}
	for i := range f.shards {
		if s := &f.shards[i]; len(s.subjects) == 0 {
			s.obsolete = some
			some = true
		}
	}
}

func hasRoom(count, size, limit int, name string) bool {
	return count < limit && size+sizeOf(name) <= maxSubjectsBytes
}

func (s *shard) has(limit int, name string) bool {
	return hasRoom(len(s.subjects), s.size, limit, name)
}

func (s *shard) add(subject rbacv1.Subject) {
	if s.adds == 0 {
		s.subjects = slices.Clone(s.subjects) // it may be the informer's
	}
	s.adds++
	s.subjects = append(s.subjects, subject)
	s.size += sizeOf(subject.Name)
}

func sizeOf(name string) int { return len(name) + subjectBytes }

func compareSubjects(a, b rbacv1.Subject) int { return strings.Compare(a.Name, b.Name) }
