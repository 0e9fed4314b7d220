// Package namespacelabels keeps labels on the namespaces that belong to members
// of groups, as spec.labelNamespaces of an IdentityProviderSync asks, for
// NetworkPolicies to select: a member more costs one small patch.
//
// A reconcile is about one sync, and about those of its groups that an event
// concerned (state.go). A pure function says which namespaces have a group's
// label; the difference is patched, and nothing but that label of them.
//
// The key of a label says which sync it is of, so labels of groups that a sync
// no longer names are found on the namespaces themselves, whatever happened
// while nobody was looking. Labels of a sync that does not exist stay: it was
// deleted with onSyncDelete: Retain, and with Delete it goes after its labels.
package namespacelabels

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	crsource "sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
)

// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch;patch
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=identityprovidersyncs;users;groups,verbs=get;list;watch
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=identityprovidersyncs/status,verbs=patch
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
	// OperatorNamespace is never labeled.
	OperatorNamespace string
	// Guard holds removals when very many come at once; nil: none is held.
	Guard *removalguard.Guard
	// Gate says that, and why, no label may be added now; nil if one may. It may
	// be nil itself.
	Gate func() *projection.Problem
	// GateChanged gives a source of events that queues requests whenever the
	// answer of Gate changes. It may be nil.
	GateChanged func(requests func(context.Context) []reconcile.Request) crsource.TypedSyncingSource[reconcile.Request]
}

// Controller reconciles spec.labelNamespaces of IdentityProviderSyncs.
type Controller struct {
	Options
	states states
	pace   *pace.Pace[types.NamespacedName]
	soon   workqueue.TypedRateLimiter[types.NamespacedName]

	// Set by Register. The stores are the informers' own: never behind an event.
	lanes             *lane.Lanes
	namespaces, syncs toolscache.Indexer
	recorder          events.EventRecorder
}

// New makes a Controller. Call Register on it.
func New(options Options) *Controller {
	return &Controller{Options: options, pace: pace.New[types.NamespacedName](statusInterval, time.Now),
		soon: pace.Retries[types.NamespacedName](lastSoon)}
}

// scope is one reconcile.
type scope struct {
	*Controller
	name     types.NamespacedName
	sync     *v1alpha1.IdentityProviderSync // nil: it does not exist
	declared *v1alpha1.LabelNamespaces      // what the labels follow; nil: none is to be there
	problem  *projection.Problem            // why no label may be added
	may      func(namespace string) bool

	mu     sync.Mutex
	failed projection.Tally // patches
}

// Reconcile brings the labels of one sync's groups in line.
func (c *Controller) Reconcile(ctx context.Context, rq reconcile.Request) (_ reconcile.Result, err error) {
	reader := c.Sources.Reader(consumer(rq.NamespacedName))
	s := &scope{Controller: c, name: rq.NamespacedName}
	if s.sync, err = reader.Sync(ctx, s.name); err != nil {
		return reconcile.Result{}, err
	}
	state := c.states.begin(s.name, s.sync)
	s.declared = state.declared
	if s.sync == nil && s.declared == nil {
		c.forget(s.name, state)
		return reconcile.Result{}, nil // nobody knows more of its labels than that they stay
	}
	if c.Gate != nil {
		s.problem = c.Gate()
	}
	var failures []error
	s.may = s.mayLabel()
	var additions []addition
	if s.declared != nil {
		additions, err = s.label(ctx, reader, state)
		failures = append(failures, err)
	}
	if state.sweep && s.sync != nil {
		failures = append(failures, s.sweep(ctx))
	}
	unrevoked := errors.Join(failures...)
	done, err := s.add(ctx, additions)
	failure := errors.Join(unrevoked, err)
	wait, err := s.report(ctx)
	if failure = errors.Join(failure, err); failure != nil {
		c.states.again(s.name, state)
		if unrevoked != nil || errors.Is(failure, errSlow) { // no backoff that grows beyond a second
			return reconcile.Result{RequeueAfter: c.soon.When(s.name)}, nil
		}
		return reconcile.Result{}, failure
	}
	c.soon.Forget(s.name)
	if s.declared == nil {
		c.forget(s.name, state)
		return reconcile.Result{}, nil
	}
	c.forgetGroups(s.name, state)
	reader.Done()
	sooner := func(when bool, d time.Duration) {
		if when && (wait == 0 || d < wait) {
			wait = d
		}
	}
	unresolved, guarded := c.states.waiting(s.name)
	sooner(!done, time.Millisecond)
	sooner(unresolved, unresolvedRetry)
	sooner(guarded, heldRetry)
	if s.problem != nil {
		c.states.again(s.name, state)
		sooner(true, gateRetry)
	}
	return reconcile.Result{RequeueAfter: wait}, nil
}

func (c *Controller) forget(sync types.NamespacedName, state *begun) {
	c.states.forget(sync)
	c.pace.Forget(sync)
	c.soon.Forget(sync)
	c.Sources.Forget(consumer(sync))
	c.forgetGroups(sync, state)
}

// forgetGroups: that they are no longer named is somebody's wish.
func (c *Controller) forgetGroups(sync types.NamespacedName, state *begun) {
	if c.Guard == nil {
		return
	}
	for _, group := range state.dropped {
		c.Guard.Forget(networkpolicy.LabelGuardKey(sync, group))
	}
}

func consumer(sync types.NamespacedName) source.Consumer {
	return source.Consumer{Controller: "NamespaceLabels", NamespacedName: sync}
}

// label takes away the labels of those groups that something concerned where
// they are not wanted, and gives what is to be added.
func (s *scope) label(ctx context.Context, reader *source.Reader, state *begun) ([]addition, error) {
	in := networkpolicy.LabelInput{
		Sync: s.name, Source: projection.Source{Sync: s.sync, Directory: reader.Directory(ctx, s.name)},
		MayLabel: s.may, NoAdditions: s.problem,
	}
	if s.Guard != nil {
		in.Guard = s.Guard.Propose
	}
	for i, text := range s.expressions(state) {
		index, err := reader.Index(s.name, kind, text)
		var compile *source.CompileError
		switch {
		case err == nil:
			in.Values = index
			s.states.usable(s.name, text)
		case !errors.As(err, &compile):
			return nil, err
		case i == 0:
			in.Failure = compile.Unwrap()
		}
		if in.Values != nil {
			break
		}
	}
	var additions []addition
	var failures []error
	for _, group := range s.declared.Groups {
		if !state.concerns(group) {
			continue
		}
		in.DisplayName = group
		key := networkpolicy.NamespaceLabel(s.name, group)
		in.Current = s.labeled(key)
		result := networkpolicy.Labels(in)
		// Before it is written: the events of the patches are compared with it.
		s.states.set(s.name, group, result)
		left, err := s.remove(ctx, key, in.Current, result.Namespaces)
		failures = append(failures, err)
		additions = append(additions, addition{group, key, result.Namespaces, left})
	}
	return additions, errors.Join(failures...)
}

// expressions are the present one and the last ones that could be used, which a
// new leader finds in the status.
func (s *scope) expressions(state *begun) []string {
	expressions := []string{s.declared.Namespace, state.usable}
	if s.sync != nil && s.sync.Status.LabelNamespaces != nil {
		expressions = append(expressions, s.sync.Status.LabelNamespaces.Namespace)
	}
	return slices.DeleteFunc(expressions, func(text string) bool { return text == "" })
}

var kind = source.Kind{Name: string(networkpolicy.Namespace), Shared: true, Compile: func(text string) (source.Values, error) {
	values, err := networkpolicy.Compile(networkpolicy.Namespace, text)
	return source.Values(values), err
}}
