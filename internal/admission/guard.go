package admission

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/labels"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// +kubebuilder:rbac:groups=admissionregistration.k8s.io,resources=validatingadmissionpolicies;validatingadmissionpolicybindings,verbs=get;list;watch

// CacheOptions restricts a manager's cache to the policies of this project.
func CacheOptions() map[client.Object]cache.ByObject {
	only := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{LabelName: Name})}
	return map[client.Object]cache.ByObject{
		&admissionv1.ValidatingAdmissionPolicy{}:        only,
		&admissionv1.ValidatingAdmissionPolicyBinding{}: only,
	}
}

// firstLook is how long Missing waits for the first look, at most: in a manager
// it has been made, or is about to be, when a controller starts.
const firstLook = 2 * time.Second

// Guard watches the policies. It is safe for concurrent use.
type Guard struct {
	wanted []client.Object

	mu          sync.Mutex
	synced      []toolscache.InformerSynced // one for policies, one for bindings
	have        map[string]client.Object    // by kind and name
	checked     bool
	message     string // as Missing gives it
	subscribers []func()
}

// NewGuard starts to watch by a cache that has CacheOptions. The cache need not
// run yet.
func NewGuard(ctx context.Context, informers cache.Informers) (*Guard, error) {
	wanted, err := Manifests()
	if err != nil {
		return nil, err
	}
	g := &Guard{wanted: wanted, have: map[string]client.Object{}, message: "the admission policies have not been looked at yet"}
	for _, object := range []client.Object{&admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}} {
		informer, err := informers.GetInformer(ctx, object, cache.BlockUntilSynced(false))
		if err != nil {
			return nil, fmt.Errorf("watch the admission policies: %w", err)
		}
		registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc:    func(o any) { g.see(o, false) },
			UpdateFunc: func(_, o any) { g.see(o, false) },
			DeleteFunc: func(o any) { g.see(o, true) },
		})
		if err != nil {
			return nil, fmt.Errorf("watch the admission policies: %w", err)
		}
		g.mu.Lock()
		g.synced = append(g.synced, registration.HasSynced)
		g.mu.Unlock()
	}
	return g, nil
}

// Missing says which policies or bindings are missing or changed and what to
// do, in less than 1,000 bytes; "" when all are in force. It waits a moment for
// the first look, so that a new leader does not tell of what is not so.
func (g *Guard) Missing() string {
	g.mu.Lock()
	for begin := time.Now(); !g.checked; {
		if g.compare(); g.checked || time.Since(begin) > firstLook {
			break
		}
		g.mu.Unlock()
		time.Sleep(firstLook / 200)
		g.mu.Lock()
	}
	defer g.mu.Unlock()
	return g.message
}

// Source queues what requests gives whenever the answer of Missing changed. A
// controller that watches it does not start before the first answer is known.
func (g *Guard) Source(requests func(context.Context) []reconcile.Request) source.TypedSyncingSource[reconcile.Request] {
	return &changes{guard: g, requests: requests}
}

// see takes one event and tells the subscribers if it changes the answer.
func (g *Guard) see(o any, deleted bool) {
	if last, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
		o = last.Obj
	}
	object, ok := o.(client.Object)
	if !ok {
		return
	}
	g.mu.Lock()
	if key := keyOf(object); deleted {
		delete(g.have, key)
	} else {
		g.have[key] = object
	}
	var subscribers []func()
	if g.compare() {
		subscribers = slices.Clone(g.subscribers)
	}
	g.mu.Unlock()
	for _, tell := range subscribers {
		tell()
	}
}

// compare works the answer out anew, under the lock. Before everything was seen
// once there is none.
func (g *Guard) compare() (changed bool) {
	const kinds = 2
	if len(g.synced) < kinds || slices.ContainsFunc(g.synced, func(synced toolscache.InformerSynced) bool { return !synced() }) {
		return false
	}
	before := g.message
	g.checked = true
	g.message = missing(g.wanted, func(o client.Object) client.Object { return g.have[keyOf(o)] })
	return g.message != before
}

// keyOf tells a policy from a binding of the same name: what an informer gives
// does not say its kind.
func keyOf(o client.Object) string { return fmt.Sprintf("%T %s", o, o.GetName()) }

// changes is the Guard as a source of events.
type changes struct {
	guard    *Guard
	requests func(context.Context) []reconcile.Request
}

// Start subscribes.
func (c *changes) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	c.guard.mu.Lock()
	defer c.guard.mu.Unlock()
	c.guard.subscribers = append(c.guard.subscribers, func() {
		for _, request := range c.requests(ctx) {
			queue.Add(request)
		}
	})
	return nil
}

// WaitForSync waits until all policies were looked at.
func (c *changes) WaitForSync(ctx context.Context) error {
	c.guard.mu.Lock()
	synced := slices.Clone(c.guard.synced)
	c.guard.mu.Unlock()
	if !toolscache.WaitForCacheSync(ctx.Done(), synced...) {
		return fmt.Errorf("the admission policies could not be read: %w", context.Cause(ctx))
	}
	return nil
}
