package rolebinding

import (
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// patience is how long a binding that an event concerns may wait for a worker
// before those that are busy with additions make room.
const patience = 20 * time.Millisecond

// attention knows which bindings an event concerns that no reconcile has looked
// at since. There may be removals among them, so additions stop for them.
type attention struct {
	mu      sync.Mutex
	waiting map[request]bool
	since   time.Time // when the first of those that wait came
}

// call says that an event concerns a binding, which is queued.
func (a *attention) call(rq request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) == 0 {
		a.waiting, a.since = map[request]bool{}, time.Now()
	}
	a.waiting[rq] = true
}

// begin says that a reconcile looks at a binding now, and tells whether an event
// concerns it.
func (a *attention) begin(rq request) (called bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	called = a.waiting[rq]
	delete(a.waiting, rq)
	return called
}

// needed tells a reconcile under way whether it should make room: an event
// concerns its own binding, or others have waited for too long.
func (a *attention) needed(rq request) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.waiting[rq] || len(a.waiting) > 0 && time.Since(a.since) > patience
}

// strays are objects of which an event said that they are a binding's no more:
// somebody stripped them of their labels or owner, so no index finds them.
type strays struct {
	mu sync.Mutex
	of map[request]map[objectKey]bool
}

func (s *strays) add(rq request, key objectKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[request]map[objectKey]bool{}
	}
	if s.of[rq] == nil {
		s.of[rq] = map[objectKey]bool{}
	}
	s.of[rq][key] = true
}

// take gives the strays of a binding, and forgets them.
func (s *strays) take(rq request) map[objectKey]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.of[rq]
	delete(s.of, rq)
	return taken
}

// orphans are bindings that somebody deletes so that their objects stay.
type orphans struct {
	mu sync.Mutex
	of map[request]bool
}

// see notes whether a binding is being deleted so.
func (o *orphans) see(rq request, binding client.Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case binding.GetDeletionTimestamp() == nil:
		delete(o.of, rq)
	case controllerutil.ContainsFinalizer(binding, metav1.FinalizerOrphanDependents):
		if o.of == nil {
			o.of = map[request]bool{}
		}
		o.of[rq] = true
	}
}

func (o *orphans) has(rq request) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.of[rq]
}
