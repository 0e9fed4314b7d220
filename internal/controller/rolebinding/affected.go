package rolebinding

import (
	"context"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// The indexes of bindings.
const (
	indexGroup     = "rollcall.group"     // by the groups they name
	indexPattern   = "rollcall.pattern"   // those with a groupSelector, by its sync
	indexSync      = "rollcall.syncRef"   // by the syncs they refer to
	indexNamespace = "rollcall.namespace" // by the namespaces they name; anyNamespace for those that follow them
)

const anyNamespace = "*"

// groupKey is unambiguous: only the displayName may contain slashes.
func groupKey(sync types.NamespacedName, displayName string) string {
	return sync.String() + "/" + displayName
}

// bindingIndexes give the keys of a binding, by index.
var bindingIndexes = map[string]func(projection.Binding) []string{
	indexGroup: func(b projection.Binding) []string {
		var keys []string
		for _, group := range b.Groups() {
			keys = append(keys, groupKey(group.Sync, group.DisplayName))
		}
		return keys
	},
	indexPattern: func(b projection.Binding) []string {
		if sync, ok := b.Pattern(); ok {
			return []string{sync.String()}
		}
		return nil
	},
	indexSync: func(b projection.Binding) []string {
		var keys []string
		for _, sync := range b.Syncs() {
			keys = append(keys, sync.String())
		}
		return keys
	},
	indexNamespace: func(b projection.Binding) []string {
		keys := slices.Clone(b.TargetNamespaces())
		if b.FollowsNamespaces() {
			keys = append(keys, anyNamespace)
		}
		return keys
	},
}

// affected finds the bindings of one kind that an event may concern. It reads
// the cache, which has no way to fail but by a mistake in this package.
type affected struct {
	*Controllers
	kind kind
}

func (a affected) bindings(ctx context.Context, index, value string, matches func(projection.Binding) bool) []reconcile.Request {
	return a.list(ctx, matches, client.MatchingFields{index: value})
}

// all gives every binding of the kind.
func (a affected) all(ctx context.Context) []reconcile.Request { return a.call(a.list(ctx, nil)) }

// call interrupts the reconciles of bindings that are under way.
func (a affected) call(requests []reconcile.Request) []reconcile.Request {
	for _, rq := range requests {
		a.attention.call(request{a.kind.name, rq.NamespacedName})
		a.measured[a.kind.name].Seen(rq.NamespacedName)
	}
	return requests
}

func (a affected) list(ctx context.Context, matches func(projection.Binding) bool, where ...client.ListOption) []reconcile.Request {
	list := a.kind.list()
	if err := a.Client.List(ctx, list, append(where, client.UnsafeDisableDeepCopy)...); err != nil {
		logf.FromContext(ctx).Error(err, "cannot find the bindings that an event concerns", "kind", a.kind.name)
		return nil
	}
	var requests []reconcile.Request
	_ = meta.EachListItem(list, func(item runtime.Object) error {
		if o := item.(client.Object); matches == nil || matches(a.kind.binding(o)) {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(o)})
		}
		return nil
	})
	return requests
}

// concerned gives the bindings of groups, by name and by pattern.
func (a affected) concerned(ctx context.Context, c *source.Concern) []reconcile.Request {
	switch {
	case c == nil:
		return nil
	case c.All:
		return a.bindings(ctx, indexSync, c.Sync.String(), nil)
	}
	var requests []reconcile.Request
	for _, consumer := range c.Consumers {
		if consumer.Controller == a.kind.name {
			requests = append(requests, reconcile.Request{NamespacedName: consumer.NamespacedName})
		}
	}
	if len(c.Groups) == 0 {
		return requests
	}
	requests = append(requests, a.bindings(ctx, indexPattern, c.Sync.String(), func(b projection.Binding) bool {
		return slices.ContainsFunc(c.Groups, func(group string) bool { return b.Concerns(c.Sync, group) })
	})...)
	for _, group := range c.Groups {
		requests = append(requests, a.bindings(ctx, indexGroup, groupKey(c.Sync, group), nil)...)
	}
	return requests
}

func (a affected) groupChanged(ctx context.Context, before, after *v1alpha1.Group) []reconcile.Request {
	return a.concerned(ctx, a.Sources.GroupChanged(ctx, before, after))
}

func (a affected) userChanged(ctx context.Context, before, after *v1alpha1.User) []reconcile.Request {
	concern := a.Sources.UserChanged(ctx, before, after)
	if concern == nil {
		return nil
	}
	return append(a.concerned(ctx, concern), a.held[a.kind.name].Bindings(concern.Sync)...)
}

// syncChanged also looks at the confirmation of removals that are held, and at
// the namespace, which a first sync protects and a last one no longer does.
func (a affected) syncChanged(ctx context.Context, before, after *v1alpha1.IdentityProviderSync) []reconcile.Request {
	sync := after
	if sync == nil {
		sync = before
	}
	key := client.ObjectKeyFromObject(sync)
	var requests []reconcile.Request
	if source.SyncChanged(before, after) {
		requests = a.bindings(ctx, indexSync, key.String(), nil)
	}
	if before == nil || after == nil {
		return append(requests, a.bindings(ctx, indexNamespace, anyNamespace, nil)...)
	}
	const confirm = v1alpha1.AnnotationConfirmRemovals
	if before.Annotations[confirm] != after.Annotations[confirm] {
		requests = append(requests, a.guarded[a.kind.name].Bindings(key)...)
	}
	return requests
}

func (a affected) namespaceChanged(ctx context.Context, before, after *corev1.Namespace) []reconcile.Request {
	if before != nil && after != nil && before.UID == after.UID &&
		maps.Equal(before.Labels, after.Labels) && terminating(before) == terminating(after) {
		return nil
	}
	ns := after
	if ns == nil {
		ns = before
	}
	return append(a.bindings(ctx, indexNamespace, ns.Name, nil), a.bindings(ctx, indexNamespace, anyNamespace, nil)...)
}
