// Package directory keeps the users and groups of every identity provider
// sync in the Kubernetes API server, which is the only database there is.
//
// Reads come from the informers' stores and indexes, without copies: an object
// in there is never modified. Writes go to the API server under the
// precondition of the version they were based on, and answer once this
// replica's informer has delivered them, so that a client reads its own
// writes. What is not found here is asked of the API server before it is
// denied, so that a client also finds what another replica has just written.
//
// That a name has one owner, whatever crashes or stalls, is the matter of
// claim.go; docs/architecture.md, "Names", has the protocol. How members of a
// group are laid out is the matter of internal/membership.
package directory

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

const (
	fieldOwner     = "rollcall"
	defaultTimeout = 30 * time.Second
	// deliveryTimeout is how long an answer waits for this replica's informer.
	deliveryTimeout = 250 * time.Millisecond
)

// Options configure a Directory. Cache and Client are required.
type Options struct {
	// Cache has one informer for each of User, Group and GroupMemberSlice that
	// watches all namespaces, best with CacheOptions. Another transform may strip
	// managedFields, no more.
	Cache cache.Cache
	// Client reads and writes without a cache.
	Client client.Client
	Logger logr.Logger
	// Now is the clock of created and lastModified; nil: time.Now.
	Now func() time.Time
	// StrongReads has also what is found asked of the API server when it is
	// looked up by id or name.
	StrongReads bool
	// Timeout bounds one call of a Store; 0: 30 seconds.
	Timeout time.Duration
	// ScanTimeout bounds a query that no index and no kept order answers, not
	// counting what it waits for the API server; beyond it the query is tooMany
	// (RFC 7644 §3.12). 0: 10 seconds.
	ScanTimeout time.Duration
}

// Directory is the users and groups of all syncs. It is safe for concurrent use.
type Directory struct {
	client      client.Client
	log         logr.Logger
	now         func() time.Time
	strongReads bool
	timeout     time.Duration
	scanTimeout time.Duration

	users, groups *table
	slices        *sliceTable
	renderings    *renderings
	turns         *turns
	locks         keyedMutex
	queues        *queues
	writers       *writers
}

// New registers indexes and handlers with the informers of o.Cache, before or
// after that is started. It does not wait for them: see WaitForSync.
func New(ctx context.Context, o Options) (*Directory, error) {
	d := &Directory{
		client:      scanClient{client.WithFieldOwner(o.Client, fieldOwner)},
		log:         o.Logger,
		now:         o.Now,
		strongReads: o.StrongReads,
		timeout:     o.Timeout,
		scanTimeout: o.ScanTimeout,
		users:       newTable(KindUser),
		groups:      newTable(KindGroup),
		slices:      newSliceTable(),
		renderings:  newRenderings(renderedBytes),
		turns:       newTurns(),
		queues:      newQueues(),
		writers:     newWriters(time.Now),
	}
	d.users.changed = func(previous, o client.Object, shown bool) {
		was, _ := previous.(*v1alpha1.User)
		var is *v1alpha1.User
		if shown {
			is = o.(*v1alpha1.User)
		}
		d.renderings.replaced(was, is)
	}
	d.groups.changed = func(_, o client.Object, _ bool) { d.turns.next(syncOf(o)) }
	d.slices.changed = d.turns.next
	if d.now == nil {
		d.now = time.Now
	}
	if d.timeout == 0 {
		d.timeout = defaultTimeout
	}
	if d.scanTimeout == 0 {
		d.scanTimeout = defaultScanTimeout
	}
	for _, t := range []*table{d.users, d.groups} {
		informer, err := informerFor(ctx, o.Cache, newObject(t.kind), t.indexers())
		if err != nil {
			return nil, err
		}
		if err := t.watch(informer); err != nil {
			return nil, fmt.Errorf("watching %ss: %w", t.kind, err)
		}
	}
	informer, err := informerFor(ctx, o.Cache, &v1alpha1.GroupMemberSlice{}, sliceIndexers())
	if err != nil {
		return nil, err
	}
	if err := d.slices.watch(informer); err != nil {
		return nil, fmt.Errorf("watching GroupMemberSlices: %w", err)
	}
	return d, nil
}

func informerFor(ctx context.Context, c cache.Cache, o client.Object, indexers toolscache.Indexers) (toolscache.SharedIndexInformer, error) {
	informer, err := c.GetInformer(ctx, o, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("starting the informer of %T: %w", o, err)
	}
	shared, ok := informer.(toolscache.SharedIndexInformer)
	if !ok {
		return nil, fmt.Errorf("the cache must watch %T in all namespaces with one informer", o)
	}
	if err := shared.AddIndexers(indexers); err != nil {
		return nil, fmt.Errorf("indexing %T: %w", o, err)
	}
	return shared, nil
}

// Synced tells whether everything that was stored when the informers started
// is known here.
func (d *Directory) Synced() bool {
	return d.users.synced() && d.groups.synced() && d.slices.synced()
}

// WaitForSync waits until Synced or until ctx ends; it tells which.
func (d *Directory) WaitForSync(ctx context.Context) bool {
	return toolscache.WaitForCacheSync(ctx.Done(), d.Synced)
}

// Policy is what a sync's spec says about its resources.
type Policy struct {
	OpaqueNames  bool // no slug of the name in object names
	RetainUsers  bool // deleting a user marks it as deleted
	RetainGroups bool // deleting a group marks it as deleted
	// Label sets labels and annotations of a resource that is about to be
	// written; nil: none.
	Label func(client.Object)
}

// Store gives the resources of one sync to the SCIM protocol. policy is asked
// once for each change, and by what is read only where it matters.
func (d *Directory) Store(sync types.NamespacedName, policy func() Policy) scim.Store {
	return &store{d: d, sync: sync, policy: policy, writer: inTurn{d.client, d.writers, sync}}
}

func (d *Directory) table(kind string) *table {
	if kind == KindGroup {
		return d.groups
	}
	return d.users
}
