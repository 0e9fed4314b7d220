package server

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/metrics"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const (
	// pausedRetry is when to try again at a sync that is paused.
	pausedRetry = time.Minute
	// tokensRetry is when to try again while the tokens cannot be read.
	tokensRetry = 5 * time.Second
)

// endpoint serves one sync.
type endpoint struct {
	ro       *router
	key      types.NamespacedName
	store    scim.Store
	next     atomic.Pointer[served]
	requests *metrics.Requests

	lastLines atomic.Pointer[tokenLines]

	mu      sync.Mutex
	limit   v1alpha1.RateLimit
	limiter *rate.Limiter // for limit
}

// served is the handler for the resource types that a sync has at a time.
type served struct {
	http.Handler
	types []*schema.ResourceType
}

func newEndpoint(ro *router, key types.NamespacedName) *endpoint {
	e := &endpoint{
		ro:       ro,
		key:      key,
		requests: metrics.NewRequests(key),
	}
	e.store = observed{ro.options.Store(key), e}
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.handler(e.ro.options.Types(requestOf(r.Context()).sync)).ServeHTTP(w, r)
}

// handler is the handler for the resource types, made when they are new.
func (e *endpoint) handler(rts []*schema.ResourceType) http.Handler {
	if s := e.next.Load(); s != nil && &s.types[0] == &rts[0] {
		return s
	}
	path := basePath(e.key.Namespace, e.key.Name)
	s := &served{types: rts, Handler: handler.New(handler.Options{
		Store:        e.store,
		Types:        rts,
		BaseURL:      func(r *http.Request) string { return e.ro.urls.base(r, path) },
		Authenticate: e.authenticate,
		Afford: func(ctx context.Context, bytes int) error {
			return e.ro.capacity.afford(ctx, requestOf(ctx), int64(bytes))
		},
		Log: e.ro.options.Log.WithValues("sync", e.key.String()),
	})}
	e.next.Store(s)
	return s
}

// authenticate admits a request: first of all its token must be valid. Only
// who has one is told of anything else, and gets of the server's capacity.
func (e *endpoint) authenticate(ctx context.Context, presented string) error {
	rq := requestOf(ctx)
	name, err := e.verify(ctx, rq, presented)
	if err != nil {
		return err
	}
	rq.token = name
	e.ro.options.Activity.request(e.key)
	if rq.sync.Spec.State == v1alpha1.SyncPaused {
		turnedAway.WithLabelValues("paused").Inc()
		return e.paused()
	}
	if err := e.withinRate(rq.sync.Spec.RateLimit); err != nil {
		turnedAway.WithLabelValues("rateLimit").Inc()
		return err
	}
	return e.ro.capacity.admit(ctx, rq)
}

func (e *endpoint) paused() error {
	return scim.Unavailable(pausedRetry, "provisioning is paused by the cluster's administrators (spec.state of IdentityProviderSync %s); nothing is lost, try again later", e.key)
}

// stillAdmits tells whether a request that was admitted may make a change now:
// its body may take a minute to come, and a bulk request as long to be carried
// out. Nothing may be added to a sync that is gone meanwhile.
func (e *endpoint) stillAdmits(ctx context.Context) error {
	rq := requestOf(ctx)
	s, err := e.ro.options.Sync(e.key)
	switch {
	case err != nil:
		return scim.Unavailable(busyRetry, "the server is not ready; try again")
	case s == rq.sync:
		return nil
	case s == nil || s.UID != rq.sync.UID || !s.DeletionTimestamp.IsZero(),
		!slices.ContainsFunc(s.Spec.Tokens, func(t v1alpha1.Token) bool { return t.Name == rq.token }):
		return handler.InvalidToken()
	case s.Spec.State == v1alpha1.SyncPaused:
		return e.paused()
	}
	return nil
}

// verify gives the name of the token that is presented.
func (e *endpoint) verify(ctx context.Context, rq *request, presented string) (string, error) {
	name, familiar := e.ro.options.Tokens.Recognize(rq.sync, presented)
	if name != "" {
		return name, nil
	}
	if !familiar {
		if err := e.ro.capacity.admitStranger(rq); err != nil {
			return "", err
		}
		defer e.ro.capacity.releaseStranger(rq)
	}
	name, err := e.ro.options.Tokens.Verify(ctx, rq.sync, presented)
	return name, refusedAs(ctx, rq, err)
}

// withinRate takes one request off the sync's rate.
func (e *endpoint) withinRate(limit *v1alpha1.RateLimit) error {
	if limit == nil || limit.RequestsPerSecond == 0 {
		return nil
	}
	e.mu.Lock()
	if e.limiter == nil || e.limit != *limit {
		e.limit = *limit
		e.limiter = rate.NewLimiter(rate.Limit(limit.RequestsPerSecond), int(cmp.Or(limit.Burst, limit.RequestsPerSecond)))
	}
	reservation := e.limiter.Reserve()
	e.mu.Unlock()
	if wait := reservation.Delay(); wait > 0 {
		reservation.Cancel()
		return &scim.Error{
			Status:     http.StatusTooManyRequests,
			Detail:     fmt.Sprintf("more than %d requests a second (spec.rateLimit of IdentityProviderSync %s); try again later", limit.RequestsPerSecond, e.key),
			RetryAfter: wait,
		}
	}
	return nil
}
