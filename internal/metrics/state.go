package metrics

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// scrapeTimeout bounds how long a scrape waits for a cache that is not filled.
const scrapeTimeout = 2 * time.Second

// State is what a replica knows anyway; it is read when somebody scrapes.
type State struct {
	// Cache reads syncs and bindings without a copy.
	Cache client.Reader
	// Serves says whether the syncs of a namespace are served.
	Serves func(namespace string) bool
	// Seen is when this replica was last asked by a sync, and when a request
	// changed something; zero: never.
	Seen func(sync types.NamespacedName) (request, change time.Time)
	// TokensUsed is when this replica last accepted each token of a sync, by name.
	TokensUsed func(sync types.NamespacedName) map[string]time.Time
	// Missing says which admission policies are not in force; empty: all are.
	Missing func() string
	// Leads says whether this replica leads.
	Leads func() bool
}

var current atomic.Pointer[State]

// SetState has scrapes read a State. Of several in a process, as in tests, the
// last counts.
func SetState(s *State) { current.Store(s) }

func init() { metrics.Registry.MustRegister(scrape{}) }

// scrape reads the current State.
type scrape struct{}

// Describe describes nothing: what there is depends on the syncs.
func (scrape) Describe(chan<- *prometheus.Desc) {}

// Collect reads the State.
func (scrape) Collect(to chan<- prometheus.Metric) {
	if s := current.Load(); s != nil {
		s.Collect(to)
	}
}

// Describe describes nothing: what there is depends on the syncs.
func (s *State) Describe(chan<- *prometheus.Desc) {}

// Collect gives everything. What cannot be read is left out.
func (s *State) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	leader.send(to, truth(s.Leads()))
	var syncs v1alpha1.IdentityProviderSyncList
	if err := s.Cache.List(ctx, &syncs, client.UnsafeDisableDeepCopy); err != nil {
		return
	}
	policies.send(to, truth(s.Missing() == "")) // waits for the cache, which is filled now
	for i := range syncs.Items {
		if o := &syncs.Items[i]; s.Serves(o.Namespace) && o.DeletionTimestamp.IsZero() {
			s.sync(to, o)
		}
	}
	s.bindings(ctx, to)
}

func (s *State) sync(to chan<- prometheus.Metric, o *v1alpha1.IdentityProviderSync) {
	key := client.ObjectKeyFromObject(o)
	name, status := key.String(), &o.Status
	syncInfo.send(to, 1, name, string(o.Spec.Provider), string(o.Spec.State))
	syncReady.send(to, truth(meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady)), name)
	if cycle := Cycle(o); cycle > 0 {
		syncCycle.send(to, cycle.Seconds(), name)
	}
	request, change := s.Seen(key)
	timestamp(to, lastRequest, status.LastRequestTime, request, name)
	timestamp(to, lastChange, status.LastChangeTime, change, name)
	if c := status.Users; c != nil {
		users.send(to, float64(c.Total), name)
		usersActive.send(to, float64(c.Active), name)
		usersSynced.send(to, float64(c.Synced), name)
	}
	if c := status.Groups; c != nil {
		groups.send(to, float64(c.Total), name)
		groupsSynced.send(to, float64(c.Synced), name)
		unknownMembers.send(to, float64(c.UnknownMembers), name)
	}
	if guard := status.RemovalGuard; guard != nil {
		heldRemovals.send(to, float64(guard.Subjects), name)
	}
	s.tokens(to, o, key)
}

func (s *State) tokens(to chan<- prometheus.Metric, o *v1alpha1.IdentityProviderSync, key types.NamespacedName) {
	name, used := key.String(), s.TokensUsed(key)
	states := map[string]*v1alpha1.TokenStatus{}
	for i := range o.Status.Tokens {
		states[o.Status.Tokens[i].Name] = &o.Status.Tokens[i]
	}
	for _, token := range o.Spec.Tokens {
		if token.ExpirationTime != nil {
			tokenExpires.send(to, seconds(token.ExpirationTime.Time), name, token.Name)
		}
		var last *metav1.Time
		if status := states[token.Name]; status != nil {
			tokenValid.send(to, truth(status.State == v1alpha1.TokenValid), name, token.Name)
			last = status.LastUsedTime
		}
		timestamp(to, tokenUsed, last, used[token.Name], name, token.Name)
	}
}

// state is the value of a group of bindings.
type state struct{ ready, reason string }

func (s *State) bindings(ctx context.Context, to chan<- prometheus.Metric) {
	var inNamespaces v1alpha1.GroupRoleBindingList
	var inCluster v1alpha1.ClusterGroupRoleBindingList
	var policies v1alpha1.GroupNetworkPolicyList
	for kind, list := range map[string]client.ObjectList{
		"GroupRoleBinding": &inNamespaces, "ClusterGroupRoleBinding": &inCluster, "GroupNetworkPolicy": &policies,
	} {
		if err := s.Cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			continue
		}
		states, desired, applied := map[state]int{}, int64(0), int64(0)
		add := func(conditions []metav1.Condition, d, a int64) {
			found := state{ready: string(metav1.ConditionUnknown)}
			if c := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady); c != nil {
				found = state{string(c.Status), c.Reason}
			}
			states[found]++
			desired, applied = desired+d, applied+a
		}
		switch list := list.(type) {
		case *v1alpha1.GroupRoleBindingList:
			for i := range list.Items {
				b := &list.Items[i].Status
				add(b.Conditions, b.MembersDesired, b.MembersApplied)
			}
		case *v1alpha1.ClusterGroupRoleBindingList:
			for i := range list.Items {
				b := &list.Items[i].Status
				add(b.Conditions, b.MembersDesired, b.MembersApplied)
			}
		case *v1alpha1.GroupNetworkPolicyList:
			for i := range list.Items {
				b := &list.Items[i].Status
				add(b.Conditions, b.MembersDesired, b.MembersApplied)
			}
		}
		for found, count := range states {
			bindings.send(to, float64(count), kind, found.ready, found.reason)
		}
		membersDesired.send(to, float64(desired), kind)
		membersApplied.send(to, float64(applied), kind)
	}
}

// entraCycle is how often Entra ID provisions.
const entraCycle = 40 * time.Minute

// AnnotationCycle on an IdentityProviderSync is how often requests are expected
// at least, such as 24h; 0 expects none. Without it, that of the provider counts.
const AnnotationCycle = "scim.rollcall.dev/expected-cycle"

// Cycle is how often a sync is expected to be heard of; 0: no telling, as with
// providers that send changes only, when there are some, and while it is Paused.
func Cycle(o *v1alpha1.IdentityProviderSync) time.Duration {
	if o.Spec.State == v1alpha1.SyncPaused {
		return 0
	}
	if text, ok := o.Annotations[AnnotationCycle]; ok {
		if cycle, err := time.ParseDuration(text); err == nil && cycle >= 0 {
			return cycle
		}
	}
	if o.Spec.Provider == v1alpha1.ProviderEntraID {
		return entraCycle
	}
	return 0
}

// timestamp sends the later of two times; nothing if there is none.
func timestamp(to chan<- prometheus.Metric, d description, stored *metav1.Time, seen time.Time, labels ...string) {
	if stored != nil && stored.After(seen) {
		seen = stored.Time
	}
	if !seen.IsZero() {
		d.send(to, seconds(seen), labels...)
	}
}

func seconds(at time.Time) float64 { return float64(at.UnixMilli()) / 1000 }

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
