package grouprolebinding

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// held remembers the bindings that have subjects of whom nobody can tell which
// group they come from. A user of theirs who is disabled cannot be found
// through groups, so every change of a user of the sync concerns them.
type held struct {
	mu    sync.Mutex
	syncs map[types.NamespacedName]map[reconcile.Request]bool
	of    map[reconcile.Request][]types.NamespacedName
}

// set says which syncs a binding waits for: none when it is not held.
func (h *held) set(binding reconcile.Request, syncs []types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.syncs == nil {
		h.syncs = map[types.NamespacedName]map[reconcile.Request]bool{}
		h.of = map[reconcile.Request][]types.NamespacedName{}
	}
	for _, sync := range h.of[binding] {
		delete(h.syncs[sync], binding)
		if len(h.syncs[sync]) == 0 {
			delete(h.syncs, sync)
		}
	}
	delete(h.of, binding)
	if len(syncs) == 0 {
		return
	}
	h.of[binding] = slices.Clone(syncs)
	for _, sync := range syncs {
		if h.syncs[sync] == nil {
			h.syncs[sync] = map[reconcile.Request]bool{}
		}
		h.syncs[sync][binding] = true
	}
}

// bindings gives the held bindings of a sync.
func (h *held) bindings(sync types.NamespacedName) []reconcile.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	var requests []reconcile.Request
	for request := range h.syncs[sync] {
		requests = append(requests, request)
	}
	return requests
}
