package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
)

func TestTheDefaultsAreThePodsOwnNamespace(t *testing.T) {
	t.Setenv("POD_NAMESPACE", "rollcall-system")
	o := &options{}
	o.register(pflag.NewFlagSet("rollcall", pflag.ContinueOnError))
	if diff := cmp.Diff([]string{"rollcall-system"}, o.config.SyncNamespaces); diff != "" || o.config.LeaderElectionNamespace != "rollcall-system" {
		t.Errorf("served are %v, the Lease is in %q", o.config.SyncNamespaces, o.config.LeaderElectionNamespace)
	}
}

// TestFlagsAreDocumented: docs/flags.md has a row for each, with its default, and no other.
func TestFlagsAreDocumented(t *testing.T) {
	t.Setenv("POD_NAMESPACE", "")
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "flags.md"))
	if err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("rollcall", pflag.ContinueOnError)
	(&options{}).register(flags)
	rows := strings.Count(string(page), "\n| `--")
	flags.VisitAll(func(f *pflag.Flag) {
		rows--
		row := "\n| `--" + f.Name + "` | "
		if f.DefValue != "" && f.DefValue != "[]" {
			row += "`" + f.DefValue + "` |"
		}
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/flags.md has no row that begins with %q", strings.TrimSpace(row))
		}
	})
	if rows != 0 {
		t.Errorf("docs/flags.md has %+d rows more than there are flags", rows)
	}
}

func TestTheProgramSaysWhatIsWrong(t *testing.T) {
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	const somewhere = `{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"http://127.0.0.1:1"}}],
		"contexts":[{"name":"c","context":{"cluster":"c","user":""}}],"current-context":"c"}`
	if err := os.WriteFile(kubeconfig, []byte(somewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		flags []string
		says  string
	}{
		"an unknown flag":           {[]string{"--port=1"}, "unknown flag: --port"},
		"an argument":               {[]string{"serve"}, "unknown command"},
		"a log level":               {[]string{"--log-level=loud"}, "use debug, info, warn or error"},
		"no such kubeconfig":        {[]string{"--kubeconfig=no-such-file"}, "no-such-file"},
		"no namespace to serve":     {[]string{"--kubeconfig", kubeconfig}, "set --sync-namespaces or POD_NAMESPACE"},
		"all namespaces and one":    {[]string{"--kubeconfig", kubeconfig, "--sync-namespaces=*,a"}, "not both"},
		"no name of a namespace":    {[]string{"--kubeconfig", kubeconfig, "--sync-namespaces=A_b"}, `"A_b" is no name of a namespace`},
		"no namespace for a Lease":  {[]string{"--kubeconfig", kubeconfig, "--sync-namespaces=a"}, "--leader-election-namespace"},
		"a certificate without key": {[]string{"--kubeconfig", kubeconfig, "--sync-namespaces=a", "--leader-elect=false", "--tls-cert-file=tls.crt"}, "go together"},
		"few bytes of bodies":       {[]string{"--kubeconfig", kubeconfig, "--sync-namespaces=a", "--leader-elect=false", "--max-concurrent-body-bytes=1000000"}, "one sync gets half of them"},
		"a negative delay":          {[]string{"--kubeconfig", kubeconfig, "--sync-namespaces=a", "--leader-elect=false", "--shutdown-delay=-1s"}, "cannot be negative"},
		"an external URL":           {[]string{"--kubeconfig", kubeconfig, "--sync-namespaces=a", "--leader-elect=false", "--external-url=scim"}, "must look like https://scim.example.com"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("POD_NAMESPACE", "")
			program := command()
			program.SetArgs(test.flags)
			program.SetErr(&bytes.Buffer{})
			if err := program.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error that says %q", err, test.says)
			}
		})
	}
}

// TestAPodKnowsItsNamespace: selectors of bindings must not reach it.
func TestAPodKnowsItsNamespace(t *testing.T) {
	t.Setenv("POD_NAMESPACE", "")
	t.Setenv("KUBECONFIG", "")
	t.Setenv("KUBERNETES_SERVICE_HOST", "192.0.2.1")
	for flag, says := range map[string]string{
		"--log-level=info":              "set POD_NAMESPACE or --operator-namespace",
		"--operator-namespace=rollcall": "no way to reach an API server", // which this test is not in
	} {
		program := command()
		program.SetArgs([]string{"--sync-namespaces=a", "--leader-elect=false", flag})
		program.SetErr(&bytes.Buffer{})
		if err := program.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want an error that says %q", flag, err, says)
		}
	}
}

func TestVersion(t *testing.T) {
	var printed bytes.Buffer
	program := command()
	program.SetArgs([]string{"version"})
	program.SetOut(&printed)
	if err := program.Execute(); err != nil {
		t.Fatal(err)
	}
	want := "rollcall development\ncommit unknown\n" + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + "\n"
	if diff := cmp.Diff(want, printed.String()); diff != "" {
		t.Error(diff)
	}
}
