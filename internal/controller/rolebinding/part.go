package rolebinding

import (
	"context"
	"maps"
	"sync"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// part is what a reconcile does in one namespace. While the API server does not
// answer there, the part goes on without the reconcile: see package lane.
type part struct {
	*scope
	namespace     string
	places        []*place
	revokes, adds []step
	answer        lane.Answer // of the last that was done; unless it is Done, the rest waits
	job           *lane.Job

	mu sync.Mutex
	result
	exists map[objectKey]client.Object
}

// result is what came of writing.
type result struct {
	problems   []projection.Problem
	failures   []error
	taken      bool              // somebody else's object has a name that is ours
	late       bool              // something had changed before it was written
	unrevoked  bool              // access could not be taken away
	former     bool              // a former role stays while the new one cannot be bound
	unfinished bool              // interrupted: not all was written
	waiting    map[objectKey]int // additions that wait for the budget
	turn       time.Duration     // until the first of them may be written
}

func (r *result) add(other *result) {
	if len(other.waiting) > 0 {
		if len(r.waiting) == 0 {
			r.waiting, r.turn = map[objectKey]int{}, other.turn
		}
		maps.Copy(r.waiting, other.waiting)
		r.turn = min(r.turn, other.turn)
	}
	r.problems = append(r.problems, other.problems...)
	r.failures = append(r.failures, other.failures...)
	r.taken, r.late, r.unrevoked = r.taken || other.taken, r.late || other.late, r.unrevoked || other.unrevoked
	r.former, r.unfinished = r.former || other.former, r.unfinished || other.unfinished
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
	refused projection.Reason          // more additions would be refused too, for this reason
	failed  bool                       // a write was refused, or not answered
	behind  bool                       // not all of its objects are as wanted
	told    map[projection.Reason]bool // one line for each reason
	done    map[string]bool            // objects that the removals wrote or gave up
}

func newPlace(placement *projection.Placement) *place {
	return &place{Placement: placement, told: map[projection.Reason]bool{}, done: map[string]bool{}}
}

// split gives a part for each namespace.
func (s *scope) split() []*part {
	var parts []*part
	of := map[string]*part{}
	in := func(namespace string) *part {
		if of[namespace] == nil {
			of[namespace] = &part{scope: s, namespace: namespace, exists: map[objectKey]client.Object{}}
			parts = append(parts, of[namespace])
		}
		return of[namespace]
	}
	for i := range s.outcome.Placements {
		at := newPlace(&s.outcome.Placements[i])
		p := in(at.Namespace)
		p.places = append(p.places, at)
		for _, o := range at.Objects {
			if o.Current != nil && o.Revokes > 0 {
				p.revokes = append(p.revokes, step{at, o})
			}
			if o.Changed() || !s.isMarked(s.exists[keyOfObject(o)]) {
				p.adds = append(p.adds, step{at, o})
			}
		}
		for _, o := range at.Obsolete {
			if o.Revokes > 0 || len(o.Shrunk()) == 0 {
				p.revokes = append(p.revokes, step{at, o})
			}
		}
	}
	for key, o := range s.exists {
		in(key.namespace).exists[key] = o
	}
	return parts
}

// run does one thing in all namespaces that have it to do, side by side.
func (s *scope) run(ctx context.Context, class lane.Class, work func(*part, context.Context), has func(*part) bool) {
	var parts []*part
	for _, p := range s.parts {
		if p.answer == lane.Done && has(p) {
			parts = append(parts, p)
		}
	}
	parallel(parts, maxParts, func(p *part) {
		p.answer = s.lanes.Run(ctx, p.namespace, s.request, class, func(ctx context.Context, job *lane.Job) {
			p.job = job
			work(p, ctx)
			s.slow.ended(s.request, p)
		})
		if p.answer == lane.Refused && (s.called || class == lane.Removal) { // there is a removal now, or may be
			s.lanes.Interrupt(p.namespace, s.request)
		}
	})
}

// waits gives what waits for the budget; all is set if that is all that does.
func (s *scope) waits() (waiting map[objectKey]bool, all bool) {
	waiting = map[objectKey]bool{}
	for _, p := range s.parts {
		if p.answer != lane.Done || p.unfinished {
			return nil, false
		}
		for key := range p.waiting {
			waiting[key] = true
		}
	}
	return waiting, true
}

// gather puts together what came of the parts.
func (s *scope) gather() {
	s.exists = map[objectKey]client.Object{}
	for _, p := range s.parts {
		if p.answer == lane.Done {
			s.slow.forget(s.request, p.namespace)
			s.lanes.Forget(p.namespace, s.request)
			s.add(&p.result)
		} else {
			s.pending = true
			s.problems = append(s.problems, s.slow.problems(s.lanes, s.request, p.namespace)...)
		}
		p.mu.Lock()
		maps.Copy(s.exists, p.exists)
		p.mu.Unlock()
	}
}

// stop notes that not all was written.
func (p *part) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unfinished = true
}

// yields tells whether to stop here and look at the binding anew later, since an
// event has come or it has taken long enough.
func (p *part) yields(ctx context.Context) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	late := time.Since(p.mayYield)
	// Once nobody waits, no worker is to be given back.
	p.unfinished = p.unfinished || ctx.Err() != nil || p.job.Interrupted() ||
		!p.job.Left() && (late > mostProgress || late > 0 && p.attention.needed(p.request))
	return p.unfinished
}

// object gives an object as it is now; nil if it does not exist.
func (p *part) object(key objectKey) client.Object {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exists[key]
}

// now notes how an object is; nil when it is gone.
func (p *part) now(key objectKey, o client.Object) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if o == nil {
		delete(p.exists, key)
		return
	}
	p.exists[key] = o
}

// skips tells whether an object needs no further write, or cannot have one.
func (at *place) skips(o projection.Object) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.behind = at.behind || at.refused != ""
	return at.done[o.Name] || at.refused != ""
}

// give has an object not written again.
func (at *place) give(o projection.Object) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.done[o.Name] = true
}

func (at *place) behindNow() {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.behind = true
}

// failedNow notes that an object could not be written, and why no other could be
// either, or "".
func (at *place) failedNow(reason projection.Reason) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.behind, at.failed = true, true
	if at.refused == "" {
		at.refused = reason
	}
}

// hasFormer tells whether objects of a role stand that the binding does not
// name any more.
func (at *place) hasFormer() bool {
	is := func(role rbacv1.RoleRef) bool { return role != at.RoleRef }
	for _, list := range [][]projection.Object{at.Objects, at.Obsolete} {
		for _, o := range list {
			if is(o.RoleRef) {
				return true
			}
		}
	}
	return false
}
