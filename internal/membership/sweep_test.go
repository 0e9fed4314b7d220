package membership

import (
	"slices"
	"strconv"
	"testing"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestSweepable(t *testing.T) {
	slice := &v1alpha1.GroupMemberSliceSpec{Base: "7"}
	for name, tc := range map[string]struct {
		rootExists bool
		version    string
		referenced bool
		want       bool
	}{
		"in use":                         {true, "8", true, false},
		"in use since its own version":   {true, "7", true, false},
		"may still come into use":        {true, "7", false, false},
		"its update has failed":          {true, "8", false, true},
		"its group is gone":              {false, "", false, true},
		"another group of the same name": {true, "900", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Sweepable(slice, tc.rootExists, tc.version, tc.referenced); got != tc.want {
				t.Errorf("Sweepable = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	index := &v1alpha1.GroupMemberSliceSpec{Leaves: []v1alpha1.LeafReference{{Name: "x"}, {Name: "y"}}}
	if got := References(Root{Index: "i"}, index); !slices.Equal(got, []string{"i", "x", "y"}) {
		t.Errorf("references are %v", got)
	}
	if got := References(Root{Members: []string{"a"}}, nil); len(got) != 0 {
		t.Errorf("references without an index are %v", got)
	}
}

// A writer that stalls between its slices and its update keeps its slices,
// until another one makes its update impossible.
func TestStalledWriterAgainstSweeper(t *testing.T) {
	s := filled(t, tiny, split("abcdefgh"))
	e, err := tiny.Edit(s.live().root, &reader{store: s})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add(split("xyz")...); err != nil {
		t.Fatal(err)
	}
	stalled, err := e.Plan(s.target(s.version))
	if err != nil {
		t.Fatal(err)
	}
	for _, slice := range stalled.Slices {
		s.create(slice)
	}
	sweep := func() (swept int) {
		used := s.references()
		for name, slice := range s.slices {
			if Sweepable(slice, true, strconv.Itoa(s.version), slices.Contains(used, name)) {
				delete(s.slices, name)
				swept++
			}
		}
		return swept
	}
	if n := sweep(); n != 0 {
		t.Errorf("%d slices swept, although the update may still come", n)
	}
	change(t, s, tiny, func(e *Edit) error { return e.Add("w") })
	if n := sweep(); n != len(stalled.Slices) {
		t.Errorf("%d slices swept, want the %d that can no longer be used", n, len(stalled.Slices))
	}
	if err := check(s, tiny); err != nil {
		t.Error(err)
	}
}
