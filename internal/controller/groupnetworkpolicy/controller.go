// Package groupnetworkpolicy keeps the NetworkPolicies of each
// GroupNetworkPolicy as internal/projection/networkpolicy wants them.
//
// A reconcile fetches what one policy refers to, has a pure function decide,
// applies the difference and reports. Which policies an event may concern is
// found by indexes (affected.go); in doubt a policy is queued.
//
// The cache has all NetworkPolicies of the cluster, not only Rollcall's: what
// others allow to the same pods decides whether membership restricts anything.
// There are as many as somebody wrote, and of others' only the spec is kept.
package groupnetworkpolicy

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	crsource "sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/metrics"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
)

// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=groupnetworkpolicies;identityprovidersyncs;users;groups,verbs=get;list;watch
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=groupnetworkpolicies/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

const (
	// unresolvedRetry is how soon a group whose members could not be read is
	// tried again. No event says that they can be.
	unresolvedRetry = 2 * time.Second
	// gateRetry is how soon a closed gate is looked at again.
	gateRetry = 5 * time.Second
	// heldRetry is how soon removals that the guard holds are proposed again: a
	// hold also ends by time.
	heldRetry = 10 * time.Second
)

// Options are what the controller needs.
type Options struct {
	// Client reads from the manager's cache and writes to the API server.
	Client client.Client
	// Sources are shared with other controllers, and registered by their owner.
	Sources *source.Sources
	// Guard holds removals when very many come at once; nil: none is held.
	Guard *removalguard.Guard
	// Gate says that, and why, nothing new may be let through now; nil if it
	// may. It may be nil itself.
	Gate func() *projection.Problem
	// GateChanged gives a source of events that queues requests whenever the
	// answer of Gate changes. It may be nil.
	GateChanged func(requests func(context.Context) []reconcile.Request) crsource.TypedSyncingSource[reconcile.Request]
}

// Controller reconciles GroupNetworkPolicies.
type Controller struct {
	Options
	held     source.Held // policies of whose values not everything is known
	guarded  source.Held // policies whose removals the guard holds
	budget   *budget
	soon     workqueue.TypedRateLimiter[reconcile.Request]
	pace     *pace.Pace[types.NamespacedName]
	measured *metrics.Projection

	// Set by Register.
	lanes    *lane.Lanes
	live     client.Reader
	recorder events.EventRecorder
}

// New makes a Controller. Call Register on it.
func New(options Options) *Controller {
	return &Controller{Options: options, budget: newBudget(time.Now),
		soon:     pace.Retries[reconcile.Request](lastSoon),
		pace:     pace.New[types.NamespacedName](statusInterval, time.Now),
		measured: metrics.NewProjection("GroupNetworkPolicy")}
}

// Reconcile brings the NetworkPolicies of one GroupNetworkPolicy in line.
func (c *Controller) Reconcile(ctx context.Context, rq reconcile.Request) (reconcile.Result, error) {
	c.measured.Begin(rq.NamespacedName)
	owned, err := c.owned(ctx, rq.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}
	policy := &v1alpha1.GroupNetworkPolicy{}
	if err := c.Client.Get(ctx, rq.NamespacedName, policy); err != nil {
		if !apierrors.IsNotFound(err) {
			return reconcile.Result{}, err
		}
		// The garbage collector would do it, some seconds later.
		c.forget(rq)
		return c.end(ctx, rq, owned), nil
	}
	if policy.DeletionTimestamp != nil {
		c.forget(rq)
		if controllerutil.ContainsFinalizer(policy, metav1.FinalizerOrphanDependents) {
			return reconcile.Result{}, nil // somebody wants to keep the NetworkPolicies as they are
		}
		// A finalizer may keep it for ever, and nobody would revoke meanwhile.
		return c.end(ctx, rq, owned), nil
	}

	reader := c.Sources.Reader(consumer(rq))
	in, err := c.input(ctx, reader, policy, owned)
	if err != nil {
		return reconcile.Result{}, err
	}
	// Before Wanted, so that no change of a user falls between the two.
	c.held.Set(rq, syncsOf(policy))
	result := networkpolicy.Wanted(in)
	c.guarded.Set(rq, result.Guarded)
	if !result.Held {
		c.held.Set(rq, result.Guarded) // who is kept by the guard may be found in no group
	}
	a := c.write(ctx, rq, policy, owned, result)
	if errors.Is(a.failure, errLate) {
		// The informer will have it in a moment; a removal does not wait longer
		// for having waited before.
		return reconcile.Result{RequeueAfter: c.soon.When(rq)}, nil
	}
	wait, err := c.report(ctx, rq, policy, result, a)
	if err != nil && a.failure == nil {
		a.failure = err
	}
	reader.Done()
	if a.unrevoked { // no backoff that grows beyond a second
		return reconcile.Result{RequeueAfter: c.soon.When(rq)}, nil
	}
	c.soon.Forget(rq)
	if a.failure != nil {
		return reconcile.Result{}, a.failure
	}
	if a.wait == 0 {
		c.measured.Done(rq.NamespacedName)
	}
	a.again(wait)
	return reconcile.Result{RequeueAfter: again(in, result, a)}, nil
}

// again says when to look again without an event; 0: not at all.
func again(in networkpolicy.Input, result *networkpolicy.Result, a *applied) time.Duration {
	wait := a.wait
	sooner := func(when bool, d time.Duration) {
		if when && (wait == 0 || d < wait) {
			wait = d
		}
	}
	sooner(result.Unresolved, unresolvedRetry)
	sooner(in.NoAdditions != nil, gateRetry)
	sooner(len(result.Guarded) > 0, heldRetry)
	return wait
}

func consumer(rq reconcile.Request) source.Consumer {
	return source.Consumer{Controller: "GroupNetworkPolicy", NamespacedName: rq.NamespacedName}
}

// forget drops what is kept about a policy that is gone.
func (c *Controller) forget(rq reconcile.Request) {
	c.measured.Done(rq.NamespacedName)
	c.held.Set(rq, nil)
	c.guarded.Set(rq, nil)
	c.soon.Forget(rq)
	c.pace.Forget(rq.NamespacedName)
	c.Sources.Forget(consumer(rq))
	if c.Guard != nil {
		c.Guard.Forget(networkpolicy.GuardKey(rq.NamespacedName))
	}
}

// input reads all that decides what a policy comes to. An error means that
// nothing may be changed.
func (c *Controller) input(ctx context.Context, reader *source.Reader, policy *v1alpha1.GroupNetworkPolicy, owned []networkingv1.NetworkPolicy) (networkpolicy.Input, error) {
	namespace := &corev1.Namespace{}
	if err := c.Client.Get(ctx, client.ObjectKey{Name: policy.Namespace}, namespace); err != nil {
		return networkpolicy.Input{}, fmt.Errorf("read the namespace of the policy: %w", err)
	}
	in := networkpolicy.Input{
		Policy: policy, NamespaceLabels: namespace.Labels, Current: owned, Limits: networkpolicy.DefaultLimits,
	}
	if c.Gate != nil {
		in.NoAdditions = c.Gate()
	}
	if c.Guard != nil {
		c.Guard.Concerns(networkpolicy.GuardKey(client.ObjectKeyFromObject(policy)), syncsOf(policy))
		in.Guard = c.Guard.Propose
	}
	sources := map[types.NamespacedName]networkpolicy.Source{}
	for _, name := range syncsOf(policy) {
		read, err := readSource(ctx, reader, name, networkpolicy.Expressions(policy))
		if err != nil {
			return networkpolicy.Input{}, err
		}
		sources[name] = read
	}
	in.Source = func(name types.NamespacedName) networkpolicy.Source { return sources[name] }
	return in, nil
}

func readSource(ctx context.Context, reader *source.Reader, name types.NamespacedName, expressions []networkpolicy.Expression) (networkpolicy.Source, error) {
	sync, err := reader.Sync(ctx, name)
	if err != nil {
		return networkpolicy.Source{}, err
	}
	type answer struct {
		index networkpolicy.Index
		err   error
	}
	answers := map[networkpolicy.Expression]answer{}
	for _, e := range expressions {
		index, err := reader.Index(name, kinds[e.Kind], e.Text)
		var compile *source.CompileError
		switch {
		case errors.As(err, &compile):
			answers[e] = answer{err: compile.Unwrap()}
		case err != nil:
			return networkpolicy.Source{}, err
		default:
			answers[e] = answer{index: index}
		}
	}
	return networkpolicy.Source{
		Sync: sync, Directory: reader.Directory(ctx, name),
		Values: func(e networkpolicy.Expression) (networkpolicy.Index, error) { return answers[e].index, answers[e].err },
	}, nil
}

// kinds are how the sources index users.
var kinds = map[networkpolicy.Kind]source.Kind{
	networkpolicy.LabelValue: kindOf(networkpolicy.LabelValue),
	networkpolicy.Address:    kindOf(networkpolicy.Address),
}

func kindOf(kind networkpolicy.Kind) source.Kind {
	return source.Kind{Name: string(kind), Shared: true, Compile: func(text string) (source.Values, error) {
		values, err := networkpolicy.Compile(kind, text)
		return source.Values(values), err
	}}
}
