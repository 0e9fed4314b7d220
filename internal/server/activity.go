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
	syncs map[types.NamespacedName]*Seen
}

// Seen is when a sync was last heard of; zero: never by this replica.
type Seen struct {
	Request time.Time // a request with a valid token
	Change  time.Time // a request that changed something
}

// NewActivity remembers nothing yet.
func NewActivity() *Activity { return &Activity{syncs: map[types.NamespacedName]*Seen{}} }

// Seen tells when a sync was last heard of.
func (a *Activity) Seen(key types.NamespacedName) Seen {
	a.mu.Lock()
	defer a.mu.Unlock()
	if seen := a.syncs[key]; seen != nil {
		return *seen
	}
	return Seen{}
}

// Forget drops what is known of a sync that is gone.
func (a *Activity) Forget(key types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.syncs, key)
}

func (a *Activity) request(key types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.of(key).Request = time.Now()
}

func (a *Activity) change(key types.NamespacedName) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.of(key).Change = time.Now()
}

// of is called with a.mu held.
func (a *Activity) of(key types.NamespacedName) *Seen {
	seen := a.syncs[key]
	if seen == nil {
		seen = &Seen{}
		a.syncs[key] = seen
	}
	return seen
}
