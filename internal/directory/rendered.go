package directory

import (
	"context"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// Users are read far more often than they change, so this replica keeps how an
// answer showed them. What shows a user is decided by its spec, which its uid
// and generation name, by the groups it is in, and by the Encoder. The groups
// are looked up again only when a group or slice of the sync has changed since;
// if they are the same, so is the entity tag, and with it the rendering.

const (
	// renderedBytes bounds the renderings kept: enough for 100,000 users as Entra
	// ID sends them, in a few groups each.
	renderedBytes = 256 << 20
	// renderedOverhead is about what one takes beside its text.
	renderedOverhead = 384
)

// rendering is a user as an answer showed it. Only since changes. It is one
// piece of memory but for the text, since a page looks at a hundred.
type rendering struct {
	uid        types.UID
	generation int64
	encoder    scim.Encoder
	since      atomic.Uint64 // the turn of the sync's groups at which it was right
	resource   scim.Resource
	encoded    scim.Encoded // resource.Encoded points to it
}

func newRendering(u *v1alpha1.User, full *scim.Resource, encoder scim.Encoder, encoded *scim.Encoded, turn uint64) *rendering {
	r := &rendering{
		uid: u.UID, generation: u.Generation, encoder: encoder,
		resource: scim.Resource{ID: full.ID, Meta: full.Meta}, encoded: *encoded,
	}
	r.resource.Encoded = &r.encoded
	r.since.Store(turn)
	return r
}

func (r *rendering) size() int { return len(r.encoded.Head) + len(r.encoded.Tail) + renderedOverhead }

// rendered gives a user as an answer shows it, with Encoded instead of
// Attributes.
func (s scope) rendered(ctx context.Context, u *v1alpha1.User, need scim.Need) (*scim.Resource, error) {
	// The turn is read before the groups are: what changes in between shows.
	turn := s.turn.Load()
	kept := s.rendering(u, need)
	if kept != nil && kept.since.Load() == turn {
		return &kept.resource, nil
	}
	groups, err := s.groupsOf(ctx, s.sync, u.Spec.ID, false)
	if err != nil {
		return nil, err
	}
	if kept != nil && kept.resource.Meta.Version == version(u, groups) {
		kept.since.Store(turn)
		return &kept.resource, nil
	}
	full := s.user(u, groups, need)
	encoded := need.Encoder.Encode(full)
	if encoded == nil {
		return full, nil
	}
	next := newRendering(u, full, need.Encoder, encoded, turn)
	s.renderings.put(u.Spec.ID, next)
	return &next.resource, nil
}

// rendering gives how this version of a user was shown last; nil if it was not.
// Its groups may be others since.
func (s scope) rendering(u *v1alpha1.User, need scim.Need) *rendering {
	r := s.renderings.get(u.Spec.ID)
	if r == nil || r.generation != u.Generation || r.uid != u.UID || r.encoder != need.Encoder {
		return nil
	}
	return r
}

// renderings keeps what was rendered, by id. When that is too much, any are let
// go: then most of what is asked for is still there, whatever the order in which
// it is asked for, and looking something up changes nothing.
type renderings struct {
	limit int

	mu   sync.RWMutex
	by   map[string]*rendering
	size int
}

func newRenderings(limit int) *renderings {
	return &renderings{limit: limit, by: map[string]*rendering{}}
}

func (c *renderings) get(id string) *rendering {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.by[id]
}

func (c *renderings) put(id string, r *rendering) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
	if r.size() > c.limit {
		return
	}
	for other := range c.by { // begins anywhere
		if c.size+r.size() <= c.limit {
			break
		}
		c.drop(other)
	}
	c.by[id] = r
	c.size += r.size()
}

func (c *renderings) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(id)
}

// drop is called with c.mu held.
func (c *renderings) drop(id string) {
	if r := c.by[id]; r != nil {
		c.size -= r.size()
		delete(c.by, id)
	}
}

// turns counts, for each sync, what may have changed the groups that users are in.
type turns struct {
	mu sync.RWMutex
	by map[types.NamespacedName]*atomic.Uint64
}

func newTurns() *turns { return &turns{by: map[types.NamespacedName]*atomic.Uint64{}} }

func (t *turns) of(sync types.NamespacedName) *atomic.Uint64 {
	t.mu.RLock()
	turn := t.by[sync]
	t.mu.RUnlock()
	if turn != nil {
		return turn
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by[sync] == nil {
		t.by[sync] = &atomic.Uint64{}
	}
	return t.by[sync]
}

// next is to be called when the change can be read, before anybody is told.
func (t *turns) next(sync types.NamespacedName) { t.of(sync).Add(1) }
