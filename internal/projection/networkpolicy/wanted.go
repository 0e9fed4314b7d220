package networkpolicy

import (
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// The reasons of problems, besides those of projection.
const (
	ReasonInvalidSpec        projection.Reason = "InvalidSpec"
	ReasonInvalidExpression  projection.Reason = "InvalidExpression"
	ReasonMemberWithoutValue projection.Reason = "MemberWithoutValue"
	ReasonAddressOutOfBounds projection.Reason = "AddressOutOfBounds"
	ReasonGroupNotLabeled    projection.Reason = "GroupNotLabeled"
)

// Partial reports whether a problem concerns single members only, so that it
// leaves a policy Ready.
func Partial(problem projection.Problem) bool {
	return problem.Reason == ReasonMemberWithoutValue || problem.Reason == ReasonAddressOutOfBounds ||
		problem.Reason == ReasonNamespaceProtected || problem.Partial()
}

// Input is all that decides what a GroupNetworkPolicy comes to.
type Input struct {
	Policy *v1alpha1.GroupNetworkPolicy
	// NamespaceLabels are the labels of the policy's namespace.
	NamespaceLabels map[string]string
	// Source gives the syncs that the policy refers to.
	Source func(types.NamespacedName) Source
	// Current are the NetworkPolicies that name the policy as their controller.
	Current []networkingv1.NetworkPolicy
	// NoAdditions is why nothing new may be let through now; nil: it may.
	NoAdditions *projection.Problem
	// Guard may hold removals; nil: none is held.
	Guard  projection.Guard
	Limits Limits
}

// Source is one sync.
type Source struct {
	// Sync is nil when it does not exist.
	Sync *v1alpha1.IdentityProviderSync
	// Directory is what the sync holds; a deleted sync may retain it.
	Directory projection.Directory
	// Values gives the users by what an expression of Expressions makes of them.
	// The error says that it does not compile.
	Values func(Expression) (Index, error)
}

// Index knows what an expression makes of the users of a sync.
type Index interface {
	// Values is that of Compile.
	Values(*v1alpha1.User) ([]string, error)
	// Users gives the ids of all users of the sync with a value, whether or not
	// they are active, synced, or members of anything.
	Users(value string) []string
}

// Result is what a GroupNetworkPolicy comes to.
type Result struct {
	// Objects are the NetworkPolicies that should exist, and no others, by index.
	Objects []*networkingv1.NetworkPolicy
	// Additions are the names of those that exist and get something more, and
	// nothing else: they may wait.
	Additions map[string]bool
	// MembersDesired is how many distinct active, synced members are known.
	MembersDesired int64
	// Problems are at most projection.MaxProblems.
	Problems []projection.Problem
	// Held is true if some members are not known now.
	Held bool
	// Unresolved is true if some members could not be read: to be tried again,
	// since no event may say that they can be.
	Unresolved bool
	// Guarded are the syncs whose removalGuard holds removals.
	Guarded []types.NamespacedName
	// Peers are for the status: those that tell whose traffic to stop while the
	// spec cannot be used.
	Peers *v1alpha1.AppliedPeers

	members []memberEntries
	labels  []entry // that stand for all members
}

// memberEntries are those of one member.
type memberEntries struct {
	complete bool // it has something for each peer
	entries  []entry
}

// MembersApplied is how many of the desired members are let through by all
// peers, given the NetworkPolicies that exist.
func (r *Result) MembersApplied(applied []networkingv1.NetworkPolicy) int64 {
	there := map[entry]bool{}
	for i := range applied {
		for _, e := range entriesIn(&applied[i].Spec) {
			there[e] = true
		}
	}
	missing := func(e entry) bool { return !there[e] }
	if slices.ContainsFunc(r.labels, missing) {
		return 0
	}
	var n int64
	for _, m := range r.members {
		if m.complete && !slices.ContainsFunc(m.entries, missing) {
			n++
		}
	}
	return n
}

// Wanted says what a GroupNetworkPolicy comes to.
//
// Each peer has the values of the active, synced members of the groups, as
// projection.Resolve finds them. A value that is there already stays if it may
// be that of a member of a group of which not everything is known now. While an
// expression does not compile, the last one that did says whose values those
// are that are there, and nobody is added.
//
// While the spec cannot be written as a NetworkPolicy, or because of
// NoAdditions, no object is made, and none is changed but by taking out
// entries that nobody has any more.
func Wanted(in Input) *Result { return workOut(in).result }

func workOut(in Input) *work {
	w := &work{
		in: in, current: shards{}, there: map[entry]bool{}, wanted: map[entry]int{},
		sources: map[types.NamespacedName]Source{}, result: &Result{Peers: in.Policy.Status.Peers, Additions: map[string]bool{}},
	}
	for i := range in.Current {
		if index, ok := indexOf(keyOf(in.Policy), in.Current[i].Name); ok {
			w.current[index] = entriesIn(&in.Current[i].Spec)
			for _, e := range w.current[index] {
				w.there[e] = true
			}
		}
	}
	t, err := newTemplate(&in.Policy.Spec)
	switch {
	case err != nil:
		w.shrink(appliedPeers(in.Policy.Status.Peers), projection.NewProblem(ReasonInvalidSpec,
			"%v; until it is corrected nobody is let through who is not already", err))
	case in.NoAdditions != nil:
		w.shrink(t.peers, *in.NoAdditions)
	default:
		w.write(t)
	}
	w.result.Problems = projection.Bounded(w.result.Problems)
	return w
}

// write gives all objects as they should be.
func (w *work) write(t *template) {
	w.fill(t.peers)
	w.result.Peers = w.usable(t.peers)
	objects, left := assign(w.current, w.wanted, w.in.Limits)
	if left > 0 {
		w.report(projection.NewProblem(projection.ReasonTooManyMembers,
			"%d of %d values do not fit into %d NetworkPolicies and are not let through; use smaller groups, or namespaces with from: Sync",
			left, len(w.wanted), w.in.Limits.Objects))
	}
	for _, index := range slices.Sorted(maps.Keys(objects)) {
		object := newObject(w.in.Policy, index)
		object.Spec = t.render(objects[index], w.in.Limits)
		w.result.Objects = append(w.result.Objects, object)
		if existing := w.existing(object.Name); existing != nil {
			before := slices.SortedFunc(slices.Values(w.current[index]), compareEntries)
			asBefore := t.render(before, w.in.Limits)
			w.result.Additions[object.Name] = isSubset(before, objects[index]) && equality.Semantic.DeepEqual(asBefore, existing.Spec)
		}
	}
}

func (w *work) existing(name string) *networkingv1.NetworkPolicy {
	i := slices.IndexFunc(w.in.Current, func(np networkingv1.NetworkPolicy) bool { return np.Name == name })
	if i < 0 {
		return nil
	}
	return &w.in.Current[i]
}

// isSubset is for sorted entries.
func isSubset(some, all []entry) bool {
	for _, e := range some {
		i, ok := slices.BinarySearchFunc(all, e, compareEntries)
		if !ok {
			return false
		}
		all = all[i:]
	}
	return true
}

// shrink leaves the objects as they are, but for entries that nobody has any
// more. Without peers it is not known whose they are, so all stay.
func (w *work) shrink(peers []peer, why projection.Problem) {
	w.report(why)
	w.in.NoAdditions = &why
	w.fill(peers)
	if len(peers) == 0 {
		w.result.members = nil // whether they are let through is not known either
	}
	for _, index := range slices.Sorted(maps.Keys(w.current)) {
		object := newObject(w.in.Policy, index)
		object.Spec = reduce(&w.existing(object.Name).Spec, func(e entry) bool {
			_, ok := w.wanted[e]
			return ok || len(peers) == 0
		}, w.in.Limits)
		w.result.Objects = append(w.result.Objects, object)
	}
}
