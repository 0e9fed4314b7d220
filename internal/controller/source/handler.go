package source

import (
	"context"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// OnChange queues what an event concerns; before or after is nil when an object
// is new or gone. What the informer lists when it starts needs no look: every
// binding is in such a list itself.
func OnChange[T client.Object](concerns func(ctx context.Context, before, after T) []reconcile.Request) handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	add := func(q queue, requests []reconcile.Request) {
		for _, request := range requests {
			q.Add(request)
		}
	}
	var none T
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			if !e.IsInInitialList {
				add(q, concerns(ctx, none, e.Object.(T)))
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			add(q, concerns(ctx, e.ObjectOld.(T), e.ObjectNew.(T)))
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			add(q, concerns(ctx, e.Object.(T), none))
		},
	}
}

// statusSettleTime is how long after a change of a status it is looked at. It
// bounds what two that disagree write.
const statusSettleTime = time.Second

// OnStatusChange has objects looked at again when their status was written,
// which status gives. The writer may have read caches that were behind, or may
// have led before; whoever leads now puts it right, or finds nothing to write.
func OnStatusChange[T client.Object](status func(T) any) handler.EventHandler {
	return handler.Funcs{
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			if !apiequality.Semantic.DeepEqual(status(e.ObjectOld.(T)), status(e.ObjectNew.(T))) {
				q.AddAfter(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e.ObjectNew)}, statusSettleTime)
			}
		},
	}
}
