package server

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func TestWhoHasNoValidTokenLearnsNothing(t *testing.T) {
	f := newFixture(t, entra(nil), nil)
	if err := f.Create(t.Context(), entra(func(s *v1alpha1.IdentityProviderSync) { s.Namespace = "elsewhere" })); err != nil {
		t.Fatal(err)
	}
	if err := f.Create(t.Context(), entra(func(s *v1alpha1.IdentityProviderSync) {
		s.Name, s.Finalizers = "deleted", []string{"example.com/keep"}
	})); err != nil {
		t.Fatal(err)
	}
	if err := f.Delete(t.Context(), entra(func(s *v1alpha1.IdentityProviderSync) { s.Name = "deleted" })); err != nil {
		t.Fatal(err)
	}
	paths := map[string]string{
		"a wrong token":                "/identity/entra/scim/v2/Users",
		"a wrong token, a wrong path":  "/identity/entra/scim/v2/Nothing/here",
		"an unknown sync":              "/identity/none/scim/v2/Users",
		"a sync that is being deleted": "/identity/deleted/scim/v2/Users",
		"a namespace not served":       "/elsewhere/entra/scim/v2/Users",
		"an unknown path":              "/favicon.ico",
		"the root":                     "/",
		"an escaped prefix":            "/identity/entr%61/scim/v2/Users/a%2Fb",
	}
	for _, presented := range []string{"wrong", ""} {
		var want *answered
		for name, path := range paths {
			got := f.do(t, http.MethodGet, path, presented, "")
			for _, varies := range []string{"Date", "X-Request-Id"} {
				got.Header.Del(varies)
			}
			if want == nil {
				want = &got
			}
			if diff := cmp.Diff(*want, got); got.Status != http.StatusUnauthorized || diff != "" {
				t.Errorf("token %q, %s: the answer tells something: %d %s", presented, name, got.Status, diff)
			}
		}
	}
}

func TestARefusalTakesItsTime(t *testing.T) {
	f := newFixture(t, entra(nil), nil)
	for _, path := range []string{"/identity/entra/scim/v2/Users", "/identity/none/scim/v2/Users"} {
		began := time.Now()
		f.do(t, http.MethodGet, path, "wrong", "")
		if took := time.Since(began); took < refusal {
			t.Errorf("%s was refused after %s, want at least %s", path, took, refusal)
		}
	}
}

func TestSyncState(t *testing.T) {
	tests := map[string]struct {
		sync       func(*v1alpha1.IdentityProviderSync)
		requests   int // at least
		wantStatus int // of the last request
		wantRetry  string
	}{
		"Active":                {nil, 1, http.StatusOK, ""},
		"Paused":                {func(s *v1alpha1.IdentityProviderSync) { s.Spec.State = v1alpha1.SyncPaused }, 1, http.StatusServiceUnavailable, "60"},
		"within the rate":       {limited(2, 0), 2, http.StatusOK, ""},
		"above the rate":        {limited(2, 0), 3, http.StatusTooManyRequests, "1"},
		"within the burst":      {limited(1, 5), 5, http.StatusOK, ""},
		"above the burst":       {limited(1, 5), 6, http.StatusTooManyRequests, "1"},
		"a rate of 0 is none":   {limited(0, 0), 20, http.StatusOK, ""},
		"no tokens in the sync": {func(s *v1alpha1.IdentityProviderSync) { s.Spec.Tokens = nil }, 1, http.StatusUnauthorized, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, entra(test.sync), nil)
			var got answered
			// On a busy machine, a rate may allow for a few more meanwhile.
			for i := 0; i < test.requests || test.wantStatus == http.StatusTooManyRequests && got.Status == http.StatusOK && i < 1000; i++ {
				got = f.do(t, http.MethodGet, "/identity/entra/scim/v2/Users", bearer, "")
			}
			if got.Status != test.wantStatus || got.Header.Get("Retry-After") != test.wantRetry {
				t.Errorf("got %d, Retry-After %q: %s; want %d, %q", got.Status, got.Header.Get("Retry-After"), got.Body, test.wantStatus, test.wantRetry)
			}
		})
	}
}

func limited(perSecond, burst int32) func(*v1alpha1.IdentityProviderSync) {
	return func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.RateLimit = &v1alpha1.RateLimit{RequestsPerSecond: perSecond, Burst: burst}
	}
}

func TestAChangedSyncCountsAtOnce(t *testing.T) {
	f := newFixture(t, entra(nil), nil)
	s := entra(nil)
	for _, step := range []struct {
		state v1alpha1.SyncState
		want  int
	}{{v1alpha1.SyncActive, 200}, {v1alpha1.SyncPaused, 503}, {v1alpha1.SyncActive, 200}} {
		if err := f.Get(t.Context(), client.ObjectKeyFromObject(s), s); err != nil {
			t.Fatal(err)
		}
		s.Spec.State = step.state
		if err := f.Update(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if got := f.do(t, http.MethodGet, "/identity/entra/scim/v2/Users", bearer, ""); got.Status != step.want {
			t.Errorf("%s: got %d, want %d", step.state, got.Status, step.want)
		}
	}
	if err := f.Delete(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got := f.do(t, http.MethodGet, "/identity/entra/scim/v2/Users", bearer, ""); got.Status != http.StatusUnauthorized {
		t.Errorf("deleted: got %d, want 401", got.Status)
	}
}

// slow is a Store that answers when it is let.
type slow struct {
	scim.Store
	entered chan struct{}
	release chan struct{}
}

func (s slow) List(context.Context, *schema.ResourceType, scim.Query) (*scim.Page, error) {
	s.entered <- struct{}{}
	<-s.release
	return &scim.Page{}, nil
}

func TestRequestsAtOnceAreBounded(t *testing.T) {
	store := slow{entered: make(chan struct{}, 8), release: make(chan struct{})}
	f := newFixture(t, entra(nil), func(o *Options) {
		o.MaxRequests = 4
		o.Store = func(client.ObjectKey) scim.Store { return store }
	})
	var underWay sync.WaitGroup
	for range 2 { // half of MaxRequests is one sync's share
		underWay.Go(func() {
			if got := f.do(t, http.MethodGet, "/identity/entra/scim/v2/Users", bearer, ""); got.Status != http.StatusOK {
				t.Errorf("a request within the bound: got %d %s", got.Status, got.Body)
			}
		})
		<-store.entered
	}
	got := f.do(t, http.MethodGet, "/identity/entra/scim/v2/Users", bearer, "")
	if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("a request above the bound: got %d %s", got.Status, got.Body)
	}
	if got := f.do(t, http.MethodGet, "/identity/none/scim/v2/Users", bearer, ""); got.Status != http.StatusUnauthorized {
		t.Errorf("a request of somebody else: got %d %s", got.Status, got.Body)
	}
	close(store.release)
	underWay.Wait()
}

func (s slow) Create(context.Context, *schema.ResourceType, scim.Object, scim.Need) (*scim.Resource, error) {
	s.entered <- struct{}{}
	<-s.release
	return &scim.Resource{}, nil
}

// wantFull wants nobody else to get in.
func (s slow) wantFull(t *testing.T) {
	t.Helper()
	select {
	case <-s.entered:
		t.Error("more bytes of bodies are read at once than may be")
	case <-time.After(100 * time.Millisecond):
	}
}

func TestLargeBodiesWaitForTheirTurn(t *testing.T) {
	store := slow{entered: make(chan struct{}, 8), release: make(chan struct{})}
	f := newFixture(t, entra(nil), func(o *Options) {
		o.MaxBodyBytes = MinBodyBytes // of which this sync gets half
		o.Store = func(client.ObjectKey) scim.Store { return store }
	})
	var underWay sync.WaitGroup
	post := func(body string) {
		underWay.Go(func() {
			if got := f.do(t, http.MethodPost, "/identity/entra/scim/v2/Users", bearer, body); got.Status != http.StatusCreated {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		})
	}
	large := alice + strings.Repeat(" ", maxBody/8-len(alice))
	for range 8 {
		post(large)
		<-store.entered
	}
	post(large)
	store.wantFull(t)
	post(alice)
	<-store.entered // a small body has no need to wait
	close(store.release)
	underWay.Wait()
}

// A body without Content-Length counts as what it turns out to be: small, or the
// largest there may be.
func TestUnannouncedBodies(t *testing.T) {
	store := slow{entered: make(chan struct{}, 8), release: make(chan struct{})}
	f := newFixture(t, entra(nil), func(o *Options) {
		o.MaxBodyBytes = MinBodyBytes // of which this sync gets half: one that is large
		o.Store = func(client.ObjectKey) scim.Store { return store }
	})
	var underWay sync.WaitGroup
	post := func(body string) {
		underWay.Go(func() {
			rq, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.server.URL+"/identity/entra/scim/v2/Users", struct{ io.Reader }{strings.NewReader(body)})
			if err != nil {
				t.Error(err)
				return
			}
			rq.Header.Set("Authorization", "Bearer "+bearer)
			answer, err := http.DefaultClient.Do(rq)
			if err != nil {
				t.Error(err)
				return
			}
			if _ = answer.Body.Close(); answer.StatusCode != http.StatusCreated {
				t.Errorf("a body of %d bytes: got %d", len(body), answer.StatusCode)
			}
		})
	}
	for range 6 {
		post(alice)
		<-store.entered
	}
	large := alice + strings.Repeat(" ", smallBody)
	post(large)
	<-store.entered
	post(large)
	store.wantFull(t)
	close(store.release)
	underWay.Wait()
}

func TestActivity(t *testing.T) {
	f := newFixture(t, entra(nil), nil)
	key := client.ObjectKeyFromObject(entra(nil))
	const users = "/identity/entra/scim/v2/Users"

	f.do(t, http.MethodGet, users, "wrong", "")
	if seen := f.options.Activity.Seen(key); !seen.Request.IsZero() {
		t.Error("a refused request counts as one of the identity provider")
	}
	f.do(t, http.MethodGet, users, bearer, "")
	seen := f.options.Activity.Seen(key)
	if seen.Request.IsZero() || !seen.Change.IsZero() {
		t.Errorf("after a read: %+v, want a request and no change", seen)
	}
	created := f.do(t, http.MethodPost, users, bearer, alice)
	seen = f.options.Activity.Seen(key)
	if created.Status != http.StatusCreated || seen.Change.IsZero() {
		t.Fatalf("after a creation: %d %s %+v, want a change", created.Status, created.Body, seen)
	}
	var user struct{ ID string }
	if err := json.Unmarshal([]byte(created.Body), &user); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Millisecond)
	patch := func(name string) answered {
		return f.do(t, http.MethodPatch, users+"/"+user.ID, bearer,
			`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"displayName","value":"`+name+`"}]}`)
	}
	if got := patch("Alice"); got.Status/100 != 2 || !f.options.Activity.Seen(key).Change.After(seen.Change) {
		t.Errorf("after a change: %d %s, want a later change", got.Status, got.Body)
	}
	time.Sleep(5 * time.Millisecond)
	seen = f.options.Activity.Seen(key)
	if got := patch("Alice"); got.Status/100 != 2 || !f.options.Activity.Seen(key).Change.Equal(seen.Change) {
		t.Errorf("after the same again: %d %s, want no change", got.Status, got.Body)
	}
	if got := f.do(t, http.MethodDelete, users+"/"+user.ID, bearer, ""); got.Status != http.StatusNoContent || !f.options.Activity.Seen(key).Change.After(seen.Change) {
		t.Errorf("after a deletion: %d %s, want a later change", got.Status, got.Body)
	}
}

func TestTheLogNamesNobody(t *testing.T) {
	f := newFixture(t, entra(nil), nil)
	created := f.do(t, http.MethodPost, "/identity/entra/scim/v2/Users", bearer, alice)
	if created.Status != http.StatusCreated {
		t.Fatal(created.Body)
	}
	f.do(t, http.MethodGet, "/identity/entra/scim/v2/Users?filter=userName+eq+%22alice@example.com%22", bearer, "")
	f.do(t, http.MethodGet, strings.TrimPrefix(created.Header.Get("Location"), f.server.URL), bearer, "")
	f.do(t, http.MethodGet, "/identity/entra/scim/v2/Users", "not-the-token", "")
	f.server.Close()
	log := f.log.String()
	for _, want := range []string{`"method"="POST"`, `"resourceType"="Users"`, `"status"=201`, `"sync"="identity/entra"`, `"token"="2026"`, `"requestID"=`, `"duration"=`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %s:\n%s", want, log)
		}
	}
	for _, secret := range []string{bearer, "not-the-token", "alice", "filter"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q:\n%s", secret, log)
		}
	}
}

func TestRefusedRequestsDoNotFloodTheLog(t *testing.T) {
	f := newFixture(t, entra(nil), nil)
	const requests = 20 * refusedLogs
	began := time.Now()
	for range requests {
		f.do(t, http.MethodGet, "/nothing", "", "")
	}
	f.server.Close()
	most := refusedLogs + int(time.Since(began).Seconds()*refusedLogs) + 1
	if lines := strings.Count(f.log.String(), "\n"); lines < refusedLogs || lines > most {
		t.Errorf("%d lines for %d refused requests, want %d to %d", lines, requests, refusedLogs, most)
	}
}
