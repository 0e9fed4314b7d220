package projection

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Project says what a binding comes to.
//
// A group gives
//
//   - nobody, if the sync does not let the namespace in, or is being deleted
//     with onSyncDelete: Delete; or the group does not exist, also when it was
//     deleted, or the groupFilter does not let it through;
//   - its active, synced members otherwise.
//
// It is held if that cannot be told: the sync does not exist but the group
// was retained, the members of the group or of one nested in it are not known
// now, or the expression of the names or the pattern does not compile. Then the
// members that are known are still added, and a subject that is bound already
// stays where it is if it may belong to the held group: that is unless the
// users of that name in its sync are all known and one of them is inactive or
// out of the userFilter, or there are none (any more, after a deletion or a
// rename), or none of them is a member of a group whose members are known. A
// sync whose usernames are not known at all keeps every subject but those that
// another sync of the binding says are inactive. So nothing is revoked since a
// read failed, nobody is added on a guess, and disabling somebody works at any
// time. When the roleRef is changed meanwhile, held subjects get the new role:
// the hold is about who, and the author of the binding says what. Only
// subjects of objects with a role of the spec, or of the status, are held:
// whoever may bind a lesser role can make objects that name the binding.
//
// A name that several users of a sync have is bound while all of them are
// active and synced, members or not: what one of them may, all of them can.
func Project(request Request) *Outcome { return project(request).outcome }

func project(request Request) *run {
	r := newRun(request)
	if r.NoAdditions != nil {
		r.problems = append(r.problems, *r.NoAdditions)
	}
	r.targets = newTargets(r.Binding, r.Current, r.Namespaces, r.report)
	r.all = r.grants()
	for i, g := range r.all {
		g.number = i + 1
		r.give(g)
	}
	r.takeStock()
	for _, s := range r.order {
		s.audience = r.audienceOf(s.grants)
	}
	r.askGuard()
	for _, s := range r.order {
		r.outcome.Placements = append(r.outcome.Placements, r.place(s))
	}
	r.outcome.Namespaces = r.countNamespaces()
	r.outcome.Placements = append(r.outcome.Placements, r.leftover()...)
	slices.SortStableFunc(r.outcome.Placements, func(a, b Placement) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.RoleRef.Kind, b.RoleRef.Kind), cmp.Compare(a.RoleRef.Name, b.RoleRef.Name))
	})
	r.outcome.Problems = Bounded(r.finish())
	r.outcome.Unresolved = r.unresolved
	r.remember()
	return r
}

// run is one call of Project.
type run struct {
	resolver
	Request
	kind       v1alpha1.SubjectKind
	groupNames groupNames
	counted    map[*v1alpha1.Group]bool // groups among the members desired
	pattern    *pattern                 // nil: there is none, or it does not compile
	unknown    *grant                   // stands for the groups of a pattern that does not compile
	targets    *targets
	all        []*grant

	sites     map[siteKey]*site
	order     []*site
	strays    []*CurrentObject // objects that are at no site
	audiences map[string]*audience
	guarded   map[string]bool // names that stay since the Guard holds removals
	recollection
	outcome *Outcome
}

func newRun(request Request) *run {
	r := &run{
		resolver: resolver{rosters: rosters{source: request.Source}, selector: request.Binding.Grant.GroupSelector != nil},
		Request:  request, kind: request.Binding.SubjectKind(), counted: map[*v1alpha1.Group]bool{},
		sites: map[siteKey]*site{}, audiences: map[string]*audience{}, outcome: &Outcome{},
	}
	if r.kind == v1alpha1.SubjectGroup {
		r.groupNames = newGroupNames(request.Binding)
	}
	return r
}

// grants finds the groups of the binding.
func (r *run) grants() []*grant {
	name, ok := r.Binding.Pattern()
	if !ok {
		return r.named(r.Binding.Namespace, r.Binding.Grant.GroupRefs)
	}
	text := r.Binding.Grant.GroupSelector.Pattern
	compiled, err := compilePattern(text)
	if err != nil {
		r.report(ReasonInvalidPattern, "groupSelector.pattern is not usable; members keep what they have and none are added: %v", err)
		roster := r.rosters.of(name)
		r.unknown = &grant{roster: roster, held: &heldGroup{roster: roster}}
		return nil
	}
	r.pattern = compiled
	return r.matching(name, text, compiled)
}

// audienceOf gives the subjects of groups, worked out once for each set of them.
func (r *run) audienceOf(grants []*grant) *audience {
	var key []byte
	for _, g := range grants {
		key = binary.AppendUvarint(key, uint64(g.number))
	}
	a, ok := r.audiences[string(key)]
	if !ok {
		a = r.newAudience(grants)
		r.audiences[string(key)] = a
		for _, g := range grants {
			r.outcome.Held = r.outcome.Held || g.held != nil
		}
	}
	return a
}

func (r *run) countNamespaces() int64 {
	names := map[string]bool{}
	for _, s := range r.order {
		if s.namespace != wholeCluster && len(s.grants) > 0 {
			names[s.namespace] = true
		}
	}
	return int64(len(names))
}
