package mapping

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Cache keeps the compiled mappings of syncs. It is safe for concurrent use;
// the zero value is ready.
type Cache struct {
	mu    sync.Mutex
	syncs map[types.NamespacedName]compiled
}

// compiled are the mappings of one version of a spec.
type compiled struct {
	uid        types.UID
	generation int64
	mappings   *Mappings
}

// Of gives the mappings of a sync as its spec is.
func (c *Cache) Of(s *v1alpha1.IdentityProviderSync) *Mappings {
	key := types.NamespacedName{Namespace: s.Namespace, Name: s.Name}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.syncs[key]; ok && known.uid == s.UID && known.generation == s.Generation {
		return known.mappings
	}
	if c.syncs == nil {
		c.syncs = map[types.NamespacedName]compiled{}
	}
	m := Compile(s.Spec.Mappings)
	c.syncs[key] = compiled{s.UID, s.Generation, m}
	return m
}

// Forget drops what is kept about a sync that is gone.
func (c *Cache) Forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.syncs, key)
}
