package replica

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/internal/logging"
	"github.com/rollcall-scim/rollcall/internal/operator"
)

// APIServer is how to reach an API server.
type APIServer struct {
	Host  string `json:"host"`
	CA    []byte `json:"ca"`
	Token string `json:"token"`
}

// Config is for clients without a rate limit of their own.
func (a *APIServer) Config() *rest.Config {
	return &rest.Config{Host: a.Host, TLSClientConfig: rest.TLSClientConfig{CAData: a.CA}, BearerToken: a.Token, QPS: -1}
}

// Operator is the spec of the role Operate.
type Operator struct {
	API APIServer `json:"api"`
	// Namespace is the one whose syncs are served.
	Namespace string `json:"namespace"`
	// LeaseNamespace is where replicas elect their leader. Empty: this one leads;
	// a leader that is stopped for a while would lose its lead.
	LeaseNamespace string `json:"leaseNamespace"`
}

// Operate runs the operator as cmd/rollcall does. It is ready when its
// readiness probe says so; its address is that of the SCIM server.
func Operate(ctx context.Context, spec json.RawMessage, ready func(string) error) error {
	var told Operator
	if err := json.Unmarshal(spec, &told); err != nil {
		return err
	}
	log, flush := logging.New(os.Stderr, slog.LevelInfo)
	defer flush()
	ctrllog.SetLogger(log)
	klog.SetLogger(log)
	probe, err := freeAddress(ctx)
	if err != nil {
		return err
	}
	o, err := operator.New(ctx, operator.Config{
		REST: told.API.Config(), Log: log, SyncNamespaces: []string{told.Namespace},
		SCIMAddress: "127.0.0.1:0", MetricsAddress: "0", ProbeAddress: probe,
		LeaderElect: told.LeaseNamespace != "", LeaderElectionNamespace: told.LeaseNamespace,
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	for {
		if _, err := Fetch(ctx, http.DefaultClient, http.MethodGet, "http://"+probe+"/readyz", http.NoBody); err == nil {
			break
		}
		select {
		case err := <-ended:
			return fmt.Errorf("the operator ended before it was ready: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	if err := ready(o.SCIMAddress()); err != nil {
		return err
	}
	return <-ended
}

// freeAddress is an address of this host that was free a moment ago.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
