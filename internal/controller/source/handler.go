package source

import (
	"context"
	"strings"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

const (
	// statusSettleTime is how long after a change of a status it is looked at. It
	// bounds what two that disagree write.
	statusSettleTime = time.Second
	// wordsSettleTime is the same when only words have changed. They may do so
	// whenever a write that was refused is tried again, which must stay seldom.
	wordsSettleTime = time.Minute
)

// Status is a copy of a status, and what of it has words.
type Status struct {
	All        any
	Conditions []metav1.Condition
	Problems   []string
}

// dropWords leaves types, reasons and numbers.
func (s Status) dropWords() {
	for i := range s.Conditions {
		s.Conditions[i].Message = ""
	}
	for i := range s.Problems {
		s.Problems[i], _, _ = strings.Cut(s.Problems[i], ": ")
	}
}

// OnStatusChange has objects looked at again when their status was written,
// of which status gives a copy. The writer may have read caches that were behind,
// or may have led before; whoever leads now puts it right, or finds nothing to
// write.
func OnStatusChange[T client.Object](status func(T) Status) handler.EventHandler {
	return handler.Funcs{
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			before, after := status(e.ObjectOld.(T)), status(e.ObjectNew.(T))
			if apiequality.Semantic.DeepEqual(before.All, after.All) {
				return
			}
			before.dropWords()
			after.dropWords()
			in := statusSettleTime
			if apiequality.Semantic.DeepEqual(before.All, after.All) {
				in = wordsSettleTime
			}
			q.AddAfter(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(e.ObjectNew)}, in)
		},
	}
}
