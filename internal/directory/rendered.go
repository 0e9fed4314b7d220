package directory

import (
	"context"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// Users are read far more often than they change, so this replica keeps how an
// answer showed them. What shows a user is decided by its spec, by the groups it
// is in, and by the Encoder. The groups are looked up again only when a group or
// slice of the sync has changed since; if they are the same, so is the entity
// tag, and with it the rendering.

const (
	// renderedBytes bounds the renderings kept: enough for 100,000 users as Entra
	// ID sends them, in a few groups each.
	renderedBytes = 256 << 20
	// renderedOverhead is about what one takes beside its text.
	renderedOverhead = 384
)

// rendering is a user as an answer showed it. Only since changes. It is one
// piece of memory but for the text, what a page looks at first: it looks at a
// hundred of them.
type rendering struct {
	since    atomic.Uint64 // the turn of the sync's groups at which it was right
	encoder  scim.Encoder
	encoded  scim.Encoded // resource.Encoded points to it
	resource scim.Resource
}

func newRendering(full *scim.Resource, encoder scim.Encoder, encoded *scim.Encoded, turn uint64) *rendering {
	r := &rendering{
		encoder: encoder, encoded: *encoded,
		resource: scim.Resource{ID: full.ID, Meta: full.Meta},
	}
	r.resource.Encoded = &r.encoded
	r.since.Store(turn)
	return r
}

func (r *rendering) size() int { return len(r.encoded.Head) + len(r.encoded.Tail) + renderedOverhead }

// isRight tells whether a rendering shows a user as the encoder would at a turn.
func (r *rendering) isRight(encoder scim.Encoder, turn uint64) bool {
	return r != nil && r.since.Load() == turn && r.encoder == encoder
}

// rendered gives a user as an answer shows it, with Encoded instead of
// Attributes.
func (s scope) rendered(ctx context.Context, u *v1alpha1.User, need scim.Need) (*scim.Resource, error) {
	// The turn is read before the groups are: what changes in between shows.
	turn := s.turn.Load()
	kept := s.renderings.get(u)
	if kept.isRight(need.Encoder, turn) {
		return &kept.resource, nil
	}
	groups, err := s.groupsOf(ctx, s.sync, u.Spec.ID, false)
	if err != nil {
		return nil, err
	}
	if kept != nil && kept.encoder == need.Encoder && kept.resource.Meta.Version == version(u, groups) {
		kept.since.Store(turn)
		return &kept.resource, nil
	}
	full := s.user(u, groups, need)
	encoded := need.Encoder.Encode(full)
	if encoded == nil {
		return full, nil
	}
	next := newRendering(full, need.Encoder, encoded, turn)
	s.renderings.put(u, next)
	if s.cached(keyOf(u)) != client.Object(u) {
		// The event that lets go of it may have come before.
		s.renderings.forget(u)
	}
	return &next.resource, nil
}

// renderings keeps what was rendered, by the user as the informer holds it: an
// object there never changes, and another one takes its place. So what is found
// is right but for groups, and a page need not look at its users at all.
//
// When that is too much, any are let go: then most of what is asked for is still
// there, whatever the order in which it is asked for, and looking something up
// changes nothing.
type renderings struct {
	limit int

	mu   sync.RWMutex
	by   map[*v1alpha1.User]*rendering
	size int
}

func newRenderings(limit int) *renderings {
	return &renderings{limit: limit, by: map[*v1alpha1.User]*rendering{}}
}

func (c *renderings) get(u *v1alpha1.User) *rendering {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.by[u]
}

// all gives what is right of a page's objects; nil for the others.
func (c *renderings) all(objects []client.Object, encoder scim.Encoder, turn uint64) []*scim.Resource {
	found := make([]*scim.Resource, len(objects))
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i, o := range objects {
		if u, ok := o.(*v1alpha1.User); ok {
			if r := c.by[u]; r.isRight(encoder, turn) {
				found[i] = &r.resource
			}
		}
	}
	return found
}

func (c *renderings) put(u *v1alpha1.User, r *rendering) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(u)
	if r.size() > c.limit {
		return
	}
	for other := range c.by { // begins anywhere
		if c.size+r.size() <= c.limit {
			break
		}
		c.drop(other)
	}
	c.by[u] = r
	c.size += r.size()
}

// replaced is told that another object took a user's place in the informer; nil:
// none did. Where only metadata differ, what was rendered is still right.
func (c *renderings) replaced(previous, next *v1alpha1.User) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.by[previous]
	if r == nil || previous == next {
		return
	}
	if next == nil || next.UID != previous.UID || next.Generation != previous.Generation || c.by[next] != nil {
		c.drop(previous)
		return
	}
	delete(c.by, previous)
	c.by[next] = r
}

func (c *renderings) forget(u *v1alpha1.User) { c.replaced(u, nil) }

// drop is called with c.mu held.
func (c *renderings) drop(u *v1alpha1.User) {
	if r := c.by[u]; r != nil {
		c.size -= r.size()
		delete(c.by, u)
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
