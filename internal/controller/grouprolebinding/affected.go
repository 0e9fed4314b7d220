package grouprolebinding

import (
	"context"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// The indexes of the cache.
const (
	indexGroup = "rollcall.groupRef" // GroupRoleBindings by groupKey
	indexSync  = "rollcall.syncRef"  // GroupRoleBindings by the sync's namespace/name
	indexOwner = "rollcall.owner"    // RoleBindings by the GroupRoleBinding that controls them
)

// groupKey is unambiguous: only the displayName may contain slashes.
func groupKey(sync types.NamespacedName, displayName string) string {
	return strings.Join([]string{sync.Namespace, sync.Name, displayName}, "/")
}

func groupsOfBinding(o client.Object) []string {
	binding := o.(*v1alpha1.GroupRoleBinding)
	keys := map[string]bool{}
	for _, ref := range binding.Spec.GroupRefs {
		keys[groupKey(projection.SyncName(binding.Namespace, ref), ref.DisplayName)] = true
	}
	return slices.Collect(maps.Keys(keys))
}

func syncsOfBinding(o client.Object) []string {
	var keys []string
	for _, sync := range syncsOf(o.(*v1alpha1.GroupRoleBinding)) {
		keys = append(keys, sync.String())
	}
	return keys
}

// syncsOf gives the syncs that a binding refers to, each once.
func syncsOf(binding *v1alpha1.GroupRoleBinding) []types.NamespacedName {
	var syncs []types.NamespacedName
	for _, ref := range binding.Spec.GroupRefs {
		if sync := projection.SyncName(binding.Namespace, ref); !slices.Contains(syncs, sync) {
			syncs = append(syncs, sync)
		}
	}
	return syncs
}

func ownerOfRoleBinding(o client.Object) []string {
	if owner, ok := projection.OwnerOf(o); ok {
		return []string{owner}
	}
	return nil
}

// bindings finds GroupRoleBindings. It reads the cache, which has no way to
// fail but by a mistake in this package.
func (c *Controller) bindings(ctx context.Context, where ...client.ListOption) []reconcile.Request {
	var list v1alpha1.GroupRoleBindingList
	if err := c.client.List(ctx, &list, append(where, client.UnsafeDisableDeepCopy)...); err != nil {
		logf.FromContext(ctx).Error(err, "cannot find the GroupRoleBindings that an event concerns")
		return nil
	}
	requests := make([]reconcile.Request, len(list.Items))
	for i := range list.Items {
		requests[i] = reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])}
	}
	return requests
}

func (c *Controller) bindingsOfSync(ctx context.Context, sync types.NamespacedName) []reconcile.Request {
	return c.bindings(ctx, client.MatchingFields{indexSync: sync.String()})
}

// sameSpec tells whether an update left the spec alone. What was deleted and
// made again while the watch was broken also comes as an update, and both may
// be of the first generation.
func sameSpec(before, after client.Object) bool {
	return before.GetGeneration() == after.GetGeneration() && before.GetUID() == after.GetUID()
}

// groupChanged gives the bindings that a change of a group may concern: those
// that name it, under its old name or its new one, or a group it is nested in.
// Either group may be nil.
func (c *Controller) groupChanged(ctx context.Context, before, after *v1alpha1.Group) []reconcile.Request {
	if before != nil && after != nil && sameSpec(before, after) {
		return nil
	}
	if before != nil && (after == nil || after.UID != before.UID) {
		c.nested.forget(before.UID)
	}
	var ids, names []string
	var sync types.NamespacedName
	for _, group := range []*v1alpha1.Group{before, after} {
		if group == nil || group.Spec.ID == "" {
			continue
		}
		sync = types.NamespacedName{Namespace: group.Namespace, Name: group.Spec.SyncRef.Name}
		ids, names = append(ids, group.Spec.ID), append(names, group.Spec.DisplayName)
	}
	if len(ids) == 0 {
		return nil // claims
	}
	names = append(names, c.ancestors(ctx, sync, ids)...)
	if c.inUserFilter(ctx, sync, names) {
		return c.bindingsOfSync(ctx, sync)
	}
	return c.bindingsOfGroups(ctx, sync, names)
}

// userChanged gives the bindings that a change of a user may concern: those of
// the groups that the user, or another user of the same name, is a member of,
// and those that are held. Either user may be nil.
func (c *Controller) userChanged(ctx context.Context, before, after *v1alpha1.User) []reconcile.Request {
	user := after
	if user == nil {
		user = before
	}
	if before != nil && after != nil && sameSpec(before, after) {
		return nil
	}
	sync := types.NamespacedName{Namespace: user.Namespace, Name: user.Spec.SyncRef.Name}
	ids := c.usernames.changed(sync, before, after)
	for _, u := range []*v1alpha1.User{before, after} {
		if u != nil && u.Spec.ID != "" {
			ids = append(ids, u.Spec.ID)
		}
	}
	return append(c.bindingsOfGroups(ctx, sync, c.ancestors(ctx, sync, ids)), c.held.bindings(sync)...)
}

// ancestors gives the displayNames of the groups above.
func (c *Controller) ancestors(ctx context.Context, sync types.NamespacedName, ids []string) []string {
	var names []string
	projection.Ancestors(c.directory.View(ctx, sync), ids, func(group *v1alpha1.Group) bool {
		names = append(names, group.Spec.DisplayName)
		return true
	})
	return names
}

// inUserFilter tells whether one of the groups decides which users are synced.
func (c *Controller) inUserFilter(ctx context.Context, name types.NamespacedName, groups []string) bool {
	var sync v1alpha1.IdentityProviderSync
	if err := c.client.Get(ctx, name, &sync); err != nil || sync.Spec.UserFilter == nil {
		return false // a sync that comes later brings an event of its own
	}
	return slices.ContainsFunc(sync.Spec.UserFilter.Groups, func(group string) bool { return slices.Contains(groups, group) })
}

func (c *Controller) bindingsOfGroups(ctx context.Context, sync types.NamespacedName, names []string) []reconcile.Request {
	var requests []reconcile.Request
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		requests = append(requests, c.bindings(ctx, client.MatchingFields{indexGroup: groupKey(sync, name)})...)
	}
	return requests
}

// syncChanged gives the bindings of a sync whose spec changed, or that came or
// went. Either sync may be nil.
func (c *Controller) syncChanged(ctx context.Context, before, after *v1alpha1.IdentityProviderSync) []reconcile.Request {
	if before != nil && after != nil && sameSpec(before, after) &&
		before.DeletionTimestamp.IsZero() == after.DeletionTimestamp.IsZero() {
		return nil
	}
	sync := after
	if sync == nil {
		sync = before
	}
	return c.bindingsOfSync(ctx, client.ObjectKeyFromObject(sync))
}

// ownerRequest gives the GroupRoleBinding that controls a RoleBinding.
func ownerRequest(_ context.Context, roleBinding client.Object) []reconcile.Request {
	owner, ok := projection.OwnerOf(roleBinding)
	if !ok {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: roleBinding.GetNamespace(), Name: owner}}}
}
