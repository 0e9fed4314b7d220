// Package handler speaks SCIM over HTTP (RFC 7644) for one service provider,
// over a scim.Store.
//
// A request passes through the same steps whatever it asks for: it gets an id,
// its bearer token is checked, its path chooses an endpoint and its method an
// operation. An operation reads a request and gives an answer or an error; only
// ServeHTTP writes to the client, once, from one buffer. What a SCIM resource
// means is not decided here: package resource reads and checks bodies, package
// patch turns a PATCH into a change, and the Store commits.
//
// Routes are relative to the SCIM base: the caller strips what comes before.
// Discovery (RFC 7644 §4) asks for the token like everything else.
package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-logr/logr"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/deadline"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// Options describe one service provider.
type Options struct {
	// Store keeps the resources. It is reached only by requests whose token
	// was accepted.
	Store scim.Store

	// Types are the resource types that are served.
	Types []*schema.ResourceType

	// BaseURL gives the absolute URL of the SCIM base, without a slash at its
	// end, as the client knows it. It gets the request as the Handler does. Nil
	// takes it from the Host header and the connection.
	BaseURL func(*http.Request) string

	// Authenticate accepts a bearer token by answering nil. A *scim.Error is
	// the answer to the client: a 401 (see InvalidToken), a 429 or a 503. Any
	// other error is a 500. It sees every request before its path is looked at;
	// a request without a token does not reach it and is a 401.
	Authenticate func(ctx context.Context, token string) error

	// Afford lets a large answer be put together, see scim.Need, and is asked
	// again when it grows. Nil lets all of them.
	Afford func(ctx context.Context, bytes int) error

	Limits Limits
	Log    logr.Logger // the zero value logs nothing
}

// Limits bound what one request may ask for. A field that is zero takes its
// default.
type Limits struct {
	Header    int           // bytes in the URL, and in the other headers together; 64 KiB
	Body      int64         // bytes in the body of a request; 2 MiB
	GroupBody int64         // the same for resource types with members; 16 MiB holds 100,000 of them
	Page      int           // resources on a page when the client does not say; 100
	MaxPage   int           // most resources on a page; 1,000
	Members   int           // of all groups on a page, which ends before a group with more; but it has one group at least; 100,000
	Bulk      int           // most operations of a bulk request, whose body is bounded by GroupBody; 1,000
	Time      time.Duration // from the end of the header to the answer; 80 seconds, less than NewServer's WriteTimeout
}

func (l Limits) withDefaults() Limits {
	if l.Header <= 0 {
		l.Header = 64 << 10
	}
	if l.Time <= 0 {
		l.Time = 80 * time.Second
	}
	if l.Body <= 0 {
		l.Body = 2 << 20
	}
	if l.GroupBody <= 0 {
		l.GroupBody = 16 << 20
	}
	if l.MaxPage <= 0 {
		l.MaxPage = 1000
	}
	if l.Members <= 0 {
		l.Members = 100_000
	}
	if l.Bulk <= 0 {
		l.Bulk = 1000
	}
	if l.Page <= 0 {
		l.Page = 100
	}
	l.Page = min(l.Page, l.MaxPage)
	return l
}

// Handler serves one service provider. It is safe for concurrent use.
type Handler struct {
	store        scim.Store
	baseURL      func(*http.Request) string
	authenticate func(context.Context, string) error
	afford       func(context.Context, int) error
	limits       Limits
	log          logr.Logger

	types     []*resourceType
	endpoints map[string]endpoint // by the first segment of the path
}

// New makes a Handler. Options without Authenticate refuse every token.
func New(o Options) *Handler {
	h := &Handler{
		store:        o.Store,
		baseURL:      o.BaseURL,
		authenticate: o.Authenticate,
		afford:       o.Afford,
		limits:       o.Limits.withDefaults(),
		log:          o.Log,
	}
	if h.baseURL == nil {
		h.baseURL = hostURL
	}
	if h.authenticate == nil {
		h.authenticate = func(context.Context, string) error { return InvalidToken() }
	}
	for _, t := range o.Types {
		h.types = append(h.types, newResourceType(t, o.Types, h.limits))
	}
	h.endpoints = h.routes()
	return h
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := requestID(r)
	w.Header().Set(headerRequestID, id)
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler { //nolint:errorlint // the very value is what net/http asks for
				panic(p)
			}
			h.log.Error(fmt.Errorf("panic: %v", p), "Request failed", "requestID", id, "method", r.Method,
				"stack", string(debug.Stack()))
			WriteError(w, r, internalError(id))
		}
	}()
	ans, err := h.serve(w, r)
	if err != nil {
		WriteError(w, r, h.clientError(err, r, id))
		return
	}
	ans.write(w, r)
}

// serve runs the operation that the request asks for.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (answer, error) {
	if err := h.limits.checkHeader(r); err != nil {
		return answer{}, err
	}
	token, err := bearerToken(r)
	if err != nil {
		return answer{}, err
	}
	ctx, cancel := deadline.After(r.Context(), h.limits.Time)
	defer cancel()
	if err := h.authenticate(ctx, token); err != nil {
		return answer{}, err
	}
	op, rq, err := h.route(w, r)
	if err != nil {
		return answer{}, err
	}
	rq.ctx = ctx
	return op(rq)
}

// clientError turns any error into one that a client may see. What is not a
// *scim.Error is logged here, the only place that does.
func (h *Handler) clientError(err error, r *http.Request, id string) *scim.Error {
	var known *scim.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return scim.Unavailable(time.Second, "the request took too long and was given up: whether it was stored is not known, so try again")
	}
	h.log.Error(err, "Request failed", "requestID", id, "method", r.Method)
	return internalError(id)
}

func internalError(id string) *scim.Error {
	return &scim.Error{
		Status: http.StatusInternalServerError,
		Detail: fmt.Sprintf("the server failed; its log says more under request id %s", id),
	}
}

func hostURL(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
