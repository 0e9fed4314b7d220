package directory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// Members are put together only when the answer may take so much memory; a
// change is refused for that before it is made, or not at all.
func TestMembersAreAfforded(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	ids := []string{}
	for i := range 4 {
		ids = append(ids, s.createUser(fmt.Sprintf("user-%d", i)).ID)
	}
	all, two := s.createGroup("all", ids...).ID, s.createGroup("two", ids[:2]...).ID
	errTooMuch := scim.Unavailable(time.Second, "too much")
	for name, test := range map[string]struct {
		call    func(scim.Need) error
		members int // asked for at once
	}{
		"GET": {func(n scim.Need) error { _, err := s.store.Get(t.Context(), s.group, all, n); return err }, 4},
		"a list, all of the page at once": {func(n scim.Need) error {
			_, err := s.store.List(t.Context(), s.group, scim.Query{Count: 10, Need: n, MaxMembers: 100})
			return err
		}, 6},
		"a page that its members end": {func(n scim.Need) error {
			_, err := s.store.List(t.Context(), s.group, scim.Query{Count: 10, Need: n, MaxMembers: 5})
			return err
		}, 4},
		"a change": {func(n scim.Need) error {
			_, err := s.store.Modify(t.Context(), s.group, two, scim.Change{Need: n,
				Members: []scim.MemberChange{{Op: scim.AddMembers, Values: ids}}})
			return err
		}, 2},
	} {
		var asked []int
		need := scim.Need{Members: true, Afford: func(_ context.Context, bytes int) error {
			asked = append(asked, bytes/scim.MemberBytes)
			return errTooMuch
		}}
		if err := test.call(need); !errors.Is(err, errTooMuch) || !slices.Equal(asked, []int{test.members}) {
			t.Errorf("%s: %v, asked for %v members, want %d", name, err, asked, test.members)
		}
		if got := s.get(s.group, two); got.MemberCount != 2 {
			t.Fatalf("%s was made nevertheless: %d members", name, got.MemberCount)
		}
		asked, need.Members = nil, false
		if err := test.call(need); err != nil || len(asked) > 0 {
			t.Errorf("%s without members: %v, asked for %v", name, err, asked)
		}
		s.modify(s.group, two, scim.Change{Members: []scim.MemberChange{{Op: scim.ReplaceMembers, Values: ids[:2]}}})
	}
	// What comes with the request is afforded already.
	need := scim.Need{Members: true, Afford: func(context.Context, int) error { return errTooMuch }}
	if _, err := s.store.Create(t.Context(), s.group, scim.Object{"displayName": "more", "members": memberValues(ids)}, need); err != nil {
		t.Error(err)
	}
}
