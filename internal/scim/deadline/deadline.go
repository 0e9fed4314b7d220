// Package deadline bounds calls in time that mostly end before anything has to
// be waited for, such as reads from memory. A context of the standard library
// starts a timer and registers with its parent at once; here that is done when
// somebody first asks for Done.
package deadline

import (
	"context"
	"sync"
	"time"
)

// bounded is a context that ends at a time.
type bounded struct {
	context.Context // the parent
	at              time.Time

	mu     sync.Mutex
	timed  context.Context // nil until somebody waits
	cancel context.CancelFunc
	err    error // why it ended, as far as that was noticed while nobody waited
}

// After is context.WithTimeout.
func After(parent context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	c := &bounded{Context: parent, at: time.Now().Add(timeout)}
	if sooner, ok := parent.Deadline(); ok && sooner.Before(c.at) {
		c.at = sooner
	}
	return c, c.end
}

// Deadline implements context.Context.
func (c *bounded) Deadline() (time.Time, bool) { return c.at, true }

// Done implements context.Context.
func (c *bounded) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.cancel = context.WithDeadline(c.Context, c.at)
		if c.err != nil {
			c.cancel()
		}
	}
	return c.timed.Done()
}

// Err implements context.Context.
func (c *bounded) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended()
}

// ended is called with c.mu held.
func (c *bounded) ended() error {
	switch {
	case c.err != nil:
	case c.timed != nil:
		c.err = c.timed.Err()
	case c.Context.Err() != nil:
		c.err = c.Context.Err()
	case !time.Now().Before(c.at):
		c.err = context.DeadlineExceeded
	}
	return c.err
}

// Value implements context.Context. What is derived from this context finds in
// its values what to register with.
func (c *bounded) Value(key any) any {
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return c.Context.Value(key)
}

func (c *bounded) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended() == nil {
		c.err = context.Canceled
	}
	if c.cancel != nil {
		c.cancel()
	}
}
