package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/metrics"
	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const (
	// refusedLogs bounds the log lines of refused requests, which anybody can
	// cause, per second.
	refusedLogs = 10
)

// router hands each request to the endpoint of its sync.
type router struct {
	options   Options
	urls      URLs
	origins   origins
	capacity  capacity
	unknown   http.Handler
	lines     slog.Handler // of requests
	refused   *rate.Limiter
	strangers *metrics.Requests // of requests to no sync
	stopping  atomic.Bool       // clients are told to connect elsewhere

	mu        sync.Mutex
	endpoints map[types.NamespacedName]*endpoint
}

func newRouter(options Options) (*router, error) {
	urls, err := NewURLs(options.ExternalURL, options.TrustForwarded)
	if err != nil {
		return nil, err
	}
	allowed, err := newOrigins(options.AllowedOrigins)
	if err != nil {
		return nil, err
	}
	options.setDefaults()
	if options.Types == nil {
		options.Types = extension.NewCache().Types
	}
	ro := &router{
		options:   options,
		urls:      urls,
		origins:   allowed,
		capacity:  newCapacity(options),
		lines:     requestLines(options.Log),
		refused:   rate.NewLimiter(refusedLogs, refusedLogs),
		strangers: metrics.NewRequests(types.NamespacedName{}),
		endpoints: map[types.NamespacedName]*endpoint{},
	}
	ro.unknown = handler.New(handler.Options{Types: rfcTypes(), Authenticate: ro.refuseUnknown, Log: options.Log})
	return ro, nil
}

// rfcTypes are the resource types without extensions of a sync's own.
func rfcTypes() []*schema.ResourceType {
	return []*schema.ResourceType{schema.UserType(), schema.GroupType()}
}

// ServeHTTP answers one request and logs it.
func (ro *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer busy(r)()
	metrics.InFlight.Inc()
	defer metrics.InFlight.Dec()
	rq := &request{began: time.Now(), body: bodySize(r), answer: recorder{ResponseWriter: w}, url: *r.URL}
	answer := &rq.answer
	defer func() { ro.log(r, rq, answer); ro.observe(r, rq, answer); rq.letGo(w, r) }()

	if ro.stopping.Load() {
		answer.Header().Set("Connection", "close")
	}
	if ro.origins.allow(answer, r) {
		return
	}
	next := ro.route(rq, r)
	defer ro.capacity.release(rq)
	inner := r.WithContext(context.WithValue(r.Context(), requestKey{}, rq))
	rq.url.Path, rq.url.RawPath = rq.path, rq.rawPath
	inner.URL = &rq.url
	if r.ContentLength < 0 {
		inner.Body = &unannounced{r.Body, smallBody, func() error { return ro.capacity.admitBody(inner.Context(), rq, maxBody) }}
	}
	next.ServeHTTP(answer, inner)
}

// request is what is known of the request that is being answered.
type request struct {
	began   time.Time
	key     types.NamespacedName
	sync    *v1alpha1.IdentityProviderSync // nil: unknown; not to be changed
	path    string                         // relative to the SCIM base
	rawPath string
	token   string // name of the token that was accepted
	reason  error  // why the token was not, for the log

	endpoint *endpoint                // of the sync; nil: none
	changes  []provisioninglog.Change // what it changed
	failed   *provisioninglog.Change  // whom a change was about that failed; nil: none was

	// What would else be pieces of memory of their own.
	answer recorder
	url    url.URL // with the path relative to the SCIM base

	body int64 // bytes that it may bring

	// What it has of the server's capacity.
	admitted bool
	holds    int64 // of the bodies
	answers  int64 // of the answers
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	rq, _ := ctx.Value(requestKey{}).(*request)
	return rq
}

// route finds who answers a request.
func (ro *router) route(rq *request, r *http.Request) http.Handler {
	namespace, name, rest, ok := splitPath(r.URL.Path)
	if !ok {
		return ro.unknown
	}
	rq.key = types.NamespacedName{Namespace: namespace, Name: name}
	rq.path = rest
	if r.URL.RawPath != "" {
		if rq.rawPath, ok = strings.CutPrefix(r.URL.RawPath, basePath(namespace, name)); !ok {
			return ro.unknown
		}
	}
	if !ro.options.Serves(namespace) {
		return ro.unknown
	}
	s, err := ro.options.Sync(rq.key)
	switch {
	case err != nil:
		ro.options.Log.Error(err, "reading a sync", "sync", rq.key.String())
		turnedAway.WithLabelValues("notReady").Inc()
		return unavailable{}
	case s == nil || !s.DeletionTimestamp.IsZero():
		return ro.unknown
	}
	rq.sync = s
	rq.endpoint = ro.endpoint(rq.key)
	return rq.endpoint
}

// endpoint is the endpoint of a sync, made when it is first asked for.
func (ro *router) endpoint(key types.NamespacedName) *endpoint {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	e := ro.endpoints[key]
	if e == nil {
		e = newEndpoint(ro, key)
		ro.endpoints[key] = e
	}
	return e
}

func (ro *router) forget(key types.NamespacedName) {
	ro.mu.Lock()
	defer ro.mu.Unlock()
	delete(ro.endpoints, key)
}

// unavailable answers when the sync cannot be read.
type unavailable struct{}

func (unavailable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler.WriteError(w, r, scim.Unavailable(busyRetry, "the server is not ready; try again"))
}
