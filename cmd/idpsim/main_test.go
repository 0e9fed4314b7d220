package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/idpsim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

const token = "a-token-of-at-least-thirty-two-bytes"

func newServer(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(handler.New(handler.Options{
		Store: memory.New(),
		Types: []*schema.ResourceType{schema.UserType(), schema.GroupType()},
		Authenticate: func(_ context.Context, given string) error {
			if given != token {
				return handler.InvalidToken()
			}
			return nil
		},
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// execute runs the command line and gives its output, progress and error.
func execute(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, progress bytes.Buffer
	cmd := newCommand()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(&progress)
	err = cmd.ExecuteContext(t.Context())
	return out.String(), progress.String(), err
}

func TestSummary(t *testing.T) {
	t.Setenv("IDPSIM_TOKEN", token)
	url := newServer(t)
	out, progress, err := execute(t, "--url", url, "--users", "20", "--groups", "4", "--deltas", "10", "--verify")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"20 users, 4 groups, 40 memberships (seed 1), 10 deltas", "0 failed requests", "0 differences in ", "create user", "POST 201"} {
		if !strings.Contains(out, want) {
			t.Errorf("the summary does not say %q:\n%s", want, out)
		}
	}
	if !strings.Contains(progress, "users              20/20") {
		t.Errorf("progress = %q", progress)
	}
	out, progress, err = execute(t, "--url", url, "--users", "20", "--groups", "4", "--deltas", "10", "--cleanup", "--quiet", "-o", "json")
	if err != nil || progress != "" {
		t.Fatalf("%v\n%s%s", err, progress, out)
	}
	var report idpsim.Report
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if report.Removed == nil || report.Removed.Users < 20 || report.Removed.Groups == 0 {
		t.Errorf("removed %+v", report.Removed)
	}
}

func TestZeroMeansNone(t *testing.T) {
	out, _, err := execute(t, "--url", newServer(t), "--token", token, "--users", "3", "--groups", "0", "--deltas", "0", "-q")
	if err != nil || !strings.Contains(out, "3 users, 0 groups, 0 memberships (seed 1), 0 deltas") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestErrors(t *testing.T) {
	t.Setenv("IDPSIM_TOKEN", "")
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("another-token\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := newServer(t)
	tests := map[string]struct {
		args      []string
		want      string
		wantUsage bool
	}{
		"no URL":               {nil, "base URL is missing", true},
		"URL as argument":      {[]string{url}, "the SCIM base URL goes into --url", true},
		"unknown flag":         {[]string{"--uri", url}, "unknown flag", true},
		"unknown profile":      {[]string{"--url", url, "--profile", "google"}, "choose one of entra", true},
		"unknown output":       {[]string{"--url", url, "-o", "yaml"}, "choose text or json", true},
		"two tokens":           {[]string{"--url", url, "--token", token, "--token-file", file}, "not both", true},
		"no token file":        {[]string{"--url", url, "--token-file", file + "x"}, "reading the token", true},
		"no token":             {[]string{"--url", url}, "refused the token", false},
		"wrong token in file":  {[]string{"--url", url, "--token-file", file}, "refused the token", false},
		"no server":            {[]string{"--url", "http://127.0.0.1:1"}, "cannot be reached", false},
		"not where SCIM is":    {[]string{"--url", url + "/nothing/here", "--token", token}, "the connection test failed", false},
		"deltas before users":  {[]string{"--url", url, "--token", token, "--phase", "deltas"}, "run --phase initial first", false},
		"no certificates file": {[]string{"--url", url, "--ca-file", file}, "has no PEM certificate", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := execute(t, append(test.args, "-q")...)
			var usage usageError
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, &usage) != test.wantUsage {
				t.Errorf("err = %v; want %q, usage error %t", err, test.want, test.wantUsage)
			}
		})
	}
}

func TestAFailedRunIsAnError(t *testing.T) {
	url := newServer(t)
	args := []string{"--url", url, "--token", token, "--profile", "okta", "--users", "3", "--groups", "1", "--deltas", "0", "--group-prefix", "x", "-q"}
	if out, _, err := execute(t, append(args, "--seed", "2")...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, _, err := execute(t, args...)
	if !errors.Is(err, errNotOK) || !strings.Contains(out, "members that idpsim did not make") {
		t.Errorf("err = %v\n%s", err, out)
	}
}
