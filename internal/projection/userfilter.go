package projection

import (
	"slices"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// verdict is whether something is so, as far as the directory can be read.
type verdict int

const (
	no verdict = iota
	unknown
	yes
)

// userFilter applies a sync's userFilter to many users and remembers what it
// found out about groups, since the members of one group share their others.
type userFilter struct {
	names     []string
	directory Directory
	hopeless  map[string]bool // groups from which no group of the filter can be reached, by id
	known     map[string]bool // whether the members of a group are known, by id
}

func newUserFilter(sync *v1alpha1.IdentityProviderSync, directory Directory) *userFilter {
	return &userFilter{
		names:     userFilterGroups(sync),
		directory: directory,
		hopeless:  map[string]bool{},
		known:     map[string]bool{},
	}
}

// synced says whether the filter lets the user through. It is unknown when the
// only ways up to a group of the filter lead through groups whose members are
// not known now.
func (f *userFilter) synced(user *v1alpha1.User) verdict {
	if !isResource(&user.Spec.ResourceSpec) {
		return no
	}
	if len(f.names) == 0 {
		return yes
	}
	var seen []string
	reached := func(possibly bool) bool {
		seen = seen[:0]
		found := false
		climb(f.directory, []string{user.Spec.ID}, func(group *v1alpha1.Group) climbing {
			switch {
			case f.hopeless[group.Spec.ID], !possibly && !f.membersKnown(group):
				return passBy
			case slices.Contains(f.names, group.Spec.DisplayName):
				found = true
				return stop
			}
			seen = append(seen, group.Spec.ID)
			return goOn
		})
		return found
	}
	switch {
	case !reached(true):
		for _, id := range seen {
			f.hopeless[id] = true
		}
		return no
	case !reached(false):
		return unknown
	}
	return yes
}

func (f *userFilter) membersKnown(group *v1alpha1.Group) bool {
	known, asked := f.known[group.Spec.ID]
	if !asked {
		_, err := f.directory.Members(group)
		known = err == nil
		f.known[group.Spec.ID] = known
	}
	return known
}
