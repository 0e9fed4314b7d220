package directory

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
	"github.com/rollcall-scim/rollcall/test/controlplane"
	"github.com/rollcall-scim/rollcall/test/leak"
)

var (
	config *rest.Config
	api    client.WithWatch // reads and writes the API server itself
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
	cp, err := controlplane.Start()
	if err != nil {
		return 0, err
	}
	defer func() { _ = cp.Stop() }()
	config = cp.Config
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return 0, err
	}
	log.SetLogger(logr.Discard())
	if api, err = client.NewWithWatch(config, client.Options{Scheme: scheme}); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// newReplica is a Directory with informers of its own, as in a process of its own.
// A writer reads its own writes, however busy the machine is.
func newReplica(t testing.TB, change ...func(*Options)) *Directory {
	t.Helper()
	d, _ := newStoppable(t, change...)
	d.users.tracker.patience, d.groups.tracker.patience = 20*time.Second, 20*time.Second
	return d
}

// newStoppable is a replica whose informers can be stopped, as if its watches
// had stalled.
func newStoppable(t testing.TB, change ...func(*Options)) (d *Directory, stop func()) {
	t.Helper()
	informers, err := cache.New(config, cache.Options{Scheme: scheme, DefaultTransform: cache.TransformStripManagedFields()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	options := Options{Cache: informers, Client: api, Logger: logr.Discard()}
	for _, f := range change {
		f(&options)
	}
	if d, err = New(ctx, options); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if err := informers.Start(ctx); err != nil {
			t.Error(err)
		}
	}()
	stop = func() {
		cancel()
		<-stopped
	}
	t.Cleanup(stop)
	if !d.WaitForSync(ctx) {
		t.Fatal("the informers did not start")
	}
	return d, stop
}

var syncs atomic.Int64

// newSync names a sync in a namespace of its own.
func newSync(t testing.TB) types.NamespacedName {
	t.Helper()
	name := fmt.Sprintf("sync-%d", syncs.Add(1))
	if err := api.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
		t.Fatal(err)
	}
	return types.NamespacedName{Namespace: name, Name: "entra"}
}

// service is one sync as one replica serves it.
type service struct {
	t testing.TB
	*Directory
	sync         types.NamespacedName
	store        scim.Store
	policy       Policy
	users, group *schema.ResourceType
}

func serve(t testing.TB, d *Directory, sync types.NamespacedName) *service {
	s := &service{t: t, Directory: d, sync: sync, users: schema.UserType(), group: schema.GroupType()}
	s.store = d.Store(sync, func() Policy { return s.policy })
	return s
}

func (s *service) createUser(name string) *scim.Resource {
	s.t.Helper()
	return s.create(s.users, scim.Object{"userName": name})
}

func (s *service) createGroup(name string, members ...string) *scim.Resource {
	s.t.Helper()
	return s.create(s.group, scim.Object{"displayName": name, "members": memberValues(members)})
}

func memberValues(ids []string) []any {
	values := make([]any, len(ids))
	for i, id := range ids {
		values[i] = scim.Object{"value": id}
	}
	return values
}

func (s *service) create(rt *schema.ResourceType, attributes scim.Object) *scim.Resource {
	s.t.Helper()
	r, err := s.store.Create(context.Background(), rt, attributes, scim.Need{})
	if err != nil {
		s.t.Fatalf("creating %v: %v", attributes, err)
	}
	return r
}

func (s *service) get(rt *schema.ResourceType, id string) *scim.Resource {
	s.t.Helper()
	r, err := s.store.Get(context.Background(), rt, id, scim.Need{Members: true, Groups: true})
	if err != nil {
		s.t.Fatalf("reading %s: %v", id, err)
	}
	return r
}

func (s *service) delete(rt *schema.ResourceType, id string) {
	s.t.Helper()
	if err := s.store.Delete(context.Background(), rt, id, nil); err != nil {
		s.t.Fatalf("deleting %s: %v", id, err)
	}
}

func (s *service) rename(rt *schema.ResourceType, id, name string) error {
	attribute := "userName"
	if rt == s.group {
		attribute = "displayName"
	}
	_, err := s.store.Modify(context.Background(), rt, id, scim.Change{Apply: set(attribute, name)})
	return err
}

func set(attribute string, value any) func(scim.Object) (scim.Object, error) {
	return func(o scim.Object) (scim.Object, error) {
		o[attribute] = value
		return o, nil
	}
}

func (s *service) modify(rt *schema.ResourceType, id string, change scim.Change) *scim.Resource {
	s.t.Helper()
	r, err := s.store.Modify(context.Background(), rt, id, change)
	if err != nil {
		s.t.Fatalf("changing %s: %v", id, err)
	}
	return r
}

func (s *service) add(group string, ids ...string) {
	s.t.Helper()
	s.modify(s.group, group, scim.Change{Members: []scim.MemberChange{{Op: scim.AddMembers, Values: ids}}})
}

func (s *service) removeMembers(group string, ids ...string) {
	s.t.Helper()
	s.modify(s.group, group, scim.Change{Members: []scim.MemberChange{{Op: scim.RemoveMembers, Values: ids}}})
}

func (s *service) find(rt *schema.ResourceType, text string) []string {
	s.t.Helper()
	page, err := s.store.List(context.Background(), rt, scim.Query{Filter: parse(s.t, text), StartIndex: 1, Count: 1000})
	if err != nil {
		s.t.Fatalf("finding %s: %v", text, err)
	}
	ids := make([]string, len(page.Resources))
	for i, r := range page.Resources {
		ids[i] = r.ID
	}
	return ids
}

// membersOf lists the members that SCIM shows, sorted by nothing but the store.
func (s *service) membersOf(group string) []string {
	s.t.Helper()
	members, _ := s.get(s.group, group).Attributes["members"].([]scim.Member)
	ids := make([]string, len(members))
	for i, m := range members {
		ids[i] = m.Value
	}
	return ids
}

// status is the HTTP status that an error stands for.
func status(err error) int {
	if err == nil {
		return http.StatusOK
	}
	known := (*scim.Error)(nil)
	if errors.As(err, &known) {
		return known.Status
	}
	return http.StatusInternalServerError
}

// eventually waits for what only a watch can bring about.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("still not after 10 s: %s", what)
}

func parse(t testing.TB, text string) filter.Expression {
	t.Helper()
	e, err := filter.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// newIdleCache gives informers that were never started.
func newIdleCache(t testing.TB) cache.Cache {
	t.Helper()
	informers, err := cache.New(config, cache.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return informers
}
