package rolebinding

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// objectEvents queues the binding of an object that somebody else has changed.
// What the informer lists when it starts is queued too: an object may be of a
// binding that is gone.
func (c *Controllers) objectEvents(k kind) handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	add := func(q queue, rq request) {
		c.attention.call(rq)
		q.Add(reconcile.Request{NamespacedName: rq.NamespacedName})
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) {
			if rq, ok := ownerOf(k, e.Object); ok && !c.written.isOwn(e.Object, false) {
				add(q, rq)
			}
		},
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			before, had := ownerOf(k, e.ObjectOld)
			after, has := ownerOf(k, e.ObjectNew)
			if !had && !has || c.written.isOwn(e.ObjectNew, false) {
				return
			}
			if had && before != after {
				c.strays.add(before, keyOf(e.ObjectOld))
				add(q, before)
			}
			if has {
				add(q, after)
			}
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) {
			if rq, ok := ownerOf(k, e.Object); ok && !c.written.isOwn(e.Object, true) {
				c.strays.add(rq, keyOf(e.Object)) // or it was stripped of the label that the cache selects by
				add(q, rq)
			}
		},
	}
}

// ownerOf gives the binding of a kind that controls an object.
func ownerOf(k kind, o client.Object) (request, bool) {
	owner, ok := projection.BindingOf(o)
	return request{owner.Kind, types.NamespacedName{Namespace: owner.Namespace, Name: owner.Name}}, ok && owner.Kind == k.name
}
