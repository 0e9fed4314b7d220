// Package pace spaces the status writes of what changes often. News do not
// wait: what they are is for the controllers to say.
package pace

import (
	"sync"
	"time"
)

// Pace remembers when each of many things was written last. It is safe for
// concurrent use.
type Pace[K comparable] struct {
	interval time.Duration
	now      func() time.Time

	mu   sync.Mutex
	last map[K]time.Time
}

// New makes a Pace that lets through one write of a thing for each interval.
func New[K comparable](interval time.Duration, now func() time.Time) *Pace[K] {
	return &Pace[K]{interval: interval, now: now, last: map[K]time.Time{}}
}

// Wait is how long the next write of a thing has to wait; 0: not at all.
func (p *Pace[K]) Wait(of K) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.last[of].Add(p.interval).Sub(p.now()))
}

// Wrote says that a thing was written.
func (p *Pace[K]) Wrote(of K) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last[of] = p.now()
}

// Forget is for a thing that is gone.
func (p *Pace[K]) Forget(of K) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.last, of)
}
