package groupnetworkpolicy

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
)

const (
	concurrentReconciles = 4
	lastSoon             = time.Second // of removals, and while the informer is behind
	// reconcileTimeout ends a reconcile whose live reads or writes hang.
	reconcileTimeout = time.Minute
)

// CacheOptions keep of NetworkPolicies what is looked at. An annotation often
// has the whole object once more.
func CacheOptions() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		&networkingv1.NetworkPolicy{}: {Transform: func(o any) (any, error) {
			if np, ok := o.(*networkingv1.NetworkPolicy); ok {
				np.ManagedFields = nil
				if len(ownerKeys(np)) == 0 {
					np.Annotations = nil // ours are updated as a whole, others never
				}
			}
			return o, nil
		}},
	}
}

// Register adds the controller, which runs on the leader only, and its indexes
// to a manager. Its cache must have CacheOptions.
func (c *Controller) Register(ctx context.Context, m manager.Manager) error {
	c.lanes = lane.New(ctx)
	c.live = m.GetAPIReader()
	c.recorder = m.GetEventRecorder("rollcall")
	for _, index := range []struct {
		object client.Object
		name   string
		keys   client.IndexerFunc
	}{
		{&v1alpha1.GroupNetworkPolicy{}, indexGroup, groupsOfPolicy},
		{&v1alpha1.GroupNetworkPolicy{}, indexSync, syncsOfPolicy},
		{&networkingv1.NetworkPolicy{}, indexOwner, ownerKeys},
	} {
		if err := m.GetFieldIndexer().IndexField(ctx, index.object, index.name, index.keys); err != nil {
			return fmt.Errorf("index %T by %s: %w", index.object, index.name, err)
		}
	}
	build := builder.ControllerManagedBy(m).
		Named("groupnetworkpolicy").
		For(&v1alpha1.GroupNetworkPolicy{}, builder.WithPredicates(predicate.Funcs{
			UpdateFunc: func(e event.UpdateEvent) bool { return !source.SameSpec(e.ObjectOld, e.ObjectNew) },
		})).
		Watches(&v1alpha1.GroupNetworkPolicy{}, source.OnStatusChange(func(p *v1alpha1.GroupNetworkPolicy) source.Status {
			s := p.Status.DeepCopy()
			return source.Status{All: s, Conditions: s.Conditions, Problems: s.Problems}
		})).
		Watches(&v1alpha1.Group{}, source.OnChange(measured(c, c.groupChanged))).
		Watches(&v1alpha1.User{}, source.OnChange(measured(c, c.userChanged))).
		Watches(&v1alpha1.IdentityProviderSync{}, source.OnChange(c.syncChanged)).
		Watches(&corev1.Namespace{}, source.OnChange(c.namespaceChanged)).
		Watches(&networkingv1.NetworkPolicy{}, handler.EnqueueRequestsFromMapFunc(c.objectChanged)).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrentReconciles,
			ReconciliationTimeout:   reconcileTimeout,
			RateLimiter:             pace.Retries[reconcile.Request](pace.LastRetry),
		})
	if c.GateChanged != nil {
		build = build.WatchesRawSource(c.GateChanged(func(ctx context.Context) []reconcile.Request { return c.policies(ctx) }))
	}
	return build.Complete(c)
}

// measured notes when an event was seen that may have a policy's objects written.
func measured[T client.Object](c *Controller, concerns func(ctx context.Context, before, after T) []reconcile.Request) func(context.Context, T, T) []reconcile.Request {
	return func(ctx context.Context, before, after T) []reconcile.Request {
		requests := concerns(ctx, before, after)
		for _, rq := range requests {
			c.measured.Seen(rq.NamespacedName)
		}
		return requests
	}
}
