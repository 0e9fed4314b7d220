// Package identityprovidersync keeps the status of IdentityProviderSyncs,
// makes the token Secrets that are to be generated, and removes what a deleted
// sync asks to have removed.
//
// The server answers requests without this controller: a token is checked and
// a filter applied whatever the status says. So the status may be late, and
// what traffic changes in it is written at most once in an interval, however
// many requests there were.
//
// Two writers share the status. The leader, here, writes all of it. Every
// other replica (see Reporter) only knows better when it was last asked, and
// moves lastRequestTime, lastChangeTime and lastUsedTime forward, never back.
// Both patch with the resourceVersion they read, so neither undoes the other.
package identityprovidersync

import (
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/admission"
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/mapping"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
	"github.com/rollcall-scim/rollcall/internal/server"
	"github.com/rollcall-scim/rollcall/internal/token"
)

const (
	// interval is how often traffic may change a status.
	interval = 10 * time.Second
	// lastRetry is for what goes with a deleted sync, access above all, once the
	// API server is back.
	lastRetry = 10 * time.Second
)

// Options are what the controller works with. All but Labeled are required.
type Options struct {
	Client    client.Client // reads from the cache
	Directory *directory.Directory
	Tokens    *token.Verifier
	Activity  *server.Activity
	// Serves says whether the syncs of a namespace are served.
	Serves func(namespace string) bool
	// Endpoint is what to enter at the identity provider.
	Endpoint func(namespace, name string) string
	Recorder events.EventRecorder
	// Admission says whether the admission policies are in force.
	Admission *admission.Guard
	// Guard is the one that the projecting controllers propose removals to.
	Guard *removalguard.Guard
	// Mappings are compiled here as elsewhere, to tell what is wrong with them.
	Mappings *mapping.Cache
	// Labeled is how many namespaces have labels of a sync, which goes after
	// them. It may be nil.
	Labeled func(sync types.NamespacedName) int
}

// Controller reconciles IdentityProviderSyncs.
type Controller struct {
	Options
	census *census

	mu    sync.Mutex
	empty map[types.NamespacedName]time.Time // since when a sync being deleted has nothing left
}

// NewController makes a Controller.
func NewController(o Options) *Controller {
	return &Controller{Options: o, census: newCensus(), empty: map[types.NamespacedName]time.Time{}}
}

// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=identityprovidersyncs,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=identityprovidersyncs/status,verbs=patch

// Register adds the controller, which runs on the leader. The other replicas
// run a Reporter.
func (c *Controller) Register(m manager.Manager) error {
	return builder.ControllerManagedBy(m).
		Named("identityprovidersync").
		For(&v1alpha1.IdentityProviderSync{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.User{}, c.census.handler()).
		Watches(&v1alpha1.Group{}, c.census.handler()).
		WatchesRawSource(c.guardChanges()).
		WatchesRawSource(c.Admission.Source(c.all)).
		WithOptions(options()).
		Complete(c)
}

func options() controller.Options {
	return controller.Options{
		MaxConcurrentReconciles: 4,
		RateLimiter:             pace.Retries[reconcile.Request](lastRetry),
	}
}

// all are the requests for every sync.
func (c *Controller) all(ctx context.Context) []reconcile.Request {
	var syncs v1alpha1.IdentityProviderSyncList
	if err := c.Client.List(ctx, &syncs, client.UnsafeDisableDeepCopy); err != nil {
		return nil // each is looked at at every interval anyway
	}
	requests := make([]reconcile.Request, 0, len(syncs.Items))
	for i := range syncs.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&syncs.Items[i])})
	}
	return requests
}

// Reconcile brings one sync's status up to date, now and at every interval.
func (c *Controller) Reconcile(ctx context.Context, rq reconcile.Request) (reconcile.Result, error) {
	s := &v1alpha1.IdentityProviderSync{}
	if err := c.Client.Get(ctx, rq.NamespacedName, s); err != nil {
		if apierrors.IsNotFound(err) {
			c.forget(rq.NamespacedName)
		}
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	// Also where it is not served any more: else it would stay for ever.
	if !s.DeletionTimestamp.IsZero() {
		return c.finalize(ctx, s)
	}
	if !c.Serves(s.Namespace) {
		return reconcile.Result{}, c.explainNotServed(ctx, s)
	}
	if err := c.keepFinalizer(ctx, s); err != nil {
		return conflictLater(err)
	}

	before := s.DeepCopy()
	f, err := c.find(ctx, s)
	if err != nil {
		return reconcile.Result{}, err
	}
	f.apply(&s.Status, s)
	applyRemovals(&s.Status, s, c.Guard.Status(s))
	applyMappings(&s.Status, s, c.Mappings.Of(s))
	observe(&s.Status, c.Activity.Seen(rq.NamespacedName), c.Tokens.LastUsed(rq.NamespacedName))
	if err := c.patchStatus(ctx, before, s); err != nil {
		return conflictLater(err)
	}
	c.tell(before, s, f)
	return reconcile.Result{RequeueAfter: interval}, nil
}

// patchStatus writes the status if it differs, at the version that was read.
func (c *Controller) patchStatus(ctx context.Context, before, after *v1alpha1.IdentityProviderSync) error {
	return patchStatus(ctx, c.Client, before, after)
}

func patchStatus(ctx context.Context, c client.Client, before, after *v1alpha1.IdentityProviderSync) error {
	if equality.Semantic.DeepEqual(before.Status, after.Status) {
		return nil
	}
	patched := after.DeepCopy()
	return c.Status().Patch(ctx, patched, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}

// conflictLater tries again soon after another replica wrote: the cache will
// have it by then.
func conflictLater(err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) {
		return reconcile.Result{RequeueAfter: 200 * time.Millisecond}, nil
	}
	return reconcile.Result{}, client.IgnoreNotFound(err)
}

func (c *Controller) forget(key types.NamespacedName) {
	c.census.forget(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.empty, key)
}
