package projection

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// grant is a group that a binding names or that its pattern matches.
type grant struct {
	number      int
	roster      *roster
	displayName string
	group       *v1alpha1.Group // nil: there is none
	match       match           // what the pattern captured
	standing    standing

	expanded bool
	members  membership
	held     *heldGroup
	portion  *portion
	notes    []note // what was reported of it
}

type note struct {
	reason Reason
	text   func(groups string) string
}

// standing is what a group comes to, before its members are looked at.
type standing int

const (
	givesNothing standing = iota
	givesAccess
	retained // by a sync that is gone: what is there is held
	notKnown // which groups there are: the pattern does not compile
)

// heldGroup is a group of which not everything is known.
type heldGroup struct {
	roster  *roster
	members map[string]bool // ids of all users in the group; nil: not known
}

// mayHave says whether a user may be a member and, as such, have access.
func (h *heldGroup) mayHave(p *person) bool {
	return p.state != no && (h.members == nil || h.members[p.user.Spec.ID])
}

// resolver finds groups and their members, and reports what is wrong with them.
type resolver struct {
	rosters    rosters
	problems   []Problem
	unresolved bool

	// A pattern may match thousands of groups: these make one line for each reason.
	selector bool
	lines    map[Reason]*line
}

type line struct {
	sync   types.NamespacedName
	groups Tally
	text   func(groups string) string
}

func (r *resolver) report(reason Reason, format string, args ...any) {
	r.reportOf(types.NamespacedName{}, reason, format, args...)
}

// reportOf reports a problem of a sync.
func (r *resolver) reportOf(sync types.NamespacedName, reason Reason, format string, args ...any) {
	r.problems = append(r.problems, NewProblem(reason, format, args...).of(sync))
}

// reportGroup reports a problem of a group.
func (r *resolver) reportGroup(g *grant, reason Reason, text func(groups string) string) {
	g.notes = append(g.notes, note{reason, text})
	if !r.selector {
		r.reportOf(g.roster.name, reason, "%s", text(fmt.Sprintf("%q", g.displayName)))
		return
	}
	if r.lines == nil {
		r.lines = map[Reason]*line{}
	}
	if r.lines[reason] == nil {
		r.lines[reason] = &line{sync: g.roster.name, text: text}
	}
	r.lines[reason].groups.Add("%q", g.displayName)
}

// finish gives all problems.
func (r *resolver) finish() []Problem {
	for _, reason := range slices.Sorted(maps.Keys(r.lines)) {
		line := r.lines[reason]
		r.reportOf(line.sync, reason, "%s", line.text(line.groups.String()))
	}
	for _, roster := range r.rosters.order {
		r.problems = append(r.problems, roster.problems()...)
		r.unresolved = r.unresolved || roster.unsure
	}
	return r.problems
}

// named gives the groups of groupRefs in a namespace.
func (r *resolver) named(namespace string, refs []v1alpha1.GroupReference) []*grant {
	grants := make([]*grant, len(refs))
	for i, ref := range refs {
		g := &grant{roster: r.rosters.of(SyncName(namespace, ref)), displayName: ref.DisplayName}
		group, ok := g.roster.Directory.Group(ref.DisplayName)
		if ok && isResource(&group.Spec.ResourceSpec) && group.Spec.DisplayName == ref.DisplayName {
			g.group = group
		}
		grants[i] = g
	}
	return grants
}

// matching gives the groups of a sync that a pattern matches and that are
// synced, in order of their names.
func (r *resolver) matching(name types.NamespacedName, text string, compiled *pattern) []*grant {
	roster := r.rosters.of(name)
	var grants []*grant
	for group := range roster.Directory.Groups() {
		if !isResource(&group.Spec.ResourceSpec) || (roster.Sync != nil && !GroupSynced(roster.Sync, group)) {
			continue
		}
		if match, ok := compiled.match(group.Spec.DisplayName); ok {
			grants = append(grants, &grant{roster: roster, displayName: group.Spec.DisplayName, group: group, match: match})
		}
	}
	if len(grants) == 0 {
		if roster.Sync == nil {
			r.reportOf(name, ReasonSyncNotFound, "IdentityProviderSync %s does not exist; groups that match %q are bound once both do", name, text)
		} else {
			r.reportOf(name, ReasonGroupNotFound, "no synced group of IdentityProviderSync %s matches %q; members are bound once one does", name, text)
		}
	}
	slices.SortFunc(grants, func(a, b *grant) int {
		return cmp.Or(cmp.Compare(a.displayName, b.displayName), cmp.Compare(a.group.Spec.ID, b.group.Spec.ID))
	})
	return grants
}

// stand decides what a group comes to. The sync lets its groups be bound in
// some of the places, or in none.
func (r *resolver) stand(g *grant, allowed bool) {
	s := g.roster
	switch {
	case s.Sync == nil && g.group != nil:
		g.standing = retained
	case s.Sync == nil:
		r.reportGroup(g, ReasonSyncNotFound, func(groups string) string {
			return fmt.Sprintf("IdentityProviderSync %s does not exist; group %s is bound once both do", s.name, groups)
		})
	case s.deleting():
		r.reportGroup(g, ReasonSyncDeleted, func(string) string {
			return fmt.Sprintf("IdentityProviderSync %s is being deleted with all its groups", s.name)
		})
	case !allowed: // its roster reports that
	case g.group == nil:
		r.reportGroup(g, ReasonGroupNotFound, func(groups string) string {
			return fmt.Sprintf("group %s does not exist in IdentityProviderSync %s (displayName is case-sensitive); its members are bound once it does", groups, s.name)
		})
	case !GroupSynced(s.Sync, g.group):
		r.reportGroup(g, ReasonGroupNotSynced, func(groups string) string {
			return fmt.Sprintf("the groupFilter of IdentityProviderSync %s does not let group %s through", s.name, groups)
		})
	default:
		g.standing = givesAccess
	}
}

// expand finds the members of a group that gives access, or once gave it.
func (r *resolver) expand(g *grant) {
	if g.expanded {
		return
	}
	g.expanded = true
	s := g.roster
	g.members = expand(s.Sync, s.Directory, g.group)
	if s.Sync == nil {
		g.hold()
		r.reportGroup(g, ReasonSyncNotFound, func(groups string) string {
			return fmt.Sprintf("IdentityProviderSync %s was deleted; members of %s keep what they have. "+
				"Create it again to go on, or stop naming the group here to revoke", s.name, groups)
		})
		return
	}
	if len(g.members.unresolved) > 0 {
		g.hold()
		r.unresolved = true
		r.reportGroup(g, ReasonGroupUnresolved, func(groups string) string {
			return fmt.Sprintf("not all members of %s can be read now (group object %s); nobody who is active is removed until they can",
				groups, g.members.unresolved[0].Name)
		})
	}
	if len(g.members.notSynced) > 0 {
		var nested Tally
		for _, group := range g.members.notSynced {
			nested.Add("%q", group.Spec.DisplayName)
		}
		r.reportGroup(g, ReasonNestedGroupNotSynced, func(groups string) string {
			return fmt.Sprintf("groups nested in %s give nobody access, since the groupFilter of IdentityProviderSync %s does not let them through: %s",
				groups, s.name, &nested)
		})
	}
}

func (g *grant) hold() {
	if g.held == nil {
		g.held = &heldGroup{roster: g.roster, members: g.members.ids()}
	}
}
