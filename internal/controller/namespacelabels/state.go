package namespacelabels

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

// states remember what the labels of each sync came to, and which of its groups
// are to be looked at.
type states struct {
	mu      sync.Mutex
	syncs   map[types.NamespacedName]*state
	patches map[types.NamespacedName]int // that the API server has not answered
}

// fly counts a patch that begins or ends.
func (s *states) fly(sync types.NamespacedName, by int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.patches == nil {
		s.patches = map[types.NamespacedName]int{}
	}
	if s.patches[sync] += by; s.patches[sync] == 0 {
		delete(s.patches, sync)
	}
}

func (s *states) flying(sync types.NamespacedName) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.patches[sync]
}

// state is of one sync.
type state struct {
	declared   *v1alpha1.LabelNamespaces // also when the sync is gone
	generation int64
	uid        types.UID
	usable     string // the last expression that could be used
	all        bool   // every group is to be looked at, and what no group has
	groups     map[string]*groupState
	name       types.NamespacedName
}

type groupState struct {
	label      string // its key
	todo       bool
	held       bool // any user of the sync may matter
	unresolved bool
	guarded    bool            // removals are held
	namespaces map[string]bool // that should have the label
	refused    map[string]bool // that members have, and that may not have it
	problems   []projection.Problem
	count      int // that have it
}

func (s *states) of(sync types.NamespacedName) *state {
	if s.syncs == nil {
		s.syncs = map[types.NamespacedName]*state{}
	}
	if s.syncs[sync] == nil {
		s.syncs[sync] = &state{name: sync, all: true, groups: map[string]*groupState{}}
	}
	return s.syncs[sync]
}

// begun is what a reconcile has to do.
type begun struct {
	declared *v1alpha1.LabelNamespaces
	usable   string
	sweep    bool // also look for labels of groups that are not named
	groups   map[string]bool
	dropped  []string // groups that are no longer named
}

func (b *begun) concerns(group string) bool { return b.sweep || b.groups[group] }

// begin takes what is to be done for a sync. What comes meanwhile is for the
// next reconcile, and until the groups are known again each user matters.
func (s *states) begin(name types.NamespacedName, sync *v1alpha1.IdentityProviderSync) *begun {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.of(name)
	var dropped []string
	if sync != nil && (st.uid != sync.UID || st.generation != sync.Generation || deletes(sync)) {
		st.uid, st.generation, st.all = sync.UID, sync.Generation, true
		st.declared = sync.Spec.LabelNamespaces.DeepCopy()
		if deletes(sync) {
			st.declared = nil
		}
		maps.DeleteFunc(st.groups, func(group string, _ *groupState) bool {
			gone := st.declared == nil || !slices.Contains(st.declared.Groups, group)
			if gone {
				dropped = append(dropped, group)
			}
			return gone
		})
	}
	b := &begun{declared: st.declared, usable: st.usable, sweep: st.all, groups: map[string]bool{}, dropped: dropped}
	if st.declared != nil {
		for _, group := range st.declared.Groups {
			g := st.group(group)
			if b.groups[group] = g.todo || g.unresolved || g.guarded; st.all || b.groups[group] {
				g.held = true
			}
			g.todo = false
		}
	}
	st.all = false
	return b
}

// deletes tells whether the sync is going together with all that came from it.
func deletes(sync *v1alpha1.IdentityProviderSync) bool {
	return sync.DeletionTimestamp != nil && sync.Spec.Deletion != nil && sync.Spec.Deletion.OnSyncDelete == v1alpha1.DeletionDelete
}

func (st *state) group(name string) *groupState {
	if st.groups[name] == nil {
		st.groups[name] = &groupState{label: networkpolicy.NamespaceLabel(st.name, name)}
	}
	return st.groups[name]
}

// again puts back what a reconcile could not do.
func (s *states) again(name types.NamespacedName, b *begun) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.of(name)
	st.all = st.all || b.sweep
	for group, todo := range b.groups {
		if g := st.groups[group]; g != nil {
			g.todo = g.todo || todo
		}
	}
}

func (s *states) usable(name types.NamespacedName, expression string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(name).usable = expression
}

func (s *states) set(name types.NamespacedName, group string, result *networkpolicy.LabelResult) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.of(name).group(group)
	// Who is kept by the guard may be found in no group.
	g.held, g.unresolved, g.guarded = result.Held || result.Guarded, result.Unresolved, result.Guarded
	g.problems = result.Problems
	g.namespaces, g.refused = result.Namespaces, result.Refused
}

func (s *states) count(name types.NamespacedName, group string, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(name).group(group).count = count
}

// waiting tells what no event may say that it is over.
func (s *states) waiting(name types.NamespacedName) (unresolved, guarded bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.of(name).groups {
		unresolved, guarded = unresolved || g.unresolved, guarded || g.guarded
	}
	return unresolved, guarded
}

func (s *states) forget(name types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.syncs, name)
}

// mark has groups of a sync looked at; it tells whether any is.
func (s *states) mark(name types.NamespacedName, concerns func(group string, g *groupState) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.syncs[name]
	if st == nil {
		return false
	}
	marked := false
	for group, g := range st.groups {
		if concerns(group, g) {
			g.todo, marked = true, true
		}
	}
	return marked
}

// selects tells whether the labels of a namespace decide about ours.
func (s *states) selects(name types.NamespacedName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.syncs[name]
	return st != nil && st.declared != nil && st.declared.NamespaceSelector != nil
}

// marked tells whether something is to be done for a sync.
func (s *states) marked(name types.NamespacedName) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.of(name)
	for _, g := range st.groups {
		if g.todo {
			return true
		}
	}
	return st.all
}

// markAll has all groups of a sync looked at.
func (s *states) markAll(name types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(name).all = true
}

// known gives the syncs that have a state.
func (s *states) known() []types.NamespacedName {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.syncs))
}

// snapshot is what a status tells.
func (s *states) snapshot(name types.NamespacedName) (usable string, groups map[string]groupState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.of(name)
	groups = map[string]groupState{}
	for group, g := range st.groups {
		groups[group] = *g
	}
	return st.usable, groups
}
