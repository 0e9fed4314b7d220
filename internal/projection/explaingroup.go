package projection

import (
	"slices"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// explainGroup says what one group means for the user.
func (e *explaining) explainGroup(g *grant) {
	x := g.explain(e.answer.UserID)
	if x.Member {
		e.of[g] = true
		x.Reasons = append(x.Reasons, e.whyNowhere(g)...)
	}
	if x.Member || e.Binding.Grant.GroupSelector == nil {
		e.answer.Groups = append(e.answer.Groups, x)
	}
}

// whyNowhere says why a group of the user is bound nowhere.
func (e *explaining) whyNowhere(g *grant) []Cause {
	if g.standing == givesNothing && len(g.notes) > 0 || slices.ContainsFunc(e.order, func(s *site) bool { return slices.Contains(s.grants, g) }) {
		return nil
	}
	if _, ok := e.roleOf(g); !ok {
		return []Cause{cause(ReasonRoleNotListed, "the role %q that the pattern captures is not among the roles of the binding", g.match.role)}
	}
	if places := e.placesOf(g); len(places) > 0 {
		return []Cause{cause(ReasonNamespaceNotAllowed, "allowedNamespaces of IdentityProviderSync %s lets the group be bound in none of the binding's namespaces", g.roster.name)}
	}
	if e.pattern != nil && e.pattern.namespace >= 0 {
		return []Cause{cause(ReasonNamespaceNotTarget, "namespace %q does not exist, or is not one that the binding may choose by a pattern", g.match.namespace)}
	}
	return []Cause{cause(ReasonNamespaceNotTarget, "none of the binding's namespaces exists")}
}

// explainFiltered adds the user's groups that the pattern matches and the
// groupFilter keeps out.
func (e *explaining) explainFiltered() {
	if e.roster.Sync == nil {
		return
	}
	Ancestors(e.roster.Directory, []string{e.answer.UserID}, func(group *v1alpha1.Group) bool {
		if !GroupSynced(e.roster.Sync, group) && e.pattern.matches(group.Spec.DisplayName) {
			e.answer.Groups = append(e.answer.Groups, GroupExplanation{
				Sync: e.roster.name.String(), DisplayName: group.Spec.DisplayName, Member: true,
				Reasons: []Cause{cause(ReasonGroupNotSynced, "the groupFilter of IdentityProviderSync %s does not let group %q through",
					e.roster.name, group.Spec.DisplayName)},
			})
		}
		return true
	})
}
