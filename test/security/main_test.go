// Package security tries every attack of docs/security.md on a real API server,
// with the manifests of config/default and the operator in its own, real rights.
//
// Each attack is tried twice: with its protection, when it must be refused for
// that very reason, and without, when it must succeed. So a test that would
// pass whatever protects cannot be among them.
package security

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// eventually is how long a test waits for what must come.
const eventually = 30 * time.Second

// served is the namespace whose syncs the operator serves.
const served = "identity"

var (
	admin  client.WithWatch // system:masters
	config *rest.Config
	scheme = runtime.NewScheme()
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	ctrllog.SetLogger(logr.Discard())
	cluster, err := controlplane.Start()
	if err != nil {
		return failed("starting the control plane", err)
	}
	defer func() { _ = cluster.Stop() }()
	// It aggregates ClusterRoles and collects garbage.
	if err := cluster.StartControllerManager(); err != nil {
		return failed("starting kube-controller-manager", err)
	}
	config = cluster.Config
	if admin, err = client.NewWithWatch(config, client.Options{Scheme: scheme}); err != nil {
		return failed("making a client", err)
	}
	if err := install(cluster); err != nil {
		return failed("installing", err)
	}
	o, err := startOperator()
	if err != nil {
		return failed("starting the operator", err)
	}
	scim = o
	defer func() { scim.stop() }()
	return m.Run()
}

func failed(what string, err error) int {
	fmt.Fprintln(os.Stderr, what+":", err)
	return 1
}

// install applies what an admin applies.
func install(cluster *controlplane.ControlPlane) error {
	dir, err := os.MkdirTemp("", "rollcall-security-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	kubeconfig := filepath.Join(dir, "admin.conf")
	if err := os.WriteFile(kubeconfig, cluster.Env.KubeConfig, 0o600); err != nil {
		return err
	}
	ctx := context.Background()
	if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: served}}); err != nil {
		return err
	}
	for _, directory := range []string{"config/default", "config/samples/tokens"} {
		kubectl := exec.CommandContext(ctx, filepath.Join(controlplane.Assets(), "kubectl"),
			"--kubeconfig", kubeconfig, "apply", "--server-side", "--force-conflicts", "-k", filepath.Join(controlplane.Root(), directory))
		if output, err := kubectl.CombinedOutput(); err != nil {
			return fmt.Errorf("kubectl apply -k %s: %w\n%s", directory, err, output)
		}
	}
	return nil
}

// within waits until check has nothing to complain about.
func within(t *testing.T, what string, check func() (complaint string)) {
	t.Helper()
	for deadline := time.Now().Add(eventually); ; time.Sleep(50 * time.Millisecond) {
		complaint := check()
		if complaint == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %s", what, eventually, complaint)
		}
	}
}

func create(t *testing.T, o client.Object) {
	t.Helper()
	if err := admin.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// namespace makes a namespace that no other test uses.
func namespace(t *testing.T, labels map[string]string) string {
	t.Helper()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "team-", Labels: labels}}
	create(t, n)
	return n.Name
}
