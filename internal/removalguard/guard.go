// Package removalguard holds removals of access when very many come at once,
// as they do when a group filter, a group or an identity provider's scope is
// changed by mistake (spec.removalGuard of an IdentityProviderSync).
//
// What is counted are subjects: one user in one binding. Each projection of a
// binding proposes how many of its subjects would go although the user is
// still active; the guard adds up what is proposed and what went within the
// window, over all bindings of the sync, and says whether the removal is held.
// A hold ends when it is confirmed, when the window has passed, or when what
// is proposed falls below the bounds again, since somebody mended the mistake.
//
// The guard protects against slips, not against attackers: disabling a user
// is never proposed to it, and when it knows too little it lets removals
// through. It remembers in memory, with one exception: a hold is in the status
// of the sync, and a new leader goes on with it.
package removalguard

import (
	"slices"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// releaseTime is for how long removals pass after a hold was confirmed or has
// run out: time for every binding to make those that were held.
const releaseTime = time.Minute

// Guard watches over the removals of all syncs. It is safe for concurrent use.
type Guard struct {
	now func() time.Time

	mu       sync.Mutex
	syncs    map[types.NamespacedName]*tally
	onChange func(types.NamespacedName)
}

// New makes a Guard that reads the time from now.
func New(now func() time.Time) *Guard {
	return &Guard{now: now, syncs: map[types.NamespacedName]*tally{}}
}

// OnChange has f called whenever a hold of a sync begins or ends by a proposal.
func (g *Guard) OnChange(f func(sync types.NamespacedName)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.onChange = f
}

// Propose says that of a binding's subjects from a sync, lost would go although
// their users are active. It reports whether these removals are held; otherwise
// they are taken to be made now. It is called with lost 0 too, so that the
// guard knows what there is and what came back.
//
// The sync is as the cache has it: the hold in its status counts when this
// Guard knows of none, and the annotation that confirms it is looked at here.
func (g *Guard) Propose(sync *v1alpha1.IdentityProviderSync, binding string, subjects, lost int) (held bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := types.NamespacedName{Namespace: sync.Namespace, Name: sync.Name}
	if sync.Spec.RemovalGuard == nil {
		delete(g.syncs, key)
		return false
	}
	t := g.syncs[key]
	if t == nil || t.uid != sync.UID {
		t = newTally(sync, g.now())
		g.syncs[key] = t
	}
	before := t.hold
	held = t.propose(sync, binding, subjects, lost, g.now())
	if t.hold != before && g.onChange != nil {
		g.onChange(key)
	}
	return held
}

// Concerns says which syncs a binding refers to. What it proposed to others is
// dropped: that it no longer names them is the wish of who changed it.
func (g *Guard) Concerns(binding string, syncs []types.NamespacedName) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for sync, t := range g.syncs {
		if !slices.Contains(syncs, sync) {
			delete(t.bindings, binding)
		}
	}
}

// Forget drops what is known about a binding that is gone: its removals are the
// wish of who deleted it.
func (g *Guard) Forget(binding string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.syncs {
		delete(t.bindings, binding)
	}
}

// Status is what is held for a sync; nil if nothing is. A hold that nobody has
// proposed again since this process leads is still the one in the status.
func (g *Guard) Status(sync *v1alpha1.IdentityProviderSync) *v1alpha1.RemovalGuardStatus {
	g.mu.Lock()
	defer g.mu.Unlock()
	if sync.Spec.RemovalGuard == nil {
		return nil
	}
	t := g.syncs[types.NamespacedName{Namespace: sync.Namespace, Name: sync.Name}]
	if t == nil || t.uid != sync.UID {
		return sync.Status.RemovalGuard
	}
	now := g.now()
	t.settle(sync, now)
	if t.hold == nil {
		return nil
	}
	return &v1alpha1.RemovalGuardStatus{
		ID:       t.hold.id,
		Subjects: int64(t.held(now)),
		Since:    metav1.NewTime(t.hold.since),
		Until:    metav1.NewTime(t.hold.since.Add(bounds(sync).window)),
	}
}
