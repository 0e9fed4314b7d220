package patch

import (
	"encoding/json"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// MaxSearches is how many changes of one request may choose members by
// anything but their ids: a store then has to look at every member.
const MaxSearches = 16

// addMembers changes the members of a group. A remove that names members
// removes only those, named by the path or by the value.
func (r *Request) addMembers(op operation, target schema.Target, values filter.Expression) error {
	if target.Sub != nil {
		return r.addMemberPart(op, target, values)
	}
	whole := schema.Target{Attribute: target.Attribute}
	if values != nil {
		return r.addMatching(op, whole, values)
	}
	sent, err := resource.Values(whole, op.value)
	if err != nil {
		return err
	}
	ids := resource.MemberIDs(sent)
	switch {
	case op.verb == add:
		return r.changeMembers(scim.MemberChange{Op: scim.AddMembers, Values: ids})
	case op.verb == remove && op.value != nil:
		return r.changeMembers(scim.MemberChange{Op: scim.RemoveMembers, Values: ids})
	}
	return r.changeMembers(scim.MemberChange{Op: scim.ReplaceMembers, Values: ids})
}

// addMatching changes the members that a filter chooses.
func (r *Request) addMatching(op operation, target schema.Target, values filter.Expression) error {
	require, drop, err := chosenMembers(op.path, target.Attribute, values)
	if err != nil {
		return err
	}
	if op.verb == remove {
		return r.changeMembers(drop)
	}
	sent := op.value
	if op.verb == add {
		if len(require.Values) != 1 {
			return r.changeMembers(require)
		}
		sent = require.Values[0]
	}
	members, err := resource.Values(target, sent)
	if err != nil {
		return err
	}
	added := scim.MemberChange{Op: scim.AddMembers, Values: resource.MemberIDs(members)}
	if op.verb == add {
		return r.changeMembers(added)
	}
	return r.changeMembers(require, drop, added)
}

// addMemberPart takes a new display name of a member, which the service
// provider knows by itself, if there is such a member; all else about a member
// is immutable (RFC 7643 §4.2).
func (r *Request) addMemberPart(op operation, target schema.Target, values filter.Expression) error {
	if target.Sub.Name != "display" {
		return scim.BadRequest(scim.TypeMutability, "%s is immutable; remove the member and add another", target)
	}
	if values == nil {
		return r.changeMembers(scim.MemberChange{Op: scim.RequireMatch, Match: func(scim.Member) bool { return true }})
	}
	require, _, err := chosenMembers(op.path, target.Attribute, values)
	if err != nil {
		return err
	}
	return r.changeMembers(require)
}

// changeMembers appends changes, or adds the ids of one to the last if that
// does the same: many clients send one operation for each member.
func (r *Request) changeMembers(changes ...scim.MemberChange) error {
	for _, change := range changes {
		names := change.Op == scim.AddMembers || change.Op == scim.RemoveMembers
		if names && len(change.Values) == 0 {
			continue
		}
		if last := len(r.members) - 1; names && last >= 0 && r.members[last].Op == change.Op {
			r.members[last].Values = append(r.members[last].Values, change.Values...)
			continue
		}
		if change.Match != nil {
			if r.searches++; r.searches > MaxSearches {
				return scim.BadRequest(scim.TypeInvalidValue, "more than %d searches among the members in one request; name them by value", MaxSearches)
			}
		}
		r.members = append(r.members, change)
	}
	return nil
}

// chosenMembers are the changes that require one of the members that a filter
// chooses, and that drop all of them: by their ids where the filter names those.
func chosenMembers(path string, a *schema.Attribute, values filter.Expression) (require, drop scim.MemberChange, err error) {
	match, err := memberFilter(path, a, values)
	if ids, named := memberIDs(values); named {
		return scim.MemberChange{Op: scim.RequireMatch, Values: ids}, scim.MemberChange{Op: scim.RemoveMembers, Values: ids}, err
	}
	return scim.MemberChange{Op: scim.RequireMatch, Match: match}, scim.MemberChange{Op: scim.RemoveMatching, Match: match}, err
}

func memberFilter(path string, a *schema.Attribute, values filter.Expression) (func(scim.Member) bool, error) {
	chosen, err := valueFilter(path, a, values)
	return func(m scim.Member) bool {
		return chosen(scim.Object{"value": m.Value, "type": m.Type, "display": m.Display})
	}, err
}

// memberIDs are the ids of a filter that is value eq "x", or several of those
// joined by or.
func memberIDs(values filter.Expression) (ids []string, ok bool) {
	switch e := values.(type) {
	case filter.Or:
		left, ok := memberIDs(e.Left)
		right, also := memberIDs(e.Right)
		return append(left, right...), ok && also
	case filter.Comparison:
		if e.Operator != filter.Equal || !strings.EqualFold(e.Path.String(), "value") {
			return nil, false
		}
		switch value := e.Value.(type) {
		case string:
			return []string{value}, true
		case json.Number:
			return []string{value.String()}, true
		}
	}
	return nil, false
}
