package rolebinding_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

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
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/rolebinding"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// operatorNamespace is the operator's own.
const operatorNamespace = "rollcall-system"

// formerRoleTime is how long a former role stays in these tests.
const formerRoleTime = 8 * time.Second

// guard holds removals for the syncs that ask for it.
var guard = removalguard.New(time.Now)

// cluster is where the programs of the control plane are; the client is an admin's.
var cluster struct {
	apiServer, etcd string
	client          *http.Client
}

// admin is a cluster admin; it plays the SCIM server, GitOps and everybody else.
var admin client.WithWatch

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run starts an API server and the controller, as a user with no more rights
// than the markers in controller.go ask for.
func run(m *testing.M) (code int, err error) {
	controlPlane, err := controlplane.Start()
	if err != nil {
		return 1, err
	}
	defer func() { _ = controlPlane.Stop() }()
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return 1, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return 1, err
	}
	if admin, err = client.NewWithWatch(controlPlane.Config, client.Options{Scheme: scheme}); err != nil {
		return 1, err
	}
	cluster.apiServer, cluster.etcd = controlPlane.Config.Host, controlPlane.Env.ControlPlane.Etcd.URL.String()
	if cluster.client, err = rest.HTTPClientFor(controlPlane.Config); err != nil {
		return 1, err
	}
	ctx, stop := context.WithCancel(context.Background())
	if err := createRoles(ctx); err != nil {
		stop()
		return 1, err
	}
	operator, err := controlPlane.Env.AddUser(envtest.User{Name: "rollcall"}, &rest.Config{QPS: -1})
	if err != nil {
		stop()
		return 1, err
	}
	ended := make(chan error, 1)
	if err := startController(ctx, operator.Config(), scheme, ended); err != nil {
		stop()
		return 1, err
	}
	code = m.Run()
	stop()
	return code, <-ended
}

func startController(ctx context.Context, config *rest.Config, scheme *runtime.Scheme, ended chan<- error) error {
	config = rest.CopyConfig(config)
	config.Wrap(watches.wrap)
	config.Wrap(requests.wrap)
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache: cache.Options{
			ByObject:         rolebinding.CacheOptions(),
			DefaultTransform: cache.TransformStripManagedFields(),
		},
	})
	if err != nil {
		return err
	}
	live, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	users, err := directory.New(ctx, directory.Options{Cache: mgr.GetCache(), Client: live, Logger: logr.Discard()})
	if err != nil {
		return err
	}
	sources := source.New(mgr.GetClient(), users)
	if err := sources.Register(ctx, mgr); err != nil {
		return err
	}
	controllers := rolebinding.New(rolebinding.Options{
		Client: mgr.GetClient(), Sources: sources, OperatorNamespace: operatorNamespace, Guard: guard, Gate: gate.problem, GateChanged: gate.changed,
		FormerRoleTime: formerRoleTime,
	})
	if err := controllers.Register(ctx, mgr); err != nil {
		return err
	}
	go func() { ended <- mgr.Start(ctx) }()
	if !mgr.GetCache().WaitForCacheSync(ctx) {
		return errors.New("the caches do not fill")
	}
	return nil
}

// createRoles makes the roles to bind, and the operator's own.
func createRoles(ctx context.Context) error {
	read := []string{"get", "list", "watch"}
	rule := func(group, resource string, verbs []string, names ...string) rbacv1.PolicyRule {
		return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: verbs, ResourceNames: names}
	}
	const rollcall = "scim.rollcall.dev"
	roles := map[string][]rbacv1.PolicyRule{
		"pod-reader":    {rule("", "pods", []string{"get"})},
		"pod-writer":    {rule("", "pods", []string{"get", "create"})},
		"secret-reader": {rule("", "secrets", []string{"get"})},
		"rollcall": {
			rule(rbacv1.GroupName, "clusterroles", []string{"bind"}, "pod-reader", "pod-writer", "not-yet"),
			rule(rbacv1.GroupName, "rolebindings", append([]string{"create", "update", "delete"}, read...)),
			rule(rbacv1.GroupName, "clusterrolebindings", append([]string{"create", "update", "delete"}, read...)),
			rule(rollcall, "clustergrouprolebindings", read),
			rule(rollcall, "clustergrouprolebindings/status", []string{"patch"}),
			rule(rollcall, "grouprolebindings", read), rule(rollcall, "identityprovidersyncs", append([]string{"serve"}, read...)),
			rule(rollcall, "users", read), rule(rollcall, "groups", read),
			rule(rollcall, "grouprolebindings/status", []string{"patch"}),
			rule(rollcall, "groupmemberslices", read), // the directory's
			rule("", "namespaces", read),
			rule("events.k8s.io", "events", []string{"create", "patch"}),
		},
	}
	for name, rules := range roles {
		if err := admin.Create(ctx, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}); err != nil {
			return err
		}
	}
	return admin.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "rollcall"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "rollcall"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "rollcall"}},
	})
}

func createNamespace(t testing.TB, labels map[string]string) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "team-", Labels: labels}}
	if err := admin.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	return ns.Name
}
