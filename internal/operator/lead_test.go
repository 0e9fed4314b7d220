package operator

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

var leases = schema.GroupResource{Group: "coordination.k8s.io", Resource: "leases"}

// lease is a Lease at an API server, as one replica reaches it.
type lease struct {
	mu      sync.Mutex
	record  *resourcelock.LeaderElectionRecord
	changed time.Time     // when it was written last
	hangs   bool          // no request is answered any more
	late    time.Duration // how long the answer to an update takes
}

func (l *lease) Identity() string   { return "this" }
func (l *lease) Describe() string   { return "test" }
func (l *lease) RecordEvent(string) {}

func (l *lease) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
}

func (l *lease) holder() (string, time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.record == nil {
		return "", time.Time{}
	}
	return l.record.HolderIdentity, l.changed
}

// reach waits as long as an answer takes.
func (l *lease) reach(ctx context.Context) error {
	l.mu.Lock()
	hangs := l.hangs
	l.mu.Unlock()
	if hangs {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (l *lease) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	if err := l.reach(ctx); err != nil {
		return nil, nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.record == nil {
		return nil, nil, apierrors.NewNotFound(leases, leaseName)
	}
	copied := *l.record
	raw, err := json.Marshal(copied)
	return &copied, raw, err
}

func (l *lease) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.Update(ctx, record)
}

func (l *lease) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if err := l.reach(ctx); err != nil {
		return err
	}
	l.mu.Lock()
	if l.record != nil && l.record.HolderIdentity == "other" {
		l.mu.Unlock()
		return apierrors.NewConflict(leases, leaseName, nil)
	}
	l.record, l.changed = &record, time.Now()
	late := l.late
	l.mu.Unlock()
	select {
	case <-time.After(late):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// slack is for a busy machine.
const slack = time.Second

// However a term ends, its controllers have ended before anybody else may lead.
func TestATermEndsBeforeTheNext(t *testing.T) {
	tests := map[string]struct {
		lose     func(l *lease, stop func())
		released bool
	}{
		"the replica is stopped": {func(_ *lease, stop func()) { stop() }, true},
		"no request is answered": {func(l *lease, _ func()) { l.set(func() { l.hangs = true }) }, false},
		"answers are late":       {func(l *lease, _ func()) { l.set(func() { l.late = renewDeadline - 200*time.Millisecond }) }, true},
		"somebody else has taken the Lease": {func(l *lease, _ func()) {
			l.set(func() {
				now := metav1.Now()
				l.record = &resourcelock.LeaderElectionRecord{HolderIdentity: "other", LeaseDurationSeconds: 5, RenewTime: now, AcquireTime: now}
				l.changed = time.Now()
			})
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &lease{}
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			begun := make(chan struct{})
			// When the controllers were told to end; who held the Lease when they had,
			// and when it was written last.
			var told, renewed time.Time
			var holder string
			err := make(chan error, 1)
			go func() {
				err <- elect(ctx, l, logr.Discard(), func(leading context.Context) error {
					close(begun)
					<-leading.Done()
					told = time.Now()
					time.Sleep(100 * time.Millisecond) // they take a moment
					holder, renewed = l.holder()
					return nil
				})
			}()
			<-begun
			began := time.Now()
			test.lose(l, stop)
			if err := <-err; err != nil {
				t.Fatal(err)
			}
			if holder != "this" && name != "somebody else has taken the Lease" {
				t.Errorf("the Lease was given away, to %q, before the controllers had ended", holder)
			}
			if holder == "other" && told.Sub(began) > retryPeriod+slack {
				t.Errorf("the controllers went on for %s beside another leader", told.Sub(began))
			}
			if holder == "this" && told.Sub(renewed) > renewDeadline+slack {
				t.Errorf("the controllers were told to end %s after the Lease was renewed, want %s", told.Sub(renewed), renewDeadline)
			}
			if holder, _ := l.holder(); (holder == "") != test.released {
				t.Errorf("in the end the Lease is held by %q", holder)
			}
		})
	}
}
