package projection

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
)

// laid is how the audience of the only site was laid out last: each name is in
// one object, and no other names are.
type laid struct {
	siteKey
	shards []laidShard // in order of the index
}

type laidShard struct {
	index, size int
	// subjects are sorted. An object with the very slice is as it was; one that was
	// to be written has another.
	subjects []rbacv1.Subject
}

func (l *laidShard) has(name string) bool {
	_, has := slices.BinarySearchFunc(l.subjects, name, func(s rbacv1.Subject, name string) int { return strings.Compare(s.Name, name) })
	return has
}

// holder gives the shard that has a name, or -1.
func (l *laid) holder(name string) int {
	return slices.IndexFunc(l.shards, func(s laidShard) bool { return s.has(name) })
}

// layout works out the objects of a site.
func (r *run) layout(s *site) *layout {
	l := r.relay(s)
	if l == nil {
		l = s.audience.layout(s.existing)
	}
	if len(r.order) == 1 {
		r.only = l
	}
	return l
}

// laidOut gives what to remember of the objects; nil if they are not plain.
func (r *run) laidOut() *laid {
	if r.only == nil || len(r.only.absent) > 0 || r.order[0].existing.frozen || len(r.order[0].existing.others) > 0 {
		return nil
	}
	l, count := &laid{siteKey: r.order[0].siteKey}, 0
	for i := range r.only.shards {
		s := &r.only.shards[i]
		if s.obsolete || s.moves > 0 {
			return nil
		}
		shard := laidShard{index: s.index, size: s.size, subjects: s.subjects}
		if s.current == nil || !sameSlice(s.subjects, s.current.Subjects) {
			shard.subjects = slices.Clone(s.subjects) // whoever writes it may decode the answer into it
		}
		l.shards, count = append(l.shards, shard), count+len(s.subjects)
	}
	if count != len(r.memorable.portion.names) {
		return nil
	}
	return l
}

// relay lays out the objects of a site where only a few are to be looked at: those
// that are not as they were laid out, that have somebody who is to go, or get
// somebody new. It gives nil if that is not plain.
func (r *run) relay(s *site) *layout {
	if !r.recalled || len(r.order) != 1 {
		return nil
	}
	was, e := r.Memory.laid, s.existing
	if was == nil || was.siteKey != s.siteKey || e.frozen || len(e.others) > 0 || len(e.shards) != len(was.shards) {
		return nil
	}
	look := make([]bool, len(was.shards))
	for _, name := range r.gone {
		i := was.holder(name)
		if i < 0 {
			return nil
		}
		look[i] = true
	}
	f := newFilling(s.audience, false)
	var missing []string
	for i := range e.shards {
		shard, before := e.shards[i], &was.shards[i]
		if shard.index != before.index {
			return nil
		}
		if !look[i] && sameSlice(before.subjects, shard.current.Subjects) {
			f.take(shard, before.size)
			continue
		}
		lost, plain := f.compare(was, before, shard.current.Subjects)
		if !plain {
			return nil
		}
		missing = append(missing, lost...)
		f.retain(shard)
	}
	for _, name := range r.come {
		if i, wanted := f.find(name); !wanted || !f.placed[i] {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	f.fill(missing)
	if !f.changed {
		f.compact()
	}
	f.dropEmpty()
	slices.SortFunc(f.shards, func(a, b shard) int { return a.index - b.index })
	return &layout{shards: f.shards}
}

// take takes over an object that is as it should be.
func (f *filling) take(s shard, size int) {
	s.subjects, s.shrunk, s.size = s.current.Subjects, s.current.Subjects, size
	f.total += len(s.subjects)
	f.used[s.index] = true
	f.shards = append(f.shards, s)
}

// compare gives the names that an object should have and has not. It is not
// plain if the object has one that another should have.
func (f *filling) compare(was *laid, before *laidShard, subjects []rbacv1.Subject) (lost []string, plain bool) {
	has := make(map[string]bool, len(subjects))
	for i := range subjects {
		name := subjects[i].Name
		if _, wanted := f.find(name); !wanted || !f.run.ours(&subjects[i]) {
			continue
		}
		if has[name] || !before.has(name) && was.holder(name) >= 0 {
			return nil, false
		}
		has[name] = true
	}
	for i := range before.subjects {
		name := before.subjects[i].Name
		if _, wanted := f.find(name); wanted && !has[name] {
			lost = append(lost, name)
		}
	}
	return lost, true
}
