package rolebinding

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

const (
	// maxWriters is how many additions wait for the API server at once, in all
	// bindings together; maxRevokers is how many removals do, in each.
	maxWriters  = 16
	maxRevokers = 16
	// leastProgress is how long what is no removal goes on before an event may
	// interrupt it, so that it ends also while events keep coming.
	leastProgress = 50 * time.Millisecond
	// mostProgress is how long it goes on at a time.
	mostProgress = 3 * time.Second
)

// scope is one reconcile of one binding.
type scope struct {
	*Controllers
	kind    kind
	request request
	binding projection.Binding
	labels  map[string]string
	owners  []metav1.OwnerReference
	outcome *projection.Outcome
	guarded bool // the guard holds removals

	mayYield time.Time // what is no removal may be interrupted from then on
	wrote    atomic.Bool

	mu         sync.Mutex
	exists     map[objectKey]client.Object // what the API server has of the binding
	problems   []projection.Problem
	failures   []error
	taken      bool              // somebody else's object has a name that is ours
	late       bool              // something had changed before it was written
	unrevoked  bool              // access could not be taken away
	unfinished bool              // interrupted: not all was written
	waiting    map[objectKey]int // additions that wait for the budget
	turn       time.Duration     // until the first of them may be written
}

// step is an object of a placement that may have to be written.
type step struct {
	*place
	object projection.Object
}

// place is a placement with what has come of it.
type place struct {
	*projection.Placement
	mu      sync.Mutex
	refused bool                       // more additions would be refused too
	behind  bool                       // not all of its objects are as wanted
	told    map[projection.Reason]bool // one line for each reason
	done    map[string]bool            // objects that the removals wrote or gave up
}

// apply makes the objects of a binding those that are wanted. Nobody who should
// keep a role is without it in between: who moves to another object, as when
// the roleRef changes, leaves the old one only when the new one stands.
func (s *scope) apply(ctx context.Context) {
	var places []*place
	var revokes, adds []step
	for i := range s.outcome.Placements {
		p := &place{Placement: &s.outcome.Placements[i], told: map[projection.Reason]bool{}, done: map[string]bool{}}
		places = append(places, p)
		for _, o := range p.Objects {
			if o.Current != nil && o.Revokes > 0 {
				revokes = append(revokes, step{p, o})
			}
			if o.Changed() || !s.isMarked(keyOfObject(o)) {
				adds = append(adds, step{p, o})
			}
		}
		for _, o := range p.Obsolete {
			if o.Revokes > 0 || len(o.Shrunk()) == 0 {
				revokes = append(revokes, step{p, o})
			}
		}
	}
	parallel(revokes, maxRevokers, func(at step) { s.revoke(ctx, at) })
	s.addAll(ctx, adds)
	if !s.unfinished { // else objects that were not reached would lose their turn
		s.budget.keep(s.binding.Key(), waitingKeys(s.waiting))
	}
	s.finish(ctx, places)
}

// revoke takes access away from an object. It also adds what is pending for it,
// since it is written anyway; but what is refused since it adds somebody must
// not keep anybody from being removed.
func (s *scope) revoke(ctx context.Context, at step) {
	o, key := at.object, keyOfObject(at.object)
	if o.Adds > 0 && o.Moves == 0 {
		if err := s.update(ctx, key, o.Subjects); err == nil || isLate(err, o.RoleRef.Name) {
			s.settle(at, key, o.RoleRef, err)
			return
		}
	}
	if len(o.Shrunk()) == 0 && slices.ContainsFunc(at.Obsolete, func(other projection.Object) bool { return keyOfObject(other) == key }) {
		s.delete(ctx, at.place, key)
		return
	}
	err := s.update(ctx, key, o.Shrunk())
	switch {
	case err != nil && (apierrors.IsForbidden(err) || roleIsGone(err, o.RoleRef.Name)):
		s.revokeByDeleting(ctx, at.place, key, o.RoleRef, err)
		at.give(o)
	case err != nil || o.Adds == 0 && o.Moves == 0:
		s.settle(at, key, o.RoleRef, err)
	}
}

// settle ends the work on an object, well or not.
func (s *scope) settle(at step, key objectKey, role rbacv1.RoleRef, err error) {
	if err != nil {
		s.notRevoked()
		s.fail(at.place, key, role, err)
	}
	at.give(at.object)
}

// give has an object not written again.
func (p *place) give(o projection.Object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done[o.Name] = true
}

// yields tells whether to stop here and look at the binding anew later, since an
// event has come or it has taken long enough.
func (s *scope) yields(ctx context.Context) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	late := time.Since(s.mayYield)
	s.unfinished = s.unfinished || ctx.Err() != nil || late > mostProgress || late > 0 && s.attention.needed(s.request)
	return s.unfinished
}

func (s *scope) addAll(ctx context.Context, adds []step) {
	parallel(adds, maxWriters, func(at step) {
		key := keyOfObject(at.object)
		existing := s.object(key)
		if at.skips(at.object) || s.yields(ctx) {
			return
		}
		if existing != nil && at.object.Adds > 0 {
			if wait := s.budget.ask(s.binding.Key(), key, stored(current(existing).Subjects)); wait > 0 {
				s.wait(at, key, wait)
				return
			}
		}
		s.writers <- struct{}{}
		defer func() { <-s.writers }()
		s.put(ctx, at.place, at.object, union(at.object))
	})
}

func (s *scope) wait(at step, key objectKey, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting == nil {
		s.waiting = map[objectKey]int{}
	}
	if len(s.waiting) == 0 || d < s.turn {
		s.turn = d
	}
	s.waiting[key] = at.object.Adds
	at.behindNow()
}

// skips tells whether an object needs no further write, or cannot have one.
func (p *place) skips(o projection.Object) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = p.behind || p.refused
	return p.done[o.Name] || p.refused
}

func (p *place) behindNow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = true
}

// finish ends the moves in placements whose objects all stand.
func (s *scope) finish(ctx context.Context, places []*place) {
	var last []func()
	for _, p := range places {
		if p.behind {
			continue
		}
		for _, o := range p.Objects {
			if o.Moves > 0 {
				last = append(last, func() { s.put(ctx, p, o, o.Subjects) })
			}
		}
		for _, o := range p.Obsolete {
			if s.object(keyOfObject(o)) != nil {
				last = append(last, func() { s.delete(ctx, p, keyOfObject(o)) })
			}
		}
	}
	parallel(last, maxWriters, func(write func()) {
		if !s.yields(ctx) {
			write()
		}
	})
}

// union is what an object holds while some of its subjects move to others.
func union(o projection.Object) []rbacv1.Subject {
	if o.Moves == 0 {
		return o.Subjects
	}
	all := slices.Concat(o.Subjects, o.Shrunk())
	slices.SortFunc(all, compareSubjects)
	return slices.Compact(all)
}

func keyOfObject(o projection.Object) objectKey { return objectKey{o.Namespace, o.Name} }

func waitingKeys(waiting map[objectKey]int) map[objectKey]bool {
	keys := make(map[objectKey]bool, len(waiting))
	for key := range waiting {
		keys[key] = true
	}
	return keys
}

// parallel does so many things at once, and returns when all are done.
func parallel[T any](items []T, workers int, do func(T)) {
	var next atomic.Int64
	var group sync.WaitGroup
	work := func() {
		for i := next.Add(1) - 1; i < int64(len(items)); i = next.Add(1) - 1 {
			do(items[i])
		}
	}
	for range min(workers, len(items)) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
}
