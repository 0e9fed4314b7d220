package namespacelabels

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
)

const (
	concurrentReconciles = 2
	lastSoon             = time.Second // of removals
	// reconcileTimeout ends a reconcile whose writes hang.
	reconcileTimeout = 5 * time.Minute
)

// Register adds the controller, which runs on the leader only, and its indexes
// to a manager.
func (c *Controller) Register(ctx context.Context, m manager.Manager) error {
	c.recorder = m.GetEventRecorder("rollcall")
	c.lanes = lane.New(ctx)
	var err error
	if c.namespaces, err = source.Indexer(ctx, m, &corev1.Namespace{}, namespaceIndexers); err != nil {
		return err
	}
	if c.syncs, err = source.Indexer(ctx, m, &v1alpha1.IdentityProviderSync{}, nil); err != nil {
		return err
	}
	build := builder.ControllerManagedBy(m).
		Named("namespacelabels").
		For(&v1alpha1.IdentityProviderSync{}, builder.WithPredicates(predicate.Funcs{
			// What comes later is the matter of syncChanged.
			CreateFunc: func(e event.CreateEvent) bool { return e.IsInInitialList },
			UpdateFunc: func(event.UpdateEvent) bool { return false },
			DeleteFunc: func(event.DeleteEvent) bool { return false },
		})).
		Watches(&v1alpha1.IdentityProviderSync{}, source.OnChange(c.syncChanged)).
		Watches(&v1alpha1.IdentityProviderSync{}, source.OnStatusChange(func(s *v1alpha1.IdentityProviderSync) source.Status {
			labels := s.Status.LabelNamespaces.DeepCopy()
			if labels == nil {
				return source.Status{}
			}
			return source.Status{All: labels, Problems: labels.Problems}
		})).
		Watches(&v1alpha1.Group{}, source.OnChange(c.groupChanged)).
		Watches(&v1alpha1.User{}, source.OnChange(c.userChanged)).
		Watches(&corev1.Namespace{}, source.OnChange(c.namespaceChanged)).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: concurrentReconciles,
			ReconciliationTimeout:   reconcileTimeout,
			RateLimiter:             pace.Retries[reconcile.Request](pace.LastRetry),
		})
	if c.GateChanged != nil {
		build = build.WatchesRawSource(c.GateChanged(c.all))
	}
	return build.Complete(c)
}
