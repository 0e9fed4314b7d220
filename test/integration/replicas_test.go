package integration

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// times is how often in a row two replicas must get it right.
const times = 100

// race sends two requests at the same time.
func race(a, b func() answer) (answer, answer) {
	var results [2]answer
	var both sync.WaitGroup
	ready := make(chan struct{})
	for i, do := range []func() answer{a, b} {
		both.Go(func() {
			<-ready
			results[i] = do()
		})
	}
	close(ready)
	both.Wait()
	return results[0], results[1]
}

// wantOneWinner checks that one request succeeded and the other is a 409.
func wantOneWinner(t *testing.T, a, b answer) {
	t.Helper()
	if a.Status == 409 {
		a, b = b, a
	}
	if a.Status/100 != 2 || b.Status != 409 || b.resource(t).SCIMType != "uniqueness" {
		t.Fatalf("got %d and %d, want a success and a 409: %s %s", a.Status, b.Status, a.Body, b.Body)
	}
}

func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	c := [2]scimClient{f.on(0), f.on(1)}

	t.Run("what one creates the other finds at once", func(t *testing.T) {
		t.Parallel()
		for i := range times {
			one, other := c[i%2], c[(i+1)%2]
			name := fmt.Sprintf("found-%d", i)
			id := one.newUser(t, name)
			if got := other.want(t, 200, "GET", "/Users/"+id, "").resource(t); got.UserName != name {
				t.Fatalf("by id: %+v", got)
			}
			if got := other.want(t, 200, "GET", "/Users"+filter(fmt.Sprintf("userName eq %q", name)), "").resource(t); got.TotalResults != 1 {
				t.Fatalf("by userName: %+v", got)
			}
			groupID := one.newGroup(t, name, id)
			if got := other.want(t, 200, "GET", "/Groups"+filter(fmt.Sprintf("displayName eq %q", name)), "").resource(t); got.TotalResults != 1 {
				t.Fatalf("by displayName: %+v", got)
			}
			if got := other.want(t, 200, "GET", "/Groups/"+groupID, "").resource(t); len(got.Members) != 1 {
				t.Fatalf("a group by id: %+v", got)
			}
		}
	})
	t.Run("one userName posted to both", func(t *testing.T) {
		t.Parallel()
		for i := range times {
			body := user(fmt.Sprintf("posted-%d", i))
			a, b := race(
				func() answer { return c[0].do(t, "POST", "/Users", body) },
				func() answer { return c[1].do(t, "POST", "/Users", body) })
			wantOneWinner(t, a, b)
			wantOne(t, c, fmt.Sprintf("posted-%d", i))
		}
	})
	t.Run("a rename against a creation", func(t *testing.T) {
		t.Parallel()
		for i := range times {
			id := c[0].newUser(t, fmt.Sprintf("before-%d", i))
			name := fmt.Sprintf("after-%d", i)
			a, b := race(
				func() answer {
					return c[i%2].do(t, "PATCH", "/Users/"+id, replace("userName", fmt.Sprintf("%q", name)))
				},
				func() answer { return c[(i+1)%2].do(t, "POST", "/Users", user(name)) })
			wantOneWinner(t, a, b)
			wantOne(t, c, name)
		}
	})
	t.Run("two renames to one name", func(t *testing.T) {
		t.Parallel()
		for i := range times {
			first, second := c[0].newUser(t, fmt.Sprintf("a-%d", i)), c[1].newUser(t, fmt.Sprintf("b-%d", i))
			name := fmt.Sprintf("both-%d", i)
			a, b := race(
				func() answer {
					return c[0].do(t, "PATCH", "/Users/"+first, replace("userName", fmt.Sprintf("%q", name)))
				},
				func() answer {
					return c[1].do(t, "PATCH", "/Users/"+second, replace("userName", fmt.Sprintf("%q", name)))
				})
			wantOneWinner(t, a, b)
			wantOne(t, c, name)
		}
	})
	t.Run("a freed name can be used again", func(t *testing.T) {
		t.Parallel()
		for i := range times {
			name := fmt.Sprintf("freed-%d", i)
			one, other := c[i%2], c[(i+1)%2]
			id := one.newUser(t, name)
			if i%4 < 2 {
				one.want(t, 204, "DELETE", "/Users/"+id, "")
			} else {
				one.want(t, 200, "PATCH", "/Users/"+id, replace("userName", fmt.Sprintf("%q", name+"-2")))
			}
			if again := other.newUser(t, name); again == id {
				t.Fatalf("the id %s was given out twice", id)
			}
			wantOne(t, c, name)
		}
	})
	t.Run("a user created again is in none of the old groups", func(t *testing.T) {
		t.Parallel()
		old := c[0].newUser(t, "again")
		group := c[0].newGroup(t, "admins", old)
		for i := range times {
			one, other := c[i%2], c[(i+1)%2]
			one.want(t, 204, "DELETE", "/Users/"+old, "")
			id := other.newUser(t, "again")
			for _, replica := range c {
				if got := replica.want(t, 200, "GET", "/Users/"+id, "").resource(t); len(got.Groups) != 0 {
					t.Fatalf("the new user is in %v", got.Groups)
				}
				members := replica.want(t, 200, "GET", "/Groups/"+group, "").resource(t).Members
				if slices.Contains(members, member{Value: id}) {
					t.Fatalf("the new user %s is a member of the old group: %v", id, members)
				}
			}
			one.do(t, "PATCH", "/Groups/"+group, addMembers(id))
			old = id
		}
	})
}

// wantOne checks that both replicas find exactly one user of a name.
func wantOne(t *testing.T, c [2]scimClient, name string) {
	t.Helper()
	for i := range c {
		if got := c[i].want(t, 200, "GET", "/Users"+filter(fmt.Sprintf("userName eq %q", name)), "").resource(t); got.TotalResults != 1 {
			t.Fatalf("replica %d finds %d users named %s", i, got.TotalResults, name)
		}
	}
}

func TestRequestsAreNotStatusWrites(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	f.wantReady(t, "True", "Serving", "")
	watched, err := kube.Watch(t.Context(), &v1alpha1.IdentityProviderSyncList{}, client.InNamespace(f.namespace))
	if err != nil {
		t.Fatal(err)
	}
	defer watched.Stop()
	writes := make(chan struct{}, 2000)
	go func() {
		for range watched.ResultChan() {
			writes <- struct{}{}
		}
	}()
	ids := f.on(0).newUsers(t, "u", 500)
	parallel(500, 8, func(i int) { f.on(i%2).want(t, 200, "GET", "/Users/"+ids[i], "") })
	f.wantStatus(t, "500 users", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
		return s.Users != nil && s.Users.Total == 500 && s.LastRequestTime != nil && s.LastChangeTime != nil && s.Tokens[0].LastUsedTime != nil
	})
	// Each replica may write once in 10 s; this takes at most three times that.
	if got := len(writes); got == 0 || got > 8 {
		t.Errorf("1,000 requests led to %d writes of the sync's status, want a handful", got)
	}
}

func TestEitherReplicaReportsItsRequests(t *testing.T) {
	t.Parallel()
	for i := range replicas {
		t.Run(fmt.Sprintf("replica %d", i), func(t *testing.T) {
			t.Parallel()
			f := fixture{namespace: namespace(t), bearer: token.Generate()}
			create(t, secret(f.namespace, "scim", f.bearer))
			create(t, syncOf(f.namespace))
			f.wantReady(t, "True", "Serving", "")
			within(t, "the endpoint is open", statusOf(t, f.on(i), 200))
			f.on(i).newUser(t, "alice")
			f.wantStatus(t, "the times of the last request", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
				return s.LastRequestTime != nil && s.LastChangeTime != nil && s.Tokens[0].LastUsedTime != nil
			})
		})
	}
}
