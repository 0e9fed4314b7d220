package idpsim_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/idpsim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const token = "a-token-of-at-least-thirty-two-bytes"

// newServer serves the real handler over HTTP, wrapped in what a test wants to
// go wrong.
func newServer(t testing.TB, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	var h http.Handler = handler.New(handler.Options{
		Store: memory.New(),
		Types: []*schema.ResourceType{schema.UserType(), schema.GroupType()},
		Authenticate: func(_ context.Context, given string) error {
			if given != token {
				return handler.InvalidToken()
			}
			return nil
		},
	})
	if wrap != nil {
		h = wrap(h)
	}
	server := httptest.NewServer(http.StripPrefix("/team/idp/scim/v2", h))
	t.Cleanup(server.Close)
	return server.URL + "/team/idp/scim/v2"
}

func run(t *testing.T, c idpsim.Config) *idpsim.Report {
	t.Helper()
	c.Token = token
	report, err := idpsim.Run(t.Context(), c)
	if err != nil {
		t.Fatalf("Run: %v\n%s", err, describe(report))
	}
	return report
}

// describe is the summary that a user would see.
func describe(r *idpsim.Report) string {
	if r == nil {
		return "(no report)"
	}
	b := new(stringWriter)
	if err := r.WriteText(b); err != nil {
		return err.Error()
	}
	return string(*b)
}

type stringWriter []byte

func (w *stringWriter) Write(p []byte) (int, error) {
	*w = append(*w, p...)
	return len(p), nil
}

func TestEveryProfileAgainstTheServer(t *testing.T) {
	for _, profile := range idpsim.Profiles() {
		t.Run(profile, func(t *testing.T) {
			c := idpsim.Config{Profile: profile, URL: newServer(t, nil), Users: 200, Groups: 20, Deltas: 400, GroupPrefix: "k8s-", Verify: true, Timeout: time.Minute}
			report := run(t, c)
			if !report.OK() {
				t.Fatalf("not clean:\n%s", describe(report))
			}
			if report.Verification.Users < 200 || report.Verification.Memberships < 200 {
				t.Errorf("verification compared too little: %+v", report.Verification)
			}
		})
	}
}
