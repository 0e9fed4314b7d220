// Package integration tests the whole operator as cmd/rollcall wires it: SCIM
// over HTTP in, objects of a real API server out.
//
// Two replicas run for all tests, so that whatever is tested also holds when
// the answer comes from the one that does not lead. A test has a namespace, a
// sync and a token of its own.
package integration

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/operator"
	"github.com/rollcall-scim/rollcall/internal/token"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// eventually is how long a test waits for what must come.
const eventually = 30 * time.Second

var (
	kube     client.WithWatch // live, with all rights
	restOf   *rest.Config
	env      *envtest.Environment
	replicas []*replica
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctrllog.SetLogger(operatorLog())
	cp, err := controlplane.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, "starting the control plane:", err)
		return 1
	}
	defer func() { _ = cp.Stop() }()
	restOf, env = cp.Config, cp.Env
	if kube, err = client.NewWithWatch(cp.Config, client.Options{Scheme: scheme()}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for range 2 {
		r, err := start(operator.Config{REST: cp.Config, LeaderElect: true})
		if err != nil {
			fmt.Fprintln(os.Stderr, "starting an operator:", err)
			return 1
		}
		defer r.stop()
		replicas = append(replicas, r)
	}
	return m.Run()
}

func scheme() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}

// operatorLog shows errors, and with ROLLCALL_TEST_LOG everything.
func operatorLog() logr.Logger {
	return funcr.New(func(prefix, args string) {
		failed := strings.Contains(args, `"error"=`) && !strings.Contains(args, `"error"=null`) &&
			!strings.Contains(args, "after stop sequence was engaged") // how a leader steps down
		if failed || os.Getenv("ROLLCALL_TEST_LOG") != "" {
			fmt.Fprintln(os.Stderr, prefix, args)
		}
	}, funcr.Options{})
}

// replica is a running operator.
type replica struct {
	*operator.Operator
	url  string
	stop func()
}

// start runs an operator in this process until it is stopped. Unless told
// otherwise it serves every namespace.
func start(c operator.Config) (*replica, error) {
	if c.Log.GetSink() == nil {
		c.Log = operatorLog()
	}
	if c.SyncNamespaces == nil {
		c.SyncNamespaces = []string{operator.AllNamespaces}
	}
	c.LeaderElectionNamespace = "default"
	c.SCIMAddress, c.MetricsAddress, c.ProbeAddress = "127.0.0.1:0", "0", "0"
	ctx, cancel := context.WithCancel(context.Background())
	o, err := operator.New(ctx, c)
	if err != nil {
		cancel()
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	for deadline := time.Now().Add(eventually); o.SCIMAddress() == ""; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-ended:
			cancel()
			return nil, fmt.Errorf("the operator ended: %w", err)
		default:
		}
		if time.Now().After(deadline) {
			cancel()
			return nil, fmt.Errorf("the operator does not serve after %s", eventually)
		}
	}
	return &replica{Operator: o, url: "http://" + o.SCIMAddress(), stop: func() {
		cancel()
		if err := <-ended; err != nil {
			fmt.Fprintln(os.Stderr, "an operator ended:", err)
		}
	}}, nil
}

// fixture is a namespace with a sync and its token.
type fixture struct {
	namespace string
	bearer    string
}

// key names something in the namespace.
func (f fixture) key(name string) client.ObjectKey {
	return client.ObjectKey{Namespace: f.namespace, Name: name}
}

// namespace makes a namespace that no other test uses.
func namespace(t *testing.T) string {
	t.Helper()
	n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "it-"}}
	create(t, n)
	return n.Name
}

// newSync makes a sync named "idp" with a token, as changed, and waits until
// every replica answers for it.
func newSync(t *testing.T, change func(*v1alpha1.IdentityProviderSync)) fixture {
	t.Helper()
	f := fixture{namespace: namespace(t), bearer: token.Generate()}
	create(t, secret(f.namespace, "scim", f.bearer))
	s := syncOf(f.namespace)
	if change != nil {
		change(s)
	}
	create(t, s)
	for i := range replicas {
		within(t, "the endpoint is open", func() string {
			if got := f.on(i).do(t, "GET", "/ServiceProviderConfig", ""); got.Status == 401 {
				return got.Body
			}
			return ""
		})
	}
	return f
}

// syncOf is a sync named "idp" whose token is in the Secret "scim".
func syncOf(namespace string) *v1alpha1.IdentityProviderSync {
	return &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "idp"},
		Spec:       v1alpha1.IdentityProviderSyncSpec{Tokens: []v1alpha1.Token{{Name: "one", SecretRef: v1alpha1.SecretKeyReference{Name: "scim"}}}},
	}
}

func secret(namespace, name, value string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}, StringData: map[string]string{"token": value}}
}

func create(t *testing.T, o client.Object) {
	t.Helper()
	if err := kube.Create(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// update changes an object as an admin does, whoever else writes it.
func update[T client.Object](t *testing.T, key client.ObjectKey, o T, change func(T)) {
	t.Helper()
	within(t, "an update", func() string {
		if err := kube.Get(t.Context(), key, o); err != nil {
			return err.Error()
		}
		change(o)
		if err := kube.Update(t.Context(), o); err != nil {
			return err.Error()
		}
		return ""
	})
}

// within waits until check has nothing to complain about.
func within(t *testing.T, what string, check func() (complaint string)) {
	t.Helper()
	for deadline := time.Now().Add(eventually); ; time.Sleep(10 * time.Millisecond) {
		complaint := check()
		if complaint == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s: %s", what, eventually, complaint)
		}
	}
}
