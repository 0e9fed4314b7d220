package projection

import (
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// portion is what one group gives.
type portion struct {
	names []string // of subjects, sorted, each once
	maybe []string // names that stay where they are bound and are not added
}

// portionOf names the members of a group that gives access, each under the
// name that the API server knows. A name that several users of a sync have is
// bound while all of them are active and synced, members or not: what one of
// them may, all of them can.
func (r *run) portionOf(g *grant) *portion {
	if g.portion != nil {
		return g.portion
	}
	g.portion = &portion{}
	if r.kind == v1alpha1.SubjectGroup {
		r.nameGroup(g)
		return g.portion
	}
	s := g.roster
	if s.UsernamesError != nil || s.Usernames == nil {
		g.hold()
		r.reportUsernames(g)
	}
	for _, user := range g.members.users {
		p := s.person(user)
		if p.state == no {
			continue
		}
		s.giveName(p)
		if p.state == yes && !p.counted {
			p.counted = true
			r.count(p)
		}
		switch {
		case p.name == "" || p.bearers == no:
		case p.bearers == yes:
			g.portion.names = append(g.portion.names, p.name)
		default:
			g.portion.maybe = append(g.portion.maybe, p.name)
		}
	}
	g.portion.names, g.portion.maybe = distinct(g.portion.names), distinct(g.portion.maybe)
	return g.portion
}

// count adds one to the members desired.
func (r *run) count(p *person) {
	r.outcome.MembersDesired++
	if p.bearers != no {
		r.outcome.names = append(r.outcome.names, p.name)
	}
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// giveName finds the name to bind a person under, and who else has it.
func (r *roster) giveName(p *person) {
	if p.named {
		return
	}
	p.named = true
	if r.UsernamesError != nil || r.Usernames == nil {
		return
	}
	name, err := r.Usernames.Name(p.user)
	if err == nil {
		err = CheckSubjectName(name)
	}
	if err != nil {
		r.unusable.Add("%q (%v)", p.user.Spec.UserName, err)
		return
	}
	p.name, p.bearers = name, min(p.state, r.others(p, name))
}

// others says whether all users that have a person's name are active and synced.
// However many there are, they are looked at once. Who shares a name is reported.
func (r *roster) others(p *person, name string) verdict {
	if all, known := r.shared[name]; known {
		return all
	}
	bearers := r.bearersOf(name)
	if !slices.Contains(bearers, p) {
		bearers = append(bearers, p)
	}
	if len(bearers) == 1 {
		return yes
	}
	all := yes
	for _, bearer := range bearers {
		all = min(all, bearer.state)
	}
	r.shared[name] = all
	slices.SortFunc(bearers, func(a, b *person) int { return strings.Compare(a.user.Spec.UserName, b.user.Spec.UserName) })
	r.notUnique.Add("%q (%q, %q)", name, bearers[0].user.Spec.UserName, bearers[1].user.Spec.UserName)
	return all
}

// bearersOf gives the users that have a name and exist.
func (r *roster) bearersOf(name string) []*person {
	var bearers []*person
	for _, id := range r.Usernames.Users(name) {
		if p, ok := r.byID(id); ok {
			bearers = append(bearers, p)
		}
	}
	return bearers
}

// keeps tells whether a name that is bound may be that of a member of a held group.
func (r *run) keeps(h *heldGroup, name string) bool {
	if h.roster.Usernames != nil {
		found, all := false, yes
		for _, p := range h.roster.bearersOf(name) {
			found, all = found || h.members == nil || h.members[p.user.Spec.ID], min(all, p.state)
		}
		return found && all != no
	}
	return !slices.ContainsFunc(r.rosters.order, func(s *roster) bool {
		return s.Usernames != nil && slices.ContainsFunc(s.bearersOf(name), func(p *person) bool { return p.state == no })
	})
}

func (r *run) reportUsernames(g *grant) {
	s := g.roster
	what := "kubernetesUsername of IdentityProviderSync " + s.name.String()
	if subject := r.Binding.Grant.Subject; subject != nil && subject.Name != "" {
		what = "subject.name"
	}
	r.reportGroup(g, ReasonUsernameExpression, func(groups string) string {
		text := what + " is not usable; members of " + groups + " keep what they have and none are added"
		if s.UsernamesError != nil {
			text += ": " + s.UsernamesError.Error()
		}
		return text
	})
}
