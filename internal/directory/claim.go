package directory

import (
	"context"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// This file gives a name to a resource so that no other has it, and no other
// writer that has stalled can still take it. docs/architecture.md, "Names",
// has the protocol and its invariant: whoever carries the name of a slot, or
// may yet finish a write that makes it so, is the resource of the object in
// the slot, or is named there in claimFor or claimedFrom.

const (
	// maxClaimedFrom is the bound of spec.claimedFrom.
	maxClaimedFrom = 16
	// noOwner stands in claimFor of a bare claim that is being given up.
	noOwner = "-"
)

// owned says on which version of the resource its new name may be written.
type owned struct {
	base  client.Object // the resource; newer than before if it is in the slot itself
	claim client.Object // the other object in the slot; nil if it is base
}

// own makes resource m, with the given id, the only one that can get the name
// of a slot, by an update of owned.base. The errors are 409, errConflict when
// everything must be read again, and those of the API server.
func (s scope) own(ctx context.Context, slot string, m client.Object, id string) (owned, error) {
	o, err := s.claim(ctx, slot, m, id)
	if err != nil {
		return owned{}, err
	}
	carrier, err := s.fence(ctx, claimOf(o).ClaimedFrom, slot, id)
	if err != nil {
		return owned{}, err
	}
	if carrier != nil {
		s.giveBack(ctx, o, resourceOf(carrier).ID, id)
		return owned{}, s.taken(carrier)
	}
	if o.GetName() == m.GetName() {
		return owned{base: o}, nil
	}
	return owned{base: m, claim: o}, nil
}

// claim writes into the slot that its name is to be m's. It gives the object
// in the slot as it is then.
func (s scope) claim(ctx context.Context, slot string, m client.Object, id string) (client.Object, error) {
	o, err := s.live(ctx, slot)
	if err != nil {
		return nil, err
	}
	if o == nil {
		o = s.newClaim(slot, id)
		return o, s.writer.Create(ctx, o)
	}
	if syncOf(o) != s.sync {
		return nil, scim.Conflict("object %s belongs to another sync; delete it or choose another name", keyOf(o))
	}
	itself := o.GetName() == m.GetName()
	if itself && o.GetResourceVersion() != m.GetResourceVersion() {
		return nil, errConflict
	}
	if s.carries(o, slot) && !itself {
		return nil, s.taken(o)
	}
	next := copyOf(o)
	claim := claimOf(next)
	switch holder := claim.ClaimFor; {
	case holder == id, holder == "" && itself:
		return o, nil
	case holder != "":
		if err := s.claimFrom(ctx, claim, slot, id); err != nil {
			return nil, err
		}
	}
	claim.ClaimFor = id
	if itself {
		claim.ClaimFor = ""
	}
	return next, s.writer.Update(ctx, next)
}

// claimFrom notes in a claim that its present holder is to be fenced off.
func (s scope) claimFrom(ctx context.Context, claim *v1alpha1.ClaimSpec, slot, id string) error {
	holder, err := s.holder(ctx, claim.ClaimFor)
	if holder == nil || err != nil {
		return err
	}
	if s.carries(holder, slot) {
		return s.taken(holder)
	}
	if slices.Contains(claim.ClaimedFrom, claim.ClaimFor) {
		return nil
	}
	if len(claim.ClaimedFrom) >= maxClaimedFrom {
		// All of them lost their claim long ago, so they can be fenced at any time.
		carrier, err := s.fence(ctx, claim.ClaimedFrom, slot, id)
		if err != nil {
			return err
		}
		if carrier != nil {
			return s.taken(carrier)
		}
		claim.ClaimedFrom = nil
	}
	claim.ClaimedFrom = append(claim.ClaimedFrom, claim.ClaimFor)
	return nil
}

// fence makes every write fail that is based on what is stored now of the
// given resources, except for id. If one of them carries the name of the slot,
// it had finished before: it is returned and the rest is left alone.
func (s scope) fence(ctx context.Context, ids []string, slot, id string) (carrier client.Object, err error) {
	for _, other := range ids {
		if other == id {
			continue
		}
		err := retry(ctx, func() error {
			carrier, err = s.fenceOne(ctx, other, slot)
			return err
		})
		if carrier != nil || err != nil {
			return carrier, err
		}
	}
	return nil, nil
}

func (s scope) fenceOne(ctx context.Context, id, slot string) (carrier client.Object, err error) {
	o, err := s.holder(ctx, id)
	if o == nil || err != nil {
		return nil, err
	}
	if resourceOf(o).ID == "" {
		return nil, s.writer.Delete(ctx, o, exactly(o))
	}
	if s.carries(o, slot) {
		return o, nil
	}
	o = copyOf(o)
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.AnnotationFence] = randomText(hashLength)
	o.SetAnnotations(annotations)
	return nil, s.writer.Update(ctx, o)
}

// giveBack returns a claim to the resource that turned out to have the name.
// If that fails, the next to want the name finds out the same.
func (s scope) giveBack(ctx context.Context, o client.Object, owner, id string) {
	ctx, cancel := detached(ctx)
	defer cancel()
	next := copyOf(o)
	s.handTo(next, owner, id)
	if err := s.writer.Update(ctx, next); err != nil && !isConflict(err) {
		s.log.V(1).Info("a claim was not given back", "kind", s.kind, "object", keyOf(o), "error", err.Error())
	}
}

// handTo makes owner the holder of a claim, and id one of those to be fenced.
func (s scope) handTo(o client.Object, owner, id string) {
	claim := claimOf(o)
	claim.ClaimFor = owner
	if resourceOf(o).ID == owner {
		claim.ClaimFor = ""
	}
	claim.ClaimedFrom = slices.DeleteFunc(claim.ClaimedFrom, func(other string) bool { return other == owner || other == id })
	if id != "" && id != resourceOf(o).ID {
		claim.ClaimedFrom = append(claim.ClaimedFrom, id)
	}
}

// settle forgets whom a claim was taken from, once all of them are fenced.
func (s scope) settle(ctx context.Context, claim client.Object) {
	if claim == nil || len(claimOf(claim).ClaimedFrom) == 0 {
		return
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	next := copyOf(claim)
	claimOf(next).ClaimedFrom = nil
	if err := s.writer.Update(ctx, next); err != nil && !isConflict(err) {
		s.log.V(1).Info("a claim was not settled", "kind", s.kind, "object", keyOf(claim), "error", err.Error())
	}
}

// release gives up all claims of a resource that is gone.
func (s scope) release(ctx context.Context, id string) {
	for _, o := range s.indexed(byClaim, id) {
		if syncOf(o) == s.sync {
			s.giveUp(ctx, o.GetName(), id)
		}
	}
}

// giveUp drops the claim that a resource has on a slot and no longer needs. A
// claim that stays is taken over by the next who wants the name.
func (s scope) giveUp(ctx context.Context, slot, id string) {
	ctx, cancel := detached(ctx)
	defer cancel()
	err := retry(ctx, func() error { return s.tryGiveUp(ctx, slot, id) })
	if err != nil && !isConflict(err) {
		s.log.V(1).Info("a claim was left behind", "kind", s.kind, "object", s.key(slot), "error", err.Error())
	}
}

// tryGiveUp takes the claim away as another resource would, so that a request
// that has just relied on it cannot finish.
func (s scope) tryGiveUp(ctx context.Context, slot, id string) error {
	o, err := s.live(ctx, slot)
	if o == nil || err != nil || claimOf(o).ClaimFor != id || len(claimOf(o).ClaimedFrom) >= maxClaimedFrom {
		return err
	}
	next := copyOf(o)
	bare := resourceOf(o).ID == ""
	s.handTo(next, noOwner, id)
	if !bare {
		claimOf(next).ClaimFor = ""
	}
	if err := s.writer.Update(ctx, next); err != nil {
		return err
	}
	carrier, err := s.fence(ctx, claimOf(next).ClaimedFrom, slot, "")
	switch {
	case err != nil:
		return err
	case carrier != nil:
		s.giveBack(ctx, next, resourceOf(carrier).ID, "")
	case bare:
		s.discard(ctx, next)
	default:
		s.settle(ctx, next)
	}
	return nil
}

// taken is the answer when a name has an owner.
func (s scope) taken(owner client.Object) error {
	attribute := "userName"
	if s.kind == KindGroup {
		attribute = "displayName"
	}
	return scim.Conflict("a %s with the %s %q exists already (id %s)", s.kind, attribute, nameOf(owner), resourceOf(owner).ID)
}
