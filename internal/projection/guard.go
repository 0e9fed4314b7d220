package projection

import (
	"maps"
	"slices"
	"strings"
)

// askGuard finds the users who would lose access although they are active, and
// has them keep it if the Guard holds that. Who is inactive or deleted, or has
// another name now, loses it at once.
func (r *run) askGuard() {
	if r.Guard == nil {
		return
	}
	guards := slices.DeleteFunc(slices.Clone(r.rosters.order), func(s *roster) bool {
		return s.Sync == nil || s.Sync.DeletionTimestamp != nil
	})
	slices.SortFunc(guards, func(a, b *roster) int { return strings.Compare(a.name.String(), b.name.String()) })
	var bound map[string]bool
	if slices.ContainsFunc(guards, func(s *roster) bool { return s.Sync.Spec.RemovalGuard != nil }) {
		bound = r.bound()
	}
	for _, s := range guards {
		r.ask(s, bound)
	}
	for _, a := range r.audiences {
		for name := range r.guarded {
			delete(a.stay, name)
		}
	}
}

// bound gives the names of all subjects that exist at the sites, and whether
// each of them goes at one.
func (r *run) bound() map[string]bool {
	bound := map[string]bool{}
	for _, s := range r.order {
		for _, object := range s.existing.objects() {
			for i := range object.Subjects {
				subject := &object.Subjects[i]
				if !r.ours(subject) {
					continue
				}
				if _, wanted := s.audience.find(subject.Name); !bound[subject.Name] {
					bound[subject.Name] = !wanted && !s.audience.keeps(subject.Name)
				}
			}
		}
	}
	return bound
}

func (e *existing) objects() []*CurrentObject {
	objects := slices.Clone(e.others)
	for i := range e.shards {
		objects = append(objects, e.shards[i].current)
	}
	return objects
}

func (r *run) ask(s *roster, bound map[string]bool) {
	has, lost := map[string]bool{}, map[string]bool{} // ids of users
	var names []string
	if s.Usernames != nil && s.Sync.Spec.RemovalGuard != nil {
		for name, goes := range bound {
			bearers := s.bearersOf(name)
			for _, p := range bearers {
				has[p.user.Spec.ID] = true
			}
			if !goes || CheckSubjectName(name) != nil || len(bearers) == 0 || !r.allActive(name) {
				continue
			}
			names = append(names, name)
			for _, p := range bearers {
				lost[p.user.Spec.ID] = true
			}
		}
	}
	held := r.Guard(s.Sync, r.Binding.Key().String(), len(has), len(lost))
	if len(lost) == 0 {
		return
	}
	r.outcome.Removals = append(r.outcome.Removals, Removal{Sync: s.name, Users: slices.Sorted(maps.Keys(lost)), Held: held})
	if !held {
		return
	}
	if r.guarded == nil {
		r.guarded = map[string]bool{}
	}
	for _, name := range names {
		r.guarded[name] = true
	}
	r.reportOf(s.name, ReasonRemovalsHeld, "%d active users of IdentityProviderSync %s would lose access at once, which its removalGuard holds; see its status.removalGuard",
		len(lost), s.name)
}

// allActive tells whether all users of a name are, in whatever sync.
func (r *run) allActive(name string) bool {
	return !slices.ContainsFunc(r.rosters.order, func(s *roster) bool {
		return s.Usernames != nil && slices.ContainsFunc(s.bearersOf(name), func(p *person) bool { return !Active(p.user) })
	})
}
