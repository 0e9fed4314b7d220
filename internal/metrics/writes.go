package metrics

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	writes = NewCounterVec("rollcall_apiserver_writes_total",
		"Writes to the API server, by its answer. 409 is a conflict or a name that is taken; such a write is made again from what is there then.", "kind", "verb", "code")
	writeDurations = NewHistogramVec("rollcall_apiserver_write_duration_seconds",
		"Time that the API server took to answer a write.", "kind", "verb")
)

// The kinds that Rollcall writes, by resource.
var kinds = map[string]string{
	"users": "User", "groups": "Group", "groupmemberslices": "GroupMemberSlice", "provisioninglogs": "ProvisioningLog",
	"identityprovidersyncs": "IdentityProviderSync", "grouprolebindings": "GroupRoleBinding",
	"clustergrouprolebindings": "ClusterGroupRoleBinding", "groupnetworkpolicies": "GroupNetworkPolicy",
	"rolebindings": "RoleBinding", "clusterrolebindings": "ClusterRoleBinding", "networkpolicies": "NetworkPolicy",
	"namespaces": "Namespace", "secrets": "Secret", "leases": "Lease", "events": "Event",
	"selfsubjectaccessreviews": "SelfSubjectAccessReview",
}

var verbs = map[string]string{
	http.MethodPost: "create", http.MethodPut: "update", http.MethodPatch: "patch", http.MethodDelete: "delete",
}

// write is what the series of writes differ in.
type write struct{ kind, verb, code string }

// measured is a connection to the API server whose writes are measured.
type measured struct {
	http.RoundTripper

	mu     sync.RWMutex
	series map[write]writeSeries
}

type writeSeries struct {
	count    prometheus.Counter
	duration prometheus.Observer
}

// WrapTransport measures the writes of a connection to the API server; it is
// for rest.Config.Wrap.
func WrapTransport(next http.RoundTripper) http.RoundTripper {
	return &measured{RoundTripper: next, series: map[write]writeSeries{}}
}

// RoundTrip makes one request.
func (m *measured) RoundTrip(r *http.Request) (*http.Response, error) {
	verb := verbs[r.Method]
	if verb == "" {
		return m.RoundTripper.RoundTrip(r)
	}
	began := time.Now()
	answer, err := m.RoundTripper.RoundTrip(r)
	code := "none"
	if err == nil {
		code = strconv.Itoa(answer.StatusCode)
	}
	series := m.of(write{kindOf(r.URL.Path), verb, code})
	series.count.Inc()
	series.duration.Observe(time.Since(began).Seconds())
	return answer, err
}

// WrappedRoundTripper lets client-go find the transport.
func (m *measured) WrappedRoundTripper() http.RoundTripper { return m.RoundTripper }

func (m *measured) of(w write) writeSeries {
	m.mu.RLock()
	series, ok := m.series[w]
	m.mu.RUnlock()
	if ok {
		return series
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	series = writeSeries{writes.WithLabelValues(w.kind, w.verb, w.code), writeDurations.WithLabelValues(w.kind, w.verb)}
	m.series[w] = series
	return series
}

// kindOf reads the kind off a path: /api/v1/… or /apis/group/version/…, then
// maybe namespaces/name/, then the resource.
func kindOf(path string) string {
	_, path, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/") // api or apis, and
	version, rest, _ := strings.Cut(path, "/")
	if version != "v1" {
		_, rest, _ = strings.Cut(rest, "/")
	}
	resource, rest, _ := strings.Cut(rest, "/")
	if resource == "namespaces" {
		if _, within, ok := strings.Cut(rest, "/"); ok {
			resource, _, _ = strings.Cut(within, "/")
		}
	}
	if kind, ok := kinds[resource]; ok {
		return kind
	}
	return "other"
}
