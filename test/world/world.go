// Package world runs controllers on a real API server for their tests, as a
// user with the rights that their markers ask for, and plays everybody else:
// the SCIM server, GitOps, admins and tenants.
package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/test/controlplane"
	"github.com/rollcall-scim/rollcall/test/leak"
)

// OperatorNamespace is the operator's own.
const OperatorNamespace = "rollcall-system"

// Admin is a cluster admin.
var Admin client.WithWatch

// Options say what runs.
type Options struct {
	// Rules are the operator's rights, besides reading what the directory needs.
	Rules []rbacv1.PolicyRule
	// ByObject are options of the cache.
	ByObject map[client.Object]cache.ByObject
	// Register adds the controllers.
	Register func(ctx context.Context, m manager.Manager, sources *source.Sources) error
}

// Rule is a rule about one resource.
func Rule(group, resource string, verbs ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs}
}

// Main starts an API server and the controllers, and runs the tests.
func Main(m *testing.M, options Options) {
	log.SetLogger(logr.Discard())
	code, err := run(m, options)
	if code == 0 && err == nil {
		err = leak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M, options Options) (code int, err error) {
	controlPlane, err := controlplane.Start()
	if err != nil {
		return 1, err
	}
	defer func() { _ = controlPlane.Stop() }()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return 1, err
	}
	if Admin, err = client.NewWithWatch(controlPlane.Config, client.Options{Scheme: scheme}); err != nil {
		return 1, err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if err := createRole(ctx, options.Rules); err != nil {
		return 1, err
	}
	operator, err := controlPlane.Env.AddUser(envtest.User{Name: "rollcall"}, &rest.Config{QPS: -1})
	if err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	if err := start(ctx, operator.Config(), scheme, options, ended); err != nil {
		return 1, err
	}
	code = m.Run()
	stop()
	return code, <-ended
}

func start(ctx context.Context, config *rest.Config, scheme *runtime.Scheme, options Options, ended chan<- error) error {
	m, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:   cache.Options{ByObject: options.ByObject, DefaultTransform: cache.TransformStripManagedFields()},
	})
	if err != nil {
		return err
	}
	live, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	users, err := directory.New(ctx, directory.Options{Cache: m.GetCache(), Client: live, Logger: logr.Discard()})
	if err != nil {
		return err
	}
	sources := source.New(m.GetClient(), users)
	if err := sources.Register(ctx, m); err != nil {
		return err
	}
	if err := options.Register(ctx, m, sources); err != nil {
		return err
	}
	go func() { ended <- m.Start(ctx) }()
	if !m.GetCache().WaitForCacheSync(ctx) {
		return errors.New("the caches do not fill")
	}
	return nil
}

func createRole(ctx context.Context, rules []rbacv1.PolicyRule) error {
	const rollcall = "scim.rollcall.dev"
	rules = append(rules,
		Rule(rollcall, "identityprovidersyncs", "get", "list", "watch", "serve"), // serve tells the admission policies who this is
		Rule(rollcall, "users", "get", "list", "watch"), Rule(rollcall, "groups", "get", "list", "watch"),
		Rule(rollcall, "groupmemberslices", "get", "list", "watch"))
	if err := Admin.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "rollcall"}, Rules: rules}); err != nil {
		return err
	}
	return Admin.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "rollcall"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "rollcall"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "rollcall"}},
	})
}

// CreateNamespace makes a namespace with a name of its own.
func CreateNamespace(t testing.TB, prefix string, labels map[string]string) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: prefix, Labels: labels}}
	if err := Admin.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	return ns.Name
}
