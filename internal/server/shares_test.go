package server

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func named(name string) types.NamespacedName { return types.NamespacedName{Name: name} }

func TestShares(t *testing.T) {
	type step struct {
		key  string
		n    int64
		want bool
	}
	tests := map[string]struct {
		capacity int64
		steps    []step
	}{
		"one alone gets half":                     {4, []step{{"a", 1, true}, {"a", 1, true}, {"a", 1, false}}},
		"two get a third each":                    {6, []step{{"a", 1, true}, {"b", 1, true}, {"a", 1, true}, {"b", 1, true}, {"a", 1, false}, {"b", 1, false}}},
		"there is room for one that comes":        {6, []step{{"a", 1, true}, {"b", 1, true}, {"a", 1, true}, {"b", 1, true}, {"c", 1, true}}},
		"also when another had as much as it may": {4, []step{{"a", 1, true}, {"a", 1, true}, {"b", 1, true}, {"c", 1, true}, {"d", 1, false}}},
		"a capacity of one":                       {1, []step{{"a", 1, true}, {"b", 1, false}}},
		"large and small":                         {64, []step{{"a", 16, true}, {"a", 16, true}, {"a", 1, false}, {"b", 16, true}, {"b", 1, false}, {"c", 16, true}, {"d", 1, false}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newShares(test.capacity)
			for i, step := range test.steps {
				if got := s.take(named(step.key), step.n); got != step.want {
					t.Errorf("step %d, %s takes %d: got %t", i, step.key, step.n, got)
				}
			}
		})
	}
}

func TestSharesAreGivenBack(t *testing.T) {
	s := newShares(2)
	for range 10 {
		if !s.take(named("a"), 1) {
			t.Fatal("what was given back cannot be taken again")
		}
		s.give(named("a"), 1)
	}
	if s.free != 2 || len(s.held) != 0 {
		t.Errorf("%d are free, held are %v", s.free, s.held)
	}
}

func TestWhoHoldsLeastIsNext(t *testing.T) {
	s := newShares(6)
	for range 3 {
		s.take(named("noisy"), 1)
	}
	s.take(named("other"), 1)
	s.take(named("third"), 1)
	s.take(named("fourth"), 1) // none is left
	order := make(chan string, 3)
	wait := func(key string) {
		before := s.count()
		go func() {
			if s.wait(context.Background(), named(key), 1) {
				order <- key
			}
		}()
		for s.count() == before {
			time.Sleep(time.Millisecond)
		}
	}
	wait("noisy")
	wait("noisy")
	wait("quiet")
	s.give(named("other"), 1)
	if got := <-order; got != "quiet" {
		t.Errorf("the first to go on was %s, which holds more and came before", got)
	}
	for range 3 {
		s.give(named("noisy"), 1)
	}
	s.give(named("third"), 1)
	for range 2 {
		if got := <-order; got != "noisy" {
			t.Errorf("got %s, want noisy", got)
		}
	}
}

// count is how many wait.
func (s *shares) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, turns := range s.waiting {
		n += len(turns)
	}
	return n
}

func TestWhoGivesUpWaitingHoldsNothing(t *testing.T) {
	s := newShares(2)
	s.take(named("a"), 1)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan bool)
	go func() { gone <- s.wait(ctx, named("a"), 1) }()
	for s.count() == 0 {
		time.Sleep(time.Millisecond)
	}
	behind := make(chan bool)
	go func() { behind <- s.wait(t.Context(), named("a"), 1) }()
	for s.count() == 1 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if <-gone {
		t.Error("who gave up was let in")
	}
	s.give(named("a"), 1)
	if !<-behind {
		t.Error("who stood behind was not let in")
	}
	s.give(named("a"), 1)
	if s.free != 2 || len(s.held) != 0 || len(s.waiting) != 0 {
		t.Errorf("%d are free, held are %v, %v wait", s.free, s.held, s.waiting)
	}
}
