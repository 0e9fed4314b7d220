package idpsim_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/internal/idpsim"
)

// transcript records every request; the order between workers is not fixed.
type transcript struct {
	mu    sync.Mutex
	lines []string
}

func (tr *transcript) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tr.mu.Lock()
		tr.lines = append(tr.lines, fmt.Sprintf("%s %s ua=%q accept=%q type=%q", r.Method, r.URL, r.UserAgent(), r.Header.Get("Accept"), r.Header.Get("Content-Type")))
		tr.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func TestHeadersAndURLs(t *testing.T) {
	tests := map[string]struct {
		suffix string // of the base URL
		want   string // one of the lines
	}{
		"entra":     {want: `POST /Users ua="" accept="" type="application/scim+json; charset=utf-8"`},
		"entra-aad": {want: `POST /Users?aadOptscim062020 ua="" accept="" type="application/scim+json; charset=utf-8"`},
		"okta":      {want: `POST /Users ua="Okta SCIM Client 1.0.0" accept="application/scim+json" type="application/scim+json; charset=utf-8"`},
		"jumpcloud": {want: `GET /Users?filter=userName%20eq%20%22admin%40example.com%22 ua="Go-http-client/1.1" accept="application/scim+json" type=""`},
		"onelogin":  {want: `POST /Users? ua="" accept="application/json" type="application/json"`},
	}
	for profile, test := range tests {
		t.Run(profile, func(t *testing.T) {
			tr := new(transcript)
			run(t, idpsim.Config{Profile: profile, URL: newServer(t, tr.wrap) + test.suffix, Users: 3, Groups: 2, Deltas: -1})
			if !slices.Contains(tr.lines, test.want) {
				t.Errorf("no request is\n%s\nbut:\n%s", test.want, strings.Join(tr.lines, "\n"))
			}
		})
	}
}

// A tenant URL may carry the flag itself, and a trailing slash.
func TestQueryOfTheTenantURL(t *testing.T) {
	tr := new(transcript)
	run(t, idpsim.Config{URL: newServer(t, tr.wrap) + "/?aadOptscim062020", Users: 1, Groups: 1, Deltas: -1})
	for _, line := range tr.lines {
		if !strings.Contains(line, "?aadOptscim062020 ") && !strings.Contains(line, "&aadOptscim062020 ") || strings.Contains(line, "//") {
			t.Errorf("request %s", line)
		}
	}
}

func TestTheSameRequestsEachTime(t *testing.T) {
	for _, profile := range idpsim.Profiles() {
		t.Run(profile, func(t *testing.T) {
			var kinds [2]map[string]int
			for i := range kinds {
				report := run(t, idpsim.Config{Profile: profile, URL: newServer(t, nil), Users: 40, Groups: 6, Deltas: 100, Connections: 1 + 15*i})
				kinds[i] = map[string]int{}
				for kind, l := range report.Kinds {
					kinds[i][kind] = l.Count
				}
			}
			if diff := cmp.Diff(kinds[0], kinds[1]); diff != "" {
				t.Errorf("with 1 and with 16 connections: %s", diff)
			}
		})
	}
}

// A run can be repeated on what it left, split into phases, and cleaned up.
func TestAgainAndCleanup(t *testing.T) {
	for _, profile := range idpsim.Profiles() {
		t.Run(profile, func(t *testing.T) {
			c := idpsim.Config{Profile: profile, URL: newServer(t, nil), GroupPrefix: "k8s-", Users: 50, Groups: 6, Verify: true,
				DeltaKinds: []string{"join", "leave", "update", "manager", "disable", "enable", "hire"}}
			steps := []struct {
				phase       string
				wantAdopted int
			}{{idpsim.PhaseTest, 0}, {idpsim.PhaseInitial, 0}, {idpsim.PhaseInitial, 56}, {idpsim.PhaseDeltas, 0}}
			for _, step := range steps {
				c.Phase = step.phase
				report := run(t, c)
				if !report.OK() || report.Adopted != step.wantAdopted {
					t.Fatalf("phase %s: adopted %d, want %d:\n%s", step.phase, report.Adopted, step.wantAdopted, describe(report))
				}
			}
			c.Phase = idpsim.PhaseAll
			if report := run(t, c); !report.OK() || report.Adopted < 56 {
				t.Fatalf("all over again: adopted %d:\n%s", report.Adopted, describe(report))
			}
			c.Cleanup = true
			if report := run(t, c); !report.OK() || report.Removed.Users < 50 || report.Removed.Groups != 6 {
				t.Fatalf("cleanup: %+v:\n%s", report.Removed, describe(report))
			}
			if report := run(t, c); report.Removed.Users != 0 || report.Removed.Groups != 0 {
				t.Errorf("a second cleanup removed %+v", report.Removed)
			}
		})
	}
}

func TestDeltasNeedTheInitialPhase(t *testing.T) {
	report, err := idpsim.Run(t.Context(), idpsim.Config{URL: newServer(t, nil), Token: token, Phase: idpsim.PhaseDeltas})
	if err == nil || !strings.Contains(err.Error(), "run --phase initial first") {
		t.Errorf("err = %v\n%s", err, describe(report))
	}
}

func TestRunsThatCannotWork(t *testing.T) {
	url := newServer(t, nil)
	tests := map[string]struct {
		config idpsim.Config
		want   string
	}{
		"wrong token":    {idpsim.Config{URL: url, Token: "another"}, "the server refused the token"},
		"nobody listens": {idpsim.Config{URL: "http://127.0.0.1:1/scim/v2", Token: token}, "is the URL right and the server up?"},
		"https to http":  {idpsim.Config{URL: strings.Replace(url, "http:", "https:", 1), Token: token}, "the server speaks http://"},
		"no CA file":     {idpsim.Config{URL: url, CAFile: "/does/not/exist"}, "reading the CA file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := idpsim.Run(t.Context(), test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := newServer(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				cancel()
			}
			next.ServeHTTP(w, r)
		})
	})
	report, err := idpsim.Run(ctx, idpsim.Config{URL: url, Token: token, Users: 1000})
	if err == nil || report == nil || report.Requests == 0 || report.Requests > 500 || report.Failed != 0 {
		t.Errorf("Run = %v\n%s", err, describe(report))
	}
}

// What others made is neither changed nor removed.
func TestForeignResourcesAreLeftAlone(t *testing.T) {
	url := newServer(t, nil)
	// Another seed's group has the name that this seed gives to its first.
	other := idpsim.Config{Profile: "okta", URL: url, Seed: 2, Users: 5, Groups: 1, GroupPrefix: "k8s-", Deltas: -1}
	run(t, other)
	c := other
	c.Seed, c.Verify = 1, true
	report := run(t, c)
	if report.OK() || !strings.Contains(describe(report), "with members that idpsim did not make") {
		t.Errorf("the group of another was taken:\n%s", describe(report))
	}
	c.Cleanup = true
	if report := run(t, c); report.Removed.Users != 5 || report.Removed.Groups != 0 {
		t.Errorf("removed %+v, want 5 users and no group", report.Removed)
	}
	other.Phase, other.Verify = idpsim.PhaseDeltas, true
	if report := run(t, other); !report.OK() {
		t.Errorf("the other's resources were touched:\n%s", describe(report))
	}
}
