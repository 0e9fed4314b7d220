package projection

import (
	"slices"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// GroupSynced reports whether a sync's groupFilter lets a group through: its
// displayName begins with one of the prefixes, case-sensitive, or there are none.
func GroupSynced(sync *v1alpha1.IdentityProviderSync, group *v1alpha1.Group) bool {
	if !isResource(&group.Spec.ResourceSpec) {
		return false
	}
	if sync.Spec.GroupFilter == nil || len(sync.Spec.GroupFilter.Prefixes) == 0 {
		return true
	}
	return slices.ContainsFunc(sync.Spec.GroupFilter.Prefixes, func(prefix string) bool {
		return strings.HasPrefix(group.Spec.DisplayName, prefix)
	})
}

// UserSynced reports whether a sync's userFilter lets a user through: the user
// is a member of one of the filter's groups, directly or through nested
// groups, or there are none. A group of the userFilter need not pass the
// groupFilter, and neither need the groups on the way to it.
//
// It costs as much as there are groups above the user. While the members of a
// group are not known it may say either: good enough to count users. Wanted is
// stricter.
func UserSynced(sync *v1alpha1.IdentityProviderSync, memberships Memberships, user *v1alpha1.User) bool {
	if !isResource(&user.Spec.ResourceSpec) {
		return false
	}
	names := userFilterGroups(sync)
	if len(names) == 0 {
		return true
	}
	found := false
	Ancestors(memberships, []string{user.Spec.ID}, func(group *v1alpha1.Group) bool {
		found = slices.Contains(names, group.Spec.DisplayName)
		return !found
	})
	return found
}

func userFilterGroups(sync *v1alpha1.IdentityProviderSync) []string {
	if sync == nil || sync.Spec.UserFilter == nil {
		return nil
	}
	return sync.Spec.UserFilter.Groups
}

// Ancestors visits every group that one of the ids is a member of, directly or
// through nested groups, once each, cycles included, until visit returns false.
func Ancestors(memberships Memberships, ids []string, visit func(*v1alpha1.Group) bool) {
	climb(memberships, ids, func(group *v1alpha1.Group) climbing {
		if visit(group) {
			return goOn
		}
		return stop
	})
}

type climbing int

const (
	goOn   climbing = iota // also visit the groups above this one
	passBy                 // not those above this one
	stop                   // visit no more at all
)

// climb visits groups upwards, breadth first, until visit says stop.
func climb(memberships Memberships, ids []string, visit func(*v1alpha1.Group) climbing) {
	seen := map[string]bool{}
	for queue := slices.Clone(ids); len(queue) > 0; queue = queue[1:] {
		for _, group := range memberships.GroupsOf(queue[0]) {
			if seen[group.Spec.ID] || !isResource(&group.Spec.ResourceSpec) {
				continue
			}
			seen[group.Spec.ID] = true
			switch visit(group) {
			case stop:
				return
			case goOn:
				queue = append(queue, group.Spec.ID)
			case passBy:
			}
		}
	}
}
