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
	renderedOverhead = 448
)

// rendering is a user as an answer showed it. Only since and user change. It is
// one piece of memory but for the text, and what a page looks at, which is a
// hundred of them, is the first 64 bytes: up to resource.Encoded, one line of a
// processor's cache.
type rendering struct {
	since    atomic.Uint64 // the turn of the sync's groups at which it was right
	encoder  scim.Encoder
	encoded  scim.Encoded // resource.Encoded points to it
	resource scim.Resource
	user     *v1alpha1.User // what it shows, in the informer; guarded by renderings.mu
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
	kept := s.renderings.of(s.sync, u)
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
	s.renderings.put(s.sync, next, func() *v1alpha1.User {
		if known, ok := s.cached(keyOf(u)).(*v1alpha1.User); ok && sameVersion(known, u) {
			return known
		}
		return nil
	})
	return &next.resource, nil
}

// sameVersion tells whether two objects have the same spec: a user's metadata
// show nowhere.
func sameVersion(a, b *v1alpha1.User) bool { return a.UID == b.UID && a.Generation == b.Generation }

// renderings keeps what was rendered, one of each user, until an event tells that
// the user is another. Nobody need look at the objects for it: one in the informer
// never changes, another one takes its place, so the pointer tells what it shows.
//
// When that is too much, any are let go: then most of what is asked for is still
// there, whatever the order in which it is asked for, and looking something up
// changes nothing.
type renderings struct {
	limit int

	mu   sync.RWMutex
	ids  map[identity]*rendering
	by   map[*v1alpha1.User]*rendering // the same, by what they show
	size int
}

// identity is what a client knows a user by.
type identity struct {
	sync types.NamespacedName
	id   string
}

func newRenderings(limit int) *renderings {
	return &renderings{limit: limit, ids: map[identity]*rendering{}, by: map[*v1alpha1.User]*rendering{}}
}

// withID gives what is kept of a sync's user, and the object that it shows.
func (c *renderings) withID(sync types.NamespacedName, id string) (*rendering, *v1alpha1.User) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	r := c.ids[identity{sync, id}]
	if r == nil {
		return nil, nil
	}
	return r, r.user
}

// of gives what is kept of this version of a user.
func (c *renderings) of(sync types.NamespacedName, u *v1alpha1.User) *rendering {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if r := c.ids[identity{sync, u.Spec.ID}]; r != nil && sameVersion(r.user, u) {
		return r
	}
	return nil
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

// put keeps a rendering if the informer still has what it shows: current gives
// that, or nil. It is asked with c.mu held, so that the event of what comes later
// finds the rendering.
func (c *renderings) put(sync types.NamespacedName, r *rendering, current func() *v1alpha1.User) {
	key := identity{sync, r.resource.ID}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.user = current(); r.user == nil {
		return
	}
	c.drop(key)
	if r.size() > c.limit {
		return
	}
	for other := range c.ids { // begins anywhere
		if c.size+r.size() <= c.limit {
			break
		}
		c.drop(other)
	}
	c.ids[key], c.by[r.user] = r, r
	c.size += r.size()
}

// replaced is told that another object took a user's place in the informer; nil:
// none did. Where only metadata differ, what was rendered is still right.
func (c *renderings) replaced(previous, next *v1alpha1.User) {
	if previous == nil {
		return
	}
	key := identity{syncOf(previous), previous.Spec.ID}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.ids[key]
	if r == nil {
		return
	}
	if next == nil || !sameVersion(r.user, next) {
		c.drop(key)
		return
	}
	delete(c.by, r.user)
	r.user, c.by[next] = next, r
}

// drop is called with c.mu held.
func (c *renderings) drop(key identity) {
	if r := c.ids[key]; r != nil {
		c.size -= r.size()
		delete(c.ids, key)
		delete(c.by, r.user)
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
