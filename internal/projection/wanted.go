package projection

import (
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Input is all that decides what a GroupRoleBinding comes to.
type Input struct {
	Binding *v1alpha1.GroupRoleBinding
	// NamespaceLabels are the labels of the binding's namespace.
	NamespaceLabels map[string]string
	// Source gives the syncs that the binding refers to.
	Source func(types.NamespacedName) Source
	// Current are the subjects that the binding's objects have now.
	Current []rbacv1.Subject
}

// Result is what a GroupRoleBinding comes to.
type Result struct {
	// Objects are the RoleBindings that should exist, and no others.
	Objects []*rbacv1.RoleBinding
	// MembersDesired is how many distinct active, synced members are known.
	MembersDesired int64
	// Problems are in order of the groupRefs, at most MaxProblems.
	Problems []Problem
	// Held is true if some members are not known now.
	Held bool
	// Unresolved is true if the members of some group could not be read: to be
	// tried again, since no event may say that they can be.
	Unresolved bool

	names []string // of each desired member; "" if it has none that can be bound
}

// MembersApplied is how many of the desired members have one of the subjects.
func (r *Result) MembersApplied(subjects []rbacv1.Subject) int64 {
	bound := subjectNames(subjects)
	var n int64
	for _, name := range r.names {
		if bound[name] {
			n++
		}
	}
	return n
}

// Wanted says what a GroupRoleBinding comes to. A groupRef gives
//
//   - nobody, if the sync does not let the namespace in, or is being deleted
//     with onSyncDelete: Delete; or the group does not exist, also when it was
//     deleted, or the groupFilter does not let it through;
//   - its active, synced members otherwise.
//
// It is held if that cannot be told: the sync does not exist but the group
// was retained, the members of the group or of one nested in it are not known
// now, or kubernetesUsername does not compile. Then the members that are known
// are still added, and a subject that is bound already stays if it may belong
// to the held groupRef: that is unless the users of that name in its sync are
// all known and one of them is inactive or out of the userFilter, or there are
// none (any more, after a deletion or a rename), or none of them is a member of
// a group whose members are known. A sync whose usernames are not known at all
// keeps every subject but those that another sync of the binding says are
// inactive. So nothing is revoked since a read failed, nobody is added on a
// guess, and disabling somebody works at any time. When the role is changed
// meanwhile, held subjects get the new role: the hold is about who, and the
// author of the binding says what.
//
// A name that several users of a sync have is bound while all of them are
// active and synced, members or not: what one of them may, all of them can.
func Wanted(in Input) Result {
	p := &projector{
		in:       in,
		sources:  map[types.NamespacedName]*source{},
		current:  subjectNames(in.Current),
		subjects: map[string]bool{},
	}
	for _, ref := range in.Binding.Spec.GroupRefs {
		p.project(ref)
	}
	for name := range p.current {
		if slices.ContainsFunc(p.held, func(h hold) bool { return p.keeps(h, name) }) {
			p.subjects[name] = true
		}
	}
	names, left := fit(slices.Sorted(maps.Keys(p.subjects)), p.current)
	if left > 0 {
		p.report(ReasonTooManyMembers, "%d of %d members do not fit into one RoleBinding and are not bound; use several smaller groups",
			left, len(p.subjects))
	}
	for _, s := range p.order {
		p.problems = append(p.problems, s.problems()...)
	}
	return Result{
		Objects:        []*rbacv1.RoleBinding{roleBinding(in.Binding, 0, names)},
		MembersDesired: int64(len(p.names)),
		Problems:       Bounded(p.problems),
		Held:           len(p.held) > 0,
		Unresolved:     slices.ContainsFunc(p.problems, func(problem Problem) bool { return problem.Reason == ReasonGroupUnresolved }),
		names:          p.names,
	}
}

// Bounded cuts problems to what a status holds.
func Bounded(problems []Problem) []Problem {
	return problems[:min(len(problems), MaxProblems):min(len(problems), MaxProblems)]
}

// projector is one call of Wanted.
type projector struct {
	in       Input
	sources  map[types.NamespacedName]*source
	order    []*source
	current  map[string]bool // names bound now
	subjects map[string]bool // names to bind
	names    []string        // of each desired member
	held     []hold
	problems []Problem
}

func (p *projector) report(reason Reason, format string, args ...any) {
	p.problems = append(p.problems, NewProblem(reason, format, args...))
}

// hold is a groupRef of which not everything is known.
type hold struct {
	source  *source
	members map[string]bool // ids of all users in the group; nil: not known
}

func (p *projector) hold(s *source, members membership, reason Reason, format string, args ...any) {
	p.held = append(p.held, hold{s, members.ids()})
	p.report(reason, format, args...)
}

// keeps tells whether a name that is bound may be that of a member of a held
// groupRef.
func (p *projector) keeps(h hold, name string) bool {
	if h.source.Usernames != nil {
		found, all := h.source.known(name, h.members)
		return found && all != no
	}
	return !slices.ContainsFunc(p.order, func(s *source) bool {
		if s.Usernames == nil {
			return false
		}
		found, all := s.known(name, nil)
		return found && all == no
	})
}

func (p *projector) project(ref v1alpha1.GroupReference) {
	s := p.source(ref)
	group, exists := s.Directory.Group(ref.DisplayName)
	exists = exists && isResource(&group.Spec.ResourceSpec) && group.Spec.DisplayName == ref.DisplayName
	if s.Sync == nil {
		if exists {
			p.hold(s, expand(nil, s.Directory, group), ReasonSyncNotFound, "IdentityProviderSync %s was deleted; members of %q keep what they have. "+
				"Create it again to go on, or remove this groupRef to revoke", s.name, ref.DisplayName)
		} else {
			p.report(ReasonSyncNotFound, "IdentityProviderSync %s does not exist; group %q is bound once both do", s.name, ref.DisplayName)
		}
		return
	}
	if s.Sync.DeletionTimestamp != nil && onSyncDelete(s.Sync) == v1alpha1.DeletionDelete {
		p.report(ReasonSyncDeleted, "IdentityProviderSync %s is being deleted with all its groups", s.name)
		return
	}
	allowed, err := NamespaceAllowed(s.Sync, p.in.Binding.Namespace, p.in.NamespaceLabels)
	switch {
	case err != nil:
		p.report(ReasonNamespaceNotAllowed, "IdentityProviderSync %s lets no namespace in: %v", s.name, err)
	case !allowed:
		p.report(ReasonNamespaceNotAllowed, "IdentityProviderSync %s does not let namespace %q bind its groups; its admin may change spec.allowedNamespaces",
			s.name, p.in.Binding.Namespace)
	case !exists:
		p.report(ReasonGroupNotFound, "group %q does not exist in IdentityProviderSync %s (displayName is case-sensitive); its members are bound once it does",
			ref.DisplayName, s.name)
	case !GroupSynced(s.Sync, group):
		p.report(ReasonGroupNotSynced, "the groupFilter of IdentityProviderSync %s does not let group %q through", s.name, ref.DisplayName)
	default:
		p.bind(s, ref, group)
	}
}

// bind adds the members of a group that exists and may be bound.
func (p *projector) bind(s *source, ref v1alpha1.GroupReference, group *v1alpha1.Group) {
	members := expand(s.Sync, s.Directory, group)
	if s.UsernamesError != nil || s.Usernames == nil {
		p.hold(s, members, ReasonUsernameExpression, "kubernetesUsername of IdentityProviderSync %s is not usable; members of %q keep what they have and none are added: %v",
			s.name, ref.DisplayName, s.UsernamesError)
	}
	if len(members.unresolved) > 0 {
		p.hold(s, members, ReasonGroupUnresolved, "not all members of %q can be read now (group object %s); nobody who is active is removed until they can",
			ref.DisplayName, members.unresolved[0].Name)
	}
	if len(members.notSynced) > 0 {
		var t Tally
		for _, nested := range members.notSynced {
			t.Add("%q", nested.Spec.DisplayName)
		}
		p.report(ReasonNestedGroupNotSynced, "groups nested in %q give nobody access, since the groupFilter of IdentityProviderSync %s does not let them through: %s",
			ref.DisplayName, s.name, &t)
	}
	for _, user := range members.users {
		p.bindUser(s, user)
	}
}

func (p *projector) bindUser(s *source, user *v1alpha1.User) {
	if s.projected[user.Spec.ID] {
		return
	}
	s.projected[user.Spec.ID] = true
	synced := s.state(user)
	if synced == no {
		return
	}
	name := s.subjectName(user)
	if synced == yes {
		p.names = append(p.names, name)
	}
	if name == "" {
		return
	}
	if all := s.bearers(name, user); all == yes || (all == unknown && p.current[name]) {
		p.subjects[name] = true
	}
}
