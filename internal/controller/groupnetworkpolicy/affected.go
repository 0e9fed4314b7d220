package groupnetworkpolicy

import (
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

// The indexes of the cache.
const (
	indexGroup = "rollcall.groupRef" // GroupNetworkPolicies by groupKey
	indexSync  = "rollcall.syncRef"  // GroupNetworkPolicies by the sync's namespace/name
	indexOwner = "rollcall.owner"    // NetworkPolicies by ownerKeys
)

// groupKey is unambiguous: only the displayName may contain slashes.
func groupKey(sync types.NamespacedName, displayName string) string {
	return sync.String() + "/" + displayName
}

func groupsOfPolicy(o client.Object) []string {
	policy := o.(*v1alpha1.GroupNetworkPolicy)
	keys := map[string]bool{}
	for _, ref := range policy.Spec.GroupRefs {
		keys[groupKey(projection.SyncName(policy.Namespace, ref), ref.DisplayName)] = true
	}
	return slices.Collect(maps.Keys(keys))
}

func syncsOfPolicy(o client.Object) []string {
	var keys []string
	for _, sync := range syncsOf(o.(*v1alpha1.GroupNetworkPolicy)) {
		keys = append(keys, sync.String())
	}
	return keys
}

// syncsOf gives the syncs that a policy refers to, each once.
func syncsOf(policy *v1alpha1.GroupNetworkPolicy) []types.NamespacedName {
	var syncs []types.NamespacedName
	for _, ref := range policy.Spec.GroupRefs {
		if sync := projection.SyncName(policy.Namespace, ref); !slices.Contains(syncs, sync) {
			syncs = append(syncs, sync)
		}
	}
	return syncs
}

// ownerKeys give the GroupNetworkPolicy that controls an object, or, when
// somebody took that away, the one it is labeled with.
func ownerKeys(o client.Object) []string {
	if owner, ok := networkpolicy.OwnerOf(o); ok {
		return []string{owner}
	}
	if label := o.GetLabels()[networkpolicy.LabelPolicy]; label != "" && metav1.GetControllerOfNoCopy(o) == nil {
		return []string{unowned(label)}
	}
	return nil
}

// unowned is no name of an object.
func unowned(label string) string { return "label:" + label }

// policies finds GroupNetworkPolicies. It reads the cache, which has no way to
// fail but by a mistake in this package.
func (c *Controller) policies(ctx context.Context, where ...client.ListOption) []reconcile.Request {
	var list v1alpha1.GroupNetworkPolicyList
	if err := c.Client.List(ctx, &list, append(where, client.UnsafeDisableDeepCopy)...); err != nil {
		logf.FromContext(ctx).Error(err, "cannot find the GroupNetworkPolicies that an event concerns")
		return nil
	}
	requests := make([]reconcile.Request, len(list.Items))
	for i := range list.Items {
		requests[i] = reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])}
	}
	return requests
}

func (c *Controller) policiesOfSync(ctx context.Context, sync types.NamespacedName) []reconcile.Request {
	return c.policies(ctx, client.MatchingFields{indexSync: sync.String()})
}

func (c *Controller) concerned(ctx context.Context, concern *source.Concern) []reconcile.Request {
	switch {
	case concern == nil:
		return nil
	case concern.All:
		return c.policiesOfSync(ctx, concern.Sync)
	}
	var requests []reconcile.Request
	for _, group := range concern.Groups {
		requests = append(requests, c.policies(ctx, client.MatchingFields{indexGroup: groupKey(concern.Sync, group)})...)
	}
	return requests
}

func (c *Controller) groupChanged(ctx context.Context, before, after *v1alpha1.Group) []reconcile.Request {
	return c.concerned(ctx, c.Sources.GroupChanged(ctx, before, after))
}

func (c *Controller) userChanged(ctx context.Context, before, after *v1alpha1.User) []reconcile.Request {
	concern := c.Sources.UserChanged(ctx, before, after)
	if concern == nil {
		return nil
	}
	return append(c.concerned(ctx, concern), c.held.Bindings(concern.Sync)...)
}

func (c *Controller) syncChanged(ctx context.Context, before, after *v1alpha1.IdentityProviderSync) []reconcile.Request {
	sync := after
	if sync == nil {
		sync = before
	}
	key := client.ObjectKeyFromObject(sync)
	if source.SyncChanged(before, after) {
		return c.policiesOfSync(ctx, key)
	}
	const confirm = v1alpha1.AnnotationConfirmRemovals
	if before.Annotations[confirm] != after.Annotations[confirm] {
		return c.guarded.Bindings(key)
	}
	return nil
}

// namespaceChanged: what a sync lets in may depend on labels.
func (c *Controller) namespaceChanged(ctx context.Context, before, after *corev1.Namespace) []reconcile.Request {
	if after == nil || before != nil && maps.Equal(before.Labels, after.Labels) {
		return nil
	}
	return c.policies(ctx, client.InNamespace(after.Name))
}

// objectChanged gives the GroupNetworkPolicy of a NetworkPolicy. One of nobody
// matters to all in its namespace.
func (c *Controller) objectChanged(ctx context.Context, object client.Object) []reconcile.Request {
	if owner, ok := networkpolicy.OwnerOf(object); ok {
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: object.GetNamespace(), Name: owner}}}
	}
	return c.policies(ctx, client.InNamespace(object.GetNamespace()))
}
