package source

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
)

// use gives the index of an expression, made if need be, and notes that a
// consumer uses it. The error is the compiler's.
func (s *Sources) use(consumer Consumer, sync types.NamespacedName, kind Kind, text string) (*Index, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := expression{kind.Name, text, kind.Shared}
	n := s.indexes[sync][e]
	if n == nil {
		compute, err := kind.Compile(text)
		if err != nil {
			return nil, err
		}
		n = &Index{sync: sync, expression: e, compute: compute}
		if s.indexes[sync] == nil {
			s.indexes[sync] = map[expression]*Index{}
		}
		s.indexes[sync][e] = n
	}
	if s.uses[consumer] == nil {
		s.uses[consumer] = map[*Index]bool{}
	}
	if !s.uses[consumer][n] {
		s.uses[consumer][n] = true
		n.uses++
	}
	return n, nil
}

// settle leaves a consumer with the indexes that it still uses.
func (s *Sources) settle(consumer Consumer, used map[*Index]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.uses[consumer] {
		if used[n] {
			continue
		}
		delete(s.uses[consumer], n)
		if n.uses--; n.uses > 0 {
			continue
		}
		delete(s.indexes[n.sync], n.expression)
		if len(s.indexes[n.sync]) == 0 {
			delete(s.indexes, n.sync)
			delete(s.last, n.sync)
		}
	}
	if len(s.uses[consumer]) == 0 {
		delete(s.uses, consumer)
	}
}

// usedBy gives the consumers of an index.
func (s *Sources) usedBy(n *Index) []Consumer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var consumers []Consumer
	for consumer, used := range s.uses {
		if used[n] {
			consumers = append(consumers, consumer)
		}
	}
	return consumers
}

// of gives the indexes of a sync.
func (s *Sources) of(sync types.NamespacedName) []*Index {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.indexes[sync]))
}
