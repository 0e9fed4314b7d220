package memory

import (
	"fmt"
	"hash/fnv"
	"maps"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// resource shows a record.
func (s *Store) resource(rt *schema.ResourceType, r *record, need scim.Need) *scim.Resource {
	out := &scim.Resource{
		ID: r.id,
		Meta: scim.Meta{
			ResourceType: rt.Name, Created: r.created, LastModified: r.modified, Version: s.version(rt, r),
		},
		Attributes:  r.attributes,
		MemberCount: len(r.members),
	}
	if rt.Name == "Group" && need.Members && len(r.members) > 0 {
		members := make([]scim.Member, len(r.members))
		for i, id := range r.members {
			members[i] = s.member(id)
		}
		out.Attributes = with(out.Attributes, "members", members)
	}
	if rt.Name == "User" && need.Groups {
		if groups := s.groups(r.id); len(groups) > 0 {
			out.Attributes = with(out.Attributes, "groups", groups)
		}
	}
	if rt.Name == "User" && need.Encoder != nil {
		out.Encoded = need.Encoder.Encode(out)
	}
	return out
}

// candidate shows a record to a filter, which sees every attribute.
func (s *Store) candidate(rt *schema.ResourceType, r *record) filter.Candidate {
	c := filter.Candidate{ID: r.id, Created: r.created, LastModified: r.modified, Version: s.version(rt, r), Attributes: r.attributes}
	switch {
	case rt.Name == "User":
		if groups := s.groups(r.id); len(groups) > 0 {
			c.Attributes = with(c.Attributes, "groups", groups)
		}
	case len(r.members) > 0:
		members := make([]any, len(r.members))
		for i, id := range r.members {
			m := s.member(id)
			members[i] = object("value", m.Value, "type", m.Type, "display", m.Display)
		}
		c.Attributes = with(c.Attributes, "members", members)
	}
	return c
}

// version is the entity tag. A user's also stands for its groups.
func (s *Store) version(rt *schema.ResourceType, r *record) string {
	digest := fnv.New64a()
	if rt.Name == "User" {
		for _, id := range s.groupIDs(r.id) {
			fmt.Fprintf(digest, "%s %q ", id, s.name("Group", id))
		}
	}
	return fmt.Sprintf(`W/"%d-%d-%x"`, r.sequence, r.revision, digest.Sum64())
}

func with(attributes scim.Object, name string, value any) scim.Object {
	attributes = maps.Clone(attributes)
	attributes[name] = value
	return attributes
}

// object makes an Object of the pairs whose value is not empty.
func object(pairs ...string) scim.Object {
	o := scim.Object{}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			o[pairs[i]] = pairs[i+1]
		}
	}
	return o
}

func copyObject(o scim.Object) scim.Object {
	c := make(scim.Object, len(o))
	for key, value := range o {
		c[key] = copyValue(value)
	}
	return c
}

func copyValue(value any) any {
	switch value := value.(type) {
	case scim.Object:
		return copyObject(value)
	case []any:
		c := make([]any, len(value))
		for i, item := range value {
			c[i] = copyValue(item)
		}
		return c
	}
	return value
}
