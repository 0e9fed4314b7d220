package roster

import (
	"fmt"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/lookup"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// What a member is, and whether it has access by its group.
const (
	MemberActive   = "active"   // an active, synced user
	MemberInactive = "inactive" // a user whose active attribute is not true
	MemberFiltered = "filtered" // a user or group that the filters keep out
	MemberUnknown  = "unknown"  // an id that names nothing in the sync
	MemberNested   = "nested"   // a synced group, whose members count as members
)

// Member is one line of a member list.
type Member struct {
	Kind  string `json:"kind"` // User, Group or "" if unknown
	Name  string `json:"name"` // userName or displayName; empty if unknown
	Email string `json:"email,omitempty"`
	ID    string `json:"id"`
	State string `json:"state"`
	// Through are the nested groups on the way, by displayName.
	Through []string `json:"through,omitempty"`
	// Reason is why a filtered member is.
	Reason string `json:"reason,omitempty"`
}

// Up to so many members are read one by one, and more of them where the sync has
// so many times as many users; otherwise all users are listed.
const (
	fetchedOneByOne = 50
	listedPerFetch  = 10
)

// Members visits the members of a group in the order in which they are stored.
// With nested, those of groups in it follow, each user once; groups that are
// not synced give nobody access and are not looked into.
func Members(c *Circle, nested bool, visit func(Member) error) error {
	s := c.Holdings
	synced, err := s.Filter(s.Sync)
	if err != nil {
		return err
	}
	if err := loadFor(s, c.Object, nested); err != nil {
		return err
	}
	type step struct {
		group   *v1alpha1.Group
		through []string
	}
	seen := map[string]bool{c.ID: true}
	for queue := []step{{group: c.Object}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		ids, err := s.Members(at.group)
		if err != nil {
			return fmt.Errorf("reading the members of group %q: %w", at.group.Spec.DisplayName, err)
		}
		for _, id := range ids {
			if seen[id] {
				continue
			}
			seen[id] = true
			m, err := member(s, id, synced)
			if err != nil {
				return err
			}
			m.Through = at.through
			if err := visit(m); err != nil {
				return err
			}
			if group, ok := s.GroupByID(id); ok && nested && m.State == MemberNested {
				queue = append(queue, step{group, append(at.through[:len(at.through):len(at.through)], group.Spec.DisplayName)})
			}
		}
	}
	return nil
}

// loadFor reads the users that are shown in the way that takes less.
func loadFor(s *lookup.Holdings, group *v1alpha1.Group, nested bool) error {
	few := int64(fetchedOneByOne)
	if counted := s.Sync.Status.Users; counted != nil {
		few = max(few, int64(counted.Total)/listedPerFetch)
	}
	if nested || group.Spec.MemberCount > few {
		return s.LoadUsers()
	}
	ids, err := s.Members(group)
	if err != nil {
		return fmt.Errorf("reading the members of group %q: %w", group.Spec.DisplayName, err)
	}
	return s.FetchUsers(ids)
}

func member(s *lookup.Holdings, id string, synced func(*v1alpha1.User) bool) (Member, error) {
	if group, ok := s.GroupByID(id); ok {
		g := describeGroup(s.Sync, group)
		m := Member{Kind: "Group", Name: g.DisplayName, ID: id, State: MemberNested}
		if !projection.GroupSynced(s.Sync, group) {
			m.State, m.Reason = MemberFiltered, g.Reason
		}
		return m, nil
	}
	user, err := s.FetchUser(id)
	if err != nil {
		return Member{}, err
	}
	if user == nil || user.Spec.Deleted != nil {
		return Member{ID: id, State: MemberUnknown}, nil
	}
	m := Member{Kind: "User", Name: user.Spec.UserName, Email: Email(user), ID: id, State: MemberActive}
	switch {
	case !synced(user):
		m.State, m.Reason = MemberFiltered, describe(s.Sync, user, false).Reason
	case !projection.Active(user):
		m.State = MemberInactive
	}
	return m, nil
}
