package replica

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
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

const (
	// SyncNamespace is where syncs are: config/samples/tokens lets the operator
	// read their tokens there.
	SyncNamespace = "identity"
	// OperatorNamespace is the operator's own, in config/default.
	OperatorNamespace = "rollcall-system"

	// tokenLifetime is how long the operator's credentials last.
	tokenLifetime = 24 * time.Hour
)

// Cluster is a control plane with the manifests of config/default.
type Cluster struct {
	*controlplane.ControlPlane
	Admin client.WithWatch
	// Operator are the credentials of the operator's ServiceAccount.
	Operator APIServer
}

// NewScheme knows the kinds of Kubernetes and of this project.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	return scheme, errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme))
}

// StartCluster makes SyncNamespace and other namespaces. It is to be followed by
// Stop, unless there is an error.
func StartCluster(ctx context.Context, namespaces []string, configure ...func(*envtest.Environment)) (*Cluster, error) {
	plane, err := controlplane.Start(configure...)
	if err != nil {
		return nil, fmt.Errorf("starting the control plane (`make controlplane` builds it): %w", err)
	}
	c := &Cluster{ControlPlane: plane}
	if err := c.install(ctx, append(namespaces, SyncNamespace)); err != nil {
		return nil, errors.Join(fmt.Errorf("preparing the control plane: %w", err), plane.Stop())
	}
	return c, nil
}

// EtcdURL is where etcd serves clients.
func (c *Cluster) EtcdURL() string { return c.Env.ControlPlane.Etcd.URL.String() }

func (c *Cluster) install(ctx context.Context, namespaces []string) error {
	scheme, err := NewScheme()
	if err != nil {
		return err
	}
	if c.Admin, err = client.NewWithWatch(c.Config, client.Options{Scheme: scheme}); err != nil {
		return err
	}
	for _, name := range namespaces {
		if err := c.Admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	if err := c.apply(ctx); err != nil {
		return err
	}
	token, err := OperatorToken(ctx, c.Admin)
	c.Operator = APIServer{Host: c.Config.Host, CA: c.Config.CAData, Token: token}
	return err
}

func (c *Cluster) apply(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "rollcall-cluster-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	kubeconfig := filepath.Join(dir, "admin.conf")
	if err := os.WriteFile(kubeconfig, c.Env.KubeConfig, 0o600); err != nil {
		return err
	}
	return Apply(ctx, kubeconfig)
}

// Apply does what an admin does, who has a kubeconfig: it installs the manifests of
// config/default, and lets the operator read the tokens in SyncNamespace, which
// must be there.
func Apply(ctx context.Context, kubeconfig string) error {
	for _, directory := range []string{"config/default", "config/samples/tokens"} {
		kubectl := exec.CommandContext(ctx, filepath.Join(controlplane.Assets(), "kubectl"),
			"--kubeconfig", kubeconfig, "apply", "--server-side", "--force-conflicts", "-k", filepath.Join(controlplane.Root(), directory))
		if output, err := kubectl.CombinedOutput(); err != nil {
			return fmt.Errorf("kubectl apply -k %s: %w\n%s", directory, err, output)
		}
	}
	return nil
}

// OperatorToken gives the operator's ServiceAccount a token, as a Pod gets it.
func OperatorToken(ctx context.Context, admin client.Client) (string, error) {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: OperatorNamespace, Name: "rollcall"}}
	seconds := int64(tokenLifetime / time.Second)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	err := admin.SubResource("token").Create(ctx, account, request)
	return request.Status.Token, err
}

// CreateSync makes a sync with one token, whose groups may be bound anywhere.
func (c *Cluster) CreateSync(ctx context.Context, name, bearer string) error {
	meta := metav1.ObjectMeta{Namespace: SyncNamespace, Name: name}
	if err := c.Admin.Create(ctx, &corev1.Secret{ObjectMeta: meta, StringData: map[string]string{"token": bearer}}); err != nil {
		return err
	}
	return c.Admin.Create(ctx, &v1alpha1.IdentityProviderSync{ObjectMeta: meta, Spec: v1alpha1.IdentityProviderSyncSpec{
		Tokens:            []v1alpha1.Token{{Name: "one", SecretRef: v1alpha1.SecretKeyReference{Name: name}}},
		AllowedNamespaces: &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll},
	}})
}
