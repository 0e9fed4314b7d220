package server

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const (
	defaultMaxRequests = 1024
	// largeBody is how many bytes a request may bring without waiting for its
	// turn: a body of 16 MiB takes several times that while it is decoded. One
	// that does not tell its length counts as large.
	largeBody = 512 << 10
	maxLarge  = 8
	// largeWait is how long it waits for its turn.
	largeWait = 10 * time.Second
	// busyRetry is when to try again after the server had too much to do.
	busyRetry = time.Second
	// refusedLogs bounds the log lines of refused requests, which anybody can
	// cause, per second.
	refusedLogs = 10
)

// router hands each request to the endpoint of its sync.
type router struct {
	options  Options
	urls     URLs
	origins  origins
	requests chan struct{} // a slot for each request under way
	large    chan struct{} // a slot for each with a large body
	unknown  http.Handler
	refused  *rate.Limiter

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
	if options.MaxRequests <= 0 {
		options.MaxRequests = defaultMaxRequests
	}
	if options.Types == nil {
		options.Types = extension.NewCache().Types
	}
	return &router{
		options:   options,
		urls:      urls,
		origins:   allowed,
		requests:  make(chan struct{}, options.MaxRequests),
		large:     make(chan struct{}, maxLarge),
		unknown:   handler.New(handler.Options{Types: rfcTypes(), Authenticate: refuse, Log: options.Log}),
		refused:   rate.NewLimiter(refusedLogs, refusedLogs),
		endpoints: map[types.NamespacedName]*endpoint{},
	}, nil
}

// rfcTypes are the resource types without extensions of a sync's own.
func rfcTypes() []*schema.ResourceType {
	return []*schema.ResourceType{schema.UserType(), schema.GroupType()}
}

// ServeHTTP answers one request and logs it.
func (ro *router) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	answer := &recorder{ResponseWriter: w}
	rq := &request{began: began, large: r.ContentLength > largeBody || r.ContentLength < 0}
	defer func() { ro.log(r, rq, answer) }()

	if ro.origins.allow(answer, r) {
		return
	}
	select {
	case ro.requests <- struct{}{}:
		defer func() { <-ro.requests }()
	default:
		handler.WriteError(answer, r, scim.Unavailable(busyRetry, "the server has too many requests to answer; try again"))
		return
	}
	next := ro.route(rq, r)
	defer rq.done()
	inner := r.WithContext(context.WithValue(r.Context(), requestKey{}, rq))
	url := *r.URL
	url.Path, url.RawPath = rq.path, rq.rawPath
	inner.URL = &url
	next.ServeHTTP(answer, inner)
}

// request is what is known of the request that is being answered.
type request struct {
	began   time.Time
	key     types.NamespacedName
	sync    *v1alpha1.IdentityProviderSync // nil: unknown
	base    string                         // path of the SCIM base
	path    string                         // relative to it
	rawPath string
	token   string // name of the token that was accepted
	reason  error  // why the token was not, for the log
	large   bool   // its body may need much memory
	slots   []chan struct{}
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	rq, _ := ctx.Value(requestKey{}).(*request)
	return rq
}

// takeTurn lets a request with a large body wait until few others are read, so
// that memory is bounded whatever is sent.
func (ro *router) takeTurn(ctx context.Context, rq *request) error {
	if !rq.large {
		return nil
	}
	timer := time.NewTimer(largeWait)
	defer timer.Stop()
	select {
	case ro.large <- struct{}{}:
		rq.slots = append(rq.slots, ro.large)
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return scim.Unavailable(busyRetry, "%d requests with large bodies are being read already; try again, or send less at once", cap(ro.large))
}

// done gives back the slots that the request took.
func (rq *request) done() {
	for _, slots := range rq.slots {
		<-slots
	}
}

// route finds who answers a request.
func (ro *router) route(rq *request, r *http.Request) http.Handler {
	namespace, name, rest, ok := splitPath(r.URL.Path)
	if !ok {
		return ro.unknown
	}
	rq.key = types.NamespacedName{Namespace: namespace, Name: name}
	rq.base, rq.path = basePath(namespace, name), rest
	if r.URL.RawPath != "" {
		if rq.rawPath, ok = strings.CutPrefix(r.URL.RawPath, rq.base); !ok {
			return ro.unknown
		}
	}
	if !ro.options.Serves(namespace) {
		return ro.unknown
	}
	s := &v1alpha1.IdentityProviderSync{}
	switch err := ro.options.Syncs.Get(r.Context(), rq.key, s); {
	case apierrors.IsNotFound(err):
		return ro.unknown
	case err != nil:
		ro.options.Log.Error(err, "reading a sync", "sync", rq.key.String())
		return unavailable{}
	case !s.DeletionTimestamp.IsZero():
		return ro.unknown
	}
	rq.sync = s
	return ro.endpoint(rq.key)
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
