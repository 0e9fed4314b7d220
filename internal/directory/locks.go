package directory

import (
	"context"
	"sync"
)

// keyedMutex serializes what this replica does to one object, so that its
// requests do not race each other for the next version. Objects do not wait
// for one another.
type keyedMutex struct {
	mu    sync.Mutex
	locks map[string]*keyLock
}

type keyLock struct {
	held  chan struct{} // has capacity 1: full while the lock is held
	users int           // holders and waiters
}

// lock waits for the lock of key or the end of ctx. unlock is not nil without
// an error.
func (m *keyedMutex) lock(ctx context.Context, key string) (unlock func(), err error) {
	return m.lockUnless(ctx, key, nil)
}

// lockUnless is lock, but gives nil once done is closed.
func (m *keyedMutex) lockUnless(ctx context.Context, key string, done <-chan struct{}) (unlock func(), err error) {
	m.mu.Lock()
	if m.locks == nil {
		m.locks = map[string]*keyLock{}
	}
	l := m.locks[key]
	if l == nil {
		l = &keyLock{held: make(chan struct{}, 1)}
		m.locks[key] = l
	}
	l.users++
	m.mu.Unlock()
	select {
	case l.held <- struct{}{}:
		return func() { <-l.held; m.leave(key, l) }, nil
	case <-done:
		m.leave(key, l)
		return nil, nil
	case <-ctx.Done():
		m.leave(key, l)
		return nil, ctx.Err()
	}
}

func (m *keyedMutex) leave(key string, l *keyLock) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l.users--; l.users == 0 {
		delete(m.locks, key)
	}
}
