package patch

import (
	"strings"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
)

// verb is what an operation does.
type verb string

const (
	add     verb = "add"
	replace verb = "replace"
	remove  verb = "remove"
)

// operation is one of the Operations, or the part of one without a path that
// is about one attribute.
type operation struct {
	verb     verb
	path     string
	value    any
	hasValue bool // the value may be null
}

func newOperation(sent any) (operation, error) {
	object, ok := sent.(scim.Object)
	if !ok {
		return operation{}, scim.BadRequest(scim.TypeInvalidSyntax, "must be an object")
	}
	var op operation
	op.value, op.hasValue = resource.Field(object, "value")

	path, _ := resource.Field(object, "path")
	if op.path, ok = path.(string); !ok && path != nil {
		return op, scim.BadRequest(scim.TypeInvalidPath, "path must be a string")
	}
	op.path = strings.TrimSpace(op.path)

	name, _ := resource.Field(object, "op")
	if name == nil && op.hasValue {
		name = string(replace) // Okta may leave it out
	}
	text, _ := name.(string)
	op.verb = verb(strings.ToLower(text))
	switch op.verb {
	case add, replace:
		if !op.hasValue {
			return op, scim.BadRequest(scim.TypeInvalidValue, "%s needs a value", op.verb)
		}
	case remove:
		if op.path == "" {
			return op, scim.BadRequest(scim.TypeNoTarget, "remove needs a path")
		}
	default:
		return op, scim.BadRequest(scim.TypeInvalidSyntax, "op must be add, replace or remove")
	}
	return op, nil
}
