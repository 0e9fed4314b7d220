package resource

import (
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const membersName = "members"

// isMembers tells the members of a group from an attribute of an extension that
// is called so too.
func isMembers(target schema.Target) bool {
	return target.URN == "" && target.Attribute.Name == membersName
}

// member reads one member of a group. Unlike any other value it is never
// guessed at and never left out: who is in a group decides about access. Its id
// may name nothing here, yet.
func member(value any) (any, error) {
	object, ok := value.(scim.Object)
	if !ok {
		object = scim.Object{"value": value}
	}
	sent, _ := Field(object, "value")
	id, ok := sent.(string)
	members := schema.GroupType().Schema.Attribute(membersName)
	limit := members.SubAttribute("value").MaxLength
	switch {
	case !ok:
		return nil, invalid("members.value", "must be a string, the id of a user or group")
	case id == "":
		return nil, invalid("members.value", "must be the id of a user or group, but is empty")
	case characters(id) > limit:
		return nil, invalid("members.value", "has %d characters; at most %d are accepted", characters(id), limit)
	}
	decoded := scim.Object{"value": id}
	for _, name := range []string{"type", "display", "$ref"} {
		sent, _ := Field(object, name)
		if text, ok := sent.(string); ok && text != "" && characters(text) <= members.SubAttribute(name).MaxLength {
			decoded[name] = text
		}
	}
	return decoded, nil
}

// MemberIDs are the ids among decoded members, in order; never nil.
func MemberIDs(members any) []string {
	list, _ := members.([]any)
	ids := make([]string, 0, len(list))
	for _, one := range list {
		if object, ok := one.(scim.Object); ok {
			if id, ok := object["value"].(string); ok {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
