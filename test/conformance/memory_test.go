package conformance

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const testToken = "0123456789abcdef0123456789abcdef"

// serve runs the protocol over a store in memory, with something in front of it.
func serve(t *testing.T, wrap func(http.Handler) http.Handler) Target {
	t.Helper()
	scim := handler.New(handler.Options{
		Store: memory.New(),
		Types: []*schema.ResourceType{schema.UserType(), schema.GroupType()},
		Authenticate: func(_ context.Context, token string) error {
			if token != testToken {
				return handler.InvalidToken()
			}
			return nil
		},
	})
	server := httptest.NewServer(wrap(scim))
	t.Cleanup(server.Close)
	return Target{URL: server.URL, Token: testToken}
}

func report(t *testing.T, target Target, o Options) *Report {
	t.Helper()
	r, err := Run(t.Context(), target, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The protocol without Kubernetes passes.
func TestMemory(t *testing.T) {
	t.Parallel()
	target := serve(t, func(h http.Handler) http.Handler { return h })
	r := report(t, target, Options{})
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	t.Log(text.String())
	if !r.OK() {
		t.Error("cases failed")
	}
	for _, path := range []string{"/Users?count=5", "/Groups?count=5"} {
		left, err := newClient(target, 1).send(t.Context(), http.MethodGet, path, "")
		if err != nil || left.number("totalResults") != 0 {
			t.Errorf("%s: the run leaves resources behind: %v %s", path, err, left.raw)
		}
	}
}
