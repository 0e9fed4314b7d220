package server

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
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

// observed is a Store that tells when something changed.
type observed struct {
	scim.Store
	changed func()
}

func (o observed) Create(ctx context.Context, rt *schema.ResourceType, attributes scim.Object, need scim.Need) (*scim.Resource, error) {
	resource, err := o.Store.Create(ctx, rt, attributes, need)
	if err == nil {
		o.changed()
	}
	return resource, err
}

func (o observed) Modify(ctx context.Context, rt *schema.ResourceType, id string, change scim.Change) (*scim.Resource, error) {
	began := time.Now()
	resource, err := o.Store.Modify(ctx, rt, id, change)
	// A change that alters nothing leaves lastModified as it was.
	if err == nil && !resource.Meta.LastModified.Before(began.Truncate(time.Millisecond)) {
		o.changed()
	}
	return resource, err
}

func (o observed) Delete(ctx context.Context, rt *schema.ResourceType, id string, precondition func(string) error) error {
	err := o.Store.Delete(ctx, rt, id, precondition)
	if err == nil {
		o.changed()
	}
	return err
}
