package server

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// shares divides a capacity between syncs: a sync may take more as long as it
// then holds no more than is left. So one alone gets half, n at once get
// 1/(n+1) each, and there is always as much left for one that comes. Whoever
// holds nothing gets its first whatever the others hold, if there is room.
//
// What knows no sync counts for the zero key.
type shares struct {
	mu      sync.Mutex
	free    int64
	held    map[types.NamespacedName]int64
	waiting map[types.NamespacedName][]*turn // in the order in which they came
}

// turn is somebody who waits.
type turn struct {
	n     int64
	ready chan struct{} // closed when it is given
}

func newShares(capacity int64) *shares {
	return &shares{free: capacity, held: map[types.NamespacedName]int64{}, waiting: map[types.NamespacedName][]*turn{}}
}

// take takes n of the capacity, or nothing.
func (s *shares) take(key types.NamespacedName, n int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting[key]) == 0 && s.grant(key, n)
}

// wait takes n of the capacity as soon as that is possible, those of one sync
// in turn. It gives false when ctx ends before. n is at most half the capacity.
func (s *shares) wait(ctx context.Context, key types.NamespacedName, n int64) bool {
	s.mu.Lock()
	if len(s.waiting[key]) == 0 && s.grant(key, n) {
		s.mu.Unlock()
		return true
	}
	t := &turn{n: n, ready: make(chan struct{})}
	s.waiting[key] = append(s.waiting[key], t)
	s.mu.Unlock()
	select {
	case <-t.ready:
		return true
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.waiting[key] {
		if other == t {
			s.setWaiting(key, append(s.waiting[key][:i:i], s.waiting[key][i+1:]...))
			s.next() // who stands behind may need less
			return false
		}
	}
	return true // it was given in the same moment
}

// give gives back n of what was taken.
func (s *shares) give(key types.NamespacedName, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n
	if s.held[key] -= n; s.held[key] == 0 {
		delete(s.held, key)
	}
	s.next()
}

// holds is how much a sync has now.
func (s *shares) holds(key types.NamespacedName) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held[key]
}

func (s *shares) grant(key types.NamespacedName, n int64) bool {
	held := s.held[key]
	if n > s.free || held > 0 && held+n > s.free-n {
		return false
	}
	s.free -= n
	s.held[key] = held + n
	return true
}

// next lets those begin whose turn it is, first whoever holds least.
func (s *shares) next() {
	for len(s.waiting) > 0 {
		var best types.NamespacedName
		found := false
		for key, turns := range s.waiting {
			n, held := turns[0].n, s.held[key]
			if n > s.free || held > 0 && held+n > s.free-n {
				continue
			}
			if !found || held < s.held[best] {
				best, found = key, true
			}
		}
		if !found {
			return
		}
		t := s.waiting[best][0]
		s.grant(best, t.n)
		s.setWaiting(best, s.waiting[best][1:])
		close(t.ready)
	}
}

func (s *shares) setWaiting(key types.NamespacedName, turns []*turn) {
	if len(turns) == 0 {
		delete(s.waiting, key)
		return
	}
	s.waiting[key] = turns
}
