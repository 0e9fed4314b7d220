package rolebinding

import (
	"fmt"
	"slices"
	"sync"
	"time"

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
	since    time.Time
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
func (s *slowParts) problems(rq request, namespace string) []projection.Problem {
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
		slow = &slowPart{since: time.Now()}
		s.of[rq][namespace] = slow
	}
	if len(slow.problems) > 0 || time.Since(slow.since) < lane.Again {
		return slow.problems
	}
	where := "the whole cluster"
	if namespace != "" {
		where = fmt.Sprintf("namespace %q", namespace)
	}
	return []projection.Problem{projection.NewProblem(projection.ReasonAPIServerNotResponding,
		"the API server does not answer writes in %s; they go on and are tried again. An admission webhook that is called there may hang", where)}
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
