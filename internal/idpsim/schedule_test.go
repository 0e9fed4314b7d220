package idpsim

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Tasks of one key run in order and alone, even when a task has several keys
// or names one twice.
func TestTasksOfOneKeyKeepTheirOrder(t *testing.T) {
	const tasks, keys = 2000, 7
	var mu sync.Mutex
	ran := map[int][]int{}
	var busy [keys]atomic.Int32
	sequence := func(yield func(task) bool) {
		for i := range tasks {
			a, b := i%keys, i*i%keys
			run := func(context.Context) {
				if busy[a].Add(1) != 1 || a != b && busy[b].Add(1) != 1 {
					t.Errorf("task %d runs beside another of its key", i)
				}
				mu.Lock()
				ran[a] = append(ran[a], i)
				if a != b {
					ran[b] = append(ran[b], i)
				}
				mu.Unlock()
				busy[a].Add(-1)
				if a != b {
					busy[b].Add(-1)
				}
			}
			if !yield(task{keys: []any{a, b}, run: run}) {
				return
			}
		}
	}
	var finished atomic.Int64
	runTasks(t.Context(), 16, sequence, func() { finished.Add(1) })
	if finished.Load() != tasks {
		t.Errorf("%d tasks finished, want %d", finished.Load(), tasks)
	}
	for key, order := range ran {
		if !slices.IsSorted(order) {
			t.Errorf("key %d ran out of order: %v", key, order)
		}
	}
}

func TestTasksStopWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var ran atomic.Int64
	runTasks(ctx, 4, func(yield func(task) bool) {
		for yield(task{keys: []any{1}, run: func(context.Context) {
			if ran.Add(1) == 10 {
				cancel()
			}
		}}) {
		}
	}, func() {})
	if ran.Load() != 10 {
		t.Errorf("%d tasks ran, want 10", ran.Load())
	}
}

func TestQuantiles(t *testing.T) {
	var h histogram
	for ms := 1; ms <= 1000; ms++ {
		h.add(time.Duration(ms) * time.Millisecond)
	}
	for q, want := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.99: 990 * time.Millisecond, 1: time.Second} {
		if got := h.quantile(q); got < want || got > want*104/100 {
			t.Errorf("quantile %v = %v, want %v within 4 %%", q, got, want)
		}
	}
	if got := h.latency(); got.Count != 1000 || got.Max != time.Second {
		t.Errorf("latency = %+v", got)
	}
	if got := new(histogram).quantile(0.5); got != 0 {
		t.Errorf("quantile of nothing = %v", got)
	}
}

func TestRatesAreKept(t *testing.T) {
	p := pacer{interval: 2 * time.Millisecond}
	started := time.Now()
	for range 101 {
		if err := p.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(started); took < 200*time.Millisecond {
		t.Errorf("101 requests at 500 per second took %s", took)
	}
}
