package source

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Held remembers what one controller holds: bindings that have subjects of whom
// nobody can tell which group they come from. A user of theirs who is disabled
// cannot be found through groups, so every change of a user of the sync
// concerns them. The zero value is ready to use.
type Held struct {
	mu    sync.Mutex
	syncs map[types.NamespacedName]map[reconcile.Request]bool
	of    map[reconcile.Request][]types.NamespacedName
}

// Set says which syncs a binding waits for: none when it is not held. Call it
// before the projection, so that no change of a user falls between the two.
func (h *Held) Set(binding reconcile.Request, syncs []types.NamespacedName) {
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

// Bindings gives the held bindings of a sync.
func (h *Held) Bindings(sync types.NamespacedName) []reconcile.Request {
	h.mu.Lock()
	defer h.mu.Unlock()
	var requests []reconcile.Request
	for request := range h.syncs[sync] {
		requests = append(requests, request)
	}
	return requests
}
