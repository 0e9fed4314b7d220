package security

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/rollcall-scim/rollcall/internal/operator"
)

// scim is the operator that runs for all tests.
var scim *running

// running is an operator in this process, with the rights of config/rbac.
type running struct {
	url  string
	stop func()
}

func startOperator() (*running, error) {
	ctx, cancel := context.WithCancel(context.Background())
	o, err := operator.New(ctx, operator.Config{
		REST: thief.config(), Log: logr.Discard(), SyncNamespaces: []string{served},
		SCIMAddress: "127.0.0.1:0", MetricsAddress: "0", ProbeAddress: "0",
		LeaderElect: true, LeaderElectionNamespace: "rollcall-system",
	})
	if err != nil {
		cancel()
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	for deadline := time.Now().Add(eventually); o.SCIMAddress() == ""; time.Sleep(10 * time.Millisecond) {
		select {
		case err := <-ended:
			cancel()
			return nil, fmt.Errorf("it ended: %w", err)
		default:
		}
		if time.Now().After(deadline) {
			cancel()
			return nil, fmt.Errorf("it does not serve after %s", eventually)
		}
	}
	return &running{url: "http://" + o.SCIMAddress(), stop: func() {
		cancel()
		if err := <-ended; err != nil {
			fmt.Fprintln(os.Stderr, "the operator ended:", err)
		}
	}}, nil
}

// restart ends the operator and starts another.
func restart(t *testing.T) {
	t.Helper()
	scim.stop()
	o, err := startOperator()
	if err != nil {
		t.Fatal(err)
	}
	scim = o
}
