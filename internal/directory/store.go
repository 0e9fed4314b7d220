package directory

import (
	"context"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/deadline"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// store is the scim.Store of one sync.
type store struct {
	d      *Directory
	sync   types.NamespacedName
	policy func() Policy
	writer client.Writer
}

var _ scim.Store = (*store)(nil)

// scope is one call of a store: one kind of resource in one sync, under the
// policy of that moment.
type scope struct {
	*Directory
	*table
	sync   types.NamespacedName
	rt     *schema.ResourceType // with the extensions that the sync declares
	turn   *atomic.Uint64       // see turns
	ask    func() Policy        // where policy was not asked
	policy Policy
	writer client.Writer
}

// begin opens the scope of a change, see beginRead.
func (s *store) begin(ctx context.Context, rt *schema.ResourceType) (scope, context.Context, context.CancelFunc, error) {
	c, ctx, cancel, err := s.beginRead(ctx, rt)
	if err == nil {
		c.policy, c.ask = s.policy(), nil
	}
	return c, ctx, cancel, err
}

// beginRead opens a scope and bounds the call in time. Nothing is answered while
// the informers are still reading what is stored: it would look like less.
func (s *store) beginRead(ctx context.Context, rt *schema.ResourceType) (scope, context.Context, context.CancelFunc, error) {
	if !s.d.Synced() {
		return scope{}, nil, nil, scim.Unavailable(retryAfter, "the server is starting; try again")
	}
	ctx, cancel := deadline.After(ctx, s.d.timeout)
	return scope{Directory: s.d, table: s.d.table(rt.Name), sync: s.sync, rt: rt, turn: s.d.turns.of(s.sync), ask: s.policy, writer: s.writer}, ctx, cancel, nil
}

// Create implements scim.Store.
func (s *store) Create(ctx context.Context, rt *schema.ResourceType, attributes scim.Object, need scim.Need) (*scim.Resource, error) {
	need.Afford = nil // the answer is as large as the request
	c, ctx, cancel, err := s.begin(ctx, rt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	o, err := c.create(ctx, attributes)
	if err != nil {
		return nil, s.d.answer(err)
	}
	r, err := c.resource(ctx, o, need)
	return r, s.d.answer(err)
}

// Get implements scim.Store.
func (s *store) Get(ctx context.Context, rt *schema.ResourceType, id string, need scim.Need) (*scim.Resource, error) {
	if r := s.kept(rt, id, need); r != nil {
		return r, nil
	}
	c, ctx, cancel, err := s.beginRead(ctx, rt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	o, _, err := c.byID(ctx, id, false)
	if err != nil {
		return nil, s.d.answer(err)
	}
	r, err := c.shown(ctx, o, need)
	return r, s.d.answer(err)
}

// kept answers a Get for which there is nothing to ask or to put together; nil
// if it cannot.
func (s *store) kept(rt *schema.ResourceType, id string, need scim.Need) *scim.Resource {
	name, kind, ok := ObjectName(id)
	if need.Encoder == nil || rt.Name != KindUser || kind != KindUser || !ok || !s.d.Synced() {
		return nil
	}
	key := types.NamespacedName{Namespace: s.sync.Namespace, Name: name}
	if s.d.strongReads || s.d.users.tracker.isBehind(key) {
		return nil
	}
	r, user := s.d.renderings.withID(s.sync, id)
	// The event that lets go of it may come later than another object in its place.
	if !r.isRight(need.Encoder, s.d.turns.of(s.sync).Load()) || s.d.users.cached(key) != client.Object(user) {
		return nil
	}
	return &r.resource
}

// List implements scim.Store.
func (s *store) List(ctx context.Context, rt *schema.ResourceType, query scim.Query) (*scim.Page, error) {
	c, ctx, cancel, err := s.beginRead(ctx, rt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	page, err := c.list(ctx, rt, query)
	return page, s.d.answer(err)
}

// Modify implements scim.Store.
func (s *store) Modify(ctx context.Context, rt *schema.ResourceType, id string, change scim.Change) (*scim.Resource, error) {
	c, ctx, cancel, err := s.begin(ctx, rt)
	if err != nil {
		return nil, err
	}
	defer cancel()
	// Once the change is committed, nothing may keep its answer from being given.
	if g, ok := c.cachedByID(s.sync, id).(*v1alpha1.Group); ok {
		if err := change.Need.AffordMembers(ctx, int(g.Spec.MemberCount)); err != nil {
			return nil, err
		}
	}
	change.Need.Afford = nil
	o, err := c.modify(ctx, id, change)
	if err != nil {
		return nil, s.d.answer(err)
	}
	r, err := c.resource(ctx, o, change.Need)
	return r, s.d.answer(err)
}

// Delete implements scim.Store.
func (s *store) Delete(ctx context.Context, rt *schema.ResourceType, id string, precondition func(string) error) error {
	c, ctx, cancel, err := s.begin(ctx, rt)
	if err != nil {
		return err
	}
	defer cancel()
	return s.d.answer(c.remove(ctx, id, precondition))
}
