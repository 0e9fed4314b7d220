package idpsim_test

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/idpsim"
)

// rewriting passes requests on with a changed body.
func rewriting(change func(r *http.Request, body string) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body := change(r, string(b))
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			next.ServeHTTP(w, r)
		})
	}
}

// answering passes answers on with a changed body.
func answering(change func(r *http.Request, body string) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			recorded := httptest.NewRecorder()
			next.ServeHTTP(recorded, r)
			for name, values := range recorded.Header() {
				w.Header()[name] = values
			}
			w.Header().Del("Content-Length")
			w.WriteHeader(recorded.Code)
			_, _ = io.Copy(w, bytes.NewBufferString(change(r, recorded.Body.String())))
		})
	}
}

// once changes only the first text for which it can.
func once(from, to string) func(*http.Request, string) string {
	var done atomic.Bool
	return func(_ *http.Request, body string) string {
		if strings.Contains(body, from) && done.CompareAndSwap(false, true) {
			return strings.Replace(body, from, to, 1)
		}
		return body
	}
}

// A server that is wrong in one place must not pass.
func TestVerificationFindsWrongServers(t *testing.T) {
	tests := map[string]struct {
		profile string
		deltas  int
		wrap    func(http.Handler) http.Handler
		want    string // in the summary
	}{
		"drops a member": {
			deltas: -1, // later changes could mend it
			wrap: rewriting(func() func(*http.Request, string) string {
				var done atomic.Bool
				return func(r *http.Request, body string) string {
					if r.Method == http.MethodPatch && strings.Contains(body, `"members"`) && done.CompareAndSwap(false, true) {
						return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[]}`
					}
					return body
				}
			}()),
			want: "members: want ",
		},
		"lowercases an attribute": {
			wrap: rewriting(func(r *http.Request, body string) string {
				if r.Method == http.MethodPost {
					return strings.ReplaceAll(body, `"organization":"Example Corp."`, `"organization":"example corp."`)
				}
				return body
			}),
			want: `organization: want "Example Corp.", got "example corp."`,
		},
		"ignores a deactivation": {
			profile: "okta",
			wrap: rewriting(func(_ *http.Request, body string) string {
				return strings.Replace(body, `{"active":false}`, `{"active":true}`, 1)
			}),
			want: "active: want false, got true",
		},
		"keeps a second e-mail": {
			deltas: -1, // a later change could delete that user
			wrap:   rewriting(once(`"emails":[`, `"emails":[{"type":"home","value":"x@example.com"},`)),
			want:   "number of emails: want 1, got 2",
		},
		"returns the password": {
			profile: "okta",
			wrap: answering(func(r *http.Request, body string) string {
				if r.Method == http.MethodGet {
					return strings.Replace(body, `"userName":`, `"password":"1mz050nq","userName":`, 1)
				}
				return body
			}),
			want: "password: want absent",
		},
		"keeps who was deleted": {
			wrap: func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodDelete {
						w.WriteHeader(http.StatusNoContent)
						return
					}
					next.ServeHTTP(w, r)
				})
			},
			want: "want absent, got \"present, with id",
		},
		"leaves a user out of the list": {
			wrap: answering(func(r *http.Request, body string) string {
				if r.Method == http.MethodGet && strings.Contains(r.URL.RawQuery, "startIndex=1&") {
					return strings.Replace(body, `"externalId":"1d951d95`, `"externalId":"another`, 1)
				}
				return body
			}),
			want: "got absent",
		},
		"shows wrong groups of a user": {
			wrap: answering(func(r *http.Request, body string) string {
				if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/Users/") {
					return strings.Replace(body, `"groups":`, `"group":`, 1)
				}
				return body
			}),
			want: "groups: want \"k8s-platform-users: true\", got false",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			report := run(t, idpsim.Config{Profile: test.profile, URL: newServer(t, test.wrap), GroupPrefix: "k8s-", Users: 40, Groups: 4, Deltas: cmp.Or(test.deltas, 120), Verify: true})
			if report.OK() || report.Verification.Differences == 0 || len(report.Verification.First) == 0 {
				t.Fatalf("no difference was found:\n%s", describe(report))
			}
			if got := describe(report); !strings.Contains(got, test.want) {
				t.Errorf("the summary does not say %q:\n%s", test.want, got)
			}
		})
	}
}

func TestFailedRequestsAreReported(t *testing.T) {
	var n atomic.Int64
	url := newServer(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && n.Add(1)%10 == 0 {
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"500","detail":"the store is on fire"}`)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	report := run(t, idpsim.Config{URL: url, Users: 50, Groups: -1, Deltas: -1})
	if report.Failed != 5 || report.OK() || report.Statuses["POST 500"] != 5 {
		t.Fatalf("failed %d requests, want 5:\n%s", report.Failed, describe(report))
	}
	f := report.Failures[0]
	if f.Kind != "create user" || f.Status != 500 || f.Count != 5 || len(f.Examples) != 3 {
		t.Errorf("failure = %+v", f)
	}
	example := f.Examples[0]
	if example.Detail != "the store is on fire" || example.Request != "POST "+url+"/Users" || !strings.Contains(example.Body, `"displayName"`) {
		t.Errorf("example = %+v", example)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	tests := map[string]struct {
		status      int
		refuse      int64 // how many requests
		wantRetries int
		wantFailed  int
	}{
		"429":                 {status: http.StatusTooManyRequests, refuse: 1, wantRetries: 1},
		"503":                 {status: http.StatusServiceUnavailable, refuse: 2, wantRetries: 2},
		"503 that never ends": {status: http.StatusServiceUnavailable, refuse: 1 << 40, wantRetries: 2, wantFailed: 1},
		"500 is not repeated": {status: http.StatusInternalServerError, refuse: 1, wantFailed: 1},
		"nothing is refused":  {status: http.StatusServiceUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits
			var n atomic.Int64
			url := newServer(t, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if n.Add(1) <= test.refuse {
						w.Header().Set("Retry-After", "1")
						w.WriteHeader(test.status)
						return
					}
					next.ServeHTTP(w, r)
				})
			})
			started := time.Now()
			report := run(t, idpsim.Config{URL: url, Phase: idpsim.PhaseTest, MaxRetries: 2})
			if report.Retries != test.wantRetries || report.Failed != test.wantFailed {
				t.Errorf("retries %d, failed %d; want %d, %d", report.Retries, report.Failed, test.wantRetries, test.wantFailed)
			}
			if waited := time.Since(started); waited < time.Duration(test.wantRetries)*time.Second {
				t.Errorf("waited %s before %d retries", waited, test.wantRetries)
			}
		})
	}
}
