package extension

import (
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Cache keeps the resource types of each sync until its declarations change.
// It is safe for concurrent use.
type Cache struct {
	mu    sync.Mutex
	known map[types.NamespacedName]*entry
}

type entry struct {
	uid        types.UID
	generation int64
	declared   []v1alpha1.ExtensionSchema
	types      []*schema.ResourceType
}

// NewCache makes an empty Cache.
func NewCache() *Cache { return &Cache{known: map[types.NamespacedName]*entry{}} }

// Types are User and Group as the sync has them. The result is the same slice
// as long as its declarations are the same.
func (c *Cache) Types(s *v1alpha1.IdentityProviderSync) []*schema.ResourceType {
	key := client.ObjectKeyFromObject(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.known[key]
	// A request that has read the sync before its last change gets the types of
	// after it, so that they do not change to and fro.
	if e != nil && e.uid == s.UID && s.Generation <= e.generation {
		return e.types
	}
	if e == nil || !equality.Semantic.DeepEqual(e.declared, s.Spec.ExtensionSchemas) {
		rts, _ := Types(s.Spec.ExtensionSchemas) // the sync's conditions tell the problems
		e = &entry{declared: s.DeepCopy().Spec.ExtensionSchemas, types: rts}
		c.known[key] = e
	}
	e.uid, e.generation = s.UID, s.Generation
	return e.types
}

// Forget drops what is kept of a sync that is gone.
func (c *Cache) Forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.known, key)
}
