package projection

import (
	"slices"
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// siteKey is a role in a place.
type siteKey struct {
	namespace string // wholeCluster, or a namespace
	role      v1alpha1.RoleReference
}

// site is a Placement in the making.
type site struct {
	siteKey
	grants   []*grant
	existing existing
	audience *audience
}

func (r *run) site(key siteKey, place Namespace) *site {
	s, ok := r.sites[key]
	if !ok {
		s = &site{siteKey: key, existing: existing{frozen: place.Terminating || r.NoAdditions != nil}}
		r.sites[key] = s
		r.order = append(r.order, s)
	}
	return s
}

// give enters a group at the sites where it gives access, or once gave it.
func (r *run) give(g *grant) {
	places := r.placesOf(g)
	allowed := slices.DeleteFunc(slices.Clone(places), func(n Namespace) bool { return g.roster.allows(n) == no })
	r.stand(g, len(places) == 0 || len(allowed) > 0)
	role, ok := r.roleOf(g)
	if g.standing == givesNothing || !ok || len(allowed) == 0 {
		return
	}
	for _, place := range allowed {
		s := r.site(siteKey{place.Name, role}, place)
		s.grants = append(s.grants, g)
		s.existing.frozen = s.existing.frozen || g.roster.allows(place) == unknown
	}
	// Of a group that is itself a subject, nobody needs the members.
	if (g.standing == retained || r.kind == v1alpha1.SubjectUser) && !r.recall(g) {
		r.expand(g)
	}
}

// placesOf gives the places where a group is to be bound.
func (r *run) placesOf(g *grant) []Namespace {
	if r.pattern == nil || r.pattern.namespace < 0 {
		return r.targets.fixed
	}
	if namespace, ok := r.targets.captured(g.match.namespace); ok {
		return []Namespace{namespace}
	}
	return nil
}

// roleOf gives the role that a group gives; of several roles the one that the
// pattern captures. The first of a name counts.
func (r *run) roleOf(g *grant) (v1alpha1.RoleReference, bool) {
	roles := r.Binding.Roles()
	if r.Binding.Grant.RoleRef == nil {
		roles = slices.DeleteFunc(slices.Clone(roles), func(role v1alpha1.RoleReference) bool { return role.Name != g.match.role })
	}
	if len(roles) == 0 {
		return v1alpha1.RoleReference{}, false
	}
	if r.targets.cluster && roles[0].Kind != kindClusterRole {
		r.reportGroup(g, ReasonRoleNotUsable, func(string) string {
			return "only a ClusterRole can be bound in the whole cluster, and " + strconv.Quote(roles[0].Name) + " is a Role"
		})
		return v1alpha1.RoleReference{}, false
	}
	return roles[0], true
}

const kindClusterRole = "ClusterRole"

// takeStock enters the objects that exist at the sites that they are of. A
// role that was bound last counts as the present roleRef.
func (r *run) takeStock() {
	for i := range r.Current {
		object := &r.Current[i]
		role := v1alpha1.RoleReference{Kind: object.RoleRef.Kind, Name: object.RoleRef.Name}
		isOf := slices.Contains(r.Binding.Roles(), role)
		was := !isOf && r.Binding.Grant.RoleRef != nil && slices.Contains(r.Binding.BoundRoles, role)
		place, ok := r.targets.stillHolds(object.Namespace, r.captures())
		if !ok || !isOf && !was {
			r.strays = append(r.strays, object)
			continue
		}
		if was {
			role = *r.Binding.Grant.RoleRef
		}
		s := r.site(siteKey{object.Namespace, role}, place)
		if r.unknown != nil && len(s.grants) == 0 && r.unknown.roster.allows(place) != no && !r.unknown.roster.deleting() {
			s.grants = []*grant{r.unknown}
		}
		if index, ok := r.Binding.indexOf(object.Name, role); ok && isOf {
			s.existing.shards = append(s.existing.shards, shard{index: index, current: object})
		} else {
			s.existing.others = append(s.existing.others, object)
		}
	}
	for _, s := range r.order {
		slices.SortFunc(s.existing.shards, func(a, b shard) int { return a.index - b.index })
		slices.SortFunc(s.existing.others, func(a, b *CurrentObject) int { return strings.Compare(a.Name, b.Name) })
	}
}

// captures tells whether the groups say in which namespaces they are bound, or may.
func (r *run) captures() bool {
	return r.unknown != nil || (r.pattern != nil && r.pattern.namespace >= 0)
}

// place lays out the objects of a site.
func (r *run) place(s *site) Placement {
	l := r.layout(s)
	p := Placement{Namespace: s.namespace, RoleRef: roleRef(s.role), audience: s.audience, absent: l.absent}
	for i := range l.shards {
		shard := &l.shards[i]
		object := Object{
			Namespace: s.namespace, RoleRef: p.RoleRef, Subjects: shard.subjects, Current: shard.current,
			Adds: shard.adds, Revokes: shard.revokes, Moves: shard.moves, shrunk: shard.shrunk,
		}
		if shard.current != nil {
			object.Name, object.RoleRef = shard.current.Name, shard.current.RoleRef
		} else {
			object.Name = r.Binding.objectName(s.role, shard.index)
		}
		if shard.obsolete {
			object.Subjects = nil
			p.Obsolete = append(p.Obsolete, object)
		} else {
			p.Objects = append(p.Objects, object)
		}
	}
	return p
}

// leftover are the objects that exist where, or with a role that, the binding
// does not bind any more: nobody stays in them.
func (r *run) leftover() []Placement {
	slices.SortFunc(r.strays, func(a, b *CurrentObject) int { return strings.Compare(a.Name, b.Name) })
	placements := make([]Placement, len(r.strays))
	for i, object := range r.strays {
		placements[i] = Placement{Namespace: object.Namespace, RoleRef: object.RoleRef, Obsolete: []Object{{
			Namespace: object.Namespace, Name: object.Name, RoleRef: object.RoleRef,
			Current: object, Revokes: len(object.Subjects),
		}}}
	}
	return placements
}

func roleRef(role v1alpha1.RoleReference) rbacv1.RoleRef {
	return rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: role.Kind, Name: role.Name}
}
