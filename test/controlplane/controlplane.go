// Package controlplane starts a real etcd and kube-apiserver for tests, from
// the programs that hack/controlplane.sh builds, with the CRDs and
// admission policies of this project.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/rollcall-scim/rollcall/internal/admission"
)

// KubernetesVersion is the release under test; hack/controlplane.sh builds the same.
const KubernetesVersion = "1.36.3"

// ControlPlane is a running API server with its etcd.
type ControlPlane struct {
	// Config has cluster-admin rights and no client-side rate limit.
	Config *rest.Config
	// Env allows to stop, start and reconfigure its parts.
	Env *envtest.Environment

	kcm *exec.Cmd
}

// Root is the top of the repository.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Assets is the folder of the control plane's programs: KUBEBUILDER_ASSETS if
// set, else where hack/controlplane.sh puts them.
func Assets() string {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return dir
	}
	return filepath.Join(Root(), "bin", "kubernetes", KubernetesVersion)
}

// Start runs a control plane and installs the CRDs and admission policies. The
// API server enforces those about a second later. Call Stop on it. configure may
// change what is started.
func Start(configure ...func(*envtest.Environment)) (*ControlPlane, error) {
	env := &envtest.Environment{
		BinaryAssetsDirectory: Assets(),
		CRDDirectoryPaths:     []string{filepath.Join(Root(), "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	env.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.96.0.0/16")
	// An etcd that ends says why: after that the API server only times out.
	env.ControlPlane.Etcd = &envtest.Etcd{Err: stderr{os.Stderr}}
	env.ControlPlane.Etcd.Configure().Set("log-level", "panic")
	for _, change := range configure {
		change(env)
	}
	if err := enoughSpace(os.TempDir(), minFree); err != nil {
		return nil, err
	}
	config, err := env.Start()
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	if err := installAdmission(config); err != nil {
		return nil, errors.Join(fmt.Errorf("installing the admission policies: %w", err), env.Stop())
	}
	return &ControlPlane{Config: config, Env: env}, nil
}

// stderr hides the file, which a program that is left behind would keep open.
type stderr struct{ io.Writer }

// minFree is what an etcd of the tests may write, in bytes. It ends when the
// disk is full.
const minFree = 512 << 20

// enoughSpace tells a disk that is nearly full from whatever tests would fail
// with later.
func enoughSpace(dir string, need uint64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return err
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < need {
		return fmt.Errorf("%s has %d MiB free, and etcd may need %d: make room or set TMPDIR", dir, free>>20, need>>20)
	}
	return nil
}

func installAdmission(config *rest.Config) error {
	manifests, err := admission.Manifests()
	if err != nil {
		return err
	}
	c, err := client.New(config, client.Options{})
	if err != nil {
		return err
	}
	for _, object := range manifests {
		if err := c.Create(context.Background(), object); err != nil {
			return err
		}
	}
	return nil
}

// StartControllerManager runs kube-controller-manager too: garbage collection,
// namespace deletion, ServiceAccounts, each controller with rights of its own.
func (c *ControlPlane) StartControllerManager() error {
	user, err := c.Env.AddUser(envtest.User{Name: "controller-manager", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		return err
	}
	kubeconfig, err := user.KubeConfig()
	if err != nil {
		return err
	}
	path := filepath.Join(c.Env.ControlPlane.GetAPIServer().CertDir, "kube-controller-manager.conf")
	if err := os.WriteFile(path, kubeconfig, 0o600); err != nil {
		return err
	}
	c.kcm = exec.CommandContext(context.Background(), filepath.Join(Assets(), "kube-controller-manager"),
		"--kubeconfig", path, "--leader-elect=false", "--secure-port=0", "--use-service-account-credentials")
	return c.kcm.Start()
}

// Stop ends everything that Start and StartControllerManager started. A program
// that does not end when it is asked to is killed by envtest, which is no error
// here: nothing of it is kept. etcd sometimes does not.
func (c *ControlPlane) Stop() error {
	if c.kcm != nil {
		_ = c.kcm.Process.Kill()
		_ = c.kcm.Wait()
	}
	err := c.Env.Stop()
	if err != nil && killed.MatchString(err.Error()) {
		return nil
	}
	return err
}

// killed is the error of envtest for one program, or for several and nothing else.
var killed = regexp.MustCompile(`^\[?(timeout waiting for process \S+ to stop(, )?)+\]?$`)
