package scale

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/token"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// The namespaces that are used. config/samples/tokens lets the operator read
// the tokens of the syncs in the first.
const (
	syncNamespace     = "identity"
	bindingsNamespace = "payments" // what groups are bound in
	operatorNamespace = "rollcall-system"
)

const (
	syncName = "scale"
	// tokenLifetime is how long the operator's credentials last.
	tokenLifetime = 24 * time.Hour
	// quota is the most that etcd's documentation suggests for its database.
	quota = 8 << 30
)

// cluster is a control plane with the manifests of config/default.
type cluster struct {
	*controlplane.ControlPlane
	admin client.WithWatch
	// operator are the credentials of the operator's ServiceAccount.
	operator apiServer
	etcd     etcd
	bearer   string // of the sync
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}

// startCluster is to be followed by Stop, unless there is an error.
func startCluster(ctx context.Context) (*cluster, error) {
	plane, err := controlplane.Start(func(env *envtest.Environment) {
		env.ControlPlaneStopTimeout = stopTimeout // etcd has much to close
		env.ControlPlane.Etcd = &envtest.Etcd{}
		env.ControlPlane.Etcd.Configure().Set("quota-backend-bytes", fmt.Sprint(quota))
	})
	if err != nil {
		return nil, fmt.Errorf("starting the control plane (`make controlplane` builds it): %w", err)
	}
	c := &cluster{ControlPlane: plane, etcd: etcd(plane.Env.ControlPlane.Etcd.URL.String()), bearer: token.Generate()}
	if err := c.install(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the control plane: %w", err), plane.Stop())
	}
	return c, nil
}

func (c *cluster) install(ctx context.Context) error {
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	if c.admin, err = client.NewWithWatch(c.Config, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	for _, name := range []string{syncNamespace, bindingsNamespace} {
		if err := c.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	if err := c.apply(ctx, "config/default", "config/samples/tokens"); err != nil {
		return err
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: "rollcall"}}
	seconds := int64(tokenLifetime / time.Second)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	if err := c.admin.SubResource("token").Create(ctx, account, request); err != nil {
		return err
	}
	c.operator = apiServer{Host: c.Config.Host, CA: c.Config.CAData, Token: request.Status.Token}
	meta := metav1.ObjectMeta{Namespace: syncNamespace, Name: syncName}
	if err := c.admin.Create(ctx, &corev1.Secret{ObjectMeta: meta, StringData: map[string]string{"token": c.bearer}}); err != nil {
		return err
	}
	return c.admin.Create(ctx, &v1alpha1.IdentityProviderSync{ObjectMeta: meta, Spec: v1alpha1.IdentityProviderSyncSpec{
		Provider:          v1alpha1.ProviderEntraID,
		Tokens:            []v1alpha1.Token{{Name: "one", SecretRef: v1alpha1.SecretKeyReference{Name: syncName}}},
		AllowedNamespaces: &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll},
	}})
}

// apply does what an admin does.
func (c *cluster) apply(ctx context.Context, directories ...string) error {
	dir, err := os.MkdirTemp("", "rollcall-scale-")
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

// residentOf is the memory of a program that this process has started; 0 if it
// cannot be told here.
func residentOf(program string) float64 {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	total := 0.0
	for _, process := range processes {
		id := process.Name()
		stat, err := os.ReadFile(filepath.Join("/proc", id, "stat"))
		if err != nil { // no process, or it has ended
			continue
		}
		// id (program) state parent …; the program is cut at 15 characters.
		name, rest, _ := strings.Cut(string(stat), ") ")
		_, name, _ = strings.Cut(name, "(")
		fields := strings.Fields(rest)
		if name == program && len(fields) > 1 && fields[1] == fmt.Sprint(os.Getpid()) {
			now, _ := resident(id)
			total += now
		}
	}
	return total
}
