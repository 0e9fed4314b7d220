package rolebinding

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

const (
	// unresolvedRetry is how soon a group whose members could not be read is
	// tried again. No event says that they can be.
	unresolvedRetry = 2 * time.Second
	// heldRetry is how soon removals that the guard holds are proposed again: a
	// hold also ends by time.
	heldRetry = 10 * time.Second
	// takenRetry is how soon a name that somebody else's object has is tried
	// again. Objects that are not ours are not watched.
	takenRetry = 5 * time.Second
	// settleTime is how long after its last write a binding is looked at once
	// more, to compact objects and for the final status.
	settleTime = time.Second
	// fillPriority has additions that were interrupted go on after everything
	// else, also after what the informer listed when it started.
	fillPriority = 2 * handler.LowPriority
)

// reconcile brings the objects of one binding in line.
func (c *Controllers) reconcile(ctx context.Context, k kind, rq reconcile.Request) (reconcile.Result, error) {
	r := request{k.name, rq.NamespacedName}
	called := c.attention.begin(r)
	c.measured[k.name].Begin(rq.NamespacedName)
	begun := time.Now()

	object := k.empty()
	if err := c.Client.Get(ctx, rq.NamespacedName, object); err != nil {
		if !apierrors.IsNotFound(err) {
			return reconcile.Result{}, err
		}
		// The garbage collector would do it, some seconds later.
		return c.end(ctx, k, rq)
	}
	c.orphaned.see(r, object)
	if object.GetDeletionTimestamp() != nil {
		if controllerutil.ContainsFinalizer(object, metav1.FinalizerOrphanDependents) {
			c.forget(k, rq)
			return reconcile.Result{}, nil // somebody wants to keep the objects as they are
		}
		// A finalizer may keep it for ever, and nobody would revoke meanwhile.
		return c.end(ctx, k, rq)
	}

	b := k.binding(object)
	b.BoundRoles = c.bound.with(r, b.UID, b.BoundRoles)
	owned, err := c.owned(ctx, r, b)
	if err != nil {
		return reconcile.Result{}, err
	}
	reader := c.Sources.Reader(source.Consumer{Controller: k.name, NamespacedName: rq.NamespacedName})
	sources, err := readSources(ctx, reader, b)
	if err != nil {
		return reconcile.Result{}, err
	}
	s := c.newScope(k, rq, b, owned)
	s.called, s.bindingObject = called, object
	s.outcome = c.project(rq, k, s, sources)
	s.mayYield = time.Now().Add(max(leastProgress, time.Since(begun)))
	s.apply(ctx)
	statusIn, err := s.report(ctx, object, subjectName(b, sources))
	if err != nil {
		s.failure(err)
	}
	reader.Done()
	return s.after(statusIn)
}

func (c *Controllers) newScope(k kind, rq reconcile.Request, b projection.Binding, exists map[objectKey]client.Object) *scope {
	if exists == nil {
		exists = map[objectKey]client.Object{}
	}
	return &scope{Controllers: c, kind: k, request: request{k.name, rq.NamespacedName}, binding: b, exists: exists,
		labels: b.Labels(), owners: b.OwnerReferences(), revokers: make(chan struct{}, maxRevokers)}
}

// readSources reads the syncs that a binding refers to.
func readSources(ctx context.Context, reader *source.Reader, b projection.Binding) (map[types.NamespacedName]projection.Source, error) {
	names := source.Names{None: b.SubjectKind() != "User"}
	if b.Grant.Subject != nil {
		names.Expression, names.Fallback = b.Grant.Subject.Name, b.BoundSubjectName
	}
	sources := map[types.NamespacedName]projection.Source{}
	for _, sync := range b.Syncs() {
		var err error
		if sources[sync], err = reader.Source(ctx, sync, names); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// project asks what a binding comes to, and remembers for whom it is held.
func (c *Controllers) project(rq reconcile.Request, k kind, s *scope, sources map[types.NamespacedName]projection.Source) *projection.Outcome {
	in := projection.Request{
		Binding:    s.binding,
		Source:     func(name types.NamespacedName) projection.Source { return sources[name] },
		Namespaces: namespaces{c},
		Memory:     c.memories.of(s.request),
	}
	for _, o := range s.exists {
		in.Current = append(in.Current, current(o))
	}
	if c.Gate != nil {
		in.NoAdditions = c.Gate()
	}
	syncs := s.binding.Syncs()
	if c.Guard != nil {
		c.Guard.Concerns(s.binding.Key().String(), syncs)
		in.Guard = c.Guard.Propose
	}
	c.held[k.name].Set(rq, syncs) // before projecting, so that no change of a user falls between the two
	outcome := projection.Project(in)
	var guarded []types.NamespacedName
	for _, removal := range outcome.Removals {
		if removal.Held {
			guarded = append(guarded, removal.Sync)
		}
	}
	c.guarded[k.name].Set(rq, guarded)
	s.guarded = len(guarded) > 0
	if !outcome.Held && !s.guarded { // a name may be that of users of several syncs, and all must be active
		c.held[k.name].Set(rq, nil)
	}
	return outcome
}

// after says when to look again. A failure waits for its turn only if nothing
// else is to be done before.
func (s *scope) after(statusIn time.Duration) (reconcile.Result, error) {
	var in time.Duration
	sooner := func(when bool, d time.Duration) {
		if when && (in == 0 || d < in) {
			in = d
		}
	}
	sooner(statusIn > 0, statusIn)
	sooner(s.wrote.Load(), settleTime)
	sooner(len(s.waiting) > 0, max(s.turn, time.Millisecond))
	sooner(s.unfinished, time.Millisecond)
	sooner(s.outcome.Unresolved, unresolvedRetry)
	sooner(s.guarded, heldRetry)
	sooner(s.taken, takenRetry)
	sooner(s.pending, lane.Again)
	soon := s.late || s.unrevoked || s.former
	if soon { // no backoff that grows beyond a second
		sooner(true, s.retries.When(s.request))
	} else {
		s.retries.Forget(s.request)
	}
	if !s.pending && !s.unfinished && !s.late && !s.unrevoked && len(s.waiting) == 0 {
		s.measured[s.kind.name].Done(s.request.NamespacedName)
	}
	if failure := errors.Join(s.failures...); failure != nil && in == 0 {
		return reconcile.Result{}, failure
	}
	priority := 0
	if s.unfinished && !soon {
		priority = fillPriority
	}
	return reconcile.Result{RequeueAfter: in, Priority: &priority}, nil
}
