package directory

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/membership"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// modify changes a resource.
func (s scope) modify(ctx context.Context, id string, change scim.Change) (client.Object, error) {
	name, _, ok := ObjectName(id)
	if !ok {
		return nil, scim.NotFound(s.kind, id)
	}
	if s.kind == KindGroup {
		return s.modifyGroup(ctx, name, id, change)
	}
	unlock, err := s.locks.lock(ctx, s.lockKey(name))
	if err != nil {
		return nil, err
	}
	defer unlock()
	return s.onNewest(ctx, id, func(current client.Object) (client.Object, error) {
		return s.apply(ctx, current, change)
	})
}

// onNewest calls write with a resource, first as the informer knows it, and
// after that as the API server does. What would be answered without a write
// (nil without an error, or a refusal) must not rest on what the informer
// knows, which may be the past; a write cannot.
func (s scope) onNewest(ctx context.Context, id string, write func(current client.Object) (client.Object, error)) (client.Object, error) {
	force := false
	var result client.Object
	err := retry(ctx, func() error {
		for {
			current, fresh, err := s.byID(ctx, id, force)
			if err != nil {
				return err
			}
			force = true
			result, err = write(current)
			if !fresh && (err == nil && result == nil || isRefusal(err)) {
				continue
			}
			if err == nil && result == nil {
				result = current
			}
			return err
		}
	})
	return result, err
}

// isRefusal tells whether an error is about what the client asked for.
func isRefusal(err error) bool {
	known := (*scim.Error)(nil)
	return errors.As(err, &known) && known.Status < http.StatusInternalServerError && known.Status != http.StatusTooManyRequests
}

// check calls a precondition with the entity tag of an object.
func (s scope) check(ctx context.Context, o client.Object, precondition func(string) error) error {
	if precondition == nil {
		return nil
	}
	version, err := s.version(ctx, o)
	if err != nil {
		return err
	}
	return precondition(version)
}

// apply makes one attempt to change a resource as it was read. nil without an
// error means that there is nothing to change.
func (s scope) apply(ctx context.Context, current client.Object, change scim.Change) (client.Object, error) {
	if err := s.check(ctx, current, change.Precondition); err != nil {
		return nil, err
	}
	next := copyOf(current)
	if change.Apply != nil {
		release, err := s.applyAttributes(ctx, current, next, change.Apply)
		if err != nil {
			return nil, err
		}
		defer release()
		if nameOf(next) == "" {
			return nil, scim.BadRequest(scim.TypeInvalidValue, "a %s needs a name", s.kind)
		}
	}
	var edit *membership.Edit
	if g, ok := current.(*v1alpha1.Group); ok && len(change.Members) > 0 {
		var err error
		if edit, err = s.edit(ctx, g, change.Members); err != nil {
			return nil, err
		}
	}
	var mine owned
	if slot := s.slot(nameOf(next)); slot != s.slot(nameOf(current)) {
		unlock, err := s.locks.lock(ctx, s.nameKey(slot))
		if err != nil {
			return nil, err
		}
		defer unlock()
		if mine, err = s.rename(ctx, slot, current, next); err != nil {
			return nil, err
		}
	}
	return s.commit(ctx, current, next, edit, mine)
}

// applyAttributes gives next the attributes after a change. Call release when
// they are written.
func (s scope) applyAttributes(ctx context.Context, current, next client.Object, apply func(scim.Object) (scim.Object, error)) (release func(), err error) {
	attributes, err := apply(s.attributes(current))
	if err != nil {
		return nil, err
	}
	if !s.rt.Declares() {
		return func() {}, setAttributes(next, attributes)
	}
	before := s.attributes(current)
	if reflect.DeepEqual(before, attributes) {
		return func() {}, nil // also where the names in an extension are spelled anew
	}
	if err := setAttributes(next, attributes); err != nil {
		return nil, err
	}
	return s.reserve(ctx, current.GetName(), before, attributes)
}

// rename makes the new name of a resource its own.
func (s scope) rename(ctx context.Context, slot string, current, next client.Object) (owned, error) {
	id := resourceOf(current).ID
	if err := s.checkFree(ctx, nameOf(next), id); err != nil {
		return owned{}, err
	}
	mine, err := s.own(ctx, slot, current, id)
	if err != nil {
		return owned{}, err
	}
	if mine.claim == nil {
		next.SetResourceVersion(mine.base.GetResourceVersion())
		*claimOf(next) = v1alpha1.ClaimSpec{} // all are fenced
	}
	return mine, nil
}

// commit writes what is different, in one update of the object.
func (s scope) commit(ctx context.Context, current, next client.Object, edit *membership.Edit, mine owned) (client.Object, error) {
	changed := !sameSpec(current, next)
	var written []*v1alpha1.GroupMemberSlice
	if edit != nil {
		g := next.(*v1alpha1.Group)
		plan, err := s.plan(g, edit)
		if err != nil {
			return nil, err
		}
		if plan.Changed() {
			if written, err = s.writeSlices(ctx, g, plan); err != nil {
				return nil, err
			}
			plan.Root.Apply(&g.Spec)
			changed = true
		}
	}
	if !changed {
		return nil, nil
	}
	s.touch(resourceOf(next))
	s.label(next)
	result, err := s.update(ctx, next, "")
	if err != nil {
		if isConflict(err) && !s.refersTo(ctx, next.GetName(), written) {
			s.dropSlices(ctx, written)
		}
		return nil, err
	}
	s.settle(ctx, mine.claim)
	if was := s.slot(nameOf(current)); mine.base != nil && was != current.GetName() {
		s.giveUp(ctx, was, resourceOf(current).ID)
	}
	return result, nil
}
