package membership

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// store is what the API server is to one group: a root with a resourceVersion
// that every update must name, and slices that are created and deleted. It
// keeps all versions of the root, for readers and writers that lag.
type store struct {
	version  int // of the live root
	exists   bool
	versions map[int]version
	slices   map[string]*v1alpha1.GroupMemberSliceSpec

	// cached are the slices that an informer has delivered; it may still have
	// some that are deleted.
	cached  map[string]*v1alpha1.GroupMemberSliceSpec
	holders map[string][]string // member → cached slices
	names   int
}

// version is a root and the members it must have.
type version struct {
	root Root
	want map[string]bool
}

func newStore() *store {
	s := &store{versions: map[int]version{}, slices: map[string]*v1alpha1.GroupMemberSliceSpec{},
		cached: map[string]*v1alpha1.GroupMemberSliceSpec{}, holders: map[string][]string{}}
	s.put(Root{}, nil)
	return s
}

// put makes a new version of the root.
func (s *store) put(root Root, want map[string]bool) {
	s.version++
	s.exists = true
	s.versions[s.version] = version{root, want}
}

func (s *store) live() version { return s.versions[s.version] }

func (s *store) target(base int) Target {
	return Target{
		SyncRef: v1alpha1.SyncReference{Name: "entra"},
		Group:   "group",
		Base:    strconv.Itoa(base),
		NewName: func() string {
			s.names++
			return fmt.Sprintf("slice-%d", s.names)
		},
	}
}

func (s *store) create(slice Slice) { s.slices[slice.Name] = &slice.Spec }

// commit writes a plan without anybody in between.
func (s *store) commit(p *Plan, want map[string]bool) {
	for _, slice := range p.Slices {
		s.create(slice)
	}
	s.put(p.Root, want)
}

// references of the live root, as a sweeper finds them.
func (s *store) references() []string {
	if !s.exists {
		return nil
	}
	root := s.live().root
	return References(root, s.slices[root.Index])
}

// deliver brings the informer up to date with one slice.
func (s *store) deliver(name string) {
	old, now := s.cached[name], s.slices[name]
	switch {
	case old == nil && now != nil:
		s.cached[name] = now
		for _, id := range now.Members {
			s.holders[id] = append(s.holders[id], name)
		}
	case old != nil && now == nil:
		delete(s.cached, name)
		for _, id := range old.Members {
			s.holders[id] = slices.DeleteFunc(s.holders[id], func(holder string) bool { return holder == name })
		}
	}
}

func (s *store) deliverAll() {
	for name := range maps.Clone(s.cached) {
		s.deliver(name)
	}
	for name := range s.slices {
		s.deliver(name)
	}
}

// reader is a Source over a store. It counts what is read.
type reader struct {
	*store
	cacheOnly bool // without it, a slice that is not cached is read live
	reads     []string
	onIndexed func(name string)
}

func (r *reader) Slice(name string) (*v1alpha1.GroupMemberSliceSpec, error) {
	r.reads = append(r.reads, name)
	if slice, ok := r.cached[name]; ok {
		return slice, nil
	}
	if slice, ok := r.slices[name]; ok && !r.cacheOnly {
		return slice, nil
	}
	return nil, fmt.Errorf("slice %s: %w", name, errNotFound)
}

func (r *reader) Holders(id string) []string { return r.holders[id] }

func (r *reader) Indexed(name string) bool {
	if r.onIndexed != nil {
		r.onIndexed(name)
	}
	_, ok := r.cached[name]
	return ok
}

var errNotFound = errors.New("not found")

// tiny is a layout in which few members reach every state.
var tiny = Layout{Inline: 4, Reinline: 2, Added: 2, Removed: 2, Leaf: 4, Leaves: 100}

// ids gives names from prefix-first to prefix-last.
func ids(prefix string, first, last int) []string {
	var out []string
	for i := first; i <= last; i++ {
		out = append(out, fmt.Sprintf("%s-%d", prefix, i))
	}
	return out
}

func set(ids ...string) map[string]bool {
	s := map[string]bool{}
	for _, id := range ids {
		s[id] = true
	}
	return s
}

// filled is a store whose group got the given batches of members, one commit each.
func filled(t *testing.T, layout Layout, batches ...[]string) *store {
	t.Helper()
	s := newStore()
	for _, batch := range batches {
		change(t, s, layout, func(e *Edit) error { return e.Add(batch...) })
	}
	return s
}

// change commits one edit.
func change(t *testing.T, s *store, layout Layout, edit func(*Edit) error) *Plan {
	t.Helper()
	s.deliverAll()
	e, err := layout.Edit(s.live().root, &reader{store: s})
	if err != nil {
		t.Fatalf("Edit: %v", err)
	}
	if err := edit(e); err != nil {
		t.Fatalf("changing: %v", err)
	}
	p, err := e.Plan(s.target(s.version))
	if err != nil {
		t.Fatalf("Plan: %v", err)
	}
	if p.Changed() {
		want := maps.Clone(s.live().want)
		if want == nil {
			want = map[string]bool{}
		}
		for _, id := range p.Added {
			want[id] = true
		}
		for _, id := range p.Removed {
			delete(want, id)
		}
		s.commit(p, want)
	}
	return p
}
