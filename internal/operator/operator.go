// Package operator puts Rollcall together: the SCIM server on every replica,
// and the controllers on the one that leads.
//
// Every replica holds the same informer caches. What must not be stale (the
// Secrets with tokens, a miss in the directory) is read live.
package operator

import (
	"context"
	"fmt"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/admission"
	"github.com/rollcall-scim/rollcall/internal/controller/groupmemberslice"
	"github.com/rollcall-scim/rollcall/internal/controller/groupnetworkpolicy"
	"github.com/rollcall-scim/rollcall/internal/controller/identityprovidersync"
	"github.com/rollcall-scim/rollcall/internal/controller/labels"
	"github.com/rollcall-scim/rollcall/internal/controller/namespacelabels"
	"github.com/rollcall-scim/rollcall/internal/controller/rolebinding"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/mapping"
	"github.com/rollcall-scim/rollcall/internal/metrics"
	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/server"
	"github.com/rollcall-scim/rollcall/internal/token"
)

const (
	leaseName = "rollcall.scim.rollcall.dev"
	// reconcileTimeout ends a reconcile that hangs, at the latest: the API server
	// itself ends requests after a minute. Deleting all of a sync takes long.
	reconcileTimeout = 10 * time.Minute
	// shutdownTimeout is longer than the server takes to drain.
	shutdownTimeout = 40 * time.Second
)

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
	manager      manager.Manager
	server       *server.Server
	provisioning *provisioninglog.Log
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
	m, err := newManager(restConfig, c)
	if err != nil {
		return nil, fmt.Errorf("preparing the manager: %w", err)
	}
	live, err := client.New(restConfig, client.Options{Scheme: m.GetScheme(), Mapper: m.GetRESTMapper(), HTTPClient: m.GetHTTPClient()})
	if err != nil {
		return nil, fmt.Errorf("preparing the client: %w", err)
	}
	d, err := directory.New(ctx, directory.Options{
		Cache: m.GetCache(), Client: live, Logger: c.Log.WithName("directory"), StrongReads: c.StrongReads,
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the directory: %w", err)
	}
	tokens, activity, mappings := token.NewVerifier(m.GetAPIReader()), server.NewActivity(), &mapping.Cache{}
	extensions := extension.NewCache()
	if err := declareExtensions(ctx, m.GetCache(), d, extensions); err != nil {
		return nil, err
	}
	provisioning := newProvisioningLog(c, m, live, d)
	s, err := server.New(server.Options{
		Address: c.SCIMAddress, CertFile: c.CertFile, KeyFile: c.KeyFile,
		ExternalURL: c.ExternalURL, TrustForwarded: c.TrustForwarded, AllowedOrigins: c.AllowedOrigins,
		MaxRequests: c.MaxRequests, MaxConnections: c.MaxConnections, MaxBodyBytes: c.MaxBodyBytes, StopDelay: c.StopDelay,
		UnknownNamespace: c.readable(),
		Syncs:            m.GetCache(), Serves: c.serves, Tokens: tokens, Activity: activity, Provisioning: provisioning,
		Store: storeOf(d, m.GetCache(), mappings), Types: extensions.Types, Log: c.Log.WithName("scim"),
	})
	if err != nil {
		return nil, err
	}
	o := &Operator{manager: m, server: s, provisioning: provisioning}
	return o, o.add(ctx, c, live, d, tokens, activity, mappings)
}

// add registers everything that runs.
func (o *Operator) add(ctx context.Context, c Config, live client.Client, d *directory.Directory, tokens *token.Verifier, activity *server.Activity, mappings *mapping.Cache) error {
	urls, err := server.NewURLs(c.ExternalURL, c.TrustForwarded)
	if err != nil {
		return err
	}
	policies, err := admission.NewGuard(ctx, o.manager.GetCache())
	if err != nil {
		return err
	}
	guard := removalguard.New(time.Now)
	sources := source.New(o.manager.GetClient(), d)
	namespaces := namespacelabels.New(namespacelabels.Options{
		Client: o.manager.GetClient(), Sources: sources, OperatorNamespace: c.namespace(), Guard: guard,
		Gate: gate(policies), GateChanged: policies.Source,
	})
	syncs := identityprovidersync.NewController(identityprovidersync.Options{
		Client: o.manager.GetClient(), Directory: d, Tokens: tokens, Activity: activity,
		Serves: c.serves, Endpoint: urls.Endpoint,
		Recorder:  o.manager.GetEventRecorder("rollcall"),
		Admission: policies,
		Guard:     guard,
		Mappings:  mappings,
		Labeled:   namespaces.Labeled,
	})
	bindings := rolebinding.New(rolebinding.Options{
		Client: o.manager.GetClient(), Sources: sources, OperatorNamespace: c.namespace(), Guard: guard,
		Gate: gate(policies), GateChanged: policies.Source,
	})
	networks := groupnetworkpolicy.New(groupnetworkpolicy.Options{
		Client: o.manager.GetClient(), Sources: sources, Guard: guard, Gate: gate(policies), GateChanged: policies.Source,
	})
	for _, register := range []func(manager.Manager) error{
		syncs.Register,
		labels.NewController(o.manager.GetClient(), d, mappings).Register,
		func(m manager.Manager) error { return sources.Register(ctx, m) },
		func(m manager.Manager) error { return bindings.Register(ctx, m) },
		func(m manager.Manager) error { return networks.Register(ctx, m) },
		func(m manager.Manager) error { return namespaces.Register(ctx, m) },
		groupmemberslice.NewController(live, d).Register,
		func(m manager.Manager) error { return m.Add(o.server) },
		func(m manager.Manager) error { return observe(ctx, c, m, o.provisioning, tokens, activity, policies) },
		func(m manager.Manager) error { return m.AddHealthzCheck("ping", healthz.Ping) },
		func(m manager.Manager) error { return m.AddReadyzCheck("scim", o.server.Ready) },
	} {
		if err := register(o.manager); err != nil {
			return err
		}
	}
	return forgetDeleted(ctx, o.manager.GetCache(), tokens.Forget, activity.Forget, o.server.Forget, mappings.Forget,
		o.provisioning.Forget, metrics.Forget)
}

// Run serves until ctx ends, then drains. A replica that loses its lead ends
// with an error: the process must end then, so that nothing of it acts on.
func (o *Operator) Run(ctx context.Context) error { return o.manager.Start(ctx) }

// SCIMAddress is where SCIM is served, host:port; empty while it is not.
func (o *Operator) SCIMAddress() string { return o.server.Address() }

func newManager(restConfig *rest.Config, c Config) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	cached := rolebinding.CacheOptions()
	maps.Copy(cached, admission.CacheOptions())
	maps.Copy(cached, groupnetworkpolicy.CacheOptions())
	return manager.New(restConfig, manager.Options{
		Scheme:                 scheme,
		Logger:                 c.Log,
		Cache:                  cache.Options{DefaultTransform: cache.TransformStripManagedFields(), ByObject: cached},
		Metrics:                metricsserver.Options{BindAddress: c.MetricsAddress},
		HealthProbeBindAddress: c.ProbeAddress,
		// A second operator in one process is only a matter of metrics.
		Controller:                    config.Controller{SkipNameValidation: ptr.To(true), ReconciliationTimeout: reconcileTimeout},
		LeaderElection:                c.LeaderElect,
		LeaderElectionID:              leaseName,
		LeaderElectionNamespace:       c.LeaderElectionNamespace,
		LeaderElectionReleaseOnCancel: true,
		GracefulShutdownTimeout:       ptr.To(shutdownTimeout),
	})
}

// storeOf gives the resources of a sync. What its spec says about them is read
// anew for each request.
func storeOf(d *directory.Directory, syncs client.Reader, mappings *mapping.Cache) func(types.NamespacedName) scim.Store {
	return func(key types.NamespacedName) scim.Store {
		return d.Store(key, func() directory.Policy { return policyOf(syncs, mappings, key) })
	}
}
