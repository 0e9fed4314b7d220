package labels

import (
	"context"
	"strconv"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/mapping"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// weigh gives what is wrong with an object. A claim has no labels to keep, and
// without their sync objects keep theirs.
func (c *Controller) weigh(ctx context.Context, o client.Object) mapping.Changes {
	spec := resource(o)
	if spec == nil || spec.ID == "" {
		return mapping.Changes{}
	}
	s := c.sync(ctx, o.GetNamespace(), spec)
	if s == nil {
		return mapping.Changes{}
	}
	return changes(c.mappings.Of(s), s, o, func(u *v1alpha1.User) string {
		return strconv.FormatBool(projection.UserSynced(s, c.directory.View(ctx, client.ObjectKeyFromObject(s)), u))
	})
}

func resource(o client.Object) *v1alpha1.ResourceSpec {
	switch o := o.(type) {
	case *v1alpha1.User:
		return &o.Spec.ResourceSpec
	case *v1alpha1.Group:
		return &o.Spec.ResourceSpec
	}
	return nil
}

// sync gives the sync of a resource as it is in the cache; it is not to be changed.
func (c *Controller) sync(ctx context.Context, namespace string, spec *v1alpha1.ResourceSpec) *v1alpha1.IdentityProviderSync {
	s := &v1alpha1.IdentityProviderSync{}
	key := types.NamespacedName{Namespace: namespace, Name: spec.SyncRef.Name}
	if err := c.client.Get(ctx, key, s, client.UnsafeDisableDeepCopy); err != nil {
		return nil
	}
	return s
}

type queue = workqueue.TypedRateLimitingInterface[request]

// objects queues what differs from what it should be.
func (c *Controller) objects() handler.TypedEventHandler[client.Object, request] {
	weigh := func(ctx context.Context, before, after client.Object, q queue) {
		if after != nil {
			if changes := c.weigh(ctx, after); !changes.Empty() {
				q.Add(request{kindOf(after), client.ObjectKeyFromObject(after)})
			}
		}
		c.memberships(ctx, before, after, q)
	}
	return handler.TypedFuncs[client.Object, request]{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { weigh(ctx, nil, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) { weigh(ctx, e.ObjectOld, e.ObjectNew, q) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { weigh(ctx, e.Object, nil, q) },
	}
}

func kindOf(o client.Object) kind {
	if _, ok := o.(*v1alpha1.Group); ok {
		return group
	}
	return user
}

// memberships queues the users of a sync with a userFilter when one of its
// groups changes.
func (c *Controller) memberships(ctx context.Context, before, after client.Object, q queue) {
	either := after
	if either == nil {
		either = before
	}
	g, ok := either.(*v1alpha1.Group)
	if !ok || before != nil && after != nil && before.GetGeneration() == after.GetGeneration() {
		return
	}
	if s := c.sync(ctx, g.Namespace, &g.Spec.ResourceSpec); s != nil && filtersUsers(s) {
		q.AddAfter(request{users, client.ObjectKeyFromObject(s)}, interval)
	}
}

// syncs queues all objects of a sync whose filters or mappings changed.
func syncs() handler.TypedEventHandler[client.Object, request] {
	return handler.TypedFuncs[client.Object, request]{
		// A sync that is new may adopt what one of its name left behind.
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) {
			q.Add(request{all, client.ObjectKeyFromObject(e.Object)})
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			before, after := e.ObjectOld.(*v1alpha1.IdentityProviderSync), e.ObjectNew.(*v1alpha1.IdentityProviderSync)
			if !equality.Semantic.DeepEqual(before.Spec.GroupFilter, after.Spec.GroupFilter) ||
				!equality.Semantic.DeepEqual(before.Spec.UserFilter, after.Spec.UserFilter) ||
				!equality.Semantic.DeepEqual(before.Spec.Mappings, after.Spec.Mappings) {
				q.Add(request{all, client.ObjectKeyFromObject(after)})
			}
		},
	}
}
