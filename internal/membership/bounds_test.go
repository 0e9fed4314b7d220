package membership

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// check compares the live group with the set it must be and with the bounds.
func check(s *store, layout Layout) error {
	if !s.exists {
		return nil
	}
	v := s.live()
	got, err := Members(v.root, &reader{store: s})
	if err != nil {
		return fmt.Errorf("the live root cannot be read: %w", err)
	}
	if err := equal(got, v.want); err != nil {
		return err
	}
	for _, name := range s.references() {
		if s.slices[name] == nil {
			return fmt.Errorf("slice %s is in use, but gone", name)
		}
	}
	return bounded(s, layout)
}

// bounded checks the size of everything that the live root reaches.
func bounded(s *store, layout Layout) error {
	root := s.live().root
	if root.Index == "" {
		if len(root.Members) > layout.Inline {
			return fmt.Errorf("%d members inline", len(root.Members))
		}
		return nil
	}
	if len(root.Members) > layout.Added || len(root.Removed) > layout.Removed {
		return fmt.Errorf("root has %d + %d ids", len(root.Members), len(root.Removed))
	}
	if int(root.MemberCount) <= layout.Reinline {
		return fmt.Errorf("%d members, and an index", root.MemberCount)
	}
	index := s.slices[root.Index].Leaves
	live, dead := 0, 0
	for _, ref := range index {
		n := len(s.slices[ref.Name].Members)
		if n == 0 || n > layout.Leaf || ref.Count < 1 {
			return fmt.Errorf("leaf %s has %d of %d members", ref.Name, ref.Count, n)
		}
		live, dead = live+int(ref.Count), dead+n-int(ref.Count)
	}
	if most := 1 + 2*live/(layout.Leaf*3/4+1); len(index) > layout.Leaves || len(index) > most {
		return fmt.Errorf("%d leaves for %d members: more than %d", len(index), live, most)
	}
	if dead >= live {
		return fmt.Errorf("%d removed ids are stored with %d members", dead, live)
	}
	return nil
}

// equal compares a list without duplicates to a set.
func equal(got []string, want map[string]bool) error {
	g, w := slices.Sorted(slices.Values(got)), slices.Sorted(maps.Keys(want))
	if !slices.Equal(g, w) {
		return fmt.Errorf("members are %v, want %v", g, w)
	}
	return nil
}

// whole checks that a reader got all members of a version, or an error that a
// reader who lags may get.
func whole(got []string, err error, want map[string]bool) error {
	if errors.Is(err, errNotFound) || errors.Is(err, ErrStale) {
		return nil
	}
	if err != nil {
		return err
	}
	return equal(got, want)
}
