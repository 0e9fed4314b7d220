package integration

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/operator"
	"github.com/rollcall-scim/rollcall/internal/token"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// cluster is a control plane that no other test's operators act on.
type cluster struct {
	*controlplane.ControlPlane
	fixture
	kube       client.Client
	program    string // cmd/rollcall, built
	kubeconfig string
}

// newCluster has a sync, and a group that is bound in its namespace.
func newCluster(t *testing.T) *cluster {
	t.Helper()
	cp, err := controlplane.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cp.Stop() })
	c := &cluster{ControlPlane: cp, fixture: fixture{namespace: "identity", bearer: token.Generate()}}
	if c.kube, err = client.New(cp.Config, client.Options{Scheme: scheme()}); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	c.program, c.kubeconfig = filepath.Join(dir, "rollcall"), filepath.Join(dir, "kubeconfig")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", c.program, "./cmd/rollcall")
	build.Dir = controlplane.Root()
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, output)
	}
	admin, err := cp.Env.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := admin.KubeConfig()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c.kubeconfig, kubeconfig, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: c.namespace}},
		secret(c.namespace, "scim", c.bearer), syncOf(c.namespace),
		&v1alpha1.GroupRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: c.namespace, Name: "admins"},
			Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{
				GroupRefs: []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Name: "idp"}, DisplayName: "admins"}},
				RoleRef:   &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"},
			}},
		},
	} {
		if err := c.kube.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// bound waits until the namespace's RoleBindings name somebody, or do not.
func (c *cluster) bound(t *testing.T, name string, want bool) {
	t.Helper()
	within(t, fmt.Sprintf("%s is bound: %t", name, want), func() string {
		var list rbacv1.RoleBindingList
		if err := c.kube.List(t.Context(), &list, client.InNamespace(c.namespace)); err != nil {
			return err.Error()
		}
		found := false
		for _, b := range list.Items {
			for _, s := range b.Subjects {
				found = found || s.Name == name
			}
		}
		if found != want {
			return fmt.Sprintf("%d RoleBindings", len(list.Items))
		}
		return ""
	})
}

// process is cmd/rollcall as it runs.
type process struct {
	*exec.Cmd
	scim, probes string
	ended        chan error

	mu  sync.Mutex
	log strings.Builder
}

// Write takes its log.
func (p *process) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.Write(line)
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// leads tells whether it leads now: on a busy machine it may have lost the lead
// in between.
func (p *process) leads() bool {
	said := p.said()
	return strings.Count(said, "this replica leads") > strings.Count(said, "the controllers have been stopped")
}

func (p *process) ready(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.probes+"/readyz", nil)
	if err != nil {
		return false
	}
	got, err := http.DefaultClient.Do(rq)
	if err != nil {
		return false
	}
	_ = got.Body.Close()
	return got.StatusCode == http.StatusOK
}

// run starts a replica in a process of its own and waits until it is ready.
func (c *cluster) run(t *testing.T) *process {
	t.Helper()
	p := &process{scim: freeAddress(t), probes: freeAddress(t), ended: make(chan error, 1)}
	p.Cmd = exec.CommandContext(t.Context(), c.program, "--kubeconfig", c.kubeconfig, "--sync-namespaces", c.namespace,
		"--leader-election-namespace", c.namespace, "--scim-bind-address", p.scim, "--health-probe-bind-address", p.probes, "--metrics-bind-address", "0")
	p.Stderr = p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.ended <- p.Wait() }()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		if t.Failed() {
			t.Logf("the replica at %s said:\n%s", p.scim, p.said())
		}
	})
	within(t, "a replica is ready", func() string {
		if !p.ready(t.Context()) {
			return "not yet: " + p.said()
		}
		return ""
	})
	return p
}

// TestReplicasComeAndGo kills and restarts processes behind a balancer that
// sends requests to whoever is ready, as a Service does.
func TestReplicasComeAndGo(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	leader := c.run(t)
	within(t, "the first leads", func() string {
		if !leader.leads() {
			return "not yet: " + leader.said()
		}
		return ""
	})
	other := c.run(t)
	through := func(p *process) scimClient { return c.at("http://" + p.scim) }
	for _, p := range []*process{leader, other} {
		within(t, "the endpoint is open", func() string {
			if got, err := through(p).try(t, "GET", "/Users", ""); err != nil || got.Status != 200 {
				return fmt.Sprintf("%v, got %d %s\n%s", err, got.Status, got.Body, p.said())
			}
			return ""
		})
	}
	alice, bob := through(other).newUser(t, "alice"), through(leader).newUser(t, "bob")
	admins := through(other).newGroup(t, "admins", alice)
	c.bound(t, "alice", true)

	if other.leads() {
		leader, other = other, leader
	}
	// Killed: another replica follows when the Lease has run out.
	killed := time.Now()
	if err := leader.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-leader.ended; err == nil {
		t.Error("it ended by itself")
	}
	through(other).want(t, 200, "PATCH", "/Groups/"+admins, removeMember(alice))
	through(other).want(t, 200, "PATCH", "/Groups/"+admins, addMembers(bob))
	c.bound(t, "alice", false)
	revoked := time.Since(killed)
	c.bound(t, "bob", true)
	t.Logf("AVAILABILITY leader=killed revoked_after=%s goal=8s", revoked.Round(time.Millisecond))

	// Stopped: the Lease is given away at once, and no request fails.
	within(t, "the other leads", func() string {
		if !other.leads() {
			return "not yet: " + other.said()
		}
		return ""
	})
	leader, other = other, c.run(t)
	load := c.balance(t, leader, other)
	stopped := time.Now()
	if err := leader.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	within(t, "the other leads", func() string {
		if !other.leads() {
			return "not yet: " + other.said()
		}
		return ""
	})
	handed := time.Since(stopped)
	through(other).want(t, 200, "PATCH", "/Groups/"+admins, removeMember(bob))
	c.bound(t, "bob", false)
	projected := time.Since(stopped)
	if leader.ready(t.Context()) {
		t.Error("a replica that stops is still ready")
	}
	select {
	case err := <-leader.ended:
		if err != nil {
			t.Errorf("it ended with %v\n%s", err, leader.said())
		}
	case <-time.After(2 * eventually):
		t.Errorf("it does not end\n%s", leader.said())
	}
	ended := time.Since(stopped)
	answered, failures := load()
	for _, failure := range failures {
		t.Errorf("during a restart: %s", failure)
	}
	t.Logf("AVAILABILITY leader=stopped handed_over_after=%s revoked_after=%s ended_after=%s answered=%d failed=%d",
		handed.Round(time.Millisecond), projected.Round(time.Millisecond), ended.Round(time.Millisecond), answered, len(failures))
}

// balance sends requests from several clients, each to some replica that was
// ready a moment ago, without ever trying one again.
func (c *cluster) balance(t *testing.T, replicas ...*process) (stop func() (answered int, failures []string)) {
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	var all sync.WaitGroup
	var failures []string
	answered, ready := 0, replicas
	look := func() {
		var now []*process
		for _, p := range replicas {
			if p.ready(ctx) {
				now = append(now, p)
			}
		}
		mu.Lock()
		ready = now
		mu.Unlock()
	}
	all.Go(func() {
		for ctx.Err() == nil {
			look()
			time.Sleep(100 * time.Millisecond)
		}
	})
	for worker := range 8 {
		all.Go(func() {
			for i := worker; ctx.Err() == nil; i++ {
				mu.Lock()
				to := ready[i%len(ready)]
				mu.Unlock()
				got, err := c.at("http://"+to.scim).try(t, "GET", "/Users", "")
				if i%4 == 0 {
					got, err = c.at("http://"+to.scim).try(t, "POST", "/Users", user(fmt.Sprintf("u-%d-%d", worker, i)))
				}
				mu.Lock()
				if answered++; err != nil || got.Status/100 != 2 {
					failures = append(failures, fmt.Sprintf("%v %d %s", err, got.Status, got.Body))
				}
				mu.Unlock()
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	return func() (int, []string) {
		cancel()
		all.Wait()
		return answered, failures
	}
}

// TestALeaderThatCannotRenew stops to act, goes on to serve, and leads again.
func TestALeaderThatCannotRenew(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	l, through := newLine(t, c.Config)
	var mu sync.Mutex
	var log strings.Builder
	ctx, cancel := context.WithCancel(t.Context())
	o, err := operator.New(ctx, operator.Config{
		REST: through, SyncNamespaces: []string{c.namespace}, LeaderElect: true, LeaderElectionNamespace: c.namespace,
		SCIMAddress: "127.0.0.1:0", MetricsAddress: "0", ProbeAddress: "0",
		Log: funcr.New(func(_, args string) {
			mu.Lock()
			defer mu.Unlock()
			log.WriteString(args + "\n")
		}, funcr.Options{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	says := func(what string, times int) {
		t.Helper()
		within(t, what, func() string {
			mu.Lock()
			defer mu.Unlock()
			if got := strings.Count(log.String(), what); got < times {
				return fmt.Sprintf("said %d times", got)
			}
			return ""
		})
	}
	says("this replica leads", 1)
	within(t, "it serves", func() string {
		if o.SCIMAddress() == "" {
			return "not yet"
		}
		return ""
	})
	scim := c.at("http://" + o.SCIMAddress())
	within(t, "the endpoint is open", statusOf(t, scim, 200))
	alice := scim.newUser(t, "alice")
	admins := scim.newGroup(t, "admins", alice)
	c.bound(t, "alice", true)

	var goroutines [3]int
	for round := range goroutines {
		l.set(cut)
		says("the controllers have been stopped", round+1)
		if got, err := scim.try(t, "POST", "/Users", user("nobody")); err != nil || got.Status != 503 || got.Header.Get("Retry-After") == "" {
			t.Errorf("without an API server: %v, got %d %s", err, got.Status, got.Body)
		}
		l.set(whole)
		says("this replica leads", round+2)
		within(t, "it answers again", statusOf(t, scim, 200))
		scim.want(t, 200, "PATCH", "/Groups/"+admins, removeMember(alice))
		c.bound(t, "alice", false)
		scim.want(t, 200, "PATCH", "/Groups/"+admins, addMembers(alice))
		c.bound(t, "alice", true)
		goroutines[round] = runtime.NumGoroutine()
	}
	t.Logf("AVAILABILITY leader=cut_off goroutines_after_each_term=%v", goroutines)
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}
