package directory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// fate is what happens to one request: it goes with the context, so that
// requests with different fates share a replica.
type fate struct {
	crashAt int           // the write from which on nothing reaches the API server; 0: none
	lost    bool          // that write still does, but its answer does not come back
	heals   bool          // and everything after it works again
	stallAt int           // the write before which the request stalls; 0: none
	stalled chan struct{} // closed when it does
	resume  chan struct{} // closed to go on
	jitter  time.Duration // at most this long before each write

	writes  atomic.Int64
	crashed atomic.Bool
}

type fateKey struct{}

var errCrashed = errors.New("connection lost")

func withFate(f *fate) context.Context { return context.WithValue(context.Background(), fateKey{}, f) }

// write lets a write happen, or not, or without an answer.
func (f *fate) write(do func() error) error {
	if f == nil {
		return do()
	}
	n := int(f.writes.Add(1))
	if n == f.stallAt {
		close(f.stalled)
		<-f.resume
	}
	if f.jitter > 0 {
		time.Sleep(rand.N(f.jitter))
	}
	if f.crashAt > 0 && n >= f.crashAt && (n == f.crashAt || !f.heals) {
		f.crashed.Store(!f.heals)
		if n == f.crashAt && f.lost {
			_ = do()
		}
		return errCrashed
	}
	return do()
}

func fateOf(ctx context.Context) *fate {
	f, _ := ctx.Value(fateKey{}).(*fate)
	return f
}

// mortal makes a replica whose requests can be given a fate.
func mortal(o *Options) {
	o.Client = interceptor.NewClient(api, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			if f := fateOf(ctx); f != nil && f.crashed.Load() {
				return errCrashed
			}
			return c.Get(ctx, key, obj, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			return fateOf(ctx).write(func() error { return c.Create(ctx, obj, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.UpdateOption) error {
			return fateOf(ctx).write(func() error { return c.Update(ctx, obj, opts...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			return fateOf(ctx).write(func() error { return c.Delete(ctx, obj, opts...) })
		},
	})
}

func (s *service) doCreate(ctx context.Context, rt *schema.ResourceType, name string) (string, error) {
	attribute := map[string]string{KindUser: "userName", KindGroup: "displayName"}[rt.Name]
	r, err := s.store.Create(ctx, rt, scim.Object{attribute: name}, scim.Need{})
	if err != nil {
		return "", err
	}
	return r.ID, nil
}

func (s *service) doRename(ctx context.Context, id, name string) error {
	_, err := s.store.Modify(ctx, s.users, id, scim.Change{Apply: set("userName", name)})
	return err
}

// TestACrashAtEveryWrite stops each operation of the protocol after each of its
// writes. Whatever that leaves, everything else goes on, and no name ever has
// two owners.
func TestACrashAtEveryWrite(t *testing.T) {
	sync := newSync(t)
	s, other := serve(t, newReplica(t, mortal), sync), serve(t, newReplica(t), sync)
	count := 0
	names := func() (string, string) { count++; return fmt.Sprintf("a%d", count), fmt.Sprintf("b%d", count) }
	operations := map[string]func() func(ctx context.Context) (name string, err error){
		"create": func() func(context.Context) (string, error) {
			a, _ := names()
			return func(ctx context.Context) (string, error) { _, err := s.doCreate(ctx, s.users, a); return a, err }
		},
		"rename to a fresh name": func() func(context.Context) (string, error) {
			a, b := names()
			id := s.createUser(a).ID
			return func(ctx context.Context) (string, error) { return b, s.doRename(ctx, id, b) }
		},
		"rename to a name given up": func() func(context.Context) (string, error) {
			a, b := names()
			first, second := s.createUser(b).ID, s.createUser(a).ID
			if err := s.rename(s.users, first, "x"+b); err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context) (string, error) { return b, s.doRename(ctx, second, b) }
		},
		"rename to a name given up by a renamed user": func() func(context.Context) (string, error) {
			a, b := names()
			first, second := s.createUser("y"+b).ID, s.createUser(a).ID
			if err := s.rename(s.users, first, b); err != nil {
				t.Fatal(err)
			}
			// It stops after it took the other name, before it gives this one up.
			if err := s.doRename(withFate(&fate{crashAt: 3}), first, "x"+b); err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context) (string, error) { return b, s.doRename(ctx, second, b) }
		},
		"rename away from a claim": func() func(context.Context) (string, error) {
			a, b := names()
			id := s.createUser(a).ID
			if err := s.rename(s.users, id, b); err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context) (string, error) { return b, s.doRename(ctx, id, "x"+b) }
		},
		"rename back": func() func(context.Context) (string, error) {
			a, b := names()
			first := s.createUser(a).ID
			if err := s.rename(s.users, first, b); err != nil {
				t.Fatal(err)
			}
			second := s.createUser(a).ID
			if err := s.rename(s.users, second, "x"+a); err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context) (string, error) { return a, s.doRename(ctx, first, a) }
		},
		"create with a name given up": func() func(context.Context) (string, error) {
			a, b := names()
			if err := s.rename(s.users, s.createUser(a).ID, b); err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context) (string, error) { _, err := s.doCreate(ctx, s.users, a); return a, err }
		},
		"delete what is the slot of another": func() func(context.Context) (string, error) {
			a, b := names()
			first := s.createUser(a).ID
			if err := s.rename(s.users, first, b); err != nil {
				t.Fatal(err)
			}
			s.createUser(a)
			return func(ctx context.Context) (string, error) { return b, s.store.Delete(ctx, s.users, first, nil) }
		},
		"delete what has claims": func() func(context.Context) (string, error) {
			a, b := names()
			first := s.createUser(a).ID
			if err := s.rename(s.users, first, b); err != nil {
				t.Fatal(err)
			}
			return func(ctx context.Context) (string, error) { return b, s.store.Delete(ctx, s.users, first, nil) }
		},
		"create a large group": func() func(context.Context) (string, error) {
			a, _ := names()
			return func(ctx context.Context) (string, error) {
				_, err := s.store.Create(ctx, s.group, scim.Object{"displayName": a, "members": memberValues(ids("m", 150))}, scim.Need{})
				return "", err
			}
		},
	}
	for what, prepare := range operations {
		for _, lost := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, answer lost: %v", what, lost), func(t *testing.T) {
				for n := 1; ; n++ {
					f := &fate{crashAt: n, lost: lost}
					name, err := prepare()(withFate(f))
					if !f.crashed.Load() {
						if err != nil || n == 1 {
							t.Errorf("after %d writes: %v", n-1, err)
						}
						break
					}
					if got := status(err); err != nil && got != http.StatusServiceUnavailable {
						t.Errorf("stopped at write %d, it is answered %d", n, got)
					}
					checkOwners(t, s)
					if name != "" {
						checkUsable(t, other, name)
					}
				}
				checkOwners(t, s)
			})
		}
	}
}

// checkUsable checks that a name either has an owner, who can give it up, or can be had.
func checkUsable(t *testing.T, s *service, name string) {
	t.Helper()
	id, err := s.doCreate(context.Background(), s.users, name)
	if status(err) == http.StatusConflict {
		owner := s.find(s.users, fmt.Sprintf(`userName eq "%s"`, name))
		if len(owner) != 1 {
			t.Fatalf("%s cannot be created (%v), and nobody has it", name, err)
		}
		s.delete(s.users, owner[0])
		id, err = s.doCreate(context.Background(), s.users, name)
	}
	if err != nil {
		t.Fatalf("%s cannot be created: %v", name, err)
	}
	checkOwners(t, s)
	if err := s.rename(s.users, id, "was-"+id); err != nil {
		t.Errorf("renaming it: %v", err)
	}
}

// TestAStalledRename lets one user take a name while the rename of another to
// that name has stalled before each of its writes.
func TestAStalledRename(t *testing.T) {
	sync := newSync(t)
	s, other := serve(t, newReplica(t, mortal), sync), serve(t, newReplica(t), sync)
	for _, freed := range []bool{false, true} {
		for n := 1; ; n++ {
			name := fmt.Sprintf("name-%v-%d", freed, n)
			if freed {
				if err := s.rename(s.users, s.createUser(name).ID, "x"+name); err != nil {
					t.Fatal(err)
				}
			}
			id := s.createUser("old-" + name).ID
			f := &fate{stallAt: n, stalled: make(chan struct{}), resume: make(chan struct{})}
			answer := make(chan error, 1)
			go func() { answer <- s.doRename(withFate(f), id, name) }()
			select {
			case err := <-answer:
				if err != nil || n == 1 {
					t.Errorf("not stalled at write %d: %v", n, err)
				}
			case <-f.stalled:
				created, err := other.doCreate(context.Background(), s.users, name)
				close(f.resume)
				got := []int{status(err), status(<-answer)}
				slices.Sort(got)
				if !slices.Equal(got, []int{200, 409}) {
					t.Errorf("stalled at write %d: created %s (%v), answers %v", n, created, err, got)
				}
				checkOwners(t, s)
				continue
			}
			break
		}
	}
}

// TestCrashesAndStallsAtRandom lets several writers fight over three names on
// two replicas; many of them crash half-way or lose an answer.
func TestCrashesAndStallsAtRandom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	a, b := twoMortals(t)
	outcomes := map[int]int{}
	for round := range 30 {
		names := []string{fmt.Sprintf("x%d", round), fmt.Sprintf("y%d", round), fmt.Sprintf("z%d", round)}
		var users []string
		for i := range 3 {
			users = append(users, a.createUser(fmt.Sprintf("start%d-%d", round, i)).ID)
		}
		var mu sync.Mutex
		var done sync.WaitGroup
		for range 6 {
			s := []*service{a, b}[random.IntN(2)]
			seed := random.Uint64()
			done.Go(func() {
				random := rand.New(rand.NewPCG(seed, 1))
				for range 3 {
					f := &fate{jitter: 6 * time.Millisecond}
					if random.IntN(2) == 0 {
						f.crashAt, f.lost = 1+random.IntN(6), random.IntN(2) == 0
					}
					mu.Lock()
					id, name := users[random.IntN(len(users))], names[random.IntN(len(names))]
					mu.Unlock()
					var err error
					switch random.IntN(5) {
					case 0:
						err = s.store.Delete(withFate(f), s.users, id, nil)
					case 1, 2:
						var id string
						if id, err = s.doCreate(withFate(f), s.users, name); err == nil {
							mu.Lock()
							users = append(users, id)
							mu.Unlock()
						}
					default:
						err = s.doRename(withFate(f), id, name)
					}
					mu.Lock()
					outcomes[status(err)]++
					if got := status(err); !f.crashed.Load() && !slices.Contains([]int{200, 404, 409, 503}, got) {
						t.Errorf("answer %d: %v", got, err)
					}
					mu.Unlock()
				}
			})
		}
		done.Wait()
		checkOwners(t, a)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
		for _, name := range names {
			checkUsable(t, a, name)
		}
	}
	t.Logf("answers by status: %v", outcomes)
}

func twoMortals(t *testing.T) (a, b *service) {
	sync := newSync(t)
	return serve(t, newReplica(t, mortal), sync), serve(t, newReplica(t, mortal), sync)
}
