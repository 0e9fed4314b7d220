package operator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
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
	"github.com/rollcall-scim/rollcall/internal/removalguard"
	"github.com/rollcall-scim/rollcall/internal/server"
)

const (
	// reconcileTimeout ends a reconcile that hangs, at the latest: the API server
	// itself ends requests after a minute. Deleting all of a sync takes long.
	reconcileTimeout = 10 * time.Minute
	// termTimeout is how long controllers may take to end. Their requests are
	// canceled, so they take no time; if they do, the process ends.
	termTimeout = 10 * time.Second
)

// watched are the kinds that the controllers watch.
func watched() []client.Object {
	return []client.Object{
		&v1alpha1.IdentityProviderSync{}, &v1alpha1.User{}, &v1alpha1.Group{}, &v1alpha1.GroupMemberSlice{},
		&v1alpha1.GroupRoleBinding{}, &v1alpha1.ClusterGroupRoleBinding{}, &v1alpha1.GroupNetworkPolicy{},
		&rbacv1.RoleBinding{}, &rbacv1.ClusterRoleBinding{}, &networkingv1.NetworkPolicy{}, &corev1.Namespace{},
	}
}

// term runs the controllers until ctx ends. All that they keep in memory is
// made anew, so that nothing is left of the time before another replica led.
func (o *Operator) term(ctx context.Context) error {
	informers := &termCache{Cache: o.manager.GetCache(), indexes: &o.indexes}
	defer informers.release()
	m, err := o.termManager(informers)
	if err != nil {
		return fmt.Errorf("preparing the controllers: %w", err)
	}
	if err := o.addControllers(ctx, m); err != nil {
		return fmt.Errorf("preparing the controllers: %w", err)
	}
	o.config.Log.Info("this replica leads")
	o.leading.Store(true)
	defer o.leading.Store(false)
	err = m.Start(ctx)
	if ctx.Err() != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil // controllers that were still starting complain when they are stopped
	}
	return err
}

func (o *Operator) termManager(informers cache.Cache) (manager.Manager, error) {
	return manager.New(o.connections.config, manager.Options{
		Scheme:         o.manager.GetScheme(),
		Logger:         o.config.Log,
		MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return o.manager.GetRESTMapper(), nil },
		NewCache:       func(*rest.Config, cache.Options) (cache.Cache, error) { return informers, nil },
		NewClient: func(c *rest.Config, options client.Options) (client.Client, error) {
			options.HTTPClient = o.connections.controllers
			return client.New(c, options)
		},
		Metrics:                metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress: "0",
		// Another term, or operator in one process, is only a matter of metrics.
		Controller:              config.Controller{SkipNameValidation: ptr.To(true), ReconciliationTimeout: reconcileTimeout},
		GracefulShutdownTimeout: ptr.To(termTimeout),
	})
}

// addControllers registers what the leader runs.
func (o *Operator) addControllers(ctx context.Context, m manager.Manager) error {
	c := o.config
	urls, err := server.NewURLs(c.ExternalURL, c.TrustForwarded)
	if err != nil {
		return err
	}
	policies, err := admission.NewGuard(ctx, m.GetCache())
	if err != nil {
		return err
	}
	live, err := o.connections.client(o.connections.controllers, m)
	if err != nil {
		return err
	}
	guard := removalguard.New(time.Now)
	sources := source.New(m.GetClient(), o.directory)
	namespaces := namespacelabels.New(namespacelabels.Options{
		Client: m.GetClient(), Sources: sources, OperatorNamespace: c.namespace(), Guard: guard,
		Gate: gate(policies), GateChanged: policies.Source,
	})
	syncs := identityprovidersync.NewController(identityprovidersync.Options{
		Client: m.GetClient(), Directory: o.directory, Tokens: o.tokens, Activity: o.activity,
		Serves: c.serves, Endpoint: urls.Endpoint,
		Recorder:  m.GetEventRecorder("rollcall"),
		Admission: policies,
		Guard:     guard,
		Mappings:  o.mappings,
		Labeled:   namespaces.Labeled,
	})
	bindings := rolebinding.New(rolebinding.Options{
		Client: m.GetClient(), Sources: sources, OperatorNamespace: c.namespace(), Guard: guard,
		Gate: gate(policies), GateChanged: policies.Source,
	})
	networks := groupnetworkpolicy.New(groupnetworkpolicy.Options{
		Client: m.GetClient(), Sources: sources, Guard: guard, Gate: gate(policies), GateChanged: policies.Source,
	})
	for _, register := range []func(manager.Manager) error{
		syncs.Register,
		labels.NewController(m.GetClient(), o.directory, o.mappings).Register,
		func(m manager.Manager) error { return sources.Register(ctx, m) },
		func(m manager.Manager) error { return bindings.Register(ctx, m) },
		func(m manager.Manager) error { return networks.Register(ctx, m) },
		func(m manager.Manager) error { return namespaces.Register(ctx, m) },
		groupmemberslice.NewController(live, o.directory).Register,
	} {
		if err := register(m); err != nil {
			return err
		}
	}
	return nil
}
