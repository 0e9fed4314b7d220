package labels_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/labels"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/mapping"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
	"github.com/rollcall-scim/rollcall/test/controlplane"
	"github.com/rollcall-scim/rollcall/test/leak"
)

var (
	admin client.Client // plays everybody else
	// users and groups of all syncs, as the SCIM server writes them
	stored *directory.Directory
	syncs  client.Reader
	known  = &mapping.Cache{}
)

func TestMain(m *testing.M) {
	log.SetLogger(logr.Discard())
	code, err := run(m)
	if code == 0 && err == nil {
		err = leak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	cp, err := controlplane.Start()
	if err != nil {
		return 1, err
	}
	defer func() { _ = cp.Stop() }()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return 1, err
		}
	}
	if admin, err = client.New(cp.Config, client.Options{Scheme: scheme}); err != nil {
		return 1, err
	}
	operator, err := cp.Env.AddUser(envtest.User{Name: "rollcall"}, &rest.Config{QPS: -1})
	if err != nil {
		return 1, err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if err := createRole(ctx); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	if err := startController(ctx, operator.Config(), scheme, ended); err != nil {
		return 1, err
	}
	code = m.Run()
	stop()
	return code, <-ended
}

// startController starts what the operator runs of this, with its wiring.
func startController(ctx context.Context, config *rest.Config, scheme *runtime.Scheme, ended chan<- error) error {
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:  scheme,
		Metrics: metricsserver.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
	})
	if err != nil {
		return err
	}
	live, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	if stored, err = directory.New(ctx, directory.Options{Cache: mgr.GetCache(), Client: live, Logger: logr.Discard()}); err != nil {
		return err
	}
	if err := labels.NewController(mgr.GetClient(), stored, known).Register(mgr); err != nil {
		return err
	}
	syncs = mgr.GetClient()
	go func() { ended <- mgr.Start(ctx) }()
	if !stored.WaitForSync(ctx) {
		return ctx.Err()
	}
	return nil
}

// createRole gives the operator what the controller and the directory need.
func createRole(ctx context.Context) error {
	const rollcall = "scim.rollcall.dev"
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "rollcall"}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{rollcall}, Resources: []string{"users", "groups"}, Verbs: []string{"get", "list", "watch", "create", "update", "patch", "delete", "provision"}},
		{APIGroups: []string{rollcall}, Resources: []string{"groupmemberslices", "identityprovidersyncs"}, Verbs: []string{"get", "list", "watch", "provision", "serve"}},
	}}
	if err := admin.Create(ctx, role); err != nil {
		return err
	}
	return admin.Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "rollcall"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "rollcall"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "rollcall"}},
	})
}

// idp is a sync, as its identity provider and its admin see it.
type idp struct {
	t   *testing.T
	key types.NamespacedName
	scim.Store
}

func newSync(t *testing.T, spec v1alpha1.IdentityProviderSyncSpec) *idp {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "sync-"}}
	if err := admin.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	s := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: ns.Name, Name: "idp"}, Spec: spec}
	if err := admin.Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	i := &idp{t: t, key: client.ObjectKeyFromObject(s)}
	i.Store = stored.Store(i.key, func() directory.Policy {
		s := &v1alpha1.IdentityProviderSync{}
		if err := syncs.Get(context.Background(), i.key, s); err != nil {
			t.Error(err)
			return directory.Policy{}
		}
		return directory.Policy{Label: func(o client.Object) { labels.Write(known.Of(s), s, o) }}
	})
	i.within("the cache has the sync", func() string {
		if err := syncs.Get(t.Context(), i.key, s); err != nil {
			return err.Error()
		}
		return ""
	})
	return i
}

// change changes the spec, as an admin does.
func (i *idp) change(f func(*v1alpha1.IdentityProviderSyncSpec)) {
	i.t.Helper()
	s := &v1alpha1.IdentityProviderSync{}
	if err := admin.Get(i.t.Context(), i.key, s); err != nil {
		i.t.Fatal(err)
	}
	f(&s.Spec)
	if err := admin.Update(i.t.Context(), s); err != nil {
		i.t.Fatal(err)
	}
	i.within("the cache has the new spec", func() string {
		cached := &v1alpha1.IdentityProviderSync{}
		if err := syncs.Get(i.t.Context(), i.key, cached); err != nil || cached.Generation != s.Generation {
			return fmt.Sprintf("generation %d, %v", cached.Generation, err)
		}
		return ""
	})
}

// user creates a user over SCIM and gives its id.
func (i *idp) user(attributes scim.Object) string { return i.create(schema.UserType(), attributes) }

// group creates a group over SCIM and gives its id.
func (i *idp) group(attributes scim.Object) string { return i.create(schema.GroupType(), attributes) }

func (i *idp) create(rt *schema.ResourceType, attributes scim.Object) string {
	i.t.Helper()
	r, err := i.Create(i.t.Context(), rt, attributes, scim.Need{})
	if err != nil {
		i.t.Fatal(err)
	}
	return r.ID
}

// patch changes an attribute over SCIM.
func (i *idp) patch(rt *schema.ResourceType, id, attribute string, value any) {
	i.t.Helper()
	_, err := i.Modify(i.t.Context(), rt, id, scim.Change{Apply: func(o scim.Object) (scim.Object, error) {
		o[attribute] = value
		return o, nil
	}})
	if err != nil {
		i.t.Fatal(err)
	}
}

// object reads the object of an id from the API server.
func (i *idp) object(id string) client.Object {
	i.t.Helper()
	name, kind, _ := directory.ObjectName(id)
	var o client.Object = &v1alpha1.User{}
	if kind == directory.KindGroup {
		o = &v1alpha1.Group{}
	}
	if err := admin.Get(i.t.Context(), types.NamespacedName{Namespace: i.key.Namespace, Name: name}, o); err != nil {
		i.t.Fatal(err)
	}
	return o
}

// edit changes the object of an id, as somebody with kubectl does.
func (i *idp) edit(id, patch string) {
	i.t.Helper()
	if err := admin.Patch(i.t.Context(), i.object(id), client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner("somebody")); err != nil {
		i.t.Fatal(err)
	}
}

// settle waits until the controller has seen to everything so far.
func (i *idp) settle() {
	i.t.Helper()
	id := i.user(scim.Object{"userName": fmt.Sprintf("settle-%d", time.Now().UnixNano())})
	i.edit(id, `{"metadata":{"labels":{"scim.rollcall.dev/synced":"wrong"}}}`)
	i.within("the controller is at work", func() string {
		if got := i.object(id).GetLabels()[v1alpha1.LabelSynced]; got == "wrong" {
			return got
		}
		return ""
	})
}

// versions are the resourceVersions of the objects of ids.
func (i *idp) versions(ids ...string) map[string]string {
	i.t.Helper()
	versions := map[string]string{}
	for _, id := range ids {
		versions[id] = i.object(id).GetResourceVersion()
	}
	return versions
}

// wantUntouched wants that the controller writes none of these objects.
func (i *idp) wantUntouched(before map[string]string) {
	i.t.Helper()
	i.settle()
	for id, version := range before {
		if o := i.object(id); o.GetResourceVersion() != version {
			i.t.Errorf("%s was written again: %v", id, o)
		}
	}
}

func (i *idp) within(what string, check func() (complaint string)) {
	i.t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		complaint := check()
		if complaint == "" {
			return
		}
		if time.Now().After(end) {
			i.t.Fatalf("%s: not in time: %s", what, complaint)
		}
	}
}
