// Package pace spaces the status writes of what changes often, and the attempts
// at what fails. News do not wait: what they are is for the controllers to say.
package pace

import (
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
)

const (
	firstRetry = 10 * time.Millisecond
	// LastRetry is the longest that what fails waits. controller-runtime would
	// wait a quarter of an hour, and so long would an outage last for it.
	LastRetry = time.Minute
)

// Retries tries again after 10 ms, then after twice as long each time, up to longest.
func Retries[K comparable](longest time.Duration) workqueue.TypedRateLimiter[K] {
	return workqueue.NewTypedItemExponentialFailureRateLimiter[K](firstRetry, longest)
}

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
