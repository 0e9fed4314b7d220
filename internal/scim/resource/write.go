package resource

import (
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const activeName = "active"

// Create is the body of a POST as attributes to store (RFC 7644 §3.3). A user
// is active unless the body says otherwise.
func Create(rt *schema.ResourceType, body scim.Object) (scim.Object, error) {
	decoded, err := Decode(rt, body)
	if err != nil {
		return nil, err
	}
	attributes := decoded.Attributes
	if rt.Schema.Attribute(activeName) != nil && attributes[activeName] == nil {
		attributes[activeName] = true
	}
	if err := Validate(rt, attributes); err != nil {
		return nil, err
	}
	return attributes, nil
}

// Replace is the body of a PUT as a change (RFC 7644 §3.5.1). Two attributes
// keep their values where the body does not have them, for the sake of what
// identity providers leave out: `active`, since a default of true would give
// access back, and `members`, which only [] or null empties. So do attributes
// that are immutable or writeOnly, and what settle keeps.
func Replace(rt *schema.ResourceType, body scim.Object) (scim.Change, error) {
	decoded, err := decode(rt, body)
	if err != nil {
		return scim.Change{}, err
	}
	wanted := decoded.Attributes
	var members []scim.MemberChange
	if decoded.Present[membersName] {
		members = []scim.MemberChange{{Op: scim.ReplaceMembers, Values: MemberIDs(wanted[membersName])}}
		delete(wanted, membersName)
	}
	// Declared extensions are compared with what is stored before they are judged.
	if err := ValidateChange(rt, wanted, wanted); err != nil {
		return scim.Change{}, err
	}
	apply := func(current scim.Object) (scim.Object, error) {
		next := Clone(wanted)
		if active, ok := current[activeName]; ok && next[activeName] == nil {
			next[activeName] = active
		}
		if err := keep(rt, current, next); err != nil {
			return nil, err
		}
		if err := decoded.settle(rt, current, next); err != nil {
			return nil, err
		}
		if err := ValidateChange(rt, current, next); err != nil {
			return nil, err
		}
		return next, CheckImmutable(rt, current, next)
	}
	return scim.Change{Apply: apply, Members: members}, nil
}
