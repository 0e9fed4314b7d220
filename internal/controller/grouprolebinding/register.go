package grouprolebinding

import (
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/workqueue"
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
	"github.com/rollcall-scim/rollcall/internal/projection"
)

const (
	concurrentReconciles = 4
	firstRetry           = 10 * time.Millisecond
	lastRetry            = time.Minute
	// reconcileTimeout ends a reconcile whose live reads or writes hang.
	reconcileTimeout = time.Minute
)

// CacheOptions restricts the manager's cache to the RoleBindings that Rollcall
// made: a cluster may have very many others.
func CacheOptions() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		&rbacv1.RoleBinding{}: {Label: labels.SelectorFromSet(labels.Set{projection.LabelManagedBy: projection.ManagedBy})},
	}
}

// Register adds the controller, which runs on the leader only, and its indexes
// to a manager. Its cache must have CacheOptions.
func (c *Controller) Register(ctx context.Context, mgr manager.Manager) error {
	c.live = mgr.GetAPIReader()
	c.recorder = mgr.GetEventRecorder("rollcall-grouprolebinding")
	for _, index := range []struct {
		object client.Object
		name   string
		keys   client.IndexerFunc
	}{
		{&v1alpha1.GroupRoleBinding{}, indexGroup, groupsOfBinding},
		{&v1alpha1.GroupRoleBinding{}, indexSync, syncsOfBinding},
		{&rbacv1.RoleBinding{}, indexOwner, ownerOfRoleBinding},
	} {
		if err := mgr.GetFieldIndexer().IndexField(ctx, index.object, index.name, index.keys); err != nil {
			return fmt.Errorf("index %T by %s: %w", index.object, index.name, err)
		}
	}
	return builder.ControllerManagedBy(mgr).
		Named("grouprolebinding").
		For(&v1alpha1.GroupRoleBinding{}, builder.WithPredicates(predicate.Funcs{
			UpdateFunc: func(e event.UpdateEvent) bool { return !sameSpec(e.ObjectOld, e.ObjectNew) },
		})).
		Watches(&v1alpha1.Group{}, onChange(c.groupChanged)).
		Watches(&v1alpha1.User{}, onChange(c.userChanged)).
		Watches(&v1alpha1.IdentityProviderSync{}, onChange(c.syncChanged)).
		Watches(&corev1.Namespace{}, onChange(c.namespaceChanged)).
		Watches(&rbacv1.RoleBinding{}, handler.EnqueueRequestsFromMapFunc(ownerRequest)).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrentReconciles,
			ReconciliationTimeout:   reconcileTimeout,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
		}).
		Complete(c)
}

func (c *Controller) namespaceChanged(ctx context.Context, before, after *corev1.Namespace) []reconcile.Request {
	if after == nil || (before != nil && maps.Equal(before.Labels, after.Labels)) {
		return nil
	}
	return c.bindings(ctx, client.InNamespace(after.Name))
}

// onChange queues the bindings that an event concerns. What the informer lists
// when it starts needs no look: every binding is in such a list itself.
func onChange[T client.Object](concerns func(ctx context.Context, before, after T) []reconcile.Request) handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	add := func(q queue, requests []reconcile.Request) {
		for _, request := range requests {
			q.Add(request)
		}
	}
	var none T
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			if !e.IsInInitialList {
				add(q, concerns(ctx, none, e.Object.(T)))
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			add(q, concerns(ctx, e.ObjectOld.(T), e.ObjectNew.(T)))
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			add(q, concerns(ctx, e.Object.(T), none))
		},
	}
}
