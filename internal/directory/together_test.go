package directory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// held is a group whose lock a test holds, so that changes wait together.
type held struct {
	*service
	group   string
	release func()
	waiting []*outcome
}

// outcome is the answer to a change; answered is closed when it has come.
type outcome struct {
	answered chan struct{}
	result   *scim.Resource
	err      error
}

func (s *service) hold(group string) *held {
	s.t.Helper()
	name, _, _ := ObjectName(group)
	unlock, err := s.locks.lock(context.Background(), scope{table: s.Directory.groups, sync: s.sync}.lockKey(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return &held{service: s, group: group, release: unlock}
}

// change sends a change, and waits until it is queued.
func (h *held) change(ctx context.Context, change scim.Change) *outcome {
	h.t.Helper()
	return h.through(ctx, h.store, change)
}

// through sends it to the store of perhaps another sync.
func (h *held) through(ctx context.Context, store scim.Store, change scim.Change) *outcome {
	h.t.Helper()
	o := &outcome{answered: make(chan struct{})}
	h.waiting = append(h.waiting, o)
	go func() {
		defer close(o.answered)
		o.result, o.err = store.Modify(ctx, h.service.group, h.group, change)
	}()
	eventually(h.t, "the change waits", func() bool {
		h.queues.mu.Lock()
		defer h.queues.mu.Unlock()
		waiting := 0
		for _, queue := range h.queues.of {
			waiting += len(queue)
		}
		return waiting == len(h.waiting)
	})
	return o
}

// answers lets the changes go and gives what came of them.
func (h *held) answers() []*outcome {
	h.release()
	for _, o := range h.waiting {
		<-o.answered
	}
	return h.waiting
}

func members(op scim.MemberOp, ids ...string) scim.Change {
	return scim.Change{Members: []scim.MemberChange{{Op: op, Values: ids}}}
}

func (s *service) generation(group string) int64 {
	s.t.Helper()
	name, _, _ := ObjectName(group)
	stored := &v1alpha1.Group{}
	if err := api.Get(s.t.Context(), scope{sync: s.sync}.key(name), stored); err != nil {
		s.t.Fatal(err)
	}
	return stored.Generation
}

// Changes that wait are committed by one update, each with an answer of its own.
func TestChangesAreCommittedTogether(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	ids := func(n int) []string { return []string{fmt.Sprint("id-", n)} }
	stale := func(version string) error {
		return &scim.Error{Status: http.StatusPreconditionFailed, Detail: "not " + version}
	}
	for name, test := range map[string]struct {
		changes []scim.Change
		want    []int  // statuses
		members string // in the end, of a group of id-1 and id-2
		commits int64
	}{
		"additions": {
			[]scim.Change{members(scim.AddMembers, "a"), members(scim.AddMembers, "b"), members(scim.AddMembers, "c")},
			[]int{200, 200, 200}, "a b c id-1 id-2", 1},
		"in their order": {
			[]scim.Change{members(scim.AddMembers, "a"), members(scim.RemoveMembers, "a"), members(scim.RemoveMembers, "b"), members(scim.AddMembers, "b")},
			[]int{200, 200, 200, 200}, "b id-1 id-2", 1},
		"one replaces all": {
			[]scim.Change{members(scim.AddMembers, "a"), members(scim.ReplaceMembers, "x"), members(scim.AddMembers, "b")},
			[]int{200, 200, 200}, "b x", 1},
		"a refused one leaves no trace": {
			[]scim.Change{
				members(scim.AddMembers, "a"),
				{Members: []scim.MemberChange{{Op: scim.AddMembers, Values: []string{"b"}}, {Op: scim.RemoveMembers, Values: ids(1)}, {Op: scim.RequireMatch, Values: []string{"nobody"}}}},
				members(scim.AddMembers, "c"),
			},
			[]int{200, 400, 200}, "a c id-1 id-2", 1},
		"one sees what those before it did": {
			[]scim.Change{
				members(scim.AddMembers, "a"),
				{Members: []scim.MemberChange{{Op: scim.RequireMatch, Values: []string{"a"}}, {Op: scim.AddMembers, Values: []string{"b"}}}},
			},
			[]int{200, 200}, "a b id-1 id-2", 1},
		"nothing to change": {
			[]scim.Change{members(scim.AddMembers, ids(1)...), members(scim.RemoveMembers, "nobody")},
			[]int{200, 200}, "id-1 id-2", 0},
		"nothing but refusals": {
			[]scim.Change{members(scim.RequireMatch, "nobody"), members(scim.RequireMatch, "no one")},
			[]int{400, 400}, "id-1 id-2", 0},
		"a precondition is of a stored version": {
			[]scim.Change{
				members(scim.AddMembers, "a"),
				{Precondition: stale, Members: members(scim.AddMembers, "b").Members},
				members(scim.AddMembers, "c"),
			},
			[]int{200, 412, 200}, "a c id-1 id-2", 2},
		"a rename is by itself": {
			[]scim.Change{
				members(scim.AddMembers, "a"),
				{Apply: set("displayName", "renamed"), Members: members(scim.AddMembers, "b").Members},
				members(scim.AddMembers, "c"), members(scim.AddMembers, "d"),
			},
			[]int{200, 200, 200, 200}, "a b c d id-1 id-2", 3},
		"one that the API server refuses": {
			[]scim.Change{members(scim.AddMembers, "a"), members(scim.AddMembers, strings.Repeat("x", 5000)), members(scim.AddMembers, "c")},
			[]int{200, 400, 200}, "a c id-1 id-2", 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := &service{t: t, Directory: s.Directory, sync: s.sync, store: s.store, users: s.users, group: s.group}
			group := s.createGroup(name, "id-1", "id-2").ID
			before := s.generation(group)
			held := s.hold(group)
			for _, change := range test.changes {
				held.change(t.Context(), change)
			}
			var got []int
			for _, o := range held.answers() {
				got = append(got, status(o.err))
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got the answers %v, want %v", got, test.want)
			}
			if got := strings.Join(slices.Sorted(slices.Values(s.membersOf(group))), " "); got != test.members {
				t.Errorf("got the members %s, want %s", got, test.members)
			}
			if got := s.generation(group) - before; got != test.commits {
				t.Errorf("got %d updates of the root, want %d", got, test.commits)
			}
		})
	}
}

// Hundreds at once become a large group in a few updates, and each is answered
// with the version that it is in.
func TestManyChangesTogether(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	group := s.createGroup("large").ID
	const all = maxTogether + 50
	before := s.generation(group)
	held := s.hold(group)
	for i := range all {
		held.change(t.Context(), members(scim.AddMembers, fmt.Sprint("id-", i)))
	}
	for i, o := range held.answers() {
		if o.err != nil {
			t.Fatal(o.err)
		}
		if n := o.result.MemberCount; n != maxTogether && n != all {
			t.Fatalf("the answer %d tells of %d members", i, n)
		}
	}
	if n := s.generation(group) - before; n != 2 {
		t.Errorf("got %d updates of the root, want 2", n)
	}
	if n := len(s.membersOf(group)); n != all {
		t.Errorf("got %d members, want %d", n, all)
	}
}

// Whoever gives up while it waits changes nothing, and nobody else notices.
func TestWaitingChangeIsWithdrawn(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	group := s.createGroup("staff").ID
	held := s.hold(group)
	ctx, cancel := context.WithCancel(t.Context())
	gone := held.change(ctx, members(scim.AddMembers, "a"))
	stays := held.change(t.Context(), members(scim.AddMembers, "b"))
	cancel()
	if <-gone.answered; gone.err == nil {
		t.Error("a change that was given up succeeded")
	}
	if held.answers(); stays.err != nil {
		t.Error(stays.err)
	}
	if got := s.membersOf(group); !slices.Equal(got, []string{"b"}) {
		t.Errorf("got the members %v, want b alone", got)
	}
}

// Whoever knows the id of another sync's group neither changes it nor keeps
// others from doing so, also when their changes wait together.
func TestSyncsAreNotCommittedTogether(t *testing.T) {
	d, sync := newReplica(t), newSync(t)
	s := serve(t, d, sync)
	elsewhere := newSync(t)
	for name, other := range map[string]types.NamespacedName{
		"another sync of the namespace": {Namespace: sync.Namespace, Name: "okta"},
		"a sync of another namespace":   elsewhere,
	} {
		for order, first := range map[string]bool{"comes first": true, "comes after": false} {
			t.Run(name+" "+order, func(t *testing.T) {
				s := &service{t: t, Directory: d, sync: sync, store: s.store, users: s.users, group: s.group}
				group := s.createGroup(t.Name()).ID
				held := s.hold(group)
				intruder := func() *outcome {
					if other.Namespace != sync.Namespace { // it does not wait for this lock
						o := &outcome{answered: make(chan struct{})}
						o.result, o.err = d.Store(other, func() Policy { return Policy{} }).Modify(t.Context(), s.group, group, members(scim.AddMembers, "mallory"))
						close(o.answered)
						return o
					}
					return held.through(t.Context(), d.Store(other, func() Policy { return Policy{} }), members(scim.AddMembers, "mallory"))
				}
				var refused *outcome
				if first {
					refused = intruder()
				}
				own := held.change(t.Context(), members(scim.AddMembers, "ada"))
				if !first {
					refused = intruder()
				}
				held.answers()
				if status(own.err) != http.StatusOK || status(refused.err) != http.StatusNotFound {
					t.Errorf("answered %v to the group's own sync and %v to the other", own.err, refused.err)
				}
				if got := s.membersOf(group); !slices.Equal(got, []string{"ada"}) {
					t.Errorf("got the members %v, want ada alone", got)
				}
			})
		}
	}
}

// On two replicas, with clients that go away: what was acknowledged is there.
func TestTogetherOnTwoReplicas(t *testing.T) {
	a, b := twoReplicas(t)
	group := a.createGroup("busy").ID
	var mu sync.Mutex
	wanted := map[string]bool{}
	var clients sync.WaitGroup
	for client := range 16 {
		s := []*service{a, b}[client%2]
		clients.Go(func() {
			for i := range 12 {
				id := fmt.Sprintf("id-%d-%d", client, i)
				ctx, cancel := context.WithCancel(context.Background())
				if i%6 == 5 { // the client goes away: stored or not, it makes no difference for others
					go cancel()
				}
				_, err := s.store.Modify(ctx, s.group, group, members(scim.AddMembers, id))
				if err == nil && rand.IntN(3) == 0 {
					_, err = s.store.Modify(ctx, s.group, group, members(scim.RemoveMembers, id))
					mu.Lock()
					if err == nil {
						wanted[id] = false
					}
					mu.Unlock()
				} else if err == nil {
					mu.Lock()
					wanted[id] = true
					mu.Unlock()
				}
				cancel()
			}
		})
	}
	clients.Wait()
	for name, s := range map[string]*service{"one": a, "other": b} {
		eventually(t, "the "+name+" replica has what was acknowledged, and no more", func() bool {
			got := map[string]bool{}
			for _, id := range s.membersOf(group) {
				got[id] = true
			}
			for id, want := range wanted {
				if got[id] != want {
					return false
				}
			}
			return true
		})
	}
}
