package metrics

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// scraped are the lines that a scrape shows and that mention all of the words.
func scraped(t *testing.T, from prometheus.Gatherer, words ...string) []string {
	t.Helper()
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(from, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if answer.Code != http.StatusOK {
		t.Fatal(answer.Body)
	}
	var found []string
next:
	for line := range strings.Lines(answer.Body.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for _, word := range words {
			if !strings.Contains(line, word) {
				continue next
			}
		}
		found = append(found, strings.TrimSpace(line))
	}
	return found
}

func want(t *testing.T, got []string, lines ...string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(lines, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}

func TestRequestsAreCountedBySync(t *testing.T) {
	requests.Reset()
	sync := types.NamespacedName{Namespace: "count", Name: "idp"}
	r := NewRequests(sync)
	r.Observe("Users", http.MethodPost, 201, 2*time.Millisecond)
	r.Observe("Users", http.MethodPost, 201, 40*time.Millisecond)
	r.Observe("Groups", "BREW", 418, time.Second)
	NewRequests(types.NamespacedName{}).Observe("other", http.MethodGet, 401, time.Millisecond)
	of := `sync="count/idp"`
	want(t, scraped(t, metrics.Registry, "rollcall_scim_requests_total", of),
		`rollcall_scim_requests_total{code="201",method="POST",resource_type="Users",sync="count/idp"} 2`,
		`rollcall_scim_requests_total{code="other",method="other",resource_type="Groups",sync="count/idp"} 1`)
	want(t, scraped(t, metrics.Registry, "rollcall_scim_request_duration_seconds_bucket", of, "Users", `le="0.0025"`),
		`rollcall_scim_request_duration_seconds_bucket{method="POST",resource_type="Users",sync="count/idp",le="0.0025"} 1`)
	want(t, scraped(t, metrics.Registry, "rollcall_scim_requests_total", `sync=""`),
		`rollcall_scim_requests_total{code="401",method="GET",resource_type="other",sync=""} 1`)

	Change(sync, "User", "Created")
	Forget(sync)
	want(t, scraped(t, metrics.Registry, of))
}

func TestWritesAreCountedByKindAndVerb(t *testing.T) {
	writes.Reset()
	writeDurations.Reset()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusConflict)
		}
	}))
	c := &http.Client{Transport: WrapTransport(http.DefaultTransport)}
	for _, rq := range []struct{ method, path string }{
		{http.MethodPost, "/apis/scim.rollcall.dev/v1alpha1/namespaces/identity/users"},
		{http.MethodGet, "/apis/scim.rollcall.dev/v1alpha1/namespaces/identity/users"},
		{http.MethodDelete, "/apis/rbac.authorization.k8s.io/v1/namespaces/payments/rolebindings/admins"},
		{http.MethodPatch, "/api/v1/namespaces/payments"},
		{http.MethodPatch, "/apis/scim.rollcall.dev/v1alpha1/namespaces/identity/identityprovidersyncs/idp/status"},
		{http.MethodPut, "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/x"},
		{http.MethodPut, "/apis/somebodys.example/v1/things/x"},
		{http.MethodPost, "/"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), rq.method, api.URL+rq.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	api.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, api.URL+"/api/v1/namespaces/x/secrets", nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := c.Do(r); err == nil {
		_ = answer.Body.Close()
		t.Fatal("the server is closed, and answers")
	}
	want(t, scraped(t, metrics.Registry, "rollcall_apiserver_writes_total"),
		`rollcall_apiserver_writes_total{code="200",kind="ClusterRoleBinding",verb="update"} 1`,
		`rollcall_apiserver_writes_total{code="200",kind="IdentityProviderSync",verb="patch"} 1`,
		`rollcall_apiserver_writes_total{code="200",kind="Namespace",verb="patch"} 1`,
		`rollcall_apiserver_writes_total{code="200",kind="User",verb="create"} 1`,
		`rollcall_apiserver_writes_total{code="200",kind="other",verb="create"} 1`,
		`rollcall_apiserver_writes_total{code="200",kind="other",verb="update"} 1`,
		`rollcall_apiserver_writes_total{code="409",kind="RoleBinding",verb="delete"} 1`,
		`rollcall_apiserver_writes_total{code="none",kind="Secret",verb="create"} 1`)
	if got := scraped(t, metrics.Registry, "rollcall_apiserver_write_duration_seconds_count"); len(got) != 8 {
		t.Errorf("durations of %d kinds and verbs: %v", len(got), got)
	}
}

func TestLagIsFromTheFirstChangeToEachWrite(t *testing.T) {
	lags.Reset()
	projectionErrors.Reset()
	p := NewProjection("Lag")
	binding, other := types.NamespacedName{Namespace: "a", Name: "b"}, types.NamespacedName{Namespace: "a", Name: "c"}
	count := func(want string) {
		t.Helper()
		got := scraped(t, metrics.Registry, "rollcall_projection_lag_seconds_count", `kind="Lag"`)
		if len(got) != 1 || !strings.HasSuffix(got[0], " "+want) {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	p.Begin(binding)
	p.Wrote(binding, nil) // nothing was seen: drift, or a start
	count("0")
	p.Seen(binding)
	p.Begin(binding)
	p.Wrote(binding, nil)
	p.Wrote(binding, nil)
	p.Wrote(other, nil)
	count("2")
	p.Begin(binding) // it was not done
	p.Wrote(binding, nil)
	count("3")
	p.Seen(binding) // while it is under way
	p.Done(binding)
	p.Begin(binding)
	p.Wrote(binding, nil)
	p.Done(binding)
	p.Wrote(binding, nil)
	count("4")
	if len(p.bindings) != 0 {
		t.Errorf("%d bindings are remembered", len(p.bindings))
	}
	role := schema.GroupResource{Resource: "rolebindings"}
	for _, err := range []error{apierrors.NewConflict(role, "x", nil), apierrors.NewAlreadyExists(role, "x"),
		apierrors.NewForbidden(role, "x", errors.New("quota")), errors.New("no connection")} {
		p.Wrote(binding, err)
	}
	want(t, scraped(t, metrics.Registry, "rollcall_projection_errors_total", `kind="Lag"`), `rollcall_projection_errors_total{kind="Lag"} 2`)
}

func TestStateIsWhatTheClusterAndThisReplicaKnow(t *testing.T) {
	at := func(seconds int64) *metav1.Time { return &metav1.Time{Time: time.Unix(seconds, 0)} }
	ready := []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: "Bound"}}
	failed := []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: "RoleNotFound"}}
	binding := func(name string, conditions []metav1.Condition, desired, applied int64) *v1alpha1.GroupRoleBinding {
		b := &v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "payments", Name: name}}
		b.Status.Conditions, b.Status.MembersDesired, b.Status.MembersApplied = conditions, desired, applied
		return b
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	cluster := fake.NewClientBuilder().WithScheme(scheme).WithObjects(
		&v1alpha1.IdentityProviderSync{
			ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Name: "entra"},
			Spec: v1alpha1.IdentityProviderSyncSpec{Provider: v1alpha1.ProviderEntraID, State: v1alpha1.SyncActive, Tokens: []v1alpha1.Token{
				{Name: "2025", ExpirationTime: at(5000)}, {Name: "2026"},
			}},
			Status: v1alpha1.IdentityProviderSyncStatus{
				Conditions: ready, LastRequestTime: at(1000), LastChangeTime: at(900),
				Users: &v1alpha1.UserCounts{Total: 3, Active: 2, Synced: 1}, Groups: &v1alpha1.GroupCounts{Total: 6, Synced: 5, UnknownMembers: 4},
				RemovalGuard: &v1alpha1.RemovalGuardStatus{Subjects: 7},
				Tokens:       []v1alpha1.TokenStatus{{Name: "2025", State: v1alpha1.TokenValid, LastUsedTime: at(1000)}, {Name: "2026", State: v1alpha1.TokenMissing}},
			},
		},
		&v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: "elsewhere", Name: "not-served"}},
		binding("a", ready, 10, 10), binding("b", failed, 5, 2), binding("c", nil, 0, 0),
	).Build()
	s := &State{
		Cache:  cluster,
		Serves: func(namespace string) bool { return namespace == "identity" },
		Seen: func(types.NamespacedName) (time.Time, time.Time) {
			return time.Unix(2000, 0), time.Unix(100, 0)
		},
		TokensUsed: func(types.NamespacedName) map[string]time.Time {
			return map[string]time.Time{"2025": time.Unix(2000, 0)}
		},
		Missing: func() string { return "" },
		Leads:   func() bool { return true },
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(s)
	want(t, scraped(t, registry, "rollcall_"),
		`rollcall_admission_policies_in_force 1`,
		`rollcall_bindings{kind="GroupRoleBinding",ready="False",reason="RoleNotFound"} 1`,
		`rollcall_bindings{kind="GroupRoleBinding",ready="True",reason="Bound"} 1`,
		`rollcall_bindings{kind="GroupRoleBinding",ready="Unknown",reason=""} 1`,
		`rollcall_groups{sync="identity/entra"} 6`,
		`rollcall_groups_synced{sync="identity/entra"} 5`,
		`rollcall_held_removals{sync="identity/entra"} 7`,
		`rollcall_last_change_timestamp_seconds{sync="identity/entra"} 900`,
		`rollcall_last_request_timestamp_seconds{sync="identity/entra"} 2000`,
		`rollcall_leader 1`,
		`rollcall_projection_members_applied{kind="ClusterGroupRoleBinding"} 0`,
		`rollcall_projection_members_applied{kind="GroupNetworkPolicy"} 0`,
		`rollcall_projection_members_applied{kind="GroupRoleBinding"} 12`,
		`rollcall_projection_members_desired{kind="ClusterGroupRoleBinding"} 0`,
		`rollcall_projection_members_desired{kind="GroupNetworkPolicy"} 0`,
		`rollcall_projection_members_desired{kind="GroupRoleBinding"} 15`,
		`rollcall_sync_cycle_seconds{sync="identity/entra"} 2400`,
		`rollcall_sync_info{provider="EntraID",state="Active",sync="identity/entra"} 1`,
		`rollcall_sync_ready{sync="identity/entra"} 1`,
		`rollcall_token_expiration_timestamp_seconds{sync="identity/entra",token="2025"} 5000`,
		`rollcall_token_last_used_timestamp_seconds{sync="identity/entra",token="2025"} 2000`,
		`rollcall_token_valid{sync="identity/entra",token="2025"} 1`,
		`rollcall_token_valid{sync="identity/entra",token="2026"} 0`,
		`rollcall_unknown_members{sync="identity/entra"} 4`,
		`rollcall_users{sync="identity/entra"} 3`,
		`rollcall_users_active{sync="identity/entra"} 2`,
		`rollcall_users_synced{sync="identity/entra"} 1`)
}

func TestCycle(t *testing.T) {
	tests := map[string]struct {
		provider   v1alpha1.Provider
		state      v1alpha1.SyncState
		annotation string
		want       time.Duration
	}{
		"Entra ID":             {provider: v1alpha1.ProviderEntraID, want: 40 * time.Minute},
		"Okta":                 {provider: v1alpha1.ProviderOkta},
		"said":                 {provider: v1alpha1.ProviderOkta, annotation: "24h", want: 24 * time.Hour},
		"nothing expected":     {provider: v1alpha1.ProviderEntraID, annotation: "0"},
		"no duration":          {provider: v1alpha1.ProviderEntraID, annotation: "daily", want: 40 * time.Minute},
		"paused":               {provider: v1alpha1.ProviderEntraID, state: v1alpha1.SyncPaused},
		"negative is no cycle": {provider: v1alpha1.ProviderOkta, annotation: "-1h"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &v1alpha1.IdentityProviderSync{Spec: v1alpha1.IdentityProviderSyncSpec{Provider: test.provider, State: test.state}}
			if test.annotation != "" {
				s.Annotations = map[string]string{AnnotationCycle: test.annotation}
			}
			if got := Cycle(s); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestBuildInfo(t *testing.T) {
	SetVersion("v1.2.3")
	if got := scraped(t, metrics.Registry, "rollcall_build_info"); len(got) != 1 || !strings.Contains(got[0], `version="v1.2.3"`) {
		t.Errorf("got %v", got)
	}
}

// What it costs a request to be counted.
func BenchmarkObserve(b *testing.B) {
	r := NewRequests(types.NamespacedName{Namespace: "bench", Name: "idp"})
	defer Forget(types.NamespacedName{Namespace: "bench", Name: "idp"})
	b.ReportAllocs()
	for b.Loop() {
		r.Observe("Users", http.MethodGet, 200, 123*time.Microsecond)
	}
}
