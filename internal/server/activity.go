package server

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// Activity remembers when each sync was last heard of by this replica. It is
// kept in memory; the controllers bring it to the status now and then.
type Activity struct {
	mu    sync.Mutex
	syncs map[types.NamespacedName]Seen
}

// Seen is when a sync was last heard of; zero: never by this replica.
type Seen struct {
	Request time.Time // a request with a valid token
	Change  time.Time // a request that changed something
}

// NewActivity remembers nothing yet.
func NewActivity() *Activity { return &Activity{syncs: map[types.NamespacedName]Seen{}} }

// Seen tells when a sync was last heard of.
func (a *Activity) Seen(key types.NamespacedName) Seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.syncs[key]
}

// Forget drops what is known of a sync that is gone.
func (a *Activity) Forget(key types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.syncs, key)
}

func (a *Activity) request(key types.NamespacedName) {
	a.note(key, func(s *Seen) { s.Request = time.Now() })
}

func (a *Activity) change(key types.NamespacedName) {
	a.note(key, func(s *Seen) { s.Change = time.Now() })
}

func (a *Activity) note(key types.NamespacedName, change func(*Seen)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen := a.syncs[key]
	change(&seen)
	a.syncs[key] = seen
}
