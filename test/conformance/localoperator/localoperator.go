// Package localoperator runs the operator in this process, on a control plane
// of its own, as a service provider for the conformance suite.
package localoperator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/operator"
	"github.com/rollcall-scim/rollcall/internal/token"
	"github.com/rollcall-scim/rollcall/test/conformance"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// The sync of an Operator.
const (
	Namespace = "default"
	SyncName  = "conformance"
)

// patience is how long a part may take to be ready.
const patience = time.Minute

// Operator is a running operator with one sync.
type Operator struct {
	// Target is the endpoint of the sync.
	Target conformance.Target
	// REST has all rights on the control plane.
	REST *rest.Config

	stops []func() error // in the order of starting
}

// Start runs everything until Stop, which is to be called also after an error.
func Start(ctx context.Context) (*Operator, error) {
	ctrllog.SetLogger(quiet())
	o := &Operator{}
	cluster, err := controlplane.Start()
	if err != nil {
		return o, fmt.Errorf("starting the control plane (`make controlplane` builds it): %w", err)
	}
	o.stops = append(o.stops, cluster.Stop)
	o.REST = cluster.Config

	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	replica, err := operator.New(running, operator.Config{
		REST: cluster.Config, Log: quiet(), SyncNamespaces: []string{Namespace},
		SCIMAddress: "127.0.0.1:0", MetricsAddress: "0", ProbeAddress: "0",
	})
	if err != nil {
		cancel()
		return o, err
	}
	ended := make(chan error, 1)
	go func() { ended <- replica.Run(running) }()
	o.stops = append(o.stops, func() error { cancel(); return <-ended })
	if err := until(ctx, func() bool { return replica.SCIMAddress() != "" }); err != nil {
		return o, fmt.Errorf("the operator does not serve: %w", err)
	}

	o.Target.URL = fmt.Sprintf("http://%s/%s/%s/scim/v2", replica.SCIMAddress(), Namespace, SyncName)
	o.Target.Token = token.Generate()
	live, err := newClient(cluster)
	if err != nil {
		return o, err
	}
	for _, object := range sync(o.Target.Token) {
		if err := live.Create(ctx, object); err != nil {
			return o, err
		}
	}
	if err := until(ctx, func() bool { return answers(ctx, o.Target) }); err != nil {
		return o, fmt.Errorf("the sync is not served: %w", err)
	}
	return o, nil
}

// Stop ends the operator, then the control plane.
func (o *Operator) Stop() error {
	var errs []error
	for i := len(o.stops) - 1; i >= 0; i-- {
		errs = append(errs, o.stops[i]())
	}
	o.stops = nil
	return errors.Join(errs...)
}

// quiet is a log that shows nothing: the report of the suite is what counts.
func quiet() logr.Logger { return funcr.New(func(string, string) {}, funcr.Options{}) }

func newClient(cluster *controlplane.ControlPlane) (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	return client.New(cluster.Config, client.Options{Scheme: scheme})
}

// sync is a sync with its token.
func sync(bearer string) []client.Object {
	return []client.Object{
		&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: SyncName},
			StringData: map[string]string{"token": bearer},
		},
		&v1alpha1.IdentityProviderSync{
			ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: SyncName},
			Spec: v1alpha1.IdentityProviderSyncSpec{
				Tokens: []v1alpha1.Token{
					{Name: "one", SecretRef: v1alpha1.SecretKeyReference{Name: SyncName}},
				},
				ExtensionSchemas: extensions(),
			},
		},
	}
}

func answers(ctx context.Context, target conformance.Target) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.URL+"/ServiceProviderConfig", nil)
	if err != nil {
		return false
	}
	request.Header.Set("Authorization", "Bearer "+target.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// until waits for a condition.
func until(ctx context.Context, holds func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for !holds() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return nil
}
