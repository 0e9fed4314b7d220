package rolebinding

import (
	"slices"
	"sync"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// slowParts remember what came of parts that went on without their reconcile,
// for the status that a later one writes.
type slowParts struct {
	mu sync.Mutex
	of map[request]map[string]*slowPart // by namespace
}

type slowPart struct {
	problems []projection.Problem // of the last time that it ended
}

// ended is called when a part ends, whether or not anybody waits.
func (s *slowParts) ended(rq request, p *part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slow := s.of[rq][p.namespace]; slow != nil {
		p.mu.Lock()
		slow.problems = slices.Clone(p.problems)
		p.mu.Unlock()
	}
}

// problems are those to report of a part that goes on.
func (s *slowParts) problems(lanes *lane.Lanes, rq request, namespace string) []projection.Problem {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil {
		s.of = map[request]map[string]*slowPart{}
	}
	if s.of[rq] == nil {
		s.of[rq] = map[string]*slowPart{}
	}
	slow := s.of[rq][namespace]
	if slow == nil {
		slow = &slowPart{}
		s.of[rq][namespace] = slow
	}
	if problem, ok := lanes.Problem(namespace, rq); ok && len(slow.problems) == 0 {
		return []projection.Problem{problem}
	}
	return slow.problems
}

func (s *slowParts) forget(rq request, namespace string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.of[rq], namespace); len(s.of[rq]) == 0 {
		delete(s.of, rq)
	}
}

func (s *slowParts) forgetAll(rq request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.of, rq)
}
