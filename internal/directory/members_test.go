package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

func TestMembersAreDescribed(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	jane := s.create(s.users, scim.Object{"userName": "jane", "displayName": "Jane Doe"})
	john := s.createUser("john")
	inner := s.createGroup("inner")
	outer := s.createGroup("outer", jane.ID, john.ID, inner.ID, "nobody")
	got := s.get(s.group, outer.ID)
	want := []scim.Member{
		{Value: jane.ID, Type: KindUser, Display: "Jane Doe"},
		{Value: john.ID, Type: KindUser, Display: "john"},
		{Value: inner.ID, Type: KindGroup, Display: "inner"},
		{Value: "nobody"},
	}
	if diff := cmp.Diff(want, got.Attributes["members"]); diff != "" || got.MemberCount != 4 {
		t.Errorf("%d members (-want +got):\n%s", got.MemberCount, diff)
	}
	groups := s.get(s.users, jane.ID).Attributes["groups"]
	wantGroups := []any{scim.Object{"value": outer.ID, "display": "outer", "$ref": "Groups/" + outer.ID, "type": "direct"}}
	if diff := cmp.Diff(wantGroups, groups); diff != "" {
		t.Errorf("groups (-want +got):\n%s", diff)
	}
}

func ids(prefix string, n int) []string {
	result := make([]string, n)
	for i := range result {
		result[i] = fmt.Sprintf("%s-%06d-uaaaaaa", prefix, i)
	}
	return result
}

func TestAGroupIsCreatedWithManyMembers(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	for _, n := range []int{100, 101, 5000} {
		want := ids(fmt.Sprint("m", n), n)
		group := s.createGroup(fmt.Sprint("group", n), want...)
		if got := s.membersOf(group.ID); group.MemberCount != n || !slices.Equal(got, want) {
			t.Errorf("created with %d members: %d are counted, %d are read", n, group.MemberCount, len(got))
		}
		if got := s.find(s.group, fmt.Sprintf(`members eq "%s"`, want[n/2])); !slices.Equal(got, []string{group.ID}) {
			t.Errorf("a member of %d is found in %v", n, got)
		}
		if _, err := s.store.Create(context.Background(), s.group,
			scim.Object{"displayName": fmt.Sprint("GROUP", n), "members": memberValues(want)}, scim.Need{}); status(err) != 409 {
			t.Errorf("created twice: %v", err)
		}
	}
}

func TestMemberChanges(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	jane, john := s.createUser("jane").ID, s.createUser("john").ID
	named := func(display string) func(scim.Member) bool {
		return func(m scim.Member) bool { return m.Display == display }
	}
	tests := map[string]struct {
		changes []scim.MemberChange
		want    []string
		status  int
	}{
		"add again":            {[]scim.MemberChange{{Op: scim.AddMembers, Values: []string{jane}}}, []string{jane, "x"}, 200},
		"add":                  {[]scim.MemberChange{{Op: scim.AddMembers, Values: []string{john}}}, []string{jane, "x", john}, 200},
		"remove":               {[]scim.MemberChange{{Op: scim.RemoveMembers, Values: []string{"x", "y"}}}, []string{jane}, 200},
		"replace":              {[]scim.MemberChange{{Op: scim.ReplaceMembers, Values: []string{john}}}, []string{john}, 200},
		"empty":                {[]scim.MemberChange{{Op: scim.ReplaceMembers}}, []string{}, 200},
		"remove matching":      {[]scim.MemberChange{{Op: scim.RemoveMatching, Match: named("jane")}}, []string{"x"}, 200},
		"remove matching none": {[]scim.MemberChange{{Op: scim.RemoveMatching, Match: named("bob")}}, []string{jane, "x"}, 200},
		"require by id":        {[]scim.MemberChange{{Op: scim.RequireMatch, Values: []string{"y", "x"}}}, []string{jane, "x"}, 200},
		"require by id, none":  {[]scim.MemberChange{{Op: scim.AddMembers, Values: []string{"z"}}, {Op: scim.RequireMatch, Values: []string{"y"}}}, []string{jane, "x"}, 400},
		"require":              {[]scim.MemberChange{{Op: scim.RequireMatch, Match: named("jane")}}, []string{jane, "x"}, 200},
		"require none": {[]scim.MemberChange{{Op: scim.RemoveMembers, Values: []string{jane}},
			{Op: scim.RequireMatch, Match: named("jane")}}, []string{jane, "x"}, 400},
		"add and remove": {[]scim.MemberChange{{Op: scim.AddMembers, Values: []string{john}},
			{Op: scim.RemoveMembers, Values: []string{john}}}, []string{jane, "x"}, 200},
		"too long": {[]scim.MemberChange{{Op: scim.AddMembers, Values: ids(string(make([]byte, 300)), 1)}}, []string{jane, "x"}, 400},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			group := s.createGroup(name, jane, "x")
			_, err := s.store.Modify(context.Background(), s.group, group.ID, scim.Change{Members: test.changes})
			if got := s.membersOf(group.ID); status(err) != test.status || !slices.Equal(got, test.want) {
				t.Errorf("error %v, members %v, want %v", err, got, test.want)
			}
		})
	}
}

// TestALargeGroup fills a group and empties it again, 100 members and one at a
// time, read through another replica that hears of it only by its watch.
func TestALargeGroup(t *testing.T) {
	sync := newSync(t)
	s, other := serve(t, newReplica(t), sync), serve(t, newReplica(t), sync)
	group := s.createGroup("large").ID
	all, seen := ids("member", 3000), 0
	for i := 0; i < len(all); i += 100 {
		s.add(group, all[i:i+100]...)
		if got := len(s.membersOf(group)); got != i+100 {
			t.Fatalf("%d members after %d were added", got, i+100)
		}
		seen = grown(t, other, group, seen)
	}
	for i, id := range all[:150] {
		s.removeMembers(group, id)
		if groups, err := s.groupsOf(t.Context(), sync, id, false); err != nil || len(groups) != 0 {
			t.Fatalf("after its removal a member is in %d groups, error %v", len(groups), err)
		}
		if groups, err := s.groupsOf(t.Context(), sync, all[i+1], false); err != nil || len(groups) != 1 {
			t.Fatalf("a member is in %d groups, error %v", len(groups), err)
		}
	}
	got := s.membersOf(group)
	slices.Sort(got)
	if !slices.Equal(got, all[150:]) {
		t.Errorf("%d members are left, want %d", len(got), len(all)-150)
	}
	eventually(t, "the other replica sees the same", func() bool { return len(other.membersOf(group)) == len(all)-150 })
}

// grown reads a growing group through a replica that may lag: it shows some
// state that the group had, and never an older one than before.
func grown(t *testing.T, s *service, group string, last int) int {
	t.Helper()
	n := len(s.membersOf(group))
	if n%100 != 0 || n < last {
		t.Fatalf("another replica sees %d members after it saw %d", n, last)
	}
	return n
}

func TestTheRootStaysSmallAndFast(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	for _, n := range []int{10, 1000, 10000} {
		group := s.createGroup(fmt.Sprint("group", n), ids(fmt.Sprint("m", n), n)...).ID
		const rounds = 100
		took := make([]time.Duration, rounds)
		largest := 0
		for i := range took {
			start := time.Now()
			s.add(group, fmt.Sprintf("new-%d", i))
			took[i] = time.Since(start)
			g, _ := s.View(t.Context(), s.sync).GroupByID(group)
			text, err := json.Marshal(g)
			if err != nil {
				t.Fatal(err)
			}
			largest = max(largest, len(text))
		}
		slices.Sort(took)
		t.Logf("one member more in a group of %d: p50 %v, p99 %v, root at most %d bytes", n, took[rounds/2], took[rounds-1], largest)
		if largest > 8<<10 {
			t.Errorf("the root of a group of %d grew to %d bytes", n, largest)
		}
	}
}

func TestAGroupThatCannotBeResolvedIsHeld(t *testing.T) {
	sync := newSync(t)
	s := serve(t, newReplica(t), sync)
	group := s.createGroup("large", ids("m", 2000)...)
	live := api
	slices := &v1alpha1.GroupMemberSliceList{}
	if err := live.List(t.Context(), slices, client.InNamespace(sync.Namespace)); err != nil || len(slices.Items) == 0 {
		t.Fatalf("%d slices, error %v", len(slices.Items), err)
	}
	for i := range slices.Items {
		if slices.Items[i].Spec.Leaves == nil {
			if err := live.Delete(t.Context(), &slices.Items[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "the leaves are gone", func() bool { return len(s.SlicesOf(sync.Namespace, slices.Items[0].Spec.Group)) == 1 })
	if _, err := s.store.Get(context.Background(), s.group, group.ID, scim.Need{Members: true}); status(err) != 503 {
		t.Errorf("reading: %v", err)
	}
	if got := s.countMembers(group.ID); got != 2000 {
		t.Errorf("without its members it has %d", got)
	}
	change := scim.Change{Members: []scim.MemberChange{{Op: scim.RemoveMembers, Values: []string{"m-000001-uaaaaaa"}}}}
	if _, err := s.store.Modify(context.Background(), s.group, group.ID, change); status(err) != 503 {
		t.Errorf("changing: %v", err)
	}
	v := s.View(t.Context(), sync)
	g, _ := v.GroupByID(group.ID)
	if members, err := v.Members(g); err == nil {
		t.Errorf("the view gives %d members", len(members))
	}
}

// countMembers counts the members of a group without reading them.
func (s *service) countMembers(group string) int {
	r, err := s.store.Get(context.Background(), s.group, group, scim.Need{})
	if err != nil {
		s.t.Fatal(err)
	}
	return r.MemberCount
}

// TestConcurrentChangesOfOneGroup counts what is left of many at once, through
// two replicas.
func TestConcurrentChangesOfOneGroup(t *testing.T) {
	sync := newSync(t)
	replicas := []*service{serve(t, newReplica(t), sync), serve(t, newReplica(t), sync)}
	group := replicas[0].createGroup("busy").ID
	all := ids("m", 200)
	errs := make(chan error, len(all))
	for i, id := range all {
		go func() {
			_, err := replicas[i%2].store.Modify(context.Background(), replicas[i%2].group, group,
				scim.Change{Members: []scim.MemberChange{{Op: scim.AddMembers, Values: []string{id}}}})
			errs <- err
		}()
	}
	stored := 0
	for range all {
		switch err := <-errs; status(err) {
		case 200:
			stored++
		case 503: // the other replica was always faster
		default:
			t.Error(err)
		}
	}
	eventually(t, "all answered changes are there", func() bool { return len(replicas[0].membersOf(group)) == stored })
	if stored < len(all)*9/10 {
		t.Errorf("only %d of %d changes succeeded", stored, len(all))
	}
}

// An API server, or a proxy before it, may say that an update failed and is to be
// sent again when it was committed. The second one is a conflict, with the first.
func TestAnUpdateThatConflictsWithItself(t *testing.T) {
	var twice atomic.Bool
	s := serve(t, newReplica(t, func(o *Options) {
		o.Client = interceptor.NewClient(api, interceptor.Funcs{
			Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
				again := obj.DeepCopyObject().(client.Object)
				if err := c.Update(ctx, obj, opts...); err != nil || !twice.CompareAndSwap(true, false) {
					return err
				}
				return c.Update(ctx, again, opts...)
			},
		})
	}), newSync(t))
	want := ids("m", 300)
	group := s.createGroup("large", want...).ID
	more := ids("n", 200) // the root has no room for them
	twice.Store(true)
	s.add(group, more...)
	if twice.Load() {
		t.Fatal("no update was sent twice")
	}
	if got := s.membersOf(group); len(got) != len(want)+len(more) {
		t.Errorf("%d members, want %d", len(got), len(want)+len(more))
	}
	s.removeMembers(group, more...)
	if got := s.membersOf(group); len(got) != len(want) {
		t.Errorf("%d members, want %d", len(got), len(want))
	}
}
