package projection

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// ResolveRequest names groups whose members are wanted for something else
// than a binding of roles.
type ResolveRequest struct {
	// Namespace is where the groups are used: their syncs must let it in. nil
	// is for a sync's own use, which nobody has to allow.
	Namespace *Namespace
	// SyncNamespace is what an empty syncRef.namespace means.
	SyncNamespace string
	GroupRefs     []v1alpha1.GroupReference
	// Source gives the syncs. Usernames are not looked at.
	Source func(types.NamespacedName) Source
}

// Resolution is who the members are, as far as that is known.
type Resolution struct {
	Groups []ResolvedGroup // one for each groupRef
	// Members are the users of each sync once, in the order in which the groups
	// have them. Those who are inactive or not synced are left out.
	Members  []Member
	Problems []Problem
	// Held is true if some members are not known now: see MayBelong.
	Held bool
	// Unresolved is true if something could not be read: to be tried again,
	// since no event may say that it can be.
	Unresolved bool

	rosters rosters
	held    []*heldGroup
}

// ResolvedGroup is what a groupRef comes to.
type ResolvedGroup struct {
	Sync        types.NamespacedName
	DisplayName string
	// Granted is true if the group exists, is synced, and may be used here.
	Granted bool
	// Unsure is true if it is not known now whether the sync lets the namespace
	// in: then what there is stays and nothing new comes.
	Unsure bool
	// Held is true if not all of its members are known.
	Held bool
}

// Member is a user who is a member, directly or through nested groups.
type Member struct {
	Sync types.NamespacedName
	User *v1alpha1.User
	// Sure is false if it is not known now whether the userFilter lets the user
	// through, or the sync the namespace in: the user keeps what there is and gets
	// nothing new.
	Sure bool
}

// Resolve finds the members of groups by the rules of Project.
func Resolve(request ResolveRequest) *Resolution {
	r := &resolver{rosters: rosters{source: request.Source}}
	resolution := &Resolution{}
	type memberKey struct {
		roster *roster
		id     string
	}
	seen := map[memberKey]bool{}
	for _, g := range r.named(request.SyncNamespace, request.GroupRefs) {
		r.stand(g, request.Namespace == nil || g.roster.allows(*request.Namespace) != no)
		if g.standing != givesNothing {
			r.expand(g)
		}
		if g.held != nil {
			resolution.held = append(resolution.held, g.held)
		}
		unsure := request.Namespace != nil && g.roster.allows(*request.Namespace) == unknown
		resolution.Groups = append(resolution.Groups, ResolvedGroup{
			Sync: g.roster.name, DisplayName: g.displayName, Granted: g.standing == givesAccess, Unsure: unsure, Held: g.held != nil,
		})
		if g.standing != givesAccess {
			continue
		}
		for _, user := range g.members.users {
			key := memberKey{g.roster, user.Spec.ID}
			if p := g.roster.person(user); p.state != no && !seen[key] {
				seen[key] = true
				resolution.Members = append(resolution.Members, Member{Sync: g.roster.name, User: user,
					Sure: p.state == yes && !unsure})
			}
		}
	}
	resolution.Problems = Bounded(r.finish())
	resolution.Held, resolution.Unresolved = len(resolution.held) > 0, r.unresolved
	resolution.rosters = r.rosters
	return resolution
}

// MayBelong reports whether a user of a sync may be a member of a group that is
// held: what the user has stays until that is known. It is not so for users
// who are gone, inactive, known to be filtered out, or known to be no member.
func (r *Resolution) MayBelong(sync types.NamespacedName, id string) bool {
	roster, ok := r.rosters.byName[sync]
	if !ok {
		return false
	}
	p, ok := roster.byID(id)
	return ok && slices.ContainsFunc(r.held, func(h *heldGroup) bool { return h.roster == roster && h.mayHave(p) })
}
