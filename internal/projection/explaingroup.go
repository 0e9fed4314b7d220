package projection

import (
	"slices"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// explainGroup says what one group means for the user.
func (e *explaining) explainGroup(g *grant) {
	x := GroupExplanation{Sync: g.roster.name.String(), DisplayName: g.displayName, Reasons: g.causes()}
	if g.group != nil {
		path, known := e.path(g.group, func(nested *v1alpha1.Group) bool {
			return g.roster.Sync == nil || GroupSynced(g.roster.Sync, nested)
		})
		switch {
		case path != nil:
			x.Member, x.Path = true, path
			e.of[g] = true
			x.Reasons = append(x.Reasons, e.whyNowhere(g)...)
		case !known:
			x.Reasons = append(x.Reasons, cause(ReasonGroupUnresolved, "whether the user is a member is not known now"))
		default:
			x.Reasons = append(x.Reasons, e.whyNoMember(g))
		}
	}
	if g.group == nil && len(x.Reasons) == 0 {
		x.Reasons = append(x.Reasons, cause(ReasonGroupNotFound, "group %q does not exist", g.displayName))
	}
	if x.Member || e.Binding.Grant.GroupSelector == nil {
		e.answer.Groups = append(e.answer.Groups, x)
	}
}

func (e *explaining) whyNoMember(g *grant) Cause {
	if path, _ := e.path(g.group, func(*v1alpha1.Group) bool { return true }); path != nil {
		return cause(ReasonNestedGroupNotSynced, "the user is a member only through groups that the groupFilter does not let through: %q", path)
	}
	return cause(ReasonNotAMember, "the user is no member")
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

// path finds the shortest way from a group down to the user, through nested
// groups that may be used. Only Members tells who is a member; known is false
// if those of some group on the way cannot be read.
func (e *explaining) path(root *v1alpha1.Group, through func(*v1alpha1.Group) bool) (path []string, known bool) {
	type step struct {
		group *v1alpha1.Group
		path  []string
	}
	known = true
	seen := map[string]bool{root.Spec.ID: true}
	for queue := []step{{root, []string{root.Spec.DisplayName}}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		members, err := e.roster.Directory.Members(at.group)
		if err != nil {
			known = false
			continue
		}
		if slices.Contains(members, e.answer.UserID) {
			return at.path, true
		}
		for _, id := range members {
			if seen[id] {
				continue
			}
			group, ok := e.roster.Directory.GroupByID(id)
			if ok && isResource(&group.Spec.ResourceSpec) && through(group) {
				seen[id] = true
				queue = append(queue, step{group, append(slices.Clone(at.path), group.Spec.DisplayName)})
			}
		}
	}
	return nil, known
}
