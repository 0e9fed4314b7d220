package directory

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// TestReadingOwnWritesWithoutAWatch stops the watches. Everything that a
// replica has written itself is still read as it was written.
func TestReadingOwnWritesWithoutAWatch(t *testing.T) {
	d, stop := newStoppable(t)
	s := serve(t, d, newSync(t))
	old, gone := s.createUser("old"), s.createUser("gone")
	stop()
	start := time.Now()
	jane := s.createUser("jane")
	if took := time.Since(start); took < deliveryTimeout || took > 40*deliveryTimeout {
		t.Errorf("the answer took %v", took)
	}
	s.modify(s.users, old.ID, scim.Change{Apply: set("title", "Dr.")})
	s.delete(s.users, gone.ID)
	if got := s.get(s.users, old.ID).Attributes["title"]; got != "Dr." {
		t.Errorf("the change reads %v", got)
	}
	if _, err := s.store.Get(context.Background(), s.users, gone.ID, scim.Need{}); status(err) != http.StatusNotFound {
		t.Errorf("the deleted user reads %v", err)
	}
	want := []string{jane.ID, old.ID}
	for text, want := range map[string][]string{
		`userName eq "jane"`:                      {jane.ID},
		`userName eq "gone"`:                      nil,
		`title eq "Dr."`:                          {old.ID},
		`userName pr`:                             want,
		`userName eq "old" and title eq "Dr."`:    {old.ID},
		`externalId eq "nothing"`:                 nil,
		`id eq "` + gone.ID + `"`:                 nil,
		`id eq "` + jane.ID + `" and userName pr`: {jane.ID},
	} {
		if got := s.find(s.users, text); len(got)+len(want) > 0 && !slices.Equal(got, want) {
			t.Errorf("%s finds %v, want %v", text, got, want)
		}
	}
	page, err := s.store.List(context.Background(), s.users, scim.Query{StartIndex: 2, Count: 10})
	if err != nil || page.Total != 2 || len(page.Resources) != 1 || page.Resources[0].ID != old.ID {
		t.Errorf("page %+v, error %v", page, err)
	}
}

// TestReadingOwnWritesBeforeTheirEvents holds events up. The informer has what was
// written, and who waits for the event waits no longer than for a stalled watch.
func TestReadingOwnWritesBeforeTheirEvents(t *testing.T) {
	d, _ := newStoppable(t)
	s := serve(t, d, newSync(t))
	jane, gone := s.createUser("jane").ID, s.createUser("gone").ID
	need := scim.Need{Groups: true, Encoder: plain{}}
	for _, id := range []string{jane, gone} { // what is shown is kept
		if _, err := s.store.Get(t.Context(), s.users, id, need); err != nil {
			t.Fatal(err)
		}
	}
	order := d.users.order(s.sync)
	order.mu.Lock()
	defer order.mu.Unlock()
	s.modify(s.users, jane, scim.Change{Apply: set("title", "Dr.")})
	s.delete(s.users, gone)
	for range 2 {
		if got, err := s.store.Get(t.Context(), s.users, jane, need); err != nil || !strings.Contains(text(got), "Dr.") {
			t.Errorf("the change reads %s, %v", text(got), err)
		}
		if got, err := s.store.Get(t.Context(), s.users, gone, need); status(err) != http.StatusNotFound {
			t.Errorf("the deleted user reads %v, %v", got, err)
		}
	}
}

func TestStrongReads(t *testing.T) {
	sync := newSync(t)
	d, stop := newStoppable(t, func(o *Options) { o.StrongReads = true })
	s, other := serve(t, d, sync), serve(t, newReplica(t), sync)
	jane := s.createUser("jane").ID
	stop()
	other.modify(s.users, jane, scim.Change{Apply: set("title", "Dr.")})
	if got := s.get(s.users, jane).Attributes["title"]; got != "Dr." {
		t.Errorf("by id, the title is %v", got)
	}
	if got := s.find(s.users, `userName eq "jane" and title eq "Dr."`); len(got) != 1 {
		t.Errorf("by name, %v is found", got)
	}
	if err := other.rename(s.users, jane, "jenny"); err != nil {
		t.Fatal(err)
	}
	if got := s.find(s.users, `userName eq "jane"`); len(got) != 0 {
		t.Errorf("by its old name, %v is found", got)
	}
}

// TestDecisionsDoNotRestOnTheCache has a replica without watches refuse or skip
// nothing on the grounds of what it remembers.
func TestDecisionsDoNotRestOnTheCache(t *testing.T) {
	sync := newSync(t)
	d, stop := newStoppable(t)
	s, other := serve(t, d, sync), serve(t, newReplica(t), sync)
	jane := s.createUser("jane").ID
	group := s.createGroup("staff", jane).ID
	stop()

	other.removeMembers(group, jane)
	s.add(group, jane)
	if got := other.membersOf(group); !slices.Equal(got, []string{jane}) {
		t.Errorf("a member that was removed elsewhere and added again is missing: %v", got)
	}
	if err := other.rename(other.users, jane, "jenny"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.doCreate(context.Background(), s.users, "jane"); err != nil {
		t.Errorf("a name that was given up elsewhere: %v", err)
	}
	version := other.get(other.users, jane).Meta.Version
	_, err := s.store.Modify(context.Background(), s.users, jane, scim.Change{
		Precondition: func(stored string) error {
			// The groups are as old as the watch, the rest is not.
			if stored[:len(`W/"12345678-2`)] != version[:len(`W/"12345678-2`)] {
				return &scim.Error{Status: http.StatusPreconditionFailed, Detail: "the version is " + stored + ", not " + version}
			}
			return nil
		},
		Apply: set("title", "Dr."),
	})
	if err != nil {
		t.Error(err)
	}
}

func TestASliceTheCacheLacksIsRead(t *testing.T) {
	sync := newSync(t)
	d, stop := newStoppable(t)
	s, other := serve(t, d, sync), serve(t, newReplica(t), sync)
	want := ids("m", 1500)
	group := other.createGroup("large", want...).ID
	eventually(t, "the group is known", func() bool { _, ok := s.View(t.Context(), sync).GroupByID(group); return ok })
	stop()
	// The next index is one that this replica hears of by the root alone.
	more := ids("n", 200)
	other.add(group, more...)
	name, _, _ := ObjectName(group)
	root := &v1alpha1.Group{}
	if err := api.Get(t.Context(), types.NamespacedName{Namespace: sync.Namespace, Name: name}, root); err != nil {
		t.Fatal(err)
	}
	v := s.View(t.Context(), sync)
	if got, err := v.Members(root); err != nil || len(got) != len(want)+len(more) {
		t.Errorf("%d members, error %v", len(got), err)
	}
	if err := d.groups.informer.GetIndexer().Update(root); err != nil {
		t.Fatal(err)
	}
	if groups := v.GroupsOf(more[7]); len(groups) != 1 || groups[0].Spec.ID != group {
		t.Errorf("a member in a leaf that is not indexed is in %v", groups)
	}
	if groups := v.GroupsOf("nobody"); len(groups) != 0 {
		t.Errorf("an unknown id is in %v", groups)
	}
}

func TestNothingIsAnsweredBeforeTheCachesAreComplete(t *testing.T) {
	sync := newSync(t)
	informers := newIdleCache(t)
	d, err := New(t.Context(), Options{Cache: informers, Client: api})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, d, sync)
	_, err = s.store.List(context.Background(), s.users, scim.Query{StartIndex: 1, Count: 1})
	if known := (*scim.Error)(nil); !errors.As(err, &known) || known.Status != 503 || known.RetryAfter == 0 || d.Synced() {
		t.Errorf("answered %v", err)
	}
}

func TestTrackerForgetsWhatIsDelivered(t *testing.T) {
	tests := map[string]struct {
		want   sight
		events []sight
		behind bool
	}{
		"nothing came":             {sight{"a", "5", false}, nil, true},
		"an older version":         {sight{"a", "5", false}, []sight{{"a", "4", false}}, true},
		"the version":              {sight{"a", "5", false}, []sight{{"a", "5", false}}, false},
		"a newer version":          {sight{"a", "9", false}, []sight{{"a", "10", false}}, false},
		"deleted since":            {sight{"a", "5", false}, []sight{{"a", "6", true}}, false},
		"not deleted yet":          {sight{"a", "5", true}, []sight{{"a", "5", false}}, true},
		"deleted":                  {sight{"a", "5", true}, []sight{{"a", "6", true}}, false},
		"another before it":        {sight{"b", "9", true}, []sight{{"a", "5", true}, {"b", "8", false}}, true},
		"another after it":         {sight{"a", "5", true}, []sight{{"b", "9", false}}, false},
		"an unknown version is no": {sight{"a", "5", false}, []sight{{"a", "x", false}}, true},
	}
	key := types.NamespacedName{Namespace: "n", Name: "a"}
	nothing := func(types.NamespacedName) client.Object { return &v1alpha1.User{} }
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before, after := &tracker{}, &tracker{}
			w := before.expect(key)
			for _, e := range test.events {
				before.seen(key, e)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			w.wait(ctx, test.want, nothing)
			w.stop()
			w = after.expect(key)
			w.wait(ctx, test.want, nothing)
			w.stop()
			if !after.isBehind(key) {
				t.Fatal("not behind without an event")
			}
			for _, e := range test.events {
				after.seen(key, e)
			}
			if before.isBehind(key) != test.behind || after.isBehind(key) != test.behind {
				t.Errorf("behind: %v with events before, %v with events after; want %v",
					before.isBehind(key), after.isBehind(key), test.behind)
			}
			if len(before.waiting)+len(after.waiting) != 0 {
				t.Error("somebody still waits")
			}
		})
	}
}
