package rolebinding

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/labels"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

const (
	concurrentReconciles = 4 // of each kind
	// reconcileTimeout ends a reconcile whose live reads or writes hang.
	reconcileTimeout = time.Minute
)

// CacheOptions restricts the manager's cache to the RoleBindings and
// ClusterRoleBindings that Rollcall made: a cluster may have very many others.
func CacheOptions() map[client.Object]cache.ByObject {
	ours := cache.ByObject{
		Label:     labels.SelectorFromSet(labels.Set{projection.LabelManagedBy: projection.ManagedBy}),
		Transform: slim,
	}
	return map[client.Object]cache.ByObject{&rbacv1.RoleBinding{}: ours, &rbacv1.ClusterRoleBinding{}: ours}
}

// slim drops what nobody reads, and has the words that each of a million
// subjects repeats in memory once.
func slim(o any) (any, error) {
	var subjects []rbacv1.Subject
	switch o := o.(type) {
	case *rbacv1.RoleBinding:
		o.ManagedFields, subjects = nil, o.Subjects
	case *rbacv1.ClusterRoleBinding:
		o.ManagedFields, subjects = nil, o.Subjects
	}
	for i := range subjects {
		s := &subjects[i]
		switch s.Kind {
		case rbacv1.UserKind:
			s.Kind = rbacv1.UserKind
		case rbacv1.GroupKind:
			s.Kind = rbacv1.GroupKind
		}
		if s.APIGroup == rbacv1.GroupName {
			s.APIGroup = rbacv1.GroupName
		}
	}
	return o, nil
}

// Register adds the controllers, which run on the leader only, and their
// indexes to a manager. Its cache must have CacheOptions.
func (c *Controllers) Register(ctx context.Context, m manager.Manager) error {
	c.lanes = lane.New(ctx)
	c.live = m.GetAPIReader()
	c.recorder = m.GetEventRecorder("rollcall")
	for _, s := range []struct {
		store    *toolscache.Indexer
		object   client.Object
		indexers toolscache.Indexers
	}{
		{&c.stores.roleBindings, &rbacv1.RoleBinding{}, objectIndexers},
		{&c.stores.clusterRoleBindings, &rbacv1.ClusterRoleBinding{}, objectIndexers},
		{&c.stores.namespaces, &corev1.Namespace{}, nil},
		{&c.stores.syncs, &v1alpha1.IdentityProviderSync{}, nil},
	} {
		var err error
		if *s.store, err = source.Indexer(ctx, m, s.object, s.indexers); err != nil {
			return err
		}
	}
	for _, k := range kinds {
		if err := c.register(ctx, m, k); err != nil {
			return fmt.Errorf("register the controller of %s: %w", k.name, err)
		}
	}
	return nil
}

func (c *Controllers) register(ctx context.Context, m manager.Manager, k kind) error {
	for index, keys := range bindingIndexes {
		err := m.GetFieldIndexer().IndexField(ctx, k.empty(), index, func(o client.Object) []string { return keys(k.binding(o)) })
		if err != nil {
			return fmt.Errorf("index by %s: %w", index, err)
		}
	}
	a := affected{c, k}
	build := builder.ControllerManagedBy(m).
		Named(strings.ToLower(k.name)).
		For(k.empty(), builder.WithPredicates(predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
			c.orphaned.see(request{k.name, client.ObjectKeyFromObject(e.ObjectNew)}, e.ObjectNew)
			changed := !source.SameSpec(e.ObjectOld, e.ObjectNew)
			if changed {
				c.attention.call(request{k.name, client.ObjectKeyFromObject(e.ObjectNew)})
				c.measured[k.name].Seen(client.ObjectKeyFromObject(e.ObjectNew))
			}
			return changed
		}})).
		Watches(k.empty(), source.OnStatusChange(func(o client.Object) source.Status {
			s := k.status(o).DeepCopy()
			return source.Status{All: s, Conditions: s.Conditions, Problems: s.Problems}
		})).
		Watches(&v1alpha1.Group{}, source.OnChange(calling(a, a.groupChanged))).
		Watches(&v1alpha1.User{}, source.OnChange(calling(a, a.userChanged))).
		Watches(&v1alpha1.IdentityProviderSync{}, source.OnChange(calling(a, a.syncChanged))).
		Watches(&corev1.Namespace{}, source.OnChange(calling(a, a.namespaceChanged))).
		Watches(&rbacv1.RoleBinding{}, c.objectEvents(k)).
		Watches(&rbacv1.ClusterRoleBinding{}, c.objectEvents(k)).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrentReconciles,
			ReconciliationTimeout:   reconcileTimeout,
			RateLimiter:             pace.Retries[reconcile.Request](pace.LastRetry),
		})
	if c.GateChanged != nil {
		build = build.WatchesRawSource(c.GateChanged(a.all))
	}
	return build.Complete(c.reconciler(k))
}

// calling also interrupts the reconciles that are under way.
func calling[T client.Object](a affected, concerns func(ctx context.Context, before, after T) []reconcile.Request) func(context.Context, T, T) []reconcile.Request {
	return func(ctx context.Context, before, after T) []reconcile.Request {
		return a.call(concerns(ctx, before, after))
	}
}
