package directory

import (
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// What a sync writes waits at the API server behind what all the others write. So
// while several syncs write, each has but few writes under way, and the rest wait
// here. One alone has as many as it likes.

const (
	// sharedWrites are under way at once while several syncs write. With more the
	// API server answers later, but hardly more of them.
	sharedWrites = 16
	// leastWrites of one sync are.
	leastWrites = 2
	// writesUntil is how long a sync counts as one that writes.
	writesUntil = 2 * time.Second
)

// writers divides the writes under way between syncs.
type writers struct {
	now func() time.Time

	mu sync.Mutex
	of map[types.NamespacedName]*writing
}

// writing is what one sync writes.
type writing struct {
	underWay int
	waiting  []chan struct{} // in the order in which they came; closed when one may begin
	last     time.Time
}

func newWriters(now func() time.Time) *writers {
	return &writers{now: now, of: map[types.NamespacedName]*writing{}}
}

// begin waits until a sync may write; end is to be called when it has.
func (w *writers) begin(ctx context.Context, sync types.NamespacedName) (end func(), err error) {
	w.mu.Lock()
	own := w.of[sync]
	if own == nil {
		own = &writing{}
		w.of[sync] = own
	}
	own.last = w.now()
	end = func() { w.end(own) }
	if len(own.waiting) == 0 && own.underWay < w.limit() {
		own.underWay++
		w.mu.Unlock()
		return end, nil
	}
	turn := make(chan struct{})
	own.waiting = append(own.waiting, turn)
	w.mu.Unlock()
	select {
	case <-turn:
		return end, nil
	case <-ctx.Done():
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.Index(own.waiting, turn); i >= 0 {
		own.waiting = slices.Delete(own.waiting, i, i+1)
		return nil, scim.Unavailable(retryAfter, "several identity providers write at once, and this one has very much to be written; try again")
	}
	return end, nil // its turn came in the same moment
}

// end lets those begin for whom there is room now. Who waits can rely on it:
// something of the same sync is under way.
func (w *writers) end(own *writing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	own.underWay--
	own.last = w.now()
	for limit := w.limit(); len(own.waiting) > 0 && own.underWay < limit; own.underWay++ {
		close(own.waiting[0])
		own.waiting = own.waiting[1:]
	}
}

// limit is how many writes of one sync may be under way. It forgets who has not
// written for a while.
func (w *writers) limit() int {
	now := w.now()
	for sync, other := range w.of {
		if other.underWay == 0 && len(other.waiting) == 0 && now.Sub(other.last) > writesUntil {
			delete(w.of, sync)
		}
	}
	if len(w.of) <= 1 {
		return maxWrites
	}
	return max(leastWrites, sharedWrites/len(w.of))
}

// maxWrites is more than there are requests.
const maxWrites = 1 << 20

// inTurn writes for one sync.
type inTurn struct {
	client.Writer
	writers *writers
	sync    types.NamespacedName
}

// Create implements client.Writer.
func (t inTurn) Create(ctx context.Context, o client.Object, options ...client.CreateOption) error {
	return t.write(ctx, func() error { return t.Writer.Create(ctx, o, options...) })
}

// Update implements client.Writer.
func (t inTurn) Update(ctx context.Context, o client.Object, options ...client.UpdateOption) error {
	return t.write(ctx, func() error { return t.Writer.Update(ctx, o, options...) })
}

// Delete implements client.Writer.
func (t inTurn) Delete(ctx context.Context, o client.Object, options ...client.DeleteOption) error {
	return t.write(ctx, func() error { return t.Writer.Delete(ctx, o, options...) })
}

func (t inTurn) write(ctx context.Context, do func() error) error {
	end, err := t.writers.begin(ctx, t.sync)
	if err != nil {
		return err
	}
	defer end()
	return do()
}
