// Package rolebinding keeps the RoleBindings and ClusterRoleBindings of each
// GroupRoleBinding and ClusterGroupRoleBinding as internal/projection wants them.
//
// A reconcile fetches what one binding refers to, has a pure function decide,
// applies the difference and reports. Which bindings an event may concern is
// found by indexes (affected.go); an event that concerns too many costs a
// reconcile that writes nothing, one that is missed would be a leak, so when in
// doubt a binding is queued.
//
// Removals are written first, everywhere, and wait for nothing. New objects
// follow, as fast as the API server takes them, and additions to objects that
// exist as the budget lets (budget.go). While they go on, an event that
// concerns the binding interrupts them, so that a removal never waits for a
// large group to be filled.
package rolebinding

import (
	"cmp"
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	crsource "sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/metrics"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
)

// Which roles the operator may bind is in config/rbac/bindable_roles.yaml; charts
// and overlays that let it bind more add a rule of the same form. For roles of
// kind Role the rule names the resource roles, in a Role of the namespace or in
// the ClusterRole.
//
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings;clusterrolebindings,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=grouprolebindings;clustergrouprolebindings;identityprovidersyncs;users;groups,verbs=get;list;watch
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=grouprolebindings/status;clustergrouprolebindings/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Options are what the controllers need. Guard, Gate and
// GateChanged may be nil.
type Options struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Sources are shared with other controllers, and registered by their owner.
	Sources *source.Sources
	// OperatorNamespace is never chosen by a selector or pattern.
	OperatorNamespace string
	// Guard holds removals when very many come at once.
	Guard *removalguard.Guard
	// Gate says that, and why, nothing new may be projected now; nil if it may.
	Gate func() *projection.Problem
	// GateChanged gives a source of events that queues requests whenever the
	// answer of Gate changes.
	GateChanged func(requests func(context.Context) []reconcile.Request) crsource.TypedSyncingSource[reconcile.Request]
	// FormerRoleTime is how long members keep a role that their binding does not
	// name any more while the new one is refused for a reason that may pass; 0: a minute.
	FormerRoleTime time.Duration
}

// Controllers reconcile both kinds of bindings.
type Controllers struct {
	Options

	budget    *budget
	written   *written
	attention attention
	strays    strays
	orphaned  orphans
	pace      *pace.Pace[request]
	telling   *telling
	held      map[string]*source.Held // by kind
	guarded   map[string]*source.Held // bindings whose removals the guard holds, by kind
	retries   workqueue.TypedRateLimiter[request]
	writers   chan struct{} // bounds what waits for the API server, but for removals
	slow      slowParts
	formers   formers
	bound     boundRoles
	measured  map[string]*metrics.Projection // by kind
	memories  memories

	// Set by Register.
	lanes    *lane.Lanes
	live     client.Reader
	recorder events.EventRecorder
	stores   stores
}

// stores are the informers' own: never behind an event, and not copied.
type stores struct {
	roleBindings, clusterRoleBindings, namespaces, syncs toolscache.Indexer
}

// request names a binding of either kind.
type request struct {
	kind string
	types.NamespacedName
}

// New makes Controllers. Call Register on them.
func New(options Options) *Controllers {
	options.FormerRoleTime = cmp.Or(options.FormerRoleTime, formerRoleTime)
	c := &Controllers{
		Options:  options,
		budget:   newBudget(time.Now),
		written:  newWritten(time.Now),
		pace:     pace.New[request](statusInterval, time.Now),
		telling:  newTelling(time.Now),
		held:     map[string]*source.Held{},
		guarded:  map[string]*source.Held{},
		measured: map[string]*metrics.Projection{},
		retries:  pace.Retries[request](time.Second),
		writers:  make(chan struct{}, maxWriters),
	}
	for _, k := range kinds {
		c.held[k.name], c.guarded[k.name] = &source.Held{}, &source.Held{}
		c.measured[k.name] = metrics.NewProjection(k.name)
	}
	return c
}

func (c *Controllers) reconciler(k kind) reconcile.Func {
	return func(ctx context.Context, rq reconcile.Request) (reconcile.Result, error) {
		return c.reconcile(ctx, k, rq)
	}
}
