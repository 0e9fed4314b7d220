package membership

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shape is a root with its leaves spelled out: "*" follows a removed member.
type shape struct {
	Leaves  [][]string
	Members []string
	Removed []string
}

func shapeOf(s *store) shape {
	root := s.live().root
	got := shape{Members: root.Members, Removed: root.Removed}
	if root.Index == "" {
		return got
	}
	for _, ref := range s.slices[root.Index].Leaves {
		var leaf []string
		for i, id := range s.slices[ref.Name].Members {
			if bitmap(ref.Removed).has(i) {
				id += "*"
			}
			leaf = append(leaf, id)
		}
		got.Leaves = append(got.Leaves, leaf)
	}
	return got
}

func split(s string) []string {
	var out []string
	for _, r := range s {
		out = append(out, string(r))
	}
	return out
}

func TestPlan(t *testing.T) {
	add := func(s string) func(*Edit) error { return func(e *Edit) error { return e.Add(split(s)...) } }
	remove := func(s string) func(*Edit) error { return func(e *Edit) error { return e.Remove(split(s)...) } }
	replace := func(s string) func(*Edit) error { return func(e *Edit) error { return e.Replace(split(s)) } }
	leaves := func(leaves ...string) [][]string {
		var out [][]string
		for _, leaf := range leaves {
			ids := []string{}
			for _, r := range leaf {
				if r == '*' {
					ids[len(ids)-1] += "*"
				} else {
					ids = append(ids, string(r))
				}
			}
			out = append(out, ids)
		}
		return out
	}
	// Inline 4, Reinline 2, Added 2, Removed 2, Leaf 4.
	tests := map[string]struct {
		batches []string // added one commit each
		edits   []func(*Edit) error
		want    shape
		added   string // by the last edit
		removed string
		slices  int
	}{
		"a small group is one list": {
			batches: []string{"ab"}, edits: []func(*Edit) error{add("cb")},
			want: shape{Members: split("abc")}, added: "c",
		},
		"duplicates collapse": {
			edits: []func(*Edit) error{add("aba")},
			want:  shape{Members: split("ab")}, added: "ab",
		},
		"past the inline bound it gets leaves": {
			batches: []string{"abcd"}, edits: []func(*Edit) error{add("e")},
			want: shape{Leaves: leaves("abcd", "e")}, added: "e", slices: 3,
		},
		"few additions stay in the root": {
			batches: []string{"abcd", "e"}, edits: []func(*Edit) error{add("fg")},
			want: shape{Leaves: leaves("abcd", "e"), Members: split("fg")}, added: "fg",
		},
		"more go into the last leaf": {
			batches: []string{"abcd", "e", "fg"}, edits: []func(*Edit) error{add("h")},
			want: shape{Leaves: leaves("abcd", "efgh")}, added: "h", slices: 2,
		},
		"or into a new one where they do not fit": {
			batches: []string{"abcd", "ef", "gh"}, edits: []func(*Edit) error{add("i")},
			want: shape{Leaves: leaves("abcd", "ef", "ghi")}, added: "i", slices: 2,
		},
		"few removals stay in the root": {
			batches: []string{"abcdefgh"}, edits: []func(*Edit) error{remove("bh")},
			want: shape{Leaves: leaves("abcd", "efgh"), Removed: split("bh")}, removed: "bh",
		},
		"more become bits in the index": {
			batches: []string{"abcdefghijkl"}, edits: []func(*Edit) error{remove("ae"), remove("i")},
			want: shape{Leaves: leaves("a*bcd", "e*fgh", "i*jkl")}, removed: "i", slices: 1,
		},
		"a leaf of which half is removed is rewritten": {
			batches: []string{"abcdefghijkl"}, edits: []func(*Edit) error{remove("efi")},
			want: shape{Leaves: leaves("abcd", "gh", "i*jkl")}, removed: "efi", slices: 2,
		},
		"small neighbors are merged": {
			batches: []string{"abcdefgh"}, edits: []func(*Edit) error{remove("abcef")},
			want: shape{Leaves: leaves("dgh")}, removed: "abcef", slices: 2,
		},
		"an empty leaf is dropped": {
			batches: []string{"abcdefghijkl"}, edits: []func(*Edit) error{remove("efgh")},
			want: shape{Leaves: leaves("abcd", "ijkl")}, removed: "efgh", slices: 1,
		},
		"a removed member comes back where it was": {
			batches: []string{"abcdefgh"}, edits: []func(*Edit) error{remove("ab"), add("a")},
			want: shape{Leaves: leaves("abcd", "efgh"), Removed: split("b")}, added: "a",
		},
		"below the bound it is one list again": {
			batches: []string{"abcdefgh", "i"}, edits: []func(*Edit) error{remove("bcdefgh")},
			want: shape{Members: split("ai")}, removed: "bcdefgh",
		},
		"at the inline bound it keeps its leaves": {
			batches: []string{"abcdefgh"}, edits: []func(*Edit) error{remove("abef")},
			want: shape{Leaves: leaves("cd", "gh")}, removed: "abef", slices: 3,
		},
		"replacing writes the difference": {
			batches: []string{"abcdefgh"}, edits: []func(*Edit) error{replace("hgfexcba")},
			want: shape{Leaves: leaves("abcd", "efgh"), Members: split("x"), Removed: split("d")}, added: "x", removed: "d",
		},
		"replacing by the same writes nothing": {
			batches: []string{"abcdefgh", "i"}, edits: []func(*Edit) error{replace("ihgfedcba")},
			want: shape{Leaves: leaves("abcd", "efgh"), Members: split("i")},
		},
		"replacing by nobody empties the group": {
			batches: []string{"abcdefgh", "i"}, edits: []func(*Edit) error{replace("")},
			want: shape{Members: []string{}}, removed: "iabcdefgh",
		},
		"added, then removed": {
			batches: []string{"a"}, edits: []func(*Edit) error{func(e *Edit) error { return errors.Join(add("b")(e), remove("b")(e)) }},
			want: shape{Members: split("a")},
		},
		"removed, then added": {
			batches: []string{"ab"}, edits: []func(*Edit) error{func(e *Edit) error { return errors.Join(remove("a")(e), add("a")(e)) }},
			want: shape{Members: split("ab")},
		},
		"rolled back": {
			batches: []string{"abcdefgh"}, edits: []func(*Edit) error{func(e *Edit) error {
				err := e.Remove("a")
				mark := e.Mark()
				err = errors.Join(err, e.Add("a", "x"), e.Remove("b", "c", "d"))
				e.Rollback(mark)
				return err
			}},
			want: shape{Leaves: leaves("abcd", "efgh"), Removed: split("a")}, removed: "a",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStore()
			for _, batch := range tc.batches {
				change(t, s, tiny, add(batch))
			}
			var p *Plan
			for _, edit := range tc.edits {
				p = change(t, s, tiny, edit)
			}
			if diff := cmp.Diff(tc.want, shapeOf(s)); diff != "" {
				t.Errorf("layout (-want +got):\n%s", diff)
			}
			if !slices.Equal(p.Added, split(tc.added)) || !slices.Equal(p.Removed, split(tc.removed)) {
				t.Errorf("added %v and removed %v, want %s and %s", p.Added, p.Removed, tc.added, tc.removed)
			}
			if len(p.Slices) != tc.slices {
				t.Errorf("%d slices written, want %d", len(p.Slices), tc.slices)
			}
			if err := check(s, tiny); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSlicesSayWhatTheyAreFor(t *testing.T) {
	s := newStore()
	p := change(t, s, tiny, func(e *Edit) error { return e.Add(ids("m", 1, 9)...) })
	if len(p.Slices) != 4 {
		t.Fatalf("%d slices, want 4", len(p.Slices))
	}
	for _, slice := range p.Slices {
		if got := slice.Spec; got.Group != "group" || got.Base != "1" || got.SyncRef.Name != "entra" {
			t.Errorf("slice %s is for %q, version %q, sync %q", slice.Name, got.Group, got.Base, got.SyncRef.Name)
		}
	}
}

func TestMostMembers(t *testing.T) {
	layout := Layout{Inline: 3, Reinline: 1, Added: 1, Removed: 3, Leaf: 5, Leaves: 4}
	all := ids("m", 1, 20)
	// Batches of three leave every leaf partly empty: the last additions fit
	// only after all leaves are packed anew.
	s := filled(t, layout, slices.Collect(slices.Chunk(all, 3))...)
	if err := check(s, layout); err != nil {
		t.Fatal(err)
	}
	if got := s.live().root.MemberCount; got != 20 {
		t.Fatalf("%d members, want 20", got)
	}
	e, err := layout.Edit(s.live().root, &reader{store: s})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add("one more", "and another"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Plan(s.target(s.version)); !errors.Is(err, ErrTooManyMembers) {
		t.Errorf("22 members: %v, want ErrTooManyMembers", err)
	}
}
