package memory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

var (
	users  = schema.UserType()
	groups = schema.GroupType()
	all    = scim.Need{Members: true, Groups: true}
)

func create(t *testing.T, s *memory.Store, rt *schema.ResourceType, attributes scim.Object) *scim.Resource {
	t.Helper()
	r, err := s.Create(t.Context(), rt, attributes, all)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func modify(t *testing.T, s *memory.Store, rt *schema.ResourceType, id string, change scim.Change) *scim.Resource {
	t.Helper()
	change.Need = all
	r, err := s.Modify(t.Context(), rt, id, change)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func set(name string, value any) func(scim.Object) (scim.Object, error) {
	return func(current scim.Object) (scim.Object, error) {
		current[name] = value
		return current, nil
	}
}

func status(err error) int {
	var e *scim.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func values(r *scim.Resource) []string {
	members, _ := r.Attributes["members"].([]scim.Member)
	ids := []string{}
	for _, m := range members {
		ids = append(ids, m.Value)
	}
	return ids
}

func TestUniqueNames(t *testing.T) {
	s := memory.New()
	ada := create(t, s, users, scim.Object{"userName": "Ada"})
	bob := create(t, s, users, scim.Object{"userName": "Bob"})
	ctx := t.Context()
	if _, err := s.Create(ctx, users, scim.Object{"userName": "ADA"}, all); status(err) != http.StatusConflict {
		t.Errorf("create: %v", err)
	}
	if _, err := s.Modify(ctx, users, bob.ID, scim.Change{Apply: set("userName", "aDA")}); status(err) != http.StatusConflict {
		t.Errorf("rename: %v", err)
	}
	modify(t, s, users, ada.ID, scim.Change{Apply: set("userName", "ADA")})
	modify(t, s, users, ada.ID, scim.Change{Apply: set("userName", "Grace")})
	modify(t, s, users, bob.ID, scim.Change{Apply: set("userName", "ada")})
	if err := s.Delete(ctx, users, ada.ID, nil); err != nil {
		t.Fatal(err)
	}
	if again := create(t, s, users, scim.Object{"userName": "grace"}); again.ID == ada.ID {
		t.Errorf("id %s was given out again", ada.ID)
	}
	create(t, s, groups, scim.Object{"displayName": "ada"}) // another type has names of its own
}

func TestMissingResources(t *testing.T) {
	s, ctx := memory.New(), t.Context()
	_, get := s.Get(ctx, users, "x", all)
	_, change := s.Modify(ctx, users, "x", scim.Change{})
	for what, err := range map[string]error{"get": get, "modify": change, "delete": s.Delete(ctx, users, "x", nil)} {
		if status(err) != http.StatusNotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestEndedRequestsChangeNothing(t *testing.T) {
	s := memory.New()
	ada := create(t, s, users, scim.Object{"userName": "ada"})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, created := s.Create(ctx, users, scim.Object{"userName": "bob"}, all)
	_, changed := s.Modify(ctx, users, ada.ID, scim.Change{Apply: set("title", "x")})
	_, listed := s.List(ctx, users, scim.Query{Count: 1})
	_, got := s.Get(ctx, users, ada.ID, all)
	for what, err := range map[string]error{
		"create": created, "modify": changed, "list": listed, "get": got, "delete": s.Delete(ctx, users, ada.ID, nil),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", what, err)
		}
	}
	page, err := s.List(t.Context(), users, scim.Query{StartIndex: 1, Count: 10, Need: all})
	if err != nil || page.Total != 1 || page.Resources[0].Meta.Version != ada.Meta.Version {
		t.Errorf("after: %+v %v", page, err)
	}
}

func TestPreconditionAndErrorsKeepTheResource(t *testing.T) {
	s := memory.New()
	ada := create(t, s, users, scim.Object{"userName": "ada"})
	refused := errors.New("refused")
	refuse := func(version string) error {
		if version != ada.Meta.Version {
			t.Errorf("version %s, want %s", version, ada.Meta.Version)
		}
		return refused
	}
	half := func(current scim.Object) (scim.Object, error) {
		current["title"] = "half"
		return nil, refused
	}
	for name, change := range map[string]scim.Change{
		"precondition": {Precondition: refuse, Apply: set("title", "x")},
		"apply":        {Apply: half},
	} {
		if _, err := s.Modify(t.Context(), users, ada.ID, change); !errors.Is(err, refused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Delete(t.Context(), users, ada.ID, refuse); !errors.Is(err, refused) {
		t.Errorf("delete: %v", err)
	}
	if now := modify(t, s, users, ada.ID, scim.Change{}); !cmp.Equal(now, ada) {
		t.Errorf("changed: %s", cmp.Diff(ada, now))
	}
}

func TestMembers(t *testing.T) {
	s := memory.New()
	ada := create(t, s, users, scim.Object{"userName": "ada", "displayName": "Ada"})
	inner := create(t, s, groups, scim.Object{"displayName": "inner"})
	g := create(t, s, groups, scim.Object{"displayName": "g", "members": []any{
		scim.Object{"value": ada.ID}, scim.Object{"value": inner.ID}, scim.Object{"value": "nothing"}, scim.Object{"value": ada.ID},
	}})
	want := []scim.Member{
		{Value: ada.ID, Type: "User", Display: "Ada"}, {Value: inner.ID, Type: "Group", Display: "inner"}, {Value: "nothing"},
	}
	if diff := cmp.Diff(any(want), g.Attributes["members"]); diff != "" || g.MemberCount != 3 {
		t.Fatalf("%d members, -want +got:\n%s", g.MemberCount, diff)
	}
	read, err := s.Get(t.Context(), groups, g.ID, scim.Need{})
	if err != nil || read.Attributes["members"] != nil || read.MemberCount != 3 {
		t.Errorf("without need: %+v %v", read, err)
	}
	user, err := s.Get(t.Context(), users, ada.ID, all)
	if diff := cmp.Diff(any([]any{scim.Object{"value": g.ID, "display": "g", "type": "direct"}}), user.Attributes["groups"]); err != nil || diff != "" {
		t.Errorf("groups of a user: %v, -want +got:\n%s", err, diff)
	}
	if err := s.Delete(t.Context(), users, ada.ID, nil); err != nil {
		t.Fatal(err)
	}
	want[0] = scim.Member{Value: ada.ID}
	if diff := cmp.Diff(any(want), modify(t, s, groups, g.ID, scim.Change{}).Attributes["members"]); diff != "" {
		t.Errorf("after the user is gone, -want +got:\n%s", diff)
	}
	for _, require := range []scim.MemberChange{
		{Op: scim.RequireMatch, Match: func(m scim.Member) bool { return m.Value == "other" }},
		{Op: scim.RequireMatch, Values: []string{"other"}},
	} {
		_, err = s.Modify(t.Context(), groups, g.ID, scim.Change{Members: []scim.MemberChange{
			{Op: scim.AddMembers, Values: []string{"new"}}, require,
		}})
		if status(err) != http.StatusBadRequest || modify(t, s, groups, g.ID, scim.Change{}).MemberCount != 3 {
			t.Errorf("no match: %v", err)
		}
	}
}

// Any sequence of member changes gives what a plain ordered set gives, and a
// new version exactly when the set changed.
func TestMemberChangesEqualASet(t *testing.T) {
	id := rapid.StringMatching(`[a-e]`)
	rapid.Check(t, func(rt *rapid.T) {
		s := memory.New()
		g := create(t, s, groups, scim.Object{"displayName": "g"})
		want := map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(rt, "requests") {
			var changes []scim.MemberChange
			before := fmt.Sprint(want)
			for range rapid.IntRange(0, 3).Draw(rt, "changes") {
				change := scim.MemberChange{
					Op:     rapid.SampledFrom([]scim.MemberOp{scim.AddMembers, scim.RemoveMembers, scim.ReplaceMembers, scim.RemoveMatching}).Draw(rt, "op"),
					Values: rapid.SliceOfN(id, 0, 4).Draw(rt, "values"),
				}
				limit := id.Draw(rt, "limit")
				change.Match = func(m scim.Member) bool { return m.Value < limit }
				changes = append(changes, change)
				if change.Op == scim.ReplaceMembers {
					clear(want)
				}
				for _, v := range change.Values {
					switch change.Op {
					case scim.AddMembers, scim.ReplaceMembers:
						want[v] = true
					case scim.RemoveMembers:
						delete(want, v)
					}
				}
				for v := range want {
					if change.Op == scim.RemoveMatching && v < limit {
						delete(want, v)
					}
				}
			}
			after := modify(t, s, groups, g.ID, scim.Change{Members: changes})
			got := map[string]bool{}
			for _, v := range values(after) {
				got[v] = true
			}
			if diff := cmp.Diff(want, got); diff != "" || after.MemberCount != len(want) || len(values(after)) != len(want) {
				rt.Fatalf("%d members, -want +got:\n%s", after.MemberCount, diff)
			}
			// Taken out and put back, a member may have moved: that is a change too.
			if changed := after.Meta.Version != g.Meta.Version; !changed && before != fmt.Sprint(want) || changed && len(changes) == 0 {
				rt.Fatalf("version changed: %v, from %s to %v", changed, before, want)
			}
			g = after
		}
	})
}

func TestListKeepsItsOrder(t *testing.T) {
	s := memory.New()
	var ids []string
	for i := range 10 {
		ids = append(ids, create(t, s, users, scim.Object{"userName": fmt.Sprint("u", i)}).ID)
	}
	modify(t, s, users, ids[3], scim.Change{Apply: set("userName", "renamed")})
	if err := s.Delete(t.Context(), users, ids[5], nil); err != nil {
		t.Fatal(err)
	}
	expression, err := filter.Parse(`userName sw "u"`)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		query scim.Query
		total int
		want  []string
	}{
		"all":        {scim.Query{StartIndex: 1, Count: 20}, 9, append(append([]string{}, ids[:5]...), ids[6:]...)},
		"a page":     {scim.Query{StartIndex: 4, Count: 3}, 9, []string{ids[3], ids[4], ids[6]}},
		"only total": {scim.Query{StartIndex: 1}, 9, []string{}},
		"filtered":   {scim.Query{Filter: expression, StartIndex: 3, Count: 2}, 8, []string{ids[2], ids[4]}},
	} {
		t.Run(name, func(t *testing.T) {
			page, err := s.List(t.Context(), users, test.query)
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			for _, r := range page.Resources {
				got = append(got, r.ID)
			}
			if diff := cmp.Diff(test.want, got); diff != "" || page.Total != test.total {
				t.Errorf("total %d, -want +got:\n%s", page.Total, diff)
			}
		})
	}
}

// Of many who create one user, or add to one group, at once: one user, and
// nobody's member lost.
func TestConcurrentRequests(t *testing.T) {
	s := memory.New()
	g := create(t, s, groups, scim.Object{"displayName": "g"})
	var wg sync.WaitGroup
	created := make([]error, 16)
	for i := range created {
		wg.Go(func() {
			_, created[i] = s.Create(t.Context(), users, scim.Object{"userName": "same"}, all)
			change := scim.Change{Members: []scim.MemberChange{{Op: scim.AddMembers, Values: []string{fmt.Sprint("u", i)}}}}
			if _, err := s.Modify(t.Context(), groups, g.ID, change); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	ok := 0
	for _, err := range created {
		if err == nil {
			ok++
		} else if status(err) != http.StatusConflict {
			t.Error(err)
		}
	}
	if n := modify(t, s, groups, g.ID, scim.Change{}).MemberCount; ok != 1 || n != len(created) {
		t.Errorf("%d users and %d members", ok, n)
	}
}
