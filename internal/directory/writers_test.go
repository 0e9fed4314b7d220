package directory

import (
	"context"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestWritersShareWhileSeveralWrite(t *testing.T) {
	var mu sync.Mutex
	clock := time.Now()
	w := newWriters(func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return clock
	})
	noisy, quiet := types.NamespacedName{Name: "noisy"}, types.NamespacedName{Name: "quiet"}
	begin := func(sync types.NamespacedName) func() {
		t.Helper()
		end, err := w.begin(t.Context(), sync)
		if err != nil {
			t.Fatal(err)
		}
		return end
	}
	var ends []func()
	for range 100 { // alone
		ends = append(ends, begin(noisy))
	}
	begin(quiet)() // at once, whatever the other has under way

	// From now on the noisy one has its share only.
	begun := make(chan int, 3)
	var waiters sync.WaitGroup
	for i := range 3 {
		waiters.Go(func() {
			end, err := w.begin(t.Context(), noisy)
			if err != nil {
				t.Error(err)
				return
			}
			begun <- i
			end()
		})
		for queued(w, noisy) <= i {
			time.Sleep(time.Millisecond)
		}
	}
	for _, end := range ends[:100-sharedWrites/2] {
		end()
	}
	select {
	case <-begun:
		t.Error("a sync has more than its share under way")
	case <-time.After(50 * time.Millisecond):
	}
	begin(quiet)()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.begin(ctx, noisy); err == nil {
		t.Error("begun after its request had ended")
	}
	if n := queued(w, noisy); n != 3 {
		t.Errorf("%d wait, want 3", n)
	}
	ends[99]()
	if first := <-begun; first != 0 {
		t.Errorf("the first to begin is number %d", first)
	}
	waiters.Wait()

	// Once the other has not written for a while, it is alone again.
	mu.Lock()
	clock = clock.Add(writesUntil + time.Second)
	mu.Unlock()
	for range 100 {
		begin(noisy)
	}
}

func queued(w *writers, sync types.NamespacedName) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.of[sync].waiting)
}

// A write that ends when everybody waits lets as many begin as there is room for.
func TestWritersWhoWaitAllBegin(t *testing.T) {
	w := newWriters(time.Now)
	syncs := []types.NamespacedName{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	var all sync.WaitGroup
	for _, sync := range syncs {
		for range 300 {
			all.Go(func() {
				end, err := w.begin(t.Context(), sync)
				if err != nil {
					t.Error(err)
					return
				}
				time.Sleep(100 * time.Microsecond)
				end()
			})
		}
	}
	all.Wait()
	for sync, own := range w.of {
		if own.underWay != 0 || len(own.waiting) != 0 {
			t.Errorf("%s: %d under way, %d wait", sync.Name, own.underWay, len(own.waiting))
		}
	}
}
