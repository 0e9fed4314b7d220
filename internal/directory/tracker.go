package directory

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// tracker tells a writer when this replica has seen what was written. Objects
// for which that takes too long are behind: until the informer has caught up
// they are read from the API server.
type tracker struct {
	patience time.Duration // how long a writer waits; 0: deliveryTimeout

	mu      sync.Mutex
	waiting map[types.NamespacedName][]*waiter
	behind  map[types.NamespacedName]sight
	lagging atomic.Int64 // len(behind), readable without the lock
}

// sight is a version of an object, as an informer delivered it or as a writer
// expects it. A version that is gone is one deletion of the object.
type sight struct {
	uid     types.UID
	version string
	gone    bool
}

// reaches tells whether s, seen, is as new as want.
func (s sight) reaches(want sight) bool {
	if want.gone && s.uid == want.uid {
		return s.gone
	}
	order, err := resourceversion.CompareResourceVersion(s.version, want.version)
	return err == nil && order >= 0
}

// waiter collects what is seen of one object from before it is written on.
type waiter struct {
	tracker *tracker
	key     types.NamespacedName
	last    []sight // at most the last of each of two incarnations
	wake    chan struct{}
}

// expect begins to watch an object that is about to be written. Call stop.
func (t *tracker) expect(key types.NamespacedName) *waiter {
	w := &waiter{tracker: t, key: key, wake: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = map[types.NamespacedName][]*waiter{}
	}
	t.waiting[key] = append(t.waiting[key], w)
	return w
}

func (w *waiter) stop() {
	t := w.tracker
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := slices.DeleteFunc(t.waiting[w.key], func(other *waiter) bool { return other == w })
	if len(rest) == 0 {
		delete(t.waiting, w.key)
	} else {
		t.waiting[w.key] = rest
	}
}

// seen is called for every event, in order for each object.
func (t *tracker) seen(key types.NamespacedName, s sight) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.waiting[key] {
		if n := len(w.last); n > 0 && w.last[n-1].uid == s.uid {
			w.last[n-1] = s
		} else {
			w.last = append(w.last[max(0, n-1):], s)
		}
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
	if want, ok := t.behind[key]; ok && s.reaches(want) {
		t.forget(key)
	}
}

// wait returns when want was seen, or marks the object as behind.
func (w *waiter) wait(ctx context.Context, want sight, cached func(types.NamespacedName) client.Object) {
	timer := time.NewTimer(cmp.Or(w.tracker.patience, deliveryTimeout))
	defer timer.Stop()
	for !w.reached(want) {
		select {
		case <-w.wake:
			continue
		case <-timer.C:
		case <-ctx.Done():
		}
		w.tracker.fallBehind(w.key, want, cached)
		return
	}
}

func (w *waiter) reached(want sight) bool {
	w.tracker.mu.Lock()
	defer w.tracker.mu.Unlock()
	return slices.ContainsFunc(w.last, func(s sight) bool { return s.reaches(want) })
}

func (t *tracker) fallBehind(key types.NamespacedName, want sight, cached func(types.NamespacedName) client.Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o := cached(key); agrees(o, want) {
		return // it came without an event: an update that changed nothing
	}
	if old, ok := t.behind[key]; ok && old.reaches(want) {
		return
	}
	if t.behind == nil {
		t.behind = map[types.NamespacedName]sight{}
	}
	t.behind[key] = want
	t.lagging.Store(int64(len(t.behind)))
}

func agrees(o client.Object, want sight) bool {
	if o == nil {
		return want.gone
	}
	return sight{uid: o.GetUID(), version: o.GetResourceVersion()}.reaches(want)
}

func (t *tracker) isBehind(key types.NamespacedName) bool {
	if t.lagging.Load() == 0 {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	_, ok := t.behind[key]
	return ok
}

// laggards gives the objects that are behind.
func (t *tracker) laggards() []types.NamespacedName {
	if t.lagging.Load() == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	keys := make([]types.NamespacedName, 0, len(t.behind))
	for key := range t.behind {
		keys = append(keys, key)
	}
	return keys
}

// confirmed is told what the API server says of an object that was behind. When
// the informer says the same there is no event to wait for any more.
func (t *tracker) confirmed(key types.NamespacedName, live, cached client.Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	same := live == nil && cached == nil ||
		live != nil && cached != nil && live.GetResourceVersion() == cached.GetResourceVersion()
	if same {
		t.forget(key)
	}
}

func (t *tracker) forget(key types.NamespacedName) {
	delete(t.behind, key)
	t.lagging.Store(int64(len(t.behind)))
}
