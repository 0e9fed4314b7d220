package namespacelabels

import (
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

func request(sync types.NamespacedName) reconcile.Request {
	return reconcile.Request{NamespacedName: sync}
}

// all has every group of every sync looked at.
func (c *Controller) all(context.Context) []reconcile.Request {
	var requests []reconcile.Request
	for _, sync := range c.states.known() {
		c.states.markAll(sync)
		requests = append(requests, request(sync))
	}
	return requests
}

func (c *Controller) groupChanged(ctx context.Context, before, after *v1alpha1.Group) []reconcile.Request {
	concern := c.Sources.GroupChanged(ctx, before, after)
	if concern == nil || !c.states.mark(concern.Sync, func(group string, _ *groupState) bool {
		return concern.All || slices.Contains(concern.Groups, group)
	}) {
		return nil
	}
	return []reconcile.Request{request(concern.Sync)}
}

func (c *Controller) userChanged(ctx context.Context, before, after *v1alpha1.User) []reconcile.Request {
	concern := c.Sources.UserChanged(ctx, before, after)
	if concern == nil || !c.states.mark(concern.Sync, func(group string, g *groupState) bool {
		return concern.All || g.held || slices.Contains(concern.Groups, group)
	}) {
		return nil
	}
	return []reconcile.Request{request(concern.Sync)}
}

// syncChanged also looks at the sync's namespace, which a first sync protects
// and a last one no longer does.
func (c *Controller) syncChanged(_ context.Context, before, after *v1alpha1.IdentityProviderSync) []reconcile.Request {
	sync := after
	if sync == nil {
		sync = before
	}
	key := client.ObjectKeyFromObject(sync)
	if !source.SyncChanged(before, after) {
		const confirm = v1alpha1.AnnotationConfirmRemovals
		if before.Annotations[confirm] != after.Annotations[confirm] &&
			c.states.mark(key, func(_ string, g *groupState) bool { return g.guarded }) {
			return []reconcile.Request{request(key)}
		}
		return nil
	}
	c.states.markAll(key)
	requests := []reconcile.Request{request(key)}
	if ns, ok := c.namespace(sync.Namespace); ok && (before == nil || after == nil) {
		requests = append(requests, c.namespaceConcerns(nil, ns)...)
	}
	return requests
}

// namespaceChanged gives the syncs whose labels a namespace does not have as it
// should. The events of this controller's own patches concern none.
func (c *Controller) namespaceChanged(_ context.Context, before, after *corev1.Namespace) []reconcile.Request {
	if after == nil {
		return nil
	}
	if before != nil && before.UID == after.UID && maps.Equal(before.Labels, after.Labels) && terminating(before) == terminating(after) {
		return nil
	}
	if before != nil && (before.UID != after.UID || terminating(before) != terminating(after)) {
		before = nil
	}
	return c.namespaceConcerns(before, after)
}

// others are the labels that a namespaceSelector may look at.
func others(labels map[string]string) map[string]string {
	rest := maps.Clone(labels)
	maps.DeleteFunc(rest, func(key, _ string) bool {
		_, ours := networkpolicy.ParseNamespaceLabel(key)
		return ours
	})
	return rest
}

// namespaceConcerns: without before anything about the namespace may be new.
func (c *Controller) namespaceConcerns(before, ns *corev1.Namespace) []reconcile.Request {
	relabeled := before == nil || !maps.Equal(others(before.Labels), others(ns.Labels))
	var requests []reconcile.Request
	for _, sync := range c.states.known() {
		choice := before == nil || relabeled && c.states.selects(sync) // whether it may be labeled can have changed
		known := 0                                                     // labels on the namespace that are of a group of the sync
		marked := c.states.mark(sync, func(_ string, g *groupState) bool {
			value, has := ns.Labels[g.label]
			if has {
				known++
			}
			wanted := g.namespaces[ns.Name]
			changed := before == nil
			if before != nil {
				old, had := before.Labels[g.label]
				changed = had != has || old != value
			}
			return choice && (wanted || g.refused[ns.Name]) || changed && (has != wanted || has && value != networkpolicy.NamespaceLabelValue)
		})
		if labelsOf(sync, ns) > known {
			c.states.markAll(sync)
			marked = true
		}
		if marked {
			requests = append(requests, request(sync))
		}
	}
	return append(requests, c.leftBehind(ns)...)
}

// leftBehind gives the syncs that keep no labels and have some on a namespace:
// one that was set just before labelNamespaces was taken out is seen only after.
func (c *Controller) leftBehind(ns *corev1.Namespace) []reconcile.Request {
	labels, _ := namespaceIndexers[indexSync](ns) // no way to fail
	if len(labels) == 0 {
		return nil
	}
	known := c.states.known()
	var requests []reconcile.Request
	for _, o := range c.syncs.List() {
		sync := client.ObjectKeyFromObject(o.(*v1alpha1.IdentityProviderSync))
		if slices.Contains(labels, networkpolicy.SyncOfLabel(sync)) && !slices.Contains(known, sync) {
			requests = append(requests, request(sync))
		}
	}
	return requests
}

// labelsOf counts the labels of a sync on a namespace.
func labelsOf(sync types.NamespacedName, ns *corev1.Namespace) int {
	n := 0
	for key := range ns.Labels {
		if of, ok := networkpolicy.ParseNamespaceLabel(key); ok && of == networkpolicy.SyncOfLabel(sync) {
			n++
		}
	}
	return n
}
