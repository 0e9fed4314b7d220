package lookup

import (
	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// memberships are the groups that each id is a direct member of.
type memberships map[string][]*v1alpha1.Group

// GroupsOf is that of projection.Memberships.
func (m memberships) GroupsOf(id string) []*v1alpha1.Group { return m[id] }

// Filter tells which users a sync's userFilter lets through. It reads the
// members of the filter's groups and of those nested in them, no others.
func (s *Holdings) Filter(sync *v1alpha1.IdentityProviderSync) (synced func(*v1alpha1.User) bool, err error) {
	m := memberships{}
	if sync.Spec.UserFilter != nil {
		var queue []*v1alpha1.Group
		for _, name := range sync.Spec.UserFilter.Groups {
			if group, ok := s.Group(name); ok {
				queue = append(queue, group)
			}
		}
		seen := map[string]bool{}
		for ; len(queue) > 0; queue = queue[1:] {
			group := queue[0]
			if seen[group.Spec.ID] {
				continue
			}
			seen[group.Spec.ID] = true
			members, err := s.Members(group)
			if err != nil {
				return nil, err
			}
			for _, id := range members {
				m[id] = append(m[id], group)
				if nested, ok := s.GroupByID(id); ok {
					queue = append(queue, nested)
				}
			}
		}
	}
	return func(user *v1alpha1.User) bool { return projection.UserSynced(sync, m, user) }, nil
}
