package directory

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/membership"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// create stores a new resource.
func (s scope) create(ctx context.Context, attributes scim.Object) (client.Object, error) {
	o := s.newObject("")
	if err := setAttributes(o, attributes); err != nil {
		return nil, err
	}
	name := nameOf(o)
	if name == "" {
		return nil, scim.BadRequest(scim.TypeInvalidValue, "a %s needs a name", s.kind)
	}
	var members []string
	if s.kind == KindGroup {
		var err error
		if members, err = memberIDs(attributes); err != nil {
			return nil, err
		}
	}
	s.touch(resourceOf(o))
	resourceOf(o).Created = resourceOf(o).LastModified

	release, err := s.reserve(ctx, "", nil, attributes)
	if err != nil {
		return nil, err
	}
	defer release()
	// Requests of this replica for one name wait for each other, rather than
	// chase one another's claims.
	unlock, err := s.locks.lock(ctx, s.nameKey(s.slot(name)))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := s.checkFree(ctx, name, ""); err != nil {
		return nil, err
	}
	var created client.Object
	err = retry(ctx, func() (err error) {
		created, err = s.tryCreate(ctx, o, members)
		return err
	})
	return created, err
}

// checkFree refuses a name that a resource other than id has as far as the
// informer knows, and in fact. It spares the protocol most duplicates, and
// finds those in no slot of today's objectNames.
func (s scope) checkFree(ctx context.Context, name, id string) error {
	if s.indexed(byName, indexValue(s.sync, schema.Fold(name))) == nil {
		return nil
	}
	owner, err := s.byOwnName(ctx, name, true)
	if err != nil || owner == nil || resourceOf(owner).ID == id {
		return err
	}
	return s.taken(owner)
}

// tryCreate puts the resource into the slot of its name, or elsewhere if the
// slot is held by an object that has the name no more.
func (s scope) tryCreate(ctx context.Context, o client.Object, members []string) (client.Object, error) {
	slot := s.slot(nameOf(o))
	id := newID(s.kind, slot)
	created, err := s.createIn(ctx, slot, id, o, members)
	if !apierrors.IsAlreadyExists(err) {
		return created, err
	}
	owner, err := s.owner(ctx, slot)
	if err != nil {
		return nil, err
	}
	if owner != nil {
		return nil, s.taken(owner)
	}
	// It cannot be fenced off before it exists, so it starts as a claim.
	elsewhere := randomName(nameOf(o), s.policy.OpaqueNames)
	id = newID(s.kind, elsewhere)
	start, err := s.insert(ctx, s.newClaim(elsewhere, id), id)
	if err != nil {
		return nil, err
	}
	mine, err := s.own(ctx, slot, start, id)
	if err != nil {
		s.discard(ctx, start)
		return nil, err
	}
	created, err = s.become(ctx, start, id, o, members)
	if err == nil {
		s.settle(ctx, mine.claim)
	}
	return created, err
}

// createIn creates the resource in an object that does not exist: in one step
// unless there are slices to be written for it first.
func (s scope) createIn(ctx context.Context, name, id string, o client.Object, members []string) (client.Object, error) {
	o = copyOf(o)
	o.SetName(name)
	resourceOf(o).ID = id
	if g, ok := o.(*v1alpha1.Group); ok {
		edit, err := newEdit(members)
		if err != nil {
			return nil, err
		}
		if edit.Count() > int64(membership.Default.Inline) {
			start, err := s.insert(ctx, s.newClaim(name, id), id)
			if err != nil {
				return nil, err
			}
			return s.become(ctx, start, id, o, members)
		}
		plan, err := edit.Plan(membership.Target{})
		if err != nil {
			return nil, err
		}
		plan.Root.Apply(&g.Spec)
	}
	s.label(o)
	return s.insert(ctx, o, id)
}

// become turns the claim that a resource starts as into the resource, by one
// update of the claim as it was created.
func (s scope) become(ctx context.Context, start client.Object, id string, o client.Object, members []string) (client.Object, error) {
	o = copyOf(o)
	o.SetName(start.GetName())
	o.SetUID(start.GetUID())
	o.SetResourceVersion(start.GetResourceVersion())
	resourceOf(o).ID = id
	if g, ok := o.(*v1alpha1.Group); ok {
		edit, err := newEdit(members)
		if err != nil {
			return nil, err
		}
		if err := s.writeMembers(ctx, g, edit); err != nil {
			s.discard(ctx, start)
			return nil, err
		}
	}
	s.label(o)
	created, err := s.update(ctx, o, id)
	if err != nil {
		s.discard(ctx, start)
		return nil, err
	}
	return created, nil
}

func newEdit(members []string) (*membership.Edit, error) {
	edit, err := membership.Default.Edit(membership.Root{}, nil)
	if err != nil {
		return nil, err
	}
	return edit, edit.Add(members...)
}
