package rolebinding

import (
	"sync"
	"time"
)

// statusInterval is how often the status of a binding is written while its
// members keep coming and going. News do not wait for it.
const statusInterval = time.Second

// pace spaces the status writes of each binding.
type pace struct {
	now func() time.Time

	mu   sync.Mutex
	last map[request]time.Time
}

func newPace(now func() time.Time) *pace {
	return &pace{now: now, last: map[request]time.Time{}}
}

// wait is how long the next status write has to wait.
func (p *pace) wait(rq request) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.last[rq].Add(statusInterval).Sub(p.now()))
}

func (p *pace) wrote(rq request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last[rq] = p.now()
}

func (p *pace) forget(rq request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.last, rq)
}
