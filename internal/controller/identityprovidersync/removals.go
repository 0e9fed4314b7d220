package identityprovidersync

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

const reasonTooManyAtOnce = "TooManyAtOnce"

// guardChanges brings a sync's status up to date as soon as a hold begins or ends.
func (c *Controller) guardChanges() source.Source {
	return source.Func(func(_ context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
		c.Guard.OnChange(func(sync types.NamespacedName) { queue.Add(reconcile.Request{NamespacedName: sync}) })
		return nil
	})
}

// applyRemovals says in a status what the removalGuard holds, and how to go on.
func applyRemovals(status *v1alpha1.IdentityProviderSyncStatus, s *v1alpha1.IdentityProviderSync, held *v1alpha1.RemovalGuardStatus) {
	status.RemovalGuard = held
	if held == nil {
		meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionRemovalsHeld)
		return
	}
	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionRemovalsHeld, Status: metav1.ConditionTrue, Reason: reasonTooManyAtOnce,
		ObservedGeneration: s.Generation, Message: heldMessage(s, held),
	})
}

func heldMessage(s *v1alpha1.IdentityProviderSync, held *v1alpha1.RemovalGuardStatus) string {
	return fmt.Sprintf("%d subjects would lose access at once and keep it until %s. If that is right, confirm it: "+
		"kubectl annotate --overwrite -n %s idps/%s %s=%s. If not, mend the groups or the filters; who comes back loses nothing",
		held.Subjects, held.Until.UTC().Format("2006-01-02T15:04:05Z"), s.Namespace, s.Name, v1alpha1.AnnotationConfirmRemovals, held.ID)
}

// removalNotice tells when a hold begins and when it ends.
func removalNotice(before, after *v1alpha1.IdentityProviderSync) (notice, bool) {
	was, is := before.Status.RemovalGuard, after.Status.RemovalGuard
	switch {
	case is != nil && (was == nil || was.ID != is.ID):
		return notice{corev1.EventTypeWarning, v1alpha1.ConditionRemovalsHeld, heldMessage(after, is)}, true
	case is == nil && was != nil:
		return notice{corev1.EventTypeNormal, "RemovalsReleased", "no removals are held any more"}, true
	}
	return notice{}, false
}
