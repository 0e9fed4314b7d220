package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// The namespaces that are used. config/samples/tokens lets the operator read
// the tokens of the syncs in the first.
const (
	syncNamespace     = "identity"
	bareNamespace     = "bare"     // what client-go writes for comparison
	bindingsNamespace = "payments" // what groups are bound in
)

// tokenLifetime is how long the operator's credentials last.
const tokenLifetime = 24 * time.Hour

// cluster is a control plane with the manifests of config/default.
type cluster struct {
	*controlplane.ControlPlane
	admin client.WithWatch
	// operator are the credentials of the operator's ServiceAccount.
	operator apiServer
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}

// startCluster is to be followed by Stop, unless there is an error.
func startCluster(ctx context.Context) (*cluster, error) {
	plane, err := controlplane.Start()
	if err != nil {
		return nil, fmt.Errorf("starting the control plane (`make controlplane` builds it): %w", err)
	}
	c := &cluster{ControlPlane: plane}
	if err := c.install(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the control plane: %w", err), plane.Stop())
	}
	return c, nil
}

func (c *cluster) etcdURL() string { return c.Env.ControlPlane.Etcd.URL.String() }

func (c *cluster) install(ctx context.Context) error {
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	if c.admin, err = client.NewWithWatch(c.Config, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	for _, name := range []string{syncNamespace, bareNamespace, bindingsNamespace} {
		if err := c.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	if err := c.apply(ctx, "config/default", "config/samples/tokens"); err != nil {
		return err
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "rollcall-system", Name: "rollcall"}}
	seconds := int64(tokenLifetime / time.Second)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	if err := c.admin.SubResource("token").Create(ctx, account, request); err != nil {
		return err
	}
	c.operator = apiServer{Host: c.Config.Host, CA: c.Config.CAData, Token: request.Status.Token}
	return nil
}

// apply does what an admin does.
func (c *cluster) apply(ctx context.Context, directories ...string) error {
	dir, err := os.MkdirTemp("", "rollcall-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	kubeconfig := filepath.Join(dir, "admin.conf")
	if err := os.WriteFile(kubeconfig, c.Env.KubeConfig, 0o600); err != nil {
		return err
	}
	for _, directory := range directories {
		kubectl := exec.CommandContext(ctx, filepath.Join(controlplane.Assets(), "kubectl"),
			"--kubeconfig", kubeconfig, "apply", "--server-side", "--force-conflicts", "-k", filepath.Join(controlplane.Root(), directory))
		if output, err := kubectl.CombinedOutput(); err != nil {
			return fmt.Errorf("kubectl apply -k %s: %w\n%s", directory, err, output)
		}
	}
	return nil
}
