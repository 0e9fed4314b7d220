package projection

import "github.com/rollcall-scim/rollcall/api/v1alpha1"

// membership is what a group comes to when nested groups are expanded.
type membership struct {
	users      []*v1alpha1.User  // each once; whatever their state
	unresolved []*v1alpha1.Group // groups whose members are not known now
	notSynced  []*v1alpha1.Group // nested groups that the filter does not let through
	direct     []string          // ids of all direct members
	nested     bool              // some of them are groups
}

// ids gives the ids of the users; nil if not all of them are known.
func (m membership) ids() map[string]bool {
	if len(m.unresolved) > 0 {
		return nil
	}
	ids := make(map[string]bool, len(m.users))
	for _, user := range m.users {
		ids[user.Spec.ID] = true
	}
	return ids
}

// expand follows nested groups, all of them if there is no sync to say which
// are synced. An id that names nothing in the sync is left
// out: it may be a member that does not exist yet.
func expand(sync *v1alpha1.IdentityProviderSync, directory Directory, root *v1alpha1.Group) membership {
	var m membership
	seen := map[string]bool{root.Spec.ID: true}
	for queue := []*v1alpha1.Group{root}; len(queue) > 0; queue = queue[1:] {
		ids, err := directory.Members(queue[0])
		if err != nil {
			m.unresolved = append(m.unresolved, queue[0])
			continue
		}
		if queue[0] == root {
			m.direct = ids
		}
		for _, id := range ids {
			if seen[id] {
				continue
			}
			seen[id] = true
			if user, ok := directory.User(id); ok {
				if isResource(&user.Spec.ResourceSpec) {
					m.users = append(m.users, user)
				}
				continue
			}
			group, ok := directory.GroupByID(id)
			m.nested = m.nested || ok
			switch {
			case !ok || !isResource(&group.Spec.ResourceSpec):
			case sync == nil || GroupSynced(sync, group):
				queue = append(queue, group)
			default:
				m.notSynced = append(m.notSynced, group)
			}
		}
	}
	return m
}
