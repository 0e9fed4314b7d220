package groupmemberslice

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
	"github.com/rollcall-scim/rollcall/test/controlplane"
	"github.com/rollcall-scim/rollcall/test/leak"
)

var (
	config *rest.Config
	api    client.WithWatch
	scheme = runtime.NewScheme()
)

func TestMain(m *testing.M) {
	code, err := runAll(m)
	if code == 0 && err == nil {
		err = leak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (int, error) {
	log.SetLogger(logr.Discard())
	cp, err := controlplane.Start()
	if err != nil {
		return 0, err
	}
	defer func() { _ = cp.Stop() }()
	config = cp.Config
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return 0, err
	}
	if api, err = client.NewWithWatch(config, client.Options{Scheme: scheme}); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// fixture is a sync with one group that has an index.
type fixture struct {
	t     *testing.T
	d     *directory.Directory
	sync  types.NamespacedName
	store scim.Store
	id    string // of the group
	sweep *Controller
}

func newFixture(t *testing.T, live client.Client) *fixture {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "sweep-"}}
	if err := api.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	informers, err := cache.New(config, cache.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := directory.New(ctx, directory.Options{Cache: informers, Client: live, Logger: logr.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- informers.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	d.WaitForSync(ctx)
	f := &fixture{t: t, d: d, sync: types.NamespacedName{Namespace: namespace.Name, Name: "entra"}, sweep: NewController(api, d)}
	f.store = d.Store(f.sync, func() directory.Policy { return directory.Policy{} })
	group, err := f.store.Create(ctx, schema.GroupType(), scim.Object{"displayName": "large"}, scim.Need{})
	if err != nil {
		t.Fatal(err)
	}
	f.id = group.ID
	f.add(context.Background(), members(0, 200)...)
	return f
}

func members(from, to int) []string {
	var ids []string
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprintf("member-%05d", i))
	}
	return ids
}

func (f *fixture) add(ctx context.Context, ids ...string) {
	f.t.Helper()
	if err := f.tryAdd(ctx, ids...); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) tryAdd(ctx context.Context, ids ...string) error {
	_, err := f.store.Modify(ctx, schema.GroupType(), f.id,
		scim.Change{Members: []scim.MemberChange{{Op: scim.AddMembers, Values: ids}}})
	return err
}

func (f *fixture) object() types.NamespacedName {
	name, _, _ := directory.ObjectName(f.id)
	return types.NamespacedName{Namespace: f.sync.Namespace, Name: name}
}

func (f *fixture) count() int {
	f.t.Helper()
	r, err := f.store.Get(context.Background(), schema.GroupType(), f.id, scim.Need{Members: true})
	if err != nil {
		f.t.Fatal(err)
	}
	all, _ := r.Attributes["members"].([]scim.Member)
	return len(all)
}

// swept waits until the cache has all slices, sweeps, and gives the names of
// those that are left.
func (f *fixture) swept() (left map[string]bool, result reconcile.Result) {
	f.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(f.d.SlicesOf(f.object().Namespace, f.object().Name)) != len(f.stored()); {
		if time.Now().After(deadline) {
			f.t.Fatal("the cache does not have the slices after 10 s")
		}
		time.Sleep(time.Millisecond)
	}
	result, err := f.sweep.Reconcile(f.t.Context(), reconcile.Request{NamespacedName: f.object()})
	if err != nil {
		f.t.Fatal(err)
	}
	return f.stored(), result
}

func (f *fixture) stored() map[string]bool {
	f.t.Helper()
	list := &v1alpha1.GroupMemberSliceList{}
	if err := api.List(f.t.Context(), list, client.InNamespace(f.sync.Namespace)); err != nil {
		f.t.Fatal(err)
	}
	names := map[string]bool{}
	for i := range list.Items {
		names[list.Items[i].Name] = true
	}
	return names
}

// reachable names the slices of the group that its root reaches.
func (f *fixture) reachable() map[string]bool {
	f.t.Helper()
	root := &v1alpha1.Group{}
	if err := api.Get(f.t.Context(), f.object(), root); err != nil {
		f.t.Fatal(err)
	}
	names, err := f.sweep.references(f.t.Context(), root)
	if err != nil {
		f.t.Fatal(err)
	}
	return names
}

func TestReplacedSlicesAreSwept(t *testing.T) {
	f := newFixture(t, api)
	for i := 200; i < 500; i += 100 {
		f.add(context.Background(), members(i, i+100)...)
	}
	if len(f.stored()) == len(f.reachable()) {
		t.Fatal("there is nothing to sweep")
	}
	left, result := f.swept()
	if fmt.Sprint(left) != fmt.Sprint(f.reachable()) || result.RequeueAfter != 0 {
		t.Errorf("left are %v, wanted %v; again after %v", left, f.reachable(), result.RequeueAfter)
	}
	if got := f.count(); got != 500 {
		t.Errorf("%d members are left of 500", got)
	}
}

func TestSlicesOfADeletedGroupAreSwept(t *testing.T) {
	f := newFixture(t, api)
	if err := f.store.Delete(t.Context(), schema.GroupType(), f.id, nil); err != nil {
		t.Fatal(err)
	}
	if left, _ := f.swept(); len(left) != 0 {
		t.Errorf("left are %v", left)
	}
}

func TestNothingIsSweptOfAGroupThatCannotBeResolved(t *testing.T) {
	f := newFixture(t, api)
	root := &v1alpha1.Group{}
	if err := api.Get(t.Context(), f.object(), root); err != nil {
		t.Fatal(err)
	}
	index := &v1alpha1.GroupMemberSlice{ObjectMeta: metav1.ObjectMeta{Namespace: root.Namespace, Name: root.Spec.Index}}
	if err := api.Delete(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	before := f.stored()
	if left, result := f.swept(); len(left) != len(before) || len(left) == 0 || result.RequeueAfter != pause {
		t.Errorf("left are %v of %v, again after %v", left, before, result.RequeueAfter)
	}
}

// stall is a client whose next update of a Group waits.
type stall struct {
	armed   atomic.Bool
	reached chan struct{}
	resume  chan error // nil: go on
}

func (s *stall) client() client.Client {
	return interceptor.NewClient(api, interceptor.Funcs{
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			if s.armed.CompareAndSwap(true, false) {
				s.reached <- struct{}{}
				if err := <-s.resume; err != nil {
					return err
				}
			}
			return c.Update(ctx, o, opts...)
		},
	})
}

// TestAStalledWriterLosesNothing sweeps while a writer stands between its
// slices and its root, any number of times.
func TestAStalledWriterLosesNothing(t *testing.T) {
	s := &stall{reached: make(chan struct{}), resume: make(chan error)}
	f := newFixture(t, s.client())
	want := 200
	for round := range 20 {
		from := 10000 + 200*round
		before := f.stored()
		s.armed.Store(true)
		answer := make(chan error, 1)
		go func() { answer <- f.tryAdd(context.Background(), members(from, from+100)...) }()
		<-s.reached
		overtaken := round%2 == 1
		if overtaken {
			// The root moves on, so what the writer has written is garbage.
			root := &v1alpha1.Group{}
			if err := api.Get(t.Context(), f.object(), root); err != nil {
				t.Fatal(err)
			}
			root.Annotations = map[string]string{"example.com/round": fmt.Sprint(round)}
			if err := api.Update(t.Context(), root); err != nil {
				t.Fatal(err)
			}
		}
		left, result := f.swept()
		fresh := 0
		for name := range left {
			if !before[name] {
				fresh++
			}
		}
		if overtaken != (fresh == 0) || overtaken != (result.RequeueAfter == 0) {
			t.Errorf("round %d: %d slices of the stalled writer are left, again after %v", round, fresh, result.RequeueAfter)
		}
		s.resume <- nil
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
		want += 100
		if got := f.count(); got != want {
			t.Fatalf("round %d: %d members, want %d", round, got, want)
		}
	}
}

// TestACrashedWriterLeavesGarbageOnly is one that stops before its root.
func TestACrashedWriterLeavesGarbageOnly(t *testing.T) {
	s := &stall{reached: make(chan struct{}), resume: make(chan error)}
	f := newFixture(t, s.client())
	f.swept()
	before := len(f.stored())
	s.armed.Store(true)
	answer := make(chan error, 1)
	go func() { answer <- f.tryAdd(context.Background(), members(300, 400)...) }()
	<-s.reached
	s.resume <- errors.New("connection lost")
	if err := <-answer; err == nil {
		t.Fatal("the change was answered as stored")
	}
	if got := f.count(); got != 200 {
		t.Errorf("%d members, want 200", got)
	}
	if left, _ := f.swept(); len(left) <= before {
		t.Error("slices were swept that might have come into use")
	}
	f.add(context.Background(), "one-more")
	if left, _ := f.swept(); fmt.Sprint(left) != fmt.Sprint(f.reachable()) {
		t.Errorf("left are %v, wanted %v", left, f.reachable())
	}
	if got := f.count(); got != 201 {
		t.Errorf("%d members, want 201", got)
	}
}

// TestTheControllerRuns leaves it to the watches when to sweep.
func TestTheControllerRuns(t *testing.T) {
	f := newFixture(t, api)
	mgr, err := manager.New(config, manager.Options{Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.sweep.Register(mgr); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	f.add(context.Background(), members(200, 300)...)
	for deadline := time.Now().Add(6 * delay); fmt.Sprint(f.stored()) != fmt.Sprint(f.reachable()); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still stored after %v: %v, wanted %v", 6*delay, f.stored(), f.reachable())
		}
	}
	if err := f.store.Delete(ctx, schema.GroupType(), f.id, nil); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(6 * delay); len(f.stored()) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still stored after %v: %v", 6*delay, f.stored())
		}
	}
}

// TestAnOutageDoesNotLast: controller-runtime would wait up to 1,000 s more.
func TestAnOutageDoesNotLast(t *testing.T) {
	limiter := options().RateLimiter
	if limiter == nil {
		t.Fatal("failures are spaced by controller-runtime, up to 1,000 s")
	}
	for range 100 {
		if wait := limiter.When(reconcile.Request{}); wait > time.Minute {
			t.Fatalf("a failure is tried again after %s, want a minute at most", wait)
		}
	}
}
