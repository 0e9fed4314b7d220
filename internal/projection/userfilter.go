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

// userFilter applies a sync's userFilter to many users. It first goes down from
// the filter's groups to those nested in them, which are few, and then up from
// each user through these only.
type userFilter struct {
	names     []string
	directory Directory
	within    map[string]bool // ids of the filter's groups and those nested in them
	complete  bool            // within has all of them
}

func newUserFilter(sync *v1alpha1.IdentityProviderSync, directory Directory) *userFilter {
	f := &userFilter{names: userFilterGroups(sync), directory: directory, within: map[string]bool{}, complete: true}
	var queue []*v1alpha1.Group
	for _, name := range f.names {
		if group, ok := directory.Group(name); ok {
			queue = append(queue, group)
		}
	}
	for ; len(queue) > 0; queue = queue[1:] {
		group := queue[0]
		if f.within[group.Spec.ID] || !isResource(&group.Spec.ResourceSpec) {
			continue
		}
		nested, err := directory.NestedGroups(group)
		if err != nil {
			f.complete = false
			continue
		}
		f.within[group.Spec.ID] = true
		for _, id := range nested {
			if group, ok := directory.GroupByID(id); ok {
				queue = append(queue, group)
			}
		}
	}
	return f
}

// synced says whether the filter lets the user through. It is unknown when the
// user is in none of the groups that can be read, but some cannot be read now.
func (f *userFilter) synced(user *v1alpha1.User) verdict {
	switch {
	case !isResource(&user.Spec.ResourceSpec):
		return no
	case len(f.names) == 0:
		return yes
	}
	verdict := unknown
	if f.complete {
		verdict = no
	}
	climb(f.directory, []string{user.Spec.ID}, func(group *v1alpha1.Group) climbing {
		switch {
		case !f.within[group.Spec.ID]:
			return passBy
		case slices.Contains(f.names, group.Spec.DisplayName):
			verdict = yes
			return stop
		}
		return goOn
	})
	return verdict
}
