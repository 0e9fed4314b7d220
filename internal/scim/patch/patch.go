// Package patch turns a PATCH request (RFC 7644 §3.5.2) into a change of a
// resource.
//
// Parse checks everything that can be known without the resource: the form of
// the request, its paths, and the values against the schema. What is left is a
// list of edits, applied in order to a copy of the resource's attributes, and
// a list of changes of a group's members, which a store makes without reading
// the members. What identity providers send beyond the RFC is taken too:
// operations in any letter case or without a name, paths as keys of a value
// without a path, and members named in the value of a remove.
//
// Every error is a *scim.Error.
package patch

import (
	"errors"
	"strconv"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const (
	// MaxOperations is how many operations one request may have, and how many
	// attributes they may change.
	MaxOperations = 2000
	// MaxComparisons is how many the filters of all paths may have together: each
	// is made for every value of its attribute.
	MaxComparisons = 4096
)

// URN is the schema of a PATCH request; a request without it is taken too.
const URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

// Request is a PATCH request that has been understood.
type Request struct {
	rt      *schema.ResourceType
	id      string
	edits   []edit
	members []scim.MemberChange
	// searches counts the members that have a Match.
	searches int
	// comparisons counts those in filters.
	comparisons int
}

// edit changes the attributes of a resource in place.
type edit func(attributes scim.Object) error

// Parse reads a PATCH request for the resource with the id.
func Parse(rt *schema.ResourceType, id string, body scim.Object) (*Request, error) {
	sent, found := resource.Field(body, "Operations")
	if !found || sent == nil {
		return nil, scim.BadRequest(scim.TypeInvalidSyntax, "the request has no Operations (RFC 7644 §3.5.2)")
	}
	operations, ok := sent.([]any)
	if !ok {
		operations = []any{sent}
	}
	if len(operations) > MaxOperations {
		return nil, scim.BadRequest(scim.TypeInvalidValue, "%d operations; at most %d are accepted in one request", len(operations), MaxOperations)
	}
	r := &Request{rt: rt, id: id}
	for i, one := range operations {
		op, err := newOperation(one)
		if err != nil {
			return nil, at(i, err)
		}
		before := len(r.edits)
		if err := r.add(op); err != nil {
			return nil, at(i, err)
		}
		if len(r.edits) > MaxOperations {
			return nil, scim.BadRequest(scim.TypeInvalidValue, "more than %d attributes to change; at most %[1]d are accepted in one request", MaxOperations)
		}
		for n, change := range r.edits[before:] {
			r.edits[before+n] = func(attributes scim.Object) error { return at(i, change(attributes)) }
		}
	}
	return r, nil
}

// Change is what the request does. The caller adds the precondition and what
// it needs of the result.
func (r *Request) Change() scim.Change {
	change := scim.Change{Members: r.members}
	if len(r.edits) > 0 {
		change.Apply = r.apply
	}
	return change
}

func (r *Request) apply(current scim.Object) (scim.Object, error) {
	next := resource.Clone(current)
	for _, change := range r.edits {
		if err := change(next); err != nil {
			return nil, err
		}
	}
	if err := resource.ValidateChange(r.rt, current, next); err != nil {
		return nil, err
	}
	return next, resource.CheckImmutable(r.rt, current, next)
}

// at says which operation an error is about, counting from 1.
func at(index int, err error) error {
	var failed *scim.Error
	if !errors.As(err, &failed) {
		return err
	}
	located := *failed
	located.Detail = "operation " + strconv.Itoa(index+1) + ": " + failed.Detail
	return &located
}
