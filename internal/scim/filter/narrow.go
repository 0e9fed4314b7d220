package filter

import "github.com/rollcall-scim/rollcall/internal/scim/schema"

// Narrow decides what a filter asks of meta.resourceType, which is one for all
// resources of a type (RFC 7644 §3.4.2.1). What is left to ask of each resource
// is the rest; without a rest the filter holds for all of them or for none.
func Narrow(rt *schema.ResourceType, e Expression) (rest Expression, holds bool) {
	switch e := e.(type) {
	case nil:
		return nil, true
	case And:
		return narrowBoth(rt, e.Left, e.Right, false, func(l, r Expression) Expression { return And{l, r} })
	case Or:
		return narrowBoth(rt, e.Left, e.Right, true, func(l, r Expression) Expression { return Or{l, r} })
	case Not:
		if rest, holds = Narrow(rt, e.Operand); rest == nil {
			return nil, !holds
		}
		return Not{rest}, false
	case Comparison:
		want, isText := e.Value.(string)
		target, found := rt.Lookup(e.Path.URN, e.Path.Name, e.Path.SubAttribute)
		if found && isText && target.String() == "meta.resourceType" && (e.Operator == Equal || e.Operator == NotEqual) {
			return nil, (want == rt.Name) == (e.Operator == Equal)
		}
	}
	return e, false
}

// narrowBoth narrows two sides; one that is decided as decisive decides both.
func narrowBoth(rt *schema.ResourceType, left, right Expression, decisive bool, join func(l, r Expression) Expression) (Expression, bool) {
	l, leftHolds := Narrow(rt, left)
	r, rightHolds := Narrow(rt, right)
	switch {
	case l == nil && leftHolds == decisive, r == nil && rightHolds == decisive:
		return nil, decisive
	case l == nil:
		return r, rightHolds
	case r == nil:
		return l, leftHolds
	}
	return join(l, r), false
}
