package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
	"github.com/rollcall-scim/rollcall/internal/token"
)

const (
	// pausedRetry is when to try again at a sync that is paused.
	pausedRetry = time.Minute
	// tokensRetry is when to try again while the tokens cannot be read.
	tokensRetry = 5 * time.Second
	// refusal is the least time a refused token is answered in. Reading Secrets
	// for a wrong token takes a little less, so the time does not tell whether
	// there is a sync.
	refusal = 20 * time.Millisecond
)

// endpoint serves one sync.
type endpoint struct {
	ro    *router
	key   types.NamespacedName
	store scim.Store
	next  atomic.Pointer[served]
	slots chan struct{}

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
	return &endpoint{
		ro:    ro,
		key:   key,
		store: observed{ro.options.Store(key), func() { ro.options.Activity.change(key) }},
		slots: make(chan struct{}, max(1, cap(ro.requests)/2)),
	}
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
		Log:          e.ro.options.Log.WithValues("sync", e.key.String()),
	})}
	e.next.Store(s)
	return s
}

// authenticate admits a request: first of all its token must be valid.
func (e *endpoint) authenticate(ctx context.Context, presented string) error {
	rq := requestOf(ctx)
	name, err := e.ro.options.Tokens.Verify(ctx, rq.sync, presented)
	switch {
	case errors.Is(err, token.ErrRefused):
		rq.reason = err
		return refuse(ctx, presented)
	case err != nil:
		rq.reason = err
		return scim.Unavailable(tokensRetry, "the bearer token cannot be checked right now; try again")
	}
	rq.token = name
	e.ro.options.Activity.request(e.key)
	if rq.sync.Spec.State == v1alpha1.SyncPaused {
		return scim.Unavailable(pausedRetry, "provisioning is paused by the cluster's administrators (spec.state of IdentityProviderSync %s); nothing is lost, try again later", e.key)
	}
	if err := e.withinRate(rq.sync.Spec.RateLimit); err != nil {
		return err
	}
	select {
	case e.slots <- struct{}{}:
		rq.slots = append(rq.slots, e.slots)
	default:
		return scim.Unavailable(busyRetry, "%d requests of this identity provider are being answered already; try again", cap(e.slots))
	}
	return e.ro.takeTurn(ctx, rq)
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

// refuse answers whoever has no valid token, after a set time.
func refuse(ctx context.Context, _ string) error {
	select {
	case <-time.After(refusal - time.Since(requestOf(ctx).began)):
	case <-ctx.Done():
	}
	return handler.InvalidToken()
}
