package memory

import (
	"maps"
	"slices"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// changeMembers gives the members after the changes, in order. members itself
// is not changed.
func (s *Store) changeMembers(members []string, changes []scim.MemberChange) ([]string, error) {
	for _, change := range changes {
		switch change.Op {
		case scim.AddMembers:
			members = addMembers(members, change.Values)
		case scim.RemoveMembers:
			gone := make(map[string]bool, len(change.Values))
			for _, id := range change.Values {
				gone[id] = true
			}
			members = keep(members, func(id string) bool { return !gone[id] })
		case scim.ReplaceMembers:
			members = replaceMembers(members, change.Values)
		case scim.RemoveMatching:
			members = keep(members, func(id string) bool { return !change.Match(s.member(id)) })
		case scim.RequireMatch:
			chosen := func(id string) bool { return slices.Contains(change.Values, id) }
			if change.Match != nil {
				chosen = func(id string) bool { return change.Match(s.member(id)) }
			}
			if !slices.ContainsFunc(members, chosen) {
				return nil, scim.BadRequest(scim.TypeNoTarget, "no member matches the filter of the path")
			}
		}
	}
	return members, nil
}

// addMembers puts new members at the end, each once.
func addMembers(members, added []string) []string {
	present := make(map[string]bool, len(members)+len(added))
	for _, id := range members {
		present[id] = true
	}
	members = slices.Clip(members)
	for _, id := range added {
		if !present[id] {
			present[id] = true
			members = append(members, id)
		}
	}
	return members
}

// replaceMembers keeps those that stay in their place, so that the same set of
// members in another order is no change.
func replaceMembers(members, wanted []string) []string {
	stay := make(map[string]bool, len(wanted))
	for _, id := range wanted {
		stay[id] = true
	}
	return addMembers(keep(members, func(id string) bool { return stay[id] }), wanted)
}

func keep(members []string, stays func(id string) bool) []string {
	var kept []string
	for _, id := range members {
		if stays(id) {
			kept = append(kept, id)
		}
	}
	return kept
}

// setMembers stores a group's members and keeps the way back from each.
func (s *Store) setMembers(r *record, members []string) {
	for _, id := range r.members {
		delete(s.groupsOf[id], r.id)
		if len(s.groupsOf[id]) == 0 {
			delete(s.groupsOf, id)
		}
	}
	for _, id := range members {
		if s.groupsOf[id] == nil {
			s.groupsOf[id] = map[string]bool{}
		}
		s.groupsOf[id][r.id] = true
	}
	r.members = members
}

// member shows one member; an id that names nothing has no type.
func (s *Store) member(id string) scim.Member {
	for _, kind := range []string{"User", "Group"} {
		if s.kinds[kind] != nil && s.kinds[kind].records[id] != nil {
			return scim.Member{Value: id, Type: kind, Display: s.name(kind, id)}
		}
	}
	return scim.Member{Value: id}
}

// name is what a user or group is shown as.
func (s *Store) name(kind, id string) string {
	attributes := s.kinds[kind].records[id].attributes
	if name, ok := attributes["displayName"].(string); ok {
		return name
	}
	name, _ := attributes["userName"].(string)
	return name
}

// groups are the groups that a user is a member of, not those around them.
func (s *Store) groups(id string) []any {
	var groups []any
	for _, group := range s.groupIDs(id) {
		groups = append(groups, object("value", group, "display", s.name("Group", group), "type", "direct"))
	}
	return groups
}

func (s *Store) groupIDs(member string) []string {
	return slices.Sorted(maps.Keys(s.groupsOf[member]))
}

// memberValues are the ids in a `members` attribute.
func memberValues(attribute any) []string {
	items, _ := attribute.([]any)
	var ids []string
	for _, item := range items {
		member, _ := item.(scim.Object)
		if id, ok := member["value"].(string); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
