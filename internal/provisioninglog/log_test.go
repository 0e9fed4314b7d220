package provisioninglog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

var idp = types.NamespacedName{Namespace: "identity", Name: "idp"}

// fixture is a Log over a cluster with one sync and the user jane.
type fixture struct {
	*Log
	cluster client.WithWatch
	events  *events.FakeRecorder
	lines   []string
	clock   time.Time
}

func newFixture(t *testing.T, mode Mode, intercept interceptor.Funcs) *fixture {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	jane := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Name: "jane-example-com-abcdefghijklm"}, Spec: v1alpha1.UserSpec{UserName: "jane@example.com"}}
	f := &fixture{events: events.NewFakeRecorder(100), clock: time.Unix(1_800_000_000, 0)}
	f.cluster = fake.NewClientBuilder().WithScheme(scheme).WithInterceptorFuncs(intercept).WithObjects(
		&v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Name: "idp", UID: "sync-uid"}}, jane).Build()
	f.Log = New(Options{
		Mode: mode, Client: f.cluster, Syncs: f.cluster, Recorder: f.events,
		Log: funcr.New(func(_, args string) { f.lines = append(f.lines, args) }, funcr.Options{}),
		Resource: func(_ types.NamespacedName, id string) client.Object {
			if id == "jane-example-com-abcdefghijklm-urandom" {
				return jane
			}
			return nil
		},
	})
	f.now = func() time.Time { return f.clock }
	return f
}

func (f *fixture) stored(t *testing.T) *v1alpha1.ProvisioningLog {
	t.Helper()
	log := &v1alpha1.ProvisioningLog{}
	if err := f.cluster.Get(t.Context(), idp, log); client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	return log
}

func names(log *v1alpha1.ProvisioningLog) []string {
	var names []string
	for _, e := range log.Entries {
		names = append(names, e.Name)
	}
	return names
}

func named(name string) Change {
	return Change{Action: v1alpha1.ActionCreated, Kind: v1alpha1.ProvisionedUser, Name: name}
}

var failure = Change{
	Action: v1alpha1.ActionFailed, Kind: v1alpha1.ProvisionedUser, ID: "jane-example-com-abcdefghijklm-urandom", Members: 5,
	MemberIDs: []string{"jane-example-com-abcdefghijklm-urandom", "john-abcdefghijkl2-uagone2", "mary-ann@example.com", "more"}, Code: 409, Reason: "uniqueness", Detail: `the userName "jane@example.com" is taken`,
}

func TestNamesAreInTheLogIfTheModeSaysSo(t *testing.T) {
	tests := map[Mode]v1alpha1.ProvisioningLogEntry{
		Names: {Action: "Failed", Kind: "User", Name: "jane@example.com", ID: "jane-example-com-abcdefghijklm-urandom", Members: 5,
			MemberNames: []string{"jane@example.com", "john-abcdefghijkl2-uagone2", "mary-ann@example.com"}, Code: 409, Reason: `uniqueness: the userName "jane@example.com" is taken`},
		IDs: {Action: "Failed", Kind: "User", ID: "abcdefghijklm-urandom", Members: 5,
			MemberNames: []string{"abcdefghijklm-urandom", "abcdefghijkl2-uagone2", ""}, Code: 409, Reason: "uniqueness"},
	}
	for mode, want := range tests {
		t.Run(string(mode), func(t *testing.T) {
			f := newFixture(t, mode, interceptor.Funcs{})
			f.Record(idp, failure)
			f.tell()
			f.writeDue(t.Context(), false)
			got := f.stored(t).Entries
			if len(got) != 1 {
				t.Fatalf("got %v", got)
			}
			want.Time = got[0].Time
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Errorf("the entry (-want +got):\n%s", diff)
			}
			if line := strings.Join(f.lines, "\n"); strings.Contains(line, "jane") != (mode == Names) || !strings.Contains(line, `"action"="Failed"`) {
				t.Errorf("the line is %s", line)
			}
			if event := <-f.events.Events; strings.Contains(event, "jane") != (mode == Names) || !strings.HasPrefix(event, "Warning ProvisioningFailed uniqueness") {
				t.Errorf("the event is %s", event)
			}
		})
	}
	if New(Options{Mode: Off}) != nil {
		t.Error("off, and there is a log")
	}
	var none *Log
	none.Record(idp, failure)
	none.Forget(idp)
}

func TestItIsWrittenAtMostOnceInAnInterval(t *testing.T) {
	f := newFixture(t, Names, interceptor.Funcs{})
	add := func(name string) {
		f.Record(idp, named(name))
		f.tell()
		f.writeDue(t.Context(), false)
	}
	add("a")
	if got := names(f.stored(t)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("at once: %v", got)
	}
	f.clock = f.clock.Add(interval - time.Second)
	add("b")
	if got := names(f.stored(t)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("within the interval: %v", got)
	}
	f.clock = f.clock.Add(time.Second)
	add("c")
	if got := names(f.stored(t)); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("after it: %v", got)
	}
}

func TestTheLatestStay(t *testing.T) {
	f := newFixture(t, Names, interceptor.Funcs{})
	const many = maxFresh + 1000
	for i := range many {
		f.Record(idp, named(fmt.Sprint(i)))
	}
	f.tell()
	f.writeDue(t.Context(), false)
	log := f.stored(t)
	if len(log.Entries) != MaxEntries || log.Entries[MaxEntries-1].Name != fmt.Sprint(many-1) || log.Dropped+MaxEntries != many {
		t.Errorf("%d entries to %s, %d dropped", len(log.Entries), log.Entries[len(log.Entries)-1].Name, log.Dropped)
	}
	if len(f.lines) != maxFresh {
		t.Errorf("%d lines", len(f.lines))
	}
}

func TestBytesAreBounded(t *testing.T) {
	f := newFixture(t, Names, interceptor.Funcs{})
	for range MaxEntries {
		c := named(strings.Repeat("é\x01", 1000))
		c.Detail, c.RequestID = strings.Repeat("x", 5000), strings.Repeat("r", 500)
		f.Record(idp, c)
	}
	f.tell()
	f.writeDue(t.Context(), false)
	log := f.stored(t)
	text, err := json.Marshal(log.Entries)
	if err != nil || len(text) > MaxBytes || len(log.Entries) < 10 || log.Dropped+int64(len(log.Entries)) != MaxEntries {
		t.Errorf("%d bytes in %d entries, %d dropped, %v", len(text), len(log.Entries), log.Dropped, err)
	}
	if e := log.Entries[0]; len(e.Name) > maxName || len(e.Reason) > maxReason || len(e.RequestID) > maxID {
		t.Errorf("an entry is too long: %+v", e)
	}
}

func TestTwoReplicasWriteOneLog(t *testing.T) {
	var conflicts atomic.Int32
	f := newFixture(t, Names, interceptor.Funcs{Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
		if conflicts.Add(1) == 1 {
			return apierrors.NewConflict(schema.GroupResource{Resource: "provisioninglogs"}, o.GetName(), errors.New("another replica"))
		}
		return c.Update(ctx, o, opts...)
	}})
	other := New(f.options)
	other.now = f.now
	for i, l := range []*Log{f.Log, other, f.Log} {
		f.clock = f.clock.Add(interval)
		c := named(fmt.Sprint(i))
		l.Record(idp, c)
		l.tell()
	}
	f.writeDue(t.Context(), false)
	other.writeDue(t.Context(), false)
	log := f.stored(t)
	if got := names(log); !slices.Equal(got, []string{"0", "1", "2"}) || log.Dropped != 0 {
		t.Errorf("got %v, %d dropped", got, log.Dropped)
	}
	if owner := log.OwnerReferences; len(owner) != 1 || owner[0].UID != "sync-uid" {
		t.Errorf("the owner is %v", owner)
	}
}

func TestWhatCannotBeWrittenIsWrittenLater(t *testing.T) {
	broken, stored := true, false
	f := newFixture(t, Names, interceptor.Funcs{Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
		if !broken {
			return c.Create(ctx, o, opts...)
		}
		if stored {
			_ = c.Create(ctx, o, opts...)
		}
		return errors.New("no answer")
	}})
	f.Record(idp, named("a"))
	f.tell()
	if wait := f.writeDue(t.Context(), false); wait != interval {
		t.Errorf("tried again after %s", wait)
	}
	f.clock = f.clock.Add(interval)
	f.Record(idp, named("b"))
	f.tell()
	stored = true // but the answer is lost
	if wait := f.writeDue(t.Context(), false); wait != 2*interval {
		t.Errorf("tried again after %s", wait)
	}
	broken = false
	f.clock = f.clock.Add(2 * interval)
	f.writeDue(t.Context(), false)
	if log := f.stored(t); !slices.Equal(names(log), []string{"a", "b"}) || log.Dropped != 0 {
		t.Errorf("got %v, %d dropped", names(log), log.Dropped)
	}
}

func TestAFloodOfRequestsThatArePutOffIsOneEntry(t *testing.T) {
	f := newFixture(t, Names, interceptor.Funcs{})
	for range 50 {
		f.Record(idp, Change{Action: v1alpha1.ActionFailed, Code: 503})
	}
	f.Record(idp, Change{Action: v1alpha1.ActionFailed, Code: 400})
	f.tell()
	f.writeDue(t.Context(), false)
	if log := f.stored(t); len(log.Entries) != 2 || log.Dropped != 49 {
		t.Errorf("%d entries, %d dropped", len(log.Entries), log.Dropped)
	}
}

func TestEventsDoNotFlood(t *testing.T) {
	f := newFixture(t, Names, interceptor.Funcs{})
	f.Record(idp, named("somebody")) // no event
	for range 100 {
		f.Record(idp, failure)
	}
	f.tell()
	if n := len(f.events.Events); n != eventBurst {
		t.Errorf("%d events", n)
	}
	f.clock = f.clock.Add(eventInterval)
	f.Record(idp, failure)
	f.tell()
	for range eventBurst {
		<-f.events.Events
	}
	if last := <-f.events.Events; !strings.Contains(last, "; 90 more were no event: kubectl get provlog -n identity idp") {
		t.Errorf("the last one is %s", last)
	}
}

func TestASyncThatIsGoneHasNoLog(t *testing.T) {
	f := newFixture(t, Names, interceptor.Funcs{})
	gone := types.NamespacedName{Namespace: "identity", Name: "gone"}
	f.Record(gone, named("a"))
	f.tell()
	f.writeDue(t.Context(), false)
	if len(f.journals) != 0 {
		t.Errorf("%d journals are kept", len(f.journals))
	}
}

func TestRecordNeverWaits(t *testing.T) {
	f := newFixture(t, Names, interceptor.Funcs{Get: func(ctx context.Context, _ client.WithWatch, _ client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
		<-ctx.Done() // an API server that hangs
		return ctx.Err()
	}})
	f.options.Log, f.now = logr.Discard(), time.Now
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Start(ctx) }()
	began := time.Now()
	for range 20_000 {
		f.Record(idp, failure)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("recording took %s", took)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestFiltered(t *testing.T) {
	group := func(synced string, change func(*v1alpha1.Group)) *v1alpha1.Group {
		g := &v1alpha1.Group{ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Labels: map[string]string{v1alpha1.LabelSynced: synced}}}
		g.Spec.ID, g.Spec.SyncRef.Name = "admins-abcdefghijklm-grandom", "idp"
		if change != nil {
			change(g)
		}
		return g
	}
	user := func(synced string) *v1alpha1.User {
		u := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Labels: map[string]string{v1alpha1.LabelSynced: synced}}}
		u.Spec.ID, u.Spec.SyncRef.Name = "jane-abcdefghijklm-urandom", "idp"
		return u
	}
	tests := map[string]struct {
		before, after any
		want          v1alpha1.ProvisioningAction
	}{
		"a new group":             {nil, group("true", nil), ""},
		"a new group, kept out":   {nil, group("false", nil), v1alpha1.ActionFiltered},
		"renamed":                 {group("true", nil), group("false", nil), v1alpha1.ActionFiltered},
		"the filter is wider":     {group("false", nil), group("true", nil), v1alpha1.ActionUnfiltered},
		"nothing changed":         {group("false", nil), group("false", nil), ""},
		"deleted, and retained":   {group("true", nil), group("false", func(g *v1alpha1.Group) { g.Spec.Deleted = &metav1.MicroTime{} }), ""},
		"a claim":                 {nil, group("false", func(g *v1alpha1.Group) { g.Spec.ID = "" }), ""},
		"a claim becomes a group": {group("", func(g *v1alpha1.Group) { g.Spec.ID = "" }), group("false", nil), v1alpha1.ActionFiltered},
		"a new user":              {nil, user("false"), ""},
		"a user joins":            {user("false"), user("true"), v1alpha1.ActionUnfiltered},
		"a user leaves":           {user("true"), user("false"), v1alpha1.ActionFiltered},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Names, interceptor.Funcs{})
			f.filtered(test.before, test.after)
			var got v1alpha1.ProvisioningAction
			if j := f.journals[idp]; j != nil {
				got = j.fresh[0].Action
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestKeepingMoreThanThereIsRoomForIsCheap(t *testing.T) {
	j := &journal{}
	one := make([]v1alpha1.ProvisioningLogEntry, 1)
	for range 2 * MaxEntries {
		j.keep(one)
	}
	if allocations := testing.AllocsPerRun(4*MaxEntries, func() { j.keep(one) }); allocations > 0 {
		t.Errorf("one entry more takes %v allocations", allocations)
	}
	j.trim()
	const kept = 2*MaxEntries + 4*MaxEntries + 1 // one run more to warm up
	if len(j.entries) != MaxEntries || j.dropped != kept-MaxEntries {
		t.Errorf("%d entries to be written, %d dropped; want %d and %d", len(j.entries), j.dropped, MaxEntries, kept-MaxEntries)
	}
}
