package directory

import (
	"context"
	"math/rand/v2"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

const (
	// maxAttempts is how often a change is tried while others are faster.
	maxAttempts = 12
	maxPause    = 250 * time.Millisecond
	// cleanupTimeout bounds what is done after the answer is decided.
	cleanupTimeout = 5 * time.Second
)

// pause waits before the next attempt, longer each time and never in step with
// the others.
func pause(ctx context.Context, attempt int) error {
	limit := min(4*time.Millisecond<<attempt, maxPause)
	timer := time.NewTimer(rand.N(limit))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retry calls attempt until it does not end in a conflict.
func retry(ctx context.Context, attempt func() error) error {
	for i := 0; ; i++ {
		err := attempt()
		if err == nil || !isConflict(err) || i == maxAttempts-1 {
			return err
		}
		if err := pause(ctx, i); err != nil {
			return err
		}
	}
}

// detached gives a little time for what must be done even if ctx has ended.
func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
}

// insert creates an object that holds a fresh id and is nobody else's, and waits
// until the informer has it. When it is not known whether the API server created it, the object
// is read: only one with that very id is ours.
func (s scope) insert(ctx context.Context, o client.Object, id string) (client.Object, error) {
	w := s.tracker.expect(keyOf(o))
	defer w.stop()
	if err := s.writer.Create(ctx, o); err != nil {
		if o = s.verify(ctx, o, id, err); o == nil {
			return nil, err
		}
	}
	w.wait(ctx, sight{uid: o.GetUID(), version: o.GetResourceVersion()}, s.cached)
	return o, nil
}

// update writes an object under the precondition of its resourceVersion, and
// waits until the informer has it. id is not empty when the update makes the
// object the resource of that id.
func (s scope) update(ctx context.Context, o client.Object, id string) (client.Object, error) {
	w := s.tracker.expect(keyOf(o))
	defer w.stop()
	o = copyOf(o)
	if err := s.writer.Update(ctx, o); err != nil {
		if id == "" {
			return nil, err
		}
		if o = s.verify(ctx, o, id, err); o == nil {
			return nil, err
		}
	}
	w.wait(ctx, sight{uid: o.GetUID(), version: o.GetResourceVersion()}, s.cached)
	return o, nil
}

// verify reads what a failed write left; nil if that is not the object of id.
func (s scope) verify(ctx context.Context, o client.Object, id string, err error) client.Object {
	if !isAmbiguous(err) && !isConflict(err) {
		return nil
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	live, err := s.live(ctx, o.GetName())
	if err != nil || live == nil {
		return nil
	}
	if resourceOf(live).ID == id || resourceOf(o).ID == "" && resourceOf(live).ID == "" && claimOf(live).ClaimFor == id {
		return live
	}
	return nil
}

// erase deletes an object under the precondition of its version, and waits
// until the informer has seen that.
func (s scope) erase(ctx context.Context, o client.Object) error {
	w := s.tracker.expect(keyOf(o))
	defer w.stop()
	if err := s.writer.Delete(ctx, o, exactly(o)); err != nil {
		return err
	}
	w.wait(ctx, sight{uid: o.GetUID(), version: o.GetResourceVersion(), gone: true}, s.cached)
	return nil
}

// exactly makes a deletion fail if the object is not the one that was read.
func exactly(o client.Object) client.Preconditions {
	uid, version := o.GetUID(), o.GetResourceVersion()
	return client.Preconditions{UID: &uid, ResourceVersion: &version}
}

// discard deletes an object that nobody needs if it is as it was read. If that
// fails, it stays where it does no harm.
func (s scope) discard(ctx context.Context, o client.Object) {
	ctx, cancel := detached(ctx)
	defer cancel()
	if err := s.writer.Delete(ctx, o, exactly(o)); err != nil && !isConflict(err) {
		s.log.V(1).Info("an unused object was left behind", "kind", s.kind, "object", keyOf(o), "error", err.Error())
	}
}

// newClaim is a claim that is not written yet: an object without a resource.
func (s scope) newClaim(name, id string) client.Object {
	o := s.newObject(name)
	claimOf(o).ClaimFor = id
	setLabel(o, v1alpha1.LabelClaim, "true")
	return o
}

func (s scope) newObject(name string) client.Object {
	o := newObject(s.kind)
	o.SetNamespace(s.sync.Namespace)
	o.SetName(name)
	resourceOf(o).SyncRef.Name = s.sync.Name
	setLabel(o, v1alpha1.LabelSync, s.sync.Name)
	return o
}

// label sets the labels and annotations of a resource, for the write that
// follows to carry them.
func (s scope) label(o client.Object) {
	if s.policy.Label != nil {
		s.policy.Label(o)
	}
}

// lockKey names a resource's lock.
func (s scope) lockKey(name string) string { return s.kind + "/" + s.key(name).String() }

// nameKey names the lock of a slot. Whoever holds one asks for no other lock.
func (s scope) nameKey(slot string) string { return "name/" + s.lockKey(slot) }
