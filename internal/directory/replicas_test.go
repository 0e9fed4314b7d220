package directory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// twoReplicas serve one sync on one API server.
func twoReplicas(t *testing.T) (a, b *service) {
	t.Helper()
	sync := newSync(t)
	return serve(t, newReplica(t), sync), serve(t, newReplica(t), sync)
}

const rounds = 100

func TestWhatOneReplicaCreatesIsFoundThroughTheOther(t *testing.T) {
	a, b := twoReplicas(t)
	for i := range rounds {
		name := fmt.Sprintf("user%d@example.com", i)
		id := a.createUser(name).ID
		if got := b.find(b.users, fmt.Sprintf(`userName eq "%s"`, name)); !slices.Equal(got, []string{id}) {
			t.Fatalf("round %d: the name is found in %v", i, got)
		}
		id = a.createUser("second-" + name).ID
		if got := b.get(b.users, id); got.ID != id {
			t.Fatalf("round %d: the id is not found", i)
		}
		if err := a.rename(a.users, id, "third-"+name); err != nil {
			t.Fatal(err)
		}
		if got := b.find(b.users, fmt.Sprintf(`userName eq "THIRD-%s"`, name)); !slices.Equal(got, []string{id}) {
			t.Fatalf("round %d: the new name is found in %v", i, got)
		}
		group := a.createGroup(fmt.Sprintf("Group %d", i)).ID
		if got := b.find(b.group, fmt.Sprintf(`displayName eq "group %d"`, i)); !slices.Equal(got, []string{group}) {
			t.Fatalf("round %d: the group is found in %v", i, got)
		}
	}
}

// race runs calls at the same moment and gives their statuses, sorted.
func race(calls ...func() error) []int {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	statuses := make([]int, len(calls))
	for i, call := range calls {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			statuses[i] = status(call())
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	slices.Sort(statuses)
	return statuses
}

func (s *service) post(rt *schema.ResourceType, name string) func() error {
	attribute := "userName"
	if rt.Name == KindGroup {
		attribute = "displayName"
	}
	return func() error {
		_, err := s.store.Create(context.Background(), rt, scim.Object{attribute: name}, scim.Need{})
		return err
	}
}

func TestOneNameIsGivenOnce(t *testing.T) {
	a, b := twoReplicas(t)
	oneWins := []int{http.StatusOK, http.StatusConflict}
	start := time.Now()
	t.Run("two creations", func(t *testing.T) {
		for i := range rounds {
			name := fmt.Sprintf("create%d", i)
			if got := race(a.post(a.users, name), b.post(b.users, name)); !slices.Equal(got, oneWins) {
				t.Fatalf("round %d: answers %v", i, got)
			}
		}
	})
	for _, rt := range []*schema.ResourceType{a.users, a.group} {
		t.Run("a rename and a creation of a "+rt.Name, func(t *testing.T) {
			for i := range rounds {
				name := fmt.Sprintf("rename%d", i)
				other := a.named(rt, "other-"+name)
				got := race(func() error { return a.rename(rt, other, name) }, b.post(rt, name))
				if !slices.Equal(got, oneWins) {
					t.Fatalf("round %d: answers %v", i, got)
				}
			}
		})
	}
	t.Run("two renames", func(t *testing.T) {
		for i := range rounds {
			name := fmt.Sprintf("both%d", i)
			x, y := a.named(a.users, "x-"+name), a.named(a.users, "y-"+name)
			got := race(func() error { return a.rename(a.users, x, name) }, func() error { return b.rename(b.users, y, name) })
			if !slices.Equal(got, oneWins) {
				t.Fatalf("round %d: answers %v", i, got)
			}
		}
	})
	t.Run("a name given up", func(t *testing.T) {
		for i := range rounds {
			name := fmt.Sprintf("freed%d", i)
			if err := a.rename(a.users, a.named(a.users, name), "now-"+name); err != nil {
				t.Fatal(err)
			}
			if got := race(a.post(a.users, name), b.post(b.users, name)); !slices.Equal(got, oneWins) {
				t.Fatalf("round %d: answers %v", i, got)
			}
		}
	})
	t.Logf("%d races in %v", 5*rounds, time.Since(start))
	checkOwners(t, a)
}

// named creates a resource and gives its id.
func (s *service) named(rt *schema.ResourceType, name string) string {
	s.t.Helper()
	if rt.Name == KindGroup {
		return s.createGroup(name).ID
	}
	return s.createUser(name).ID
}

func TestAFreedNameIsUsedAgain(t *testing.T) {
	a, b := twoReplicas(t)
	for name, free := range map[string]func(rt *schema.ResourceType, id string){
		"renamed": func(rt *schema.ResourceType, id string) {
			if err := a.rename(rt, id, "other-"+id); err != nil {
				t.Fatal(err)
			}
		},
		"renamed twice": func(rt *schema.ResourceType, id string) {
			for _, next := range []string{"one-" + id, "two-" + id} {
				if err := a.rename(rt, id, next); err != nil {
					t.Fatal(err)
				}
			}
			b.named(rt, "one-"+id)
		},
		"deleted": func(rt *schema.ResourceType, id string) { a.delete(rt, id) },
		"renamed and deleted": func(rt *schema.ResourceType, id string) {
			if err := a.rename(rt, id, "other-"+id); err != nil {
				t.Fatal(err)
			}
			a.delete(rt, id)
			b.named(rt, "other-"+id)
		},
		"retained": func(rt *schema.ResourceType, id string) {
			a.policy = Policy{RetainUsers: true, RetainGroups: true}
			a.delete(rt, id)
			a.policy = Policy{}
		},
	} {
		for _, rt := range []*schema.ResourceType{a.users, a.group} {
			t.Run(name+" "+rt.Name, func(t *testing.T) {
				first := a.named(rt, name)
				free(rt, first)
				second := b.named(rt, name)
				if second == first {
					t.Error("the id was given out again")
				}
				attribute := map[string]string{KindUser: "userName", KindGroup: "displayName"}[rt.Name]
				for _, s := range []*service{a, b} {
					if got := s.find(rt, fmt.Sprintf(`%s eq "%s"`, attribute, name)); !slices.Equal(got, []string{second}) {
						t.Errorf("the name is found in %v, want %s", got, second)
					}
				}
				if got := status(a.post(rt, name)()); got != http.StatusConflict {
					t.Errorf("a third creation is answered %d", got)
				}
				b.delete(rt, second)
				third := a.named(rt, name)
				a.delete(rt, third)
			})
		}
	}
	checkOwners(t, a)
}

func TestARenameThereAndBack(t *testing.T) {
	a, b := twoReplicas(t)
	jane := a.createUser("jane").ID
	for i := range 20 {
		s := []*service{a, b}[i%2]
		name := []string{"jenny", "JANE"}[i%2]
		if err := s.rename(s.users, jane, name); err != nil {
			t.Fatal(err)
		}
		if got := s.find(s.users, fmt.Sprintf(`userName eq "%s"`, name)); !slices.Equal(got, []string{jane}) {
			t.Fatalf("the name %s is found in %v", name, got)
		}
	}
	// Two users swap their names by way of a third.
	john := a.createUser("john").ID
	for _, step := range []struct{ id, name string }{{jane, "tmp"}, {john, "jane"}, {jane, "john"}, {john, "tmp"}, {jane, "jane"}, {john, "john"}} {
		if err := b.rename(b.users, step.id, step.name); err != nil {
			t.Fatalf("renaming to %s: %v", step.name, err)
		}
	}
	checkOwners(t, a)
}

// TestNamesOutliveAChangeOfObjectNames is about a sync that is made again with
// other objectNames.
func TestNamesOutliveAChangeOfObjectNames(t *testing.T) {
	a, b := twoReplicas(t)
	jane, john := a.createUser("jane").ID, a.createUser("john").ID
	eventually(t, "the other replica knows them", func() bool { return b.View(t.Context(), b.sync).CountUsers() == 2 })
	b.policy.OpaqueNames = true
	if got := status(b.post(b.users, "JANE")()); got != http.StatusConflict {
		t.Errorf("a creation is answered %d", got)
	}
	if got := status(b.rename(b.users, john, "Jane")); got != http.StatusConflict {
		t.Errorf("a rename is answered %d", got)
	}
	if got := b.find(b.users, `userName eq "jane"`); !slices.Equal(got, []string{jane}) {
		t.Errorf("the name is found in %v", got)
	}
	if err := b.rename(b.users, john, "jack"); err != nil {
		t.Error(err)
	}
	b.delete(b.users, jane)
	b.createUser("jane")
}

// TestAUserCreatedAgainIsInNoOldGroup deletes through one replica and creates
// through another while the old id may still be in groups.
func TestAUserCreatedAgainIsInNoOldGroup(t *testing.T) {
	a, b := twoReplicas(t)
	group := a.createGroup("staff").ID
	for i := range 20 {
		name := fmt.Sprintf("user%d", i)
		old := a.createUser(name).ID
		a.add(group, old)
		a.delete(a.users, old)
		again := b.createUser(name).ID
		if groups := b.get(b.users, again).Attributes["groups"]; groups != nil || again == old {
			t.Fatalf("the new user has groups %v", groups)
		}
		if members := b.membersOf(group); slices.Contains(members, again) {
			t.Fatalf("the group has the new user: %v", members)
		}
	}
}

// TestAReaderOfItsOwnWrites writes and reads at random on one replica.
func TestAReaderOfItsOwnWrites(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	jane := s.createUser("jane").ID
	group := s.createGroup("staff").ID
	for i := range rounds {
		title := fmt.Sprint(rand.IntN(1000), i)
		s.modify(s.users, jane, scim.Change{Apply: set("title", title)})
		if got := s.find(s.users, fmt.Sprintf(`title eq "%s"`, title)); len(got) != 1 {
			t.Fatalf("round %d: the change is not listed", i)
		}
		s.add(group, jane)
		if got := s.find(s.group, fmt.Sprintf(`members eq "%s"`, jane)); len(got) != 1 {
			t.Fatalf("round %d: the member is not found", i)
		}
		s.removeMembers(group, jane)
		if got := s.get(s.users, jane).Attributes["groups"]; got != nil {
			t.Fatalf("round %d: still in groups %v", i, got)
		}
	}
}
