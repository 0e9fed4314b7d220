package idpsim_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/idpsim"
)

// resources asks a server how many users and groups it has.
func resources(t *testing.T, url string) int {
	t.Helper()
	total := 0
	for _, path := range []string{"/Users", "/Groups"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || !strings.Contains(string(body), `"totalResults":`) {
			t.Fatalf("GET %s: %s, %v", path, body, err)
		}
		if !strings.Contains(string(body), `"totalResults":0`) {
			total++
		}
	}
	return total
}

func TestRoundTripLeavesNothing(t *testing.T) {
	for _, profile := range idpsim.Profiles() {
		t.Run(profile, func(t *testing.T) {
			url := newServer(t, nil)
			trip, err := idpsim.RoundTrip(t.Context(), idpsim.Config{Profile: profile, URL: url, Token: token})
			if err != nil || !trip.OK() {
				t.Fatalf("%+v, %v", trip, err)
			}
			if len(trip.Steps) != 10 {
				t.Errorf("%d steps, want 10: %+v", len(trip.Steps), trip.Steps)
			}
			if resources(t, url) != 0 {
				t.Error("something is left")
			}
		})
	}
}

func TestRoundTripFails(t *testing.T) {
	unchanged := func(h http.Handler) http.Handler { return h }
	refuse := func(method, path string) func(http.Handler) http.Handler {
		return func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == method && strings.HasPrefix(r.URL.Path, path) {
					http.Error(w, "no", http.StatusForbidden)
					return
				}
				h.ServeHTTP(w, r)
			})
		}
	}
	tests := map[string]struct {
		wrap  func(http.Handler) http.Handler
		token string
		steps int
		last  string // of the problems
		left  int
	}{
		"a wrong token ends it before anything is made": {unchanged, "another-token-of-thirty-two-bytes-", 1, "was answered 401", 0},
		"a group that cannot be made; the user goes":    {refuse("POST", "/Groups"), token, 7, "was answered 403", 0},
		"a user that cannot be deleted is named":        {refuse("DELETE", "/Users"), token, 10, "was answered 403", 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			url := newServer(t, test.wrap)
			trip, err := idpsim.RoundTrip(t.Context(), idpsim.Config{URL: url, Token: test.token, MaxRetries: -1})
			if err != nil || trip.OK() {
				t.Fatalf("%+v, %v", trip, err)
			}
			last := ""
			for _, s := range trip.Steps {
				if s.Problem != "" {
					last = s.Problem
				}
			}
			if len(trip.Steps) != test.steps || !strings.Contains(last, test.last) || len(trip.Left) != test.left {
				t.Errorf("%d steps, %q, left %q; want %d, %q, %d", len(trip.Steps), last, trip.Left, test.steps, test.last, test.left)
			}
			if got := resources(t, url); got != test.left {
				t.Errorf("%d kinds of resources are there, want %d", got, test.left)
			}
		})
	}
}

func TestRoundTripCleansUpAfterAnInterrupt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := newServer(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(w, r)
			if r.Method == http.MethodPost {
				cancel()
			}
		})
	})
	trip, err := idpsim.RoundTrip(ctx, idpsim.Config{URL: url, Token: token})
	if err != nil || trip.OK() || len(trip.Left) != 0 {
		t.Fatalf("%+v, %v", trip, err)
	}
	if resources(t, url) != 0 {
		t.Error("something is left")
	}
}
