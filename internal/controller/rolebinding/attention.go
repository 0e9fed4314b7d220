package rolebinding

import (
	"sync"
	"sync/atomic"
)

// attention tells a reconcile that is under way of events that concern its
// binding.
type attention struct {
	mu      sync.Mutex
	running map[request]*atomic.Bool
}

// begin gives a flag that is set once an event comes. Call end.
func (a *attention) begin(rq request) *atomic.Bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running == nil {
		a.running = map[request]*atomic.Bool{}
	}
	flag := &atomic.Bool{}
	a.running[rq] = flag
	return flag
}

func (a *attention) end(rq request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.running, rq)
}

func (a *attention) call(rq request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if flag := a.running[rq]; flag != nil {
		flag.Store(true)
	}
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
