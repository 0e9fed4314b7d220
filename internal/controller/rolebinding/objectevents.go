package rolebinding

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
			if c.written.isOwn(e.Object, false) {
				return
			}
			if rq, ok := ownerOf(k, e.Object); ok {
				add(q, rq)
			} else if rq, ok := formerOwnerOf(k, e.Object); ok {
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

// formerOwnerOf gives the binding of a kind that an object with our marks was made
// for, although it names another controller. Nobody might have seen that, or the
// binding's deletion. Without any controller it may have been left behind on
// purpose, by a deletion with orphans.
func formerOwnerOf(k kind, o client.Object) (request, bool) {
	if metav1.GetControllerOfNoCopy(o) == nil {
		return request{}, false
	}
	for _, key := range projection.GeneratedFor(current(o)) {
		b := projection.Binding{Kind: key.Kind, Namespace: key.Namespace, Name: key.Name}
		if key.Kind == k.name && isOf(b, o) {
			return request{k.name, types.NamespacedName{Namespace: key.Namespace, Name: key.Name}}, true
		}
	}
	return request{}, false
}

// ownerOf gives the binding of a kind that controls an object.
func ownerOf(k kind, o client.Object) (request, bool) {
	owner, ok := projection.BindingOf(o)
	return request{owner.Kind, types.NamespacedName{Namespace: owner.Namespace, Name: owner.Name}}, ok && owner.Kind == k.name
}
