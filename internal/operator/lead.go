package operator

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/uuid"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// A leader that is gone without a word is followed after leaseDuration and two
// retries of its successor, each of up to 1.1 s (client-go adds up to 120 %), in
// at most 7.2 s. One that cannot renew stops a second before it may be followed.
const (
	leaseName     = "rollcall.scim.rollcall.dev"
	leaseDuration = 5 * time.Second
	renewDeadline = 4 * time.Second
	retryPeriod   = 500 * time.Millisecond
)

// lead takes part in elections until ctx ends, and runs the controllers
// whenever this replica leads. An error means that they cannot run here.
func (o *Operator) lead(ctx context.Context) error {
	select { // an election is for replicas that serve
	case <-o.manager.Elected():
	case <-ctx.Done():
		return nil
	}
	if !o.config.LeaderElect {
		return o.term(ctx)
	}
	lock, err := o.lock()
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := o.elect(ctx, lock); err != nil {
			return err
		}
		if ctx.Err() == nil {
			o.config.Log.Info("the Lease could not be renewed in time: the controllers have been stopped; requests are still served, and this replica stands for election again")
		}
	}
	return nil
}

func (o *Operator) lock() (resourcelock.Interface, error) {
	leases, err := coordinationv1client.NewForConfigAndClient(o.connections.config, o.connections.leases)
	if err != nil {
		return nil, fmt.Errorf("preparing the election of a leader: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("preparing the election of a leader: %w", err)
	}
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: o.config.LeaderElectionNamespace, Name: leaseName},
		Client:     leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + string(uuid.NewUUID())},
	}, nil
}

// elect waits until this replica leads, and returns when it does not any more.
func (o *Operator) elect(ctx context.Context, lock resourcelock.Interface) error {
	// The election outlives ctx: the Lease is given away when the controllers
	// have ended.
	base := logr.NewContext(context.WithoutCancel(ctx), o.config.Log.WithName("election"))
	election, resign := context.WithCancel(base)
	defer resign()
	t := &term{ended: make(chan error, 1)}
	defer context.AfterFunc(ctx, func() {
		if !t.hasBegun() {
			resign()
		}
	})()
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: lock, Name: leaseName, ReleaseOnCancel: true,
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				if !t.begin(leading) {
					return
				}
				// It ends with ctx, and when the Lease is lost.
				leading, cancel := context.WithCancel(leading)
				defer context.AfterFunc(ctx, cancel)()
				t.ended <- o.term(leading)
				resign()
			},
			OnStoppedLeading: func() {},
		},
	})
	if err != nil {
		return fmt.Errorf("preparing the election of a leader: %w", err)
	}
	elector.Run(election)
	if t.hasBegun() {
		return <-t.ended
	}
	return nil
}

// term tells whether controllers have been started.
type term struct {
	ended chan error

	mu    sync.Mutex
	begun bool
}

// begin is false when the Lease is lost already.
func (t *term) begin(leading context.Context) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = leading.Err() == nil
	return t.begun
}

func (t *term) hasBegun() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.begun
}
