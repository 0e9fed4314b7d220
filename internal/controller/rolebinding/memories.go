package rolebinding

import (
	"sync"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// memories are those of bindings of large groups: see projection.Memory. Each
// is used by one reconcile at a time, since a binding has but one.
type memories struct {
	mu sync.Mutex
	by map[request]*projection.Memory
}

func (m *memories) of(rq request) *projection.Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil {
		m.by = map[request]*projection.Memory{}
	}
	if m.by[rq] == nil {
		m.by[rq] = &projection.Memory{}
	}
	return m.by[rq]
}

func (m *memories) forget(rq request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.by, rq)
}
