package operator

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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

// elect waits until this replica leads, runs the controllers, and returns when
// they have ended and the Lease is given away.
func (o *Operator) elect(ctx context.Context, lock resourcelock.Interface) error {
	return elect(ctx, lock, o.config.Log.WithName("election"), o.term)
}

func elect(ctx context.Context, lock resourcelock.Interface, log logr.Logger, run func(context.Context) error) error {
	// The election outlives ctx: the Lease is given away when the controllers
	// have ended.
	base := logr.NewContext(context.WithoutCancel(ctx), log)
	election, resign := context.WithCancel(base)
	defer resign()
	t := &term{ended: make(chan error, 1)}
	defer context.AfterFunc(ctx, func() {
		if !t.hasBegun() {
			resign()
		}
	})()
	renewals := &renewals{Interface: lock, lost: resign}
	defer renewals.stop()
	// Without ReleaseOnCancel: client-go would give the Lease away first, and
	// then end what the leader does.
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock: renewals, Name: leaseName,
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: retryPeriod,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(leading context.Context) {
				if !t.begin(leading) {
					return
				}
				// It ends with ctx, and when the Lease is lost.
				leading, cancel := context.WithCancel(leading)
				defer context.AfterFunc(ctx, cancel)()
				t.ended <- run(leading)
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
		err = <-t.ended
	}
	if elector.IsLeader() {
		if err := release(base, lock); err != nil {
			log.Error(err, "the Lease could not be given away: it runs out", "after", leaseDuration.String())
		}
	}
	return err
}

// release gives the Lease away, so that nobody waits until it has run out.
func release(ctx context.Context, lock resourcelock.Interface) error {
	ctx, cancel := context.WithTimeout(ctx, renewDeadline)
	defer cancel()
	for {
		record, _, err := lock.Get(ctx)
		if err != nil || record.HolderIdentity != lock.Identity() {
			return err
		}
		now := metav1.Now()
		err = lock.Update(ctx, resourcelock.LeaderElectionRecord{
			LeaderTransitions: record.LeaderTransitions, LeaseDurationSeconds: 1, RenewTime: now, AcquireTime: now,
		})
		if !apierrors.IsConflict(err) { // with a renewal whose answer was lost
			return err
		}
	}
}

// renewals sees to it that a term ends in time. Others count from when the Lease
// was renewed; client-go counts from the answer, which may come seconds later,
// and goes on for as long when somebody else has the Lease already.
type renewals struct {
	resourcelock.Interface
	lost  func()
	timer *time.Timer // nil: this replica does not lead
}

// Get reads the Lease.
func (r *renewals) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := r.Interface.Get(ctx)
	if err == nil && r.timer != nil && record.HolderIdentity != r.Identity() {
		r.lost()
	}
	return record, raw, err
}

// Create makes the Lease, and takes it.
func (r *renewals) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return r.renewed(time.Now(), r.Interface.Create(ctx, record))
}

// Update takes or renews the Lease.
func (r *renewals) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return r.renewed(time.Now(), r.Interface.Update(ctx, record))
}

func (r *renewals) renewed(began time.Time, err error) error {
	if err != nil {
		return err
	}
	left := time.Until(began.Add(renewDeadline))
	if r.timer == nil {
		r.timer = time.AfterFunc(left, r.lost)
	} else {
		r.timer.Reset(left)
	}
	return nil
}

func (r *renewals) stop() {
	if r.timer != nil {
		r.timer.Stop()
	}
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
