package integration

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// TestTheProgram runs cmd/rollcall itself, from a flag to its end.
func TestTheProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "rollcall")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version=v1.2.3", "-o", program, "./cmd/rollcall")
	build.Dir = controlplane.Root()
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, output)
	}
	if output, err := exec.CommandContext(t.Context(), program, "version").Output(); err != nil || !strings.HasPrefix(string(output), "rollcall v1.2.3\n") {
		t.Errorf("version printed %q, %v", output, err)
	}
	admin, err := env.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := admin.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	l, _ := newLine(t, restOf)
	kubeconfig = bytes.ReplaceAll(kubeconfig, []byte(l.target), []byte(l.listener.Addr().String()))
	file := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(file, kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	served, elsewhere := namespace(t), namespace(t)
	scim, probes, profiles := freeAddress(t), freeAddress(t), freeAddress(t)
	var log bytes.Buffer
	run := exec.CommandContext(t.Context(), program, "--kubeconfig", file, "--sync-namespaces", served,
		"--scim-bind-address", scim, "--health-probe-bind-address", probes, "--metrics-bind-address", "0", "--pprof-bind-address", profiles,
		"--external-url", "https://scim.example.com", "--provisioning-log", "off", "--leader-election-namespace", served)
	run.Stderr = &log
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	within(t, "ready", func() string {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+probes+"/readyz", nil)
		if err != nil {
			return err.Error()
		}
		got, err := transport.Do(rq)
		if err != nil {
			return err.Error()
		}
		_ = got.Body.Close()
		if got.StatusCode != http.StatusOK {
			return got.Status
		}
		return ""
	})

	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+profiles+"/debug/pprof/heap", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := transport.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	if got.StatusCode != http.StatusOK {
		t.Errorf("a profile of the heap: %s", got.Status)
	}

	// The two operators of all tests serve every namespace, this program one.
	s := syncOf(served)
	s.Spec.Tokens[0].Generate = true
	create(t, s)
	f := fixture{namespace: served}
	f.wantReady(t, "True", "Serving", "")
	made := &corev1.Secret{}
	if err := kube.Get(t.Context(), f.key("scim"), made); err != nil {
		t.Fatal(err)
	}
	f.bearer = string(made.Data["token"])
	c := f.at("http://" + scim)
	within(t, "the endpoint is open", statusOf(t, c, 200))
	location := c.want(t, 201, "POST", "/Users", user("alice")).Header.Get("Location")
	if want := "https://scim.example.com/" + served + "/idp/scim/v2/Users/"; !strings.HasPrefix(location, want) {
		t.Errorf("Location is %s, want it to begin with %s", location, want)
	}
	create(t, secret(elsewhere, "scim", f.bearer))
	create(t, syncOf(elsewhere))
	other := fixture{namespace: elsewhere, bearer: f.bearer}
	within(t, "another replica serves the other namespace", statusOf(t, other.on(0), 200))
	other.at("http://"+scim).want(t, 401, "GET", "/Users", "")

	// A dead connection is noticed, though nobody closes it: by the watches,
	// and in time to stay the leader.
	l.die()
	died := time.Now()
	update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) { s.Spec.State = v1alpha1.SyncPaused })
	within(t, "the change is noticed", statusOf(t, c, 503))
	if took := time.Since(died); took > 15*time.Second {
		t.Errorf("a change was noticed %s after the connection died", took)
	}

	if err := run.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v\n%s", err, log.String())
		}
	case <-time.After(eventually):
		t.Errorf("it does not end\n%s", log.String())
	}
	if strings.Contains(log.String(), f.bearer) || strings.Contains(log.String(), "alice") {
		t.Error("the log has a token or a name")
	}
	for line := range strings.Lines(log.String()) {
		if !strings.HasPrefix(line, "{") {
			t.Errorf("a line of the log is no JSON: %s", line)
		}
	}
}

// freeAddress is an address nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return fmt.Sprint(listener.Addr())
}
