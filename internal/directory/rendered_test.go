package directory

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// plain is an Encoder that shows everything.
type plain struct{ way string }

func (p plain) Encode(r *scim.Resource) *scim.Encoded {
	attributes, err := json.Marshal(r.Attributes)
	if err != nil {
		panic(err)
	}
	return &scim.Encoded{Head: fmt.Sprintf("%s %s %+v ", p.way, r.ID, r.Meta), Tail: string(attributes)}
}

func text(r *scim.Resource) string { return string(r.Encoded.Head) + string(r.Encoded.Tail) }

// rendering reads a user as an answer shows it; a user that is not there is "404".
func (s *service) rendering(id string, encoder scim.Encoder) string {
	s.t.Helper()
	r, err := s.store.Get(context.Background(), s.users, id, scim.Need{Groups: true, Encoder: encoder})
	if err != nil {
		if status(err) != 404 {
			s.t.Errorf("reading %s: %v", id, err)
		}
		return "404"
	}
	return text(r)
}

// anew is the same without what is kept.
func (s *service) anew(id string, encoder scim.Encoder) string {
	s.t.Helper()
	r, err := s.store.Get(context.Background(), s.users, id, scim.Need{Groups: true})
	if err != nil {
		return "404"
	}
	return text(&scim.Resource{Encoded: encoder.Encode(r)})
}

// churn does one thing at random to users and groups.
func churn(s *service, random *rand.Rand, users, groups *[]string) {
	ctx := context.Background()
	some := func(of []string, n int) []string {
		var chosen []string
		for range n {
			chosen = append(chosen, of[random.IntN(len(of))])
		}
		return chosen
	}
	group := some(*groups, 1)[0]
	members := func(op scim.MemberOp, n int) scim.Change {
		return scim.Change{Members: []scim.MemberChange{{Op: op, Values: some(*users, n)}}}
	}
	var change scim.Change
	switch n := random.IntN(100); {
	case n < 30:
		change = members(scim.AddMembers, 1)
	case n < 50:
		change = members(scim.RemoveMembers, 1)
	case n < 56:
		change = members(scim.AddMembers, 60)
	case n < 62:
		change = members(scim.RemoveMembers, 60)
	case n < 66:
		change = members(scim.ReplaceMembers, random.IntN(200))
	case n < 74:
		change = scim.Change{Apply: set("displayName", fmt.Sprint("group ", random.IntN(1000)))}
	case n < 78:
		_ = s.store.Delete(ctx, s.group, group, nil)
		return
	case n < 84:
		made, err := s.store.Create(ctx, s.group, scim.Object{
			"displayName": fmt.Sprint("new ", random.Int()), "members": memberValues(some(*users, random.IntN(160)))}, scim.Need{})
		if err == nil {
			*groups = append(*groups, made.ID)
		}
		return
	case n < 86:
		_ = s.store.Delete(ctx, s.users, some(*users, 1)[0], nil)
		return
	case n < 92:
		if made, err := s.store.Create(ctx, s.users, scim.Object{"userName": fmt.Sprint("new", random.Int())}, scim.Need{}); err == nil {
			*users = append(*users, made.ID)
		}
		return
	default:
		_, _ = s.store.Modify(ctx, s.users, some(*users, 1)[0], scim.Change{Apply: set("title", fmt.Sprint(random.IntN(3)))})
		return
	}
	_, _ = s.store.Modify(ctx, s.group, group, change) // of a group that is gone, a 404
}

func populate(s *service) (users, groups []string) {
	for i := range 40 {
		users = append(users, s.createUser(fmt.Sprint("user", i)).ID)
	}
	for i := range 4 {
		groups = append(groups, s.createGroup(fmt.Sprint("Group ", i), users[:10*i]...).ID)
	}
	return users, groups
}

// Whatever changes, what is kept is what would be put together now: at once where
// the change was made, and when it has arrived on another replica.
func TestKeptRenderingsAreRight(t *testing.T) {
	a, b := twoReplicas(t)
	users, groups := populate(a)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for step := range 250 {
		churn(a, random, &users, &groups)
		encoder := plain{fmt.Sprint(step / 100)}
		for _, id := range users {
			if got, want := a.rendering(id, encoder), a.anew(id, encoder); got != want {
				t.Fatalf("step %d: got\n%s\nwant\n%s", step, got, want)
			}
			if step%10 == 0 {
				same := func() bool { return b.rendering(id, encoder) == a.anew(id, encoder) }
				eventually(t, "the other replica shows the same", same)
			}
		}
		page, err := a.store.List(t.Context(), a.users, scim.Query{StartIndex: 1, Count: 1000, Need: scim.Need{Groups: true, Encoder: encoder}})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Resources {
			if got, want := text(r), a.anew(r.ID, encoder); got != want {
				t.Fatalf("step %d, in a list: got\n%s\nwant\n%s", step, got, want)
			}
		}
	}
}

// The same while many change and read at once, and while what is kept is let go of.
func TestKeptRenderingsAreRightAmongWriters(t *testing.T) {
	a, b := twoReplicas(t)
	a.renderings.limit = 20_000
	users, groups := populate(a)
	encoder := plain{}
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for _, s := range []*service{a, b} {
		for worker := range 2 {
			writers.Go(func() {
				random := rand.New(rand.NewPCG(uint64(worker), 1))
				users, groups := append([]string{}, users...), append([]string{}, groups...)
				for range 60 {
					churn(s, random, &users, &groups)
				}
			})
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						_ = s.rendering(users[rand.IntN(len(users))], encoder)
					}
				}
			})
		}
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	for _, s := range []*service{a, b} {
		for _, id := range users {
			eventually(t, "it is what would be put together now", func() bool { return s.rendering(id, encoder) == s.anew(id, encoder) })
		}
	}
}

// A rendering is put together once, and its memory is bounded.
func TestRenderingsAreKept(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	user := s.createUser("ada").ID
	read := func() *scim.Resource {
		r, err := s.store.Get(t.Context(), s.users, user, scim.Need{Groups: true, Encoder: plain{}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := read()
	if read() != first {
		t.Error("it was put together twice")
	}
	s.createGroup("other")
	if read() != first {
		t.Error("it was put together again although another group changed")
	}
	s.createGroup("own", user)
	if got := read(); got == first || !strings.Contains(text(got), "own") {
		t.Errorf("the new group is not shown: %s", text(got))
	}
	s.delete(s.users, user)
	if n := len(s.renderings.ids); n != 0 {
		t.Errorf("%d are kept although the user is gone", n)
	}
}

// The label that says whether a user is synced changes often, and shows nowhere.
func TestRenderingsOutliveMetadata(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	id := s.createUser("ada").ID
	read := func() *scim.Resource {
		r, err := s.store.Get(t.Context(), s.users, id, scim.Need{Groups: true, Encoder: plain{}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	first := read()
	before := s.cachedByID(s.sync, id)
	labeled := before.DeepCopyObject().(client.Object)
	labeled.SetLabels(map[string]string{"example.com/any": "thing"})
	if err := api.Update(t.Context(), labeled); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the label is known", func() bool {
		return s.cachedByID(s.sync, id) != before && s.renderings.all([]client.Object{before}, plain{}, s.turns.of(s.sync).Load())[0] == nil
	})
	if read() != first {
		t.Error("it was put together again although only a label changed")
	}
	if n := len(s.renderings.ids); n != 1 {
		t.Errorf("%d renderings of one user are kept", n)
	}
}

// Whoever was slow to put a user together does not keep what nobody lets go of.
func TestNoRenderingOfWhatWasReplaced(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	id := s.createUser("ada").ID
	old := s.cachedByID(s.sync, id).(*v1alpha1.User)
	s.modify(s.users, id, scim.Change{Apply: set("title", "Countess")})
	scope, ctx, cancel, err := s.store.(*store).begin(t.Context(), s.users)
	if err != nil {
		t.Fatal(err)
	}
	defer cancel()
	if _, err := scope.rendered(ctx, old, scim.Need{Groups: true, Encoder: plain{}}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.renderings.ids); n != 0 {
		t.Errorf("%d renderings are kept, of an object that is there no more", n)
	}
}

func TestRenderingsAreBounded(t *testing.T) {
	c := newRenderings(10_000)
	sync := types.NamespacedName{Namespace: "identity", Name: "entra"}
	keep := func(u *v1alpha1.User, bytes int) {
		r := &rendering{encoded: scim.Encoded{Head: strings.Repeat("x", bytes-renderedOverhead)}}
		r.resource.ID = u.Spec.ID
		c.put(sync, r, func() *v1alpha1.User { return u })
	}
	users := make([]*v1alpha1.User, 100)
	for i := range users {
		users[i] = &v1alpha1.User{}
		users[i].Namespace, users[i].Spec.SyncRef.Name, users[i].Spec.ID = sync.Namespace, sync.Name, fmt.Sprint(i)
		keep(users[i], 1000)
		if r, _ := c.withID(sync, fmt.Sprint(i)); r == nil {
			t.Errorf("the latest, %d, is not kept", i)
		}
	}
	if n := len(c.ids); n != 10 || len(c.by) != n || c.size != 10_000 {
		t.Errorf("%d of 1,000 bytes are kept, and %d bytes counted, where 10 fit", n, c.size)
	}
	keep(users[99], 2000)
	if len(c.ids) != 9 || len(c.by) != 9 || c.size != 10_000 {
		t.Errorf("%d are kept, and %d bytes counted, after one grew", len(c.ids), c.size)
	}
	keep(&v1alpha1.User{}, 10_001)
	if r, _ := c.withID(sync, ""); r != nil || len(c.ids) != 9 {
		t.Error("what is larger than the bound is kept, or drove out the rest")
	}
	for _, u := range users {
		c.replaced(u, nil)
	}
	if len(c.ids) != 0 || len(c.by) != 0 || c.size != 0 {
		t.Errorf("after all was forgotten %d are kept, and %d bytes counted", len(c.ids), c.size)
	}
}

// After a watch broke, the informer may hold another object of the same version
// and tell nobody. What was rendered of either is let go of with the next event.
func TestRenderingsAreLetGoOfByVersion(t *testing.T) {
	sync := types.NamespacedName{Namespace: "identity", Name: "entra"}
	version := func(generation int64) *v1alpha1.User {
		u := &v1alpha1.User{}
		u.Namespace, u.Spec.SyncRef.Name, u.Spec.ID, u.UID, u.Generation = sync.Namespace, sync.Name, "ada", "uid", generation
		return u
	}
	listed, again, changed := version(1), version(1), version(2)
	c := newRenderings(10_000)
	r := &rendering{}
	r.resource.ID = "ada"
	c.put(sync, r, func() *v1alpha1.User { return again })
	if c.of(sync, listed) != r || c.of(sync, changed) != nil {
		t.Error("a rendering is not known by the version of its user")
	}
	c.replaced(listed, changed)
	if r, _ := c.withID(sync, "ada"); r != nil || len(c.by) != 0 || c.size != 0 {
		t.Error("what was rendered of a user before its change is kept")
	}
	c.put(sync, r, func() *v1alpha1.User { return nil })
	if r, _ := c.withID(sync, "ada"); r != nil {
		t.Error("a rendering of what the informer does not have is kept")
	}
}
