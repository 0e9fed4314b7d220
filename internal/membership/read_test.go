package membership

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestMembersAreInLeafOrderThenAdded(t *testing.T) {
	s := filled(t, tiny, []string{"d", "c", "b", "a", "e"}, []string{"y", "x"})
	change(t, s, tiny, func(e *Edit) error { return e.Remove("c") })
	got, err := Members(s.live().root, &reader{store: s})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"d", "b", "a", "e", "y", "x"}; !slices.Equal(got, want) {
		t.Errorf("members are %v, want %v", got, want)
	}
}

func TestUnreadableIsAnErrorNeverSmaller(t *testing.T) {
	// leaf-1 holds a to d without b; leaf-2 holds e to h.
	slicesOf := func() map[string]*v1alpha1.GroupMemberSliceSpec {
		return map[string]*v1alpha1.GroupMemberSliceSpec{
			"index": {Leaves: []v1alpha1.LeafReference{
				{Name: "leaf-1", Count: 3, Removed: []byte{0b10}}, {Name: "leaf-2", Count: 4},
			}},
			"leaf-1": {Members: split("abcd")},
			"leaf-2": {Members: split("efgh")},
		}
	}
	root := Root{MemberCount: 7, Members: split("x"), Removed: split("h"), Index: "index"}
	tests := map[string]struct {
		damage func(root *Root, slices map[string]*v1alpha1.GroupMemberSliceSpec)
		want   error
	}{
		"nothing wrong":    {func(*Root, map[string]*v1alpha1.GroupMemberSliceSpec) {}, nil},
		"index missing":    {func(_ *Root, s map[string]*v1alpha1.GroupMemberSliceSpec) { delete(s, "index") }, errNotFound},
		"leaf missing":     {func(_ *Root, s map[string]*v1alpha1.GroupMemberSliceSpec) { delete(s, "leaf-2") }, errNotFound},
		"index is a leaf":  {func(_ *Root, s map[string]*v1alpha1.GroupMemberSliceSpec) { s["index"] = s["leaf-1"] }, ErrInconsistent},
		"leaf is an index": {func(_ *Root, s map[string]*v1alpha1.GroupMemberSliceSpec) { s["leaf-1"] = s["index"] }, ErrInconsistent},
		"index left out":   {func(r *Root, _ map[string]*v1alpha1.GroupMemberSliceSpec) { r.Index = "" }, ErrInconsistent},
		"count too high":   {func(r *Root, _ map[string]*v1alpha1.GroupMemberSliceSpec) { r.MemberCount++ }, ErrInconsistent},
		"count too low":    {func(r *Root, _ map[string]*v1alpha1.GroupMemberSliceSpec) { r.MemberCount-- }, ErrInconsistent},
		"leaf too short":   {func(_ *Root, s map[string]*v1alpha1.GroupMemberSliceSpec) { s["leaf-2"].Members = split("efg") }, ErrInconsistent},
		"bit past the leaf": {func(_ *Root, s map[string]*v1alpha1.GroupMemberSliceSpec) {
			s["index"].Leaves[0].Removed = []byte{0x80}
		}, ErrInconsistent},
		"removed is in none": {func(r *Root, _ map[string]*v1alpha1.GroupMemberSliceSpec) { r.Removed = split("z") }, ErrInconsistent},
		"removed twice":      {func(r *Root, _ map[string]*v1alpha1.GroupMemberSliceSpec) { r.Removed = split("b") }, ErrInconsistent},
		"added is in a leaf": {func(r *Root, _ map[string]*v1alpha1.GroupMemberSliceSpec) { r.Members = split("a") }, ErrInconsistent},
		"listed twice": {func(r *Root, _ map[string]*v1alpha1.GroupMemberSliceSpec) {
			r.Members, r.MemberCount = split("xx"), 8
		}, ErrInconsistent},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s, r := newStore(), root
			s.slices = slicesOf()
			tc.damage(&r, s.slices)
			got, err := Members(r, &reader{store: s})
			if !errors.Is(err, tc.want) {
				t.Fatalf("error is %v, want %v", err, tc.want)
			}
			if tc.want == nil && !slices.Equal(got, split("acdefgx")) {
				t.Errorf("members are %v", got)
			}
			if tc.want != nil && got != nil {
				t.Errorf("members are %v in spite of the error", got)
			}
		})
	}
}

func TestEditAndContainsRefuseAWrongRoot(t *testing.T) {
	for name, root := range map[string]Root{
		"count too high":           {MemberCount: 3, Members: split("ab")},
		"count too low":            {MemberCount: 1, Members: split("ab")},
		"removed without an index": {MemberCount: 1, Members: split("ab"), Removed: split("c")},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Contains(root, nil, "a"); !errors.Is(err, ErrInconsistent) {
				t.Errorf("Contains: %v, want ErrInconsistent", err)
			}
			if _, err := tiny.Edit(root, nil); !errors.Is(err, ErrInconsistent) {
				t.Errorf("Edit: %v, want ErrInconsistent", err)
			}
		})
	}
	if _, err := tiny.Edit(Root{MemberCount: 2, Members: split("aa")}, nil); !errors.Is(err, ErrInconsistent) {
		t.Errorf("listed twice: %v, want ErrInconsistent", err)
	}
}

func TestFoldRefusesAnUnknownRemovedMember(t *testing.T) {
	s := filled(t, tiny, split("abcdefgh"))
	root := s.live().root
	root.Removed, root.MemberCount = split("z"), 7
	e, err := tiny.Edit(root, &reader{store: s})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Add(split("xyw")...); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Plan(s.target(s.version)); !errors.Is(err, ErrInconsistent) {
		t.Errorf("error is %v, want ErrInconsistent", err)
	}
}

func TestReplaceRefusesADoubleMember(t *testing.T) {
	s := filled(t, tiny, split("abcdefgh"))
	root := s.live().root
	root.Members, root.MemberCount = split("a"), 9
	e, err := tiny.Edit(root, &reader{store: s})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Replace(split("abc")); !errors.Is(err, ErrInconsistent) {
		t.Errorf("error is %v, want ErrInconsistent", err)
	}
}

func TestContains(t *testing.T) {
	s := filled(t, tiny, split("abcdefgh"), split("x"))
	change(t, s, tiny, func(e *Edit) error { return e.Remove("a", "b", "e") })
	change(t, s, tiny, func(e *Edit) error { return e.Remove("c") })
	change(t, s, tiny, func(e *Edit) error { return e.Add("a") })
	for name, prepare := range map[string]func(){
		"all leaves indexed": s.deliverAll,
		"none indexed":       func() { clear(s.cached); clear(s.holders) },
	} {
		t.Run(name, func(t *testing.T) {
			prepare()
			for id, want := range map[string]bool{
				"a": true, "b": false, "c": false, "d": true, "e": false, "f": true, "g": true, "h": true, "x": true, "z": false,
			} {
				got, err := Contains(s.live().root, &reader{store: s}, id)
				if err != nil || got != want {
					t.Errorf("Contains(%s) = %v, %v, want %v", id, got, err, want)
				}
				e, err := tiny.Edit(s.live().root, &reader{store: s})
				if err != nil {
					t.Fatal(err)
				}
				if got, err := e.Has(id); err != nil || got != want {
					t.Errorf("Has(%s) = %v, %v, want %v", id, got, err, want)
				}
			}
		})
	}
}

// A leaf that is swept while it is being relied on must not turn a member
// into none, even when that means that nothing has to be written.
func TestVanishedLeafIsStale(t *testing.T) {
	s := filled(t, tiny, split("abcdefgh"))
	s.deliverAll()
	vanishing := func() *reader {
		asked := map[string]bool{}
		return &reader{store: s, onIndexed: func(name string) {
			if asked[name] {
				delete(s.slices, name)
				s.deliver(name)
			}
			asked[name] = true
		}}
	}
	root := s.live().root
	e, err := tiny.Edit(root, vanishing())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Remove("nobody"); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Plan(s.target(s.version)); !errors.Is(err, ErrStale) {
		t.Errorf("Plan: %v, want ErrStale", err)
	}

	s = filled(t, tiny, split("abcdefgh"))
	s.deliverAll()
	if _, err := Contains(s.live().root, vanishing(), "nobody"); !errors.Is(err, ErrStale) {
		t.Errorf("Contains: %v, want ErrStale", err)
	}
}

func TestRootIsPartOfTheGroup(t *testing.T) {
	want := Root{MemberCount: 3, Members: split("ab"), Removed: split("c"), Index: "index"}
	var spec v1alpha1.GroupSpec
	want.Apply(&spec)
	if diff := cmp.Diff(want, RootOf(&spec)); diff != "" {
		t.Error(diff)
	}
}
