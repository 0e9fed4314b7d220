package metrics

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
)

var (
	requests = NewCounterVec("rollcall_scim_requests_total",
		"SCIM requests that were answered.", "sync", "resource_type", "method", "code")
	durations = NewHistogramVec("rollcall_scim_request_duration_seconds",
		"Time from the header of a SCIM request to its answer. A refused token is answered after 20 ms on purpose.", "sync", "resource_type", "method")
	// InFlight is how many requests are being answered.
	InFlight = NewGaugeVec("rollcall_scim_requests_in_flight", "SCIM requests that are being answered.").WithLabelValues()
)

// The values of the label resource_type, method and code that there are; the
// first of each stands for all others.
var (
	resourceTypes = [...]string{"other", "Users", "Groups", "Bulk", ".search", "ServiceProviderConfig", "ResourceTypes", "Schemas"}
	methods       = [...]string{"other", "GET", "POST", "PUT", "PATCH", "DELETE"}
	codes         = [...]int{0, 200, 201, 204, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 429, 431, 500, 501, 503, 504}
)

// Requests counts the requests to one sync. The handles of its series are
// looked up once; after that, a request costs a few atomic additions.
type Requests struct {
	sync   string
	series [len(resourceTypes)][len(methods)]struct {
		duration atomic.Pointer[prometheus.Observer]
		codes    [len(codes)]atomic.Pointer[prometheus.Counter]
	}
}

// NewRequests counts the requests to a sync; the zero name is for requests to
// no sync that exists.
func NewRequests(sync types.NamespacedName) *Requests {
	name := sync.String()
	if sync.Name == "" {
		name = ""
	}
	return &Requests{sync: name}
}

// Observe counts a request that was answered.
func (r *Requests) Observe(resourceType, method string, code int, took time.Duration) {
	t, m, c := indexOf(resourceTypes[:], resourceType), indexOf(methods[:], method), indexOf(codes[:], code)
	series := &r.series[t][m]
	observer := series.duration.Load()
	if observer == nil {
		o := durations.WithLabelValues(r.sync, resourceTypes[t], methods[m])
		observer = &o
		series.duration.Store(observer)
	}
	count := series.codes[c].Load()
	if count == nil {
		label := "other"
		if c > 0 {
			label = strconv.Itoa(code)
		}
		counted := requests.WithLabelValues(r.sync, resourceTypes[t], methods[m], label)
		count = &counted
		series.codes[c].Store(count)
	}
	(*observer).Observe(took.Seconds())
	(*count).Inc()
}

// indexOf finds a value in a short list; 0 if it is not there.
func indexOf[T comparable](list []T, value T) int {
	for i := 1; i < len(list); i++ {
		if list[i] == value {
			return i
		}
	}
	return 0
}
