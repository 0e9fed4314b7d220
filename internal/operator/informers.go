package operator

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// indexes are the fields that the caches are indexed by. They stay when a term
// ends: the next has the same.
type indexes struct {
	mu    sync.Mutex
	known map[string]bool
}

// add runs do unless that was done before.
func (i *indexes) add(name string, do func() error) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.known[name] {
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	if i.known == nil {
		i.known = map[string]bool{}
	}
	i.known[name] = true
	return nil
}

// termCache is the replica's cache as the controllers of one term have it. It
// runs already, and goes on when the term ends. What they registered is taken
// away then, by release.
type termCache struct {
	cache.Cache
	indexes *indexes

	mu       sync.Mutex
	released bool
	remove   []func()
}

// Start waits: the cache is run by the replica's manager.
func (c *termCache) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// GetInformer gives an informer that remembers its handlers.
func (c *termCache) GetInformer(ctx context.Context, o client.Object, options ...cache.InformerGetOption) (cache.Informer, error) {
	informer, err := c.Cache.GetInformer(ctx, o, options...)
	return c.own(informer, err)
}

// GetInformerForKind gives an informer that remembers its handlers.
func (c *termCache) GetInformerForKind(ctx context.Context, kind schema.GroupVersionKind, options ...cache.InformerGetOption) (cache.Informer, error) {
	informer, err := c.Cache.GetInformerForKind(ctx, kind, options...)
	return c.own(informer, err)
}

// IndexField indexes by a field, in the first term.
func (c *termCache) IndexField(ctx context.Context, o client.Object, field string, values client.IndexerFunc) error {
	return c.indexes.add(fmt.Sprintf("%T %s", o, field), func() error { return c.Cache.IndexField(ctx, o, field, values) })
}

func (c *termCache) own(informer cache.Informer, err error) (cache.Informer, error) {
	if err != nil {
		return nil, err
	}
	shared, ok := informer.(toolscache.SharedIndexInformer)
	if !ok {
		return nil, fmt.Errorf("the cache must watch each kind in all namespaces with one informer, not a %T", informer)
	}
	return &termInformer{SharedIndexInformer: shared, of: c}, nil
}

// release takes all handlers away, now and of whoever comes late.
func (c *termCache) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.released = true
	for _, remove := range c.remove {
		remove()
	}
	c.remove = nil
}

// termInformer is one informer of a termCache.
type termInformer struct {
	toolscache.SharedIndexInformer
	of *termCache
}

// AddIndexers adds those that there are not.
func (i *termInformer) AddIndexers(indexers toolscache.Indexers) error {
	i.of.indexes.mu.Lock()
	defer i.of.indexes.mu.Unlock()
	missing := maps.Clone(indexers)
	for name := range i.GetIndexer().GetIndexers() {
		delete(missing, name)
	}
	if len(missing) == 0 {
		return nil
	}
	return i.SharedIndexInformer.AddIndexers(missing)
}

// AddEventHandler adds a handler until the term ends.
func (i *termInformer) AddEventHandler(handler toolscache.ResourceEventHandler) (toolscache.ResourceEventHandlerRegistration, error) {
	return i.own(i.SharedIndexInformer.AddEventHandler(handler))
}

// AddEventHandlerWithResyncPeriod adds a handler until the term ends.
func (i *termInformer) AddEventHandlerWithResyncPeriod(handler toolscache.ResourceEventHandler, period time.Duration) (toolscache.ResourceEventHandlerRegistration, error) {
	return i.own(i.SharedIndexInformer.AddEventHandlerWithResyncPeriod(handler, period))
}

// AddEventHandlerWithOptions adds a handler until the term ends.
func (i *termInformer) AddEventHandlerWithOptions(handler toolscache.ResourceEventHandler, options toolscache.HandlerOptions) (toolscache.ResourceEventHandlerRegistration, error) {
	return i.own(i.SharedIndexInformer.AddEventHandlerWithOptions(handler, options))
}

func (i *termInformer) own(registration toolscache.ResourceEventHandlerRegistration, err error) (toolscache.ResourceEventHandlerRegistration, error) {
	if err != nil {
		return nil, err
	}
	remove := func() { _ = i.RemoveEventHandler(registration) } // it fails only for what is gone
	i.of.mu.Lock()
	defer i.of.mu.Unlock()
	if i.of.released {
		remove()
		return registration, nil
	}
	i.of.remove = append(i.of.remove, remove)
	return registration, nil
}
