package handler_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// failing is a store whose reads fail.
type failing struct {
	scim.Store
	fail func() error
}

func (f failing) Get(context.Context, *schema.ResourceType, string, scim.Need) (*scim.Resource, error) {
	return nil, f.fail()
}

func TestFailures(t *testing.T) {
	for name, test := range map[string]struct {
		fail       func() error
		status     int
		retryAfter string
		logged     bool
	}{
		"an inner error":        {func() error { return errors.New("etcd is away") }, 500, "", true},
		"a panic":               {func() error { panic("index out of range") }, 500, "", true},
		"deadline":              {func() error { return context.DeadlineExceeded }, 503, "1", false},
		"canceled, wrapped":     {func() error { return errors.Join(errors.New("get"), context.Canceled) }, 503, "1", false},
		"a SCIM error":          {func() error { return scim.Unavailable(5*time.Second, "try again") }, 503, "5", false},
		"a SCIM error, wrapped": {func() error { return errors.Join(errors.New("get"), scim.NotFound("User", "x")) }, 404, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			p := serveWith(t, handler.Options{
				Store: failing{memory.New(), test.fail},
				Log:   funcr.New(func(_, args string) { log.WriteString(args + "\n") }, funcr.Options{}),
			})
			got := p.do("GET", "/Users/x", "", "X-Request-Id: request-1").wantError(test.status, "")
			equal(t, "Retry-After", got.header.Get("Retry-After"), test.retryAfter)
			equal(t, "log lines with the request id", strings.Count(log.String(), "request-1"), map[bool]int{true: 1}[test.logged])
			if strings.Contains(log.String(), token) {
				t.Errorf("the token is in the log: %s", &log)
			}
			if test.status == 500 && (!strings.Contains(got.body, "request-1") || strings.Contains(got.body, "etcd")) {
				t.Errorf("detail: %s", got.body)
			}
		})
	}
}

// net/http stops an answer when a handler panics with ErrAbortHandler: that is
// not turned into an answer.
func TestAbortIsPassedOn(t *testing.T) {
	h := handler.New(handler.Options{
		Authenticate: func(context.Context, string) error { panic(http.ErrAbortHandler) },
	})
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // the very value
			t.Errorf("recovered %v", p)
		}
	}()
	request := httptest.NewRequestWithContext(t.Context(), "GET", "/Users", nil)
	request.Header.Set("Authorization", "Bearer x")
	h.ServeHTTP(httptest.NewRecorder(), request)
}

func TestWriteErrorOutsideAHandler(t *testing.T) {
	for name, test := range map[string]struct {
		err       error
		status    int
		challenge string
	}{
		"a SCIM error":   {handler.InvalidToken(), 401, `Bearer realm="SCIM"`},
		"any other":      {errors.New("inner"), 500, ""},
		"not even one":   {nil, 500, ""},
		"service paused": {scim.Unavailable(time.Minute, "paused"), 503, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			handler.WriteError(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), test.err)
			got := &answered{t: t, what: name, status: w.Code, header: w.Header(), body: w.Body.String()}
			got.wantError(test.status, "")
			equal(t, "WWW-Authenticate", w.Header().Get("WWW-Authenticate"), test.challenge)
			if w.Header().Get("X-Request-Id") == "" || strings.Contains(got.body, "inner") {
				t.Errorf("%v %s", w.Header(), got.body)
			}
		})
	}
}

// Without BaseURL, locations follow the Host header.
func TestBaseURLOfTheHost(t *testing.T) {
	h := handler.New(handler.Options{
		Store: memory.New(), Types: []*schema.ResourceType{schema.UserType()},
		Authenticate: func(context.Context, string) error { return nil },
	})
	for url, want := range map[string]string{
		"http://scim.example.com/ServiceProviderConfig":       "http://scim.example.com/ServiceProviderConfig",
		"https://scim.example.com:8443/ServiceProviderConfig": "https://scim.example.com:8443/ServiceProviderConfig",
	} {
		request := httptest.NewRequestWithContext(t.Context(), "GET", url, nil)
		request.Header.Set("Authorization", "Bearer x")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, request)
		got := &answered{t: t, what: url, status: w.Code, header: w.Header(), body: w.Body.String()}
		equal(t, url, got.want(200).text("meta", "location"), want)
	}
}

// A store that does not come back is given up in time.
func TestTimeLimit(t *testing.T) {
	p := serveWith(t, handler.Options{Store: waiting{memory.New()}, Limits: handler.Limits{Time: time.Millisecond}})
	p.get("/Users/x").wantError(503, "")
}

// waiting is a store that reads until it is told to stop.
type waiting struct{ scim.Store }

func (waiting) Get(ctx context.Context, _ *schema.ResourceType, _ string, _ scim.Need) (*scim.Resource, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
