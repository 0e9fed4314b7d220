package patch

import (
	"encoding/json"
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

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
		r.changeMembers(scim.MemberChange{Op: scim.AddMembers, Values: ids})
	case op.verb == remove && op.value != nil:
		r.changeMembers(scim.MemberChange{Op: scim.RemoveMembers, Values: ids})
	default:
		r.changeMembers(scim.MemberChange{Op: scim.ReplaceMembers, Values: ids})
	}
	return nil
}

// addMatching changes the members that a filter chooses.
func (r *Request) addMatching(op operation, target schema.Target, values filter.Expression) error {
	match, err := memberFilter(op.path, target.Attribute, values)
	if err != nil {
		return err
	}
	ids, named := memberIDs(values)
	if op.verb == remove {
		if named {
			r.changeMembers(scim.MemberChange{Op: scim.RemoveMembers, Values: ids})
		} else {
			r.changeMembers(scim.MemberChange{Op: scim.RemoveMatching, Match: match})
		}
		return nil
	}
	if op.verb == add {
		if !named || len(ids) > 1 {
			r.changeMembers(scim.MemberChange{Op: scim.RequireMatch, Match: match})
			return nil
		}
		sent, err := resource.Values(target, ids[0])
		r.changeMembers(scim.MemberChange{Op: scim.AddMembers, Values: resource.MemberIDs(sent)})
		return err
	}
	sent, err := resource.Values(target, op.value)
	if err != nil {
		return err
	}
	r.changeMembers(scim.MemberChange{Op: scim.RequireMatch, Match: match})
	r.changeMembers(scim.MemberChange{Op: scim.RemoveMatching, Match: match})
	r.changeMembers(scim.MemberChange{Op: scim.AddMembers, Values: resource.MemberIDs(sent)})
	return nil
}

// addMemberPart takes a new display name of a member, which the service
// provider knows by itself, if there is such a member; all else about a member
// is immutable (RFC 7643 §4.2).
func (r *Request) addMemberPart(op operation, target schema.Target, values filter.Expression) error {
	if target.Sub.Name != "display" {
		return scim.BadRequest(scim.TypeMutability, "%s is immutable; remove the member and add another", target)
	}
	match := func(scim.Member) bool { return true }
	if values != nil {
		var err error
		if match, err = memberFilter(op.path, target.Attribute, values); err != nil {
			return err
		}
	}
	r.changeMembers(scim.MemberChange{Op: scim.RequireMatch, Match: match})
	return nil
}

// changeMembers appends a change, or adds its ids to the last one if that does
// the same: many clients send one operation for each member.
func (r *Request) changeMembers(change scim.MemberChange) {
	names := change.Op == scim.AddMembers || change.Op == scim.RemoveMembers
	if names && len(change.Values) == 0 {
		return
	}
	if last := len(r.members) - 1; names && last >= 0 && r.members[last].Op == change.Op {
		r.members[last].Values = append(r.members[last].Values, change.Values...)
		return
	}
	r.members = append(r.members, change)
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
