package projection

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// audience are the subjects that a set of groups comes to. Placements of the
// same groups share one, so that it is worked out once for all of them.
type audience struct {
	run    *run
	grants []*grant // that give access, or are held

	names    []string       // to be bound, sorted
	position map[string]int // in names; nil: search them
	maybe    map[string]bool
	stay     map[string]bool // what keeps said before

	layouts []knownLayout
}

func (r *run) newAudience(grants []*grant) *audience {
	a := &audience{run: r, grants: grants, maybe: map[string]bool{}, stay: map[string]bool{}}
	var parts [][]string
	for _, g := range grants {
		if g.standing != givesAccess {
			continue
		}
		portion := r.portionOf(g)
		parts = append(parts, portion.names)
		for _, name := range portion.maybe {
			a.maybe[name] = true
		}
	}
	if len(parts) == 1 {
		a.names = parts[0]
	} else {
		a.names = distinct(slices.Concat(parts...))
	}
	for name := range a.maybe {
		if _, wanted := slices.BinarySearch(a.names, name); wanted {
			delete(a.maybe, name)
		}
	}
	if !r.recalled {
		a.index()
	}
	return a
}

// index is for many searches in names.
func (a *audience) index() {
	a.position = make(map[string]int, len(a.names))
	for i, name := range a.names {
		a.position[name] = i
	}
}

// find gives the place of a name among those to be bound.
func (a *audience) find(name string) (int, bool) {
	if a.position == nil {
		return slices.BinarySearch(a.names, name)
	}
	i, ok := a.position[name]
	return i, ok
}

// subject is a subject of the kind that the binding writes.
func (r *run) subject(name string) rbacv1.Subject {
	return rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: string(r.kind), Name: name}
}

// ours tells whether a subject may be one that the binding wrote.
func (r *run) ours(s *rbacv1.Subject) bool {
	return s.Kind == string(r.kind) && s.APIGroup == rbacv1.GroupName && s.Namespace == ""
}

// keeps tells whether a name that is bound stays although nobody is known to
// have it that should be bound.
func (a *audience) keeps(name string) bool {
	stays, known := a.stay[name]
	if !known {
		stays = CheckSubjectName(name) == nil && (a.maybe[name] || a.run.guarded[name] || a.holds(name))
		a.stay[name] = stays
	}
	return stays
}

func (a *audience) holds(name string) bool {
	return slices.ContainsFunc(a.grants, func(g *grant) bool {
		switch {
		case g.held == nil:
			return false
		case a.run.kind == v1alpha1.SubjectGroup:
			return a.run.keepsGroup(g, name)
		}
		return a.run.keeps(g.held, name)
	})
}
