// Package operator puts Rollcall together: the SCIM server on every replica,
// and the controllers on the one that leads.
//
// One manager runs what every replica runs, for as long as the process lives:
// the informer caches, the SCIM server, probes and metrics. Another is made for
// each term that the replica leads, with the controllers, on the same caches.
// So a leader that cannot renew its Lease stops acting and goes on to serve.
//
// Every replica holds the same informer caches. What must not be stale (the
// Secrets with tokens, a miss in the directory) is read live.
package operator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/admission"
	"github.com/rollcall-scim/rollcall/internal/controller/groupnetworkpolicy"
	"github.com/rollcall-scim/rollcall/internal/controller/identityprovidersync"
	"github.com/rollcall-scim/rollcall/internal/controller/rolebinding"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/mapping"
	"github.com/rollcall-scim/rollcall/internal/metrics"
	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/server"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// shutdownTimeout is longer than the server takes to drain, after its StopDelay.
const shutdownTimeout = 40 * time.Second

// The verb serve is not one of the API server: it tells the operator to the
// admission policies, which hold it to what config/admission says.
//
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=identityprovidersyncs,verbs=serve
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups="";events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=users;groups,verbs=get;list;watch;create;update;patch;delete;provision
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=groupmemberslices,verbs=get;list;watch;create;delete;provision
// +kubebuilder:rbac:groups="",namespace=rollcall-system,resources=secrets,verbs=get;create
// +kubebuilder:rbac:groups=coordination.k8s.io,namespace=rollcall-system,resources=leases,verbs=get;create;update

// Operator is one replica.
type Operator struct {
	config       Config
	connections  *connections
	manager      manager.Manager // of what every replica runs
	directory    *directory.Directory
	server       *server.Server
	tokens       *token.Verifier
	activity     *server.Activity
	mappings     *mapping.Cache
	provisioning *provisioninglog.Log
	indexes      indexes // of the caches, which all terms share
	leading      atomic.Bool
}

// New puts a replica together. It waits for the API server until ctx ends.
func New(ctx context.Context, c Config) (*Operator, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	restConfig := rest.CopyConfig(c.REST)
	restConfig.QPS = -1 // the API server's own flow control decides
	restConfig.Wrap(metrics.WrapTransport)
	if err := waitForAPIServer(ctx, restConfig, c.Log); err != nil {
		return nil, err
	}
	o := &Operator{config: c, activity: server.NewActivity(), mappings: &mapping.Cache{}}
	var err error
	if o.connections, err = newConnections(restConfig); err != nil {
		return nil, err
	}
	if o.manager, err = newManager(o.connections, c); err != nil {
		return nil, fmt.Errorf("preparing the manager: %w", err)
	}
	live, err := o.connections.client(o.connections.writes, o.manager)
	if err != nil {
		return nil, err
	}
	secrets, err := o.connections.client(o.connections.secrets, o.manager)
	if err != nil {
		return nil, err
	}
	o.tokens = token.NewVerifier(secrets)
	o.directory, err = directory.New(ctx, directory.Options{
		Cache: o.manager.GetCache(), Client: live, Logger: c.Log.WithName("directory"), StrongReads: c.StrongReads,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the directory: %w", err)
	}
	extensions := extension.NewCache()
	if err := declareExtensions(ctx, o.manager.GetCache(), o.directory, extensions); err != nil {
		return nil, err
	}
	sync, err := cachedSync(ctx, o.manager.GetCache())
	if err != nil {
		return nil, err
	}
	o.provisioning = newProvisioningLog(c, o.manager, live, o.directory)
	o.server, err = server.New(server.Options{
		Address: c.SCIMAddress, CertFile: c.CertFile, KeyFile: c.KeyFile,
		ExternalURL: c.ExternalURL, TrustForwarded: c.TrustForwarded, AllowedOrigins: c.AllowedOrigins,
		MaxRequests: c.MaxRequests, MaxConnections: c.MaxConnections, MaxBodyBytes: c.MaxBodyBytes,
		MaxAnswerBytes: c.MaxAnswerBytes, StopDelay: c.StopDelay,
		UnknownNamespace: c.readable(),
		Sync:             sync, Serves: c.serves, Tokens: o.tokens, Activity: o.activity, Provisioning: o.provisioning,
		Store: storeOf(o.directory, o.manager.GetCache(), o.mappings), Types: extensions.Types, Log: c.Log.WithName("scim"),
	})
	if err != nil {
		return nil, err
	}
	return o, o.add(ctx)
}

// add registers what every replica runs.
func (o *Operator) add(ctx context.Context) error {
	informers := o.manager.GetCache()
	policies, err := admission.NewGuard(ctx, informers)
	if err != nil {
		return err
	}
	// A replica that comes to lead has all it needs already.
	for _, object := range watched() {
		if _, err := informers.GetInformer(ctx, object, cache.BlockUntilSynced(false)); err != nil {
			return fmt.Errorf("start the informer of %T: %w", object, err)
		}
	}
	reporter := identityprovidersync.NewReporter(identityprovidersync.Options{
		Client: o.manager.GetClient(), Tokens: o.tokens, Activity: o.activity, Serves: o.config.serves,
	}, o.leading.Load, o.config.Log.WithName("activity"))
	for _, register := range []func(manager.Manager) error{
		func(m manager.Manager) error { return m.Add(reporter) },
		func(m manager.Manager) error { return m.Add(manager.RunnableFunc(o.serve)) },
		func(m manager.Manager) error { return m.Add(manager.RunnableFunc(o.tuneHeap)) },
		func(m manager.Manager) error {
			return observe(ctx, o.config, m, o.provisioning, o.tokens, o.activity, policies, o.leading.Load)
		},
		func(m manager.Manager) error { return m.AddHealthzCheck("ping", healthz.Ping) },
		func(m manager.Manager) error { return m.AddReadyzCheck("scim", o.ready) },
	} {
		if err := register(o.manager); err != nil {
			return err
		}
	}
	return forgetDeleted(ctx, informers, o.tokens.Forget, o.activity.Forget, o.server.Forget, o.mappings.Forget,
		o.provisioning.Forget, metrics.Forget)
}

// serve serves SCIM as soon as everything that is stored is known here.
func (o *Operator) serve(ctx context.Context) error {
	if !o.directory.WaitForSync(ctx) {
		return nil
	}
	return o.server.Start(ctx)
}

// Run serves until ctx ends, then drains, and takes part in the election of the
// leader. When ctx ends, a leader ends its controllers and gives the Lease away
// at once, while requests are still answered.
func (o *Operator) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	led := make(chan error, 1)
	go func() {
		defer cancel()
		led <- o.lead(ctx)
	}()
	served := o.manager.Start(ctx)
	cancel()
	return errors.Join(served, <-led)
}

// ready is a readiness check. The informers are filled before the directory has
// gone through all that they delivered, and until then it answers nothing.
func (o *Operator) ready(rq *http.Request) error {
	if !o.directory.Synced() {
		return errors.New("the directory is not read yet")
	}
	return o.server.Ready(rq)
}

// SCIMAddress is where SCIM is served, host:port; empty while it is not.
func (o *Operator) SCIMAddress() string { return o.server.Address() }

func newManager(c *connections, o Config) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	cached := rolebinding.CacheOptions()
	maps.Copy(cached, admission.CacheOptions())
	maps.Copy(cached, groupnetworkpolicy.CacheOptions())
	maps.Copy(cached, directory.CacheOptions())
	return manager.New(c.config, manager.Options{
		Scheme: scheme,
		Logger: o.Log,
		Cache: cache.Options{
			DefaultTransform: cache.TransformStripManagedFields(), ByObject: cached, HTTPClient: c.watches,
			NewInformer: newInformer(o.Log.WithName("informers"), watchRetry),
		},
		Metrics:                 metricsserver.Options{BindAddress: o.MetricsAddress},
		HealthProbeBindAddress:  o.ProbeAddress,
		PprofBindAddress:        o.PprofAddress,
		GracefulShutdownTimeout: ptr.To(o.StopDelay + shutdownTimeout),
	})
}

// storeOf gives the resources of a sync. What its spec says about them is read
// anew for each request.
func storeOf(d *directory.Directory, syncs client.Reader, mappings *mapping.Cache) func(types.NamespacedName) scim.Store {
	return func(key types.NamespacedName) scim.Store {
		return d.Store(key, func() directory.Policy { return policyOf(syncs, mappings, key) })
	}
}
