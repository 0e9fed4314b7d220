package projection

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// MemberExplanation says why a user is a member of groups, or is not.
type MemberExplanation struct {
	// User is nil if there is none.
	User *v1alpha1.User
	// Reasons are why the user counts in no group.
	Reasons []Cause
	// Groups are those of the user's sync.
	Groups []GroupExplanation
}

// ExplainMember says why a user of a sync is among the Members that Resolve
// finds, or is not.
func ExplainMember(request ResolveRequest, sync types.NamespacedName, userID string) *MemberExplanation {
	r := &resolver{rosters: rosters{source: request.Source}}
	x := &MemberExplanation{}
	s := r.rosters.of(sync)
	x.User, x.Reasons = s.explainUser(userID)
	for _, g := range r.named(request.SyncNamespace, request.GroupRefs) {
		if g.roster != s {
			continue
		}
		r.stand(g, request.Namespace == nil || g.roster.allows(*request.Namespace) != no)
		if g.standing != givesNothing {
			r.expand(g)
		}
		group := g.explain(userID)
		if request.Namespace != nil && s.allows(*request.Namespace) == no {
			group.Reasons = append(group.Reasons, cause(ReasonNamespaceNotAllowed,
				"allowedNamespaces of IdentityProviderSync %s does not let namespace %q in", sync, request.Namespace.Name))
		}
		x.Groups = append(x.Groups, group)
	}
	if len(x.Groups) == 0 {
		x.Reasons = append(x.Reasons, cause(ReasonNotAMember, "no group of IdentityProviderSync %s is named", sync))
	}
	return x
}

// explainUser looks at what does not depend on groups. The user is nil if there
// is none; one that is deleted is given.
func (r *roster) explainUser(id string) (user *v1alpha1.User, reasons []Cause) {
	because := func(reason Reason, format string, args ...any) {
		reasons = append(reasons, cause(reason, format, args...))
	}
	user, ok := r.Directory.User(id)
	switch {
	case !ok || user.Spec.ID == "":
		because(ReasonUserNotFound, "IdentityProviderSync %s has no user with the id %q", r.name, id)
		return nil, reasons
	case user.Spec.Deleted != nil:
		because(ReasonUserDeleted, "the identity provider deleted the user at %s", user.Spec.Deleted)
		return user, reasons
	}
	switch state := r.person(user).state; {
	case !Active(user):
		because(ReasonUserInactive, "the user's active attribute is not true")
	case state == no:
		because(ReasonUserNotSynced, "the user is in none of the groups of the sync's userFilter")
	case state == unknown:
		because(ReasonGroupUnresolved, "whether the userFilter lets the user through is not known now")
	}
	return user, reasons
}

// explain says whether a user is a member.
func (g *grant) explain(userID string) GroupExplanation {
	x := GroupExplanation{Sync: g.roster.name.String(), DisplayName: g.displayName, Reasons: g.causes()}
	if g.group == nil {
		if len(x.Reasons) == 0 {
			x.Reasons = append(x.Reasons, cause(ReasonGroupNotFound, "group %q does not exist", g.displayName))
		}
		return x
	}
	path, known := g.path(userID, func(nested *v1alpha1.Group) bool {
		return g.roster.Sync == nil || GroupSynced(g.roster.Sync, nested)
	})
	switch {
	case path != nil:
		x.Member, x.Path = true, path
	case !known:
		x.Reasons = append(x.Reasons, cause(ReasonGroupUnresolved, "whether the user is a member is not known now"))
	default:
		x.Reasons = append(x.Reasons, g.whyNoMember(userID))
	}
	return x
}

func (g *grant) whyNoMember(userID string) Cause {
	if path, _ := g.path(userID, func(*v1alpha1.Group) bool { return true }); path != nil {
		return cause(ReasonNestedGroupNotSynced, "the user is a member only through groups that the groupFilter does not let through: %q", path)
	}
	return cause(ReasonNotAMember, "the user is no member")
}

// path finds the shortest way from a group down to the user, through nested
// groups that may be used. Only Members tells who is a member; known is false
// if those of some group on the way cannot be read.
func (g *grant) path(userID string, through func(*v1alpha1.Group) bool) (path []string, known bool) {
	type step struct {
		group *v1alpha1.Group
		path  []string
	}
	known = true
	root, directory := g.group, g.roster.Directory
	seen := map[string]bool{root.Spec.ID: true}
	for queue := []step{{root, []string{root.Spec.DisplayName}}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		members, err := directory.Members(at.group)
		if err != nil {
			known = false
			continue
		}
		if slices.Contains(members, userID) {
			return at.path, true
		}
		for _, id := range members {
			if seen[id] {
				continue
			}
			group, ok := directory.GroupByID(id)
			if ok && isResource(&group.Spec.ResourceSpec) && through(group) {
				seen[id] = true
				queue = append(queue, step{group, append(slices.Clone(at.path), group.Spec.DisplayName)})
			}
		}
	}
	return nil, known
}
