package provisioninglog

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/metrics"
)

// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=provisioninglogs,verbs=get;create;update;provision

const (
	// interval is how often the log of a sync is written at most.
	interval = 5 * time.Second
	// lastRetry is how long it waits after many failures.
	lastRetry = 2 * time.Minute
	// writeTimeout bounds one write with its reads and retries.
	writeTimeout = 5 * time.Second
	maxConflicts = 5
)

// writeAll writes what was told until ctx ends.
func (l *Log) writeAll(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.told:
		case <-timer.C:
		}
		next := l.writeDue(ctx, false)
		timer.Stop()
		if next > 0 {
			timer.Reset(next)
		}
	}
}

// flush writes what is left when the replica ends.
func (l *Log) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	l.writeDue(ctx, true)
}

// writeDue writes the logs whose time has come, and gives the time until the
// next one; 0: there is none.
func (l *Log) writeDue(ctx context.Context, all bool) (next time.Duration) {
	type batch struct {
		entries []v1alpha1.ProvisioningLogEntry
		dropped int64
	}
	due, now := map[types.NamespacedName]batch{}, l.now()
	l.mu.Lock()
	for sync, j := range l.journals {
		if len(j.entries) == 0 { // dropped alone is nothing new
			continue
		}
		if wait := j.next.Sub(now); wait > 0 && !all {
			if next == 0 || wait < next {
				next = wait
			}
			continue
		}
		j.trim()
		due[sync] = batch{j.entries, j.dropped}
		j.entries, j.dropped = nil, 0
	}
	l.mu.Unlock()
	for sync, b := range due {
		err := l.write(ctx, sync, b.entries, b.dropped)
		wait := l.wrote(sync, err, b.entries, b.dropped)
		if next == 0 || wait < next {
			next = wait
		}
	}
	return next
}

// wrote notes what came of a write, and gives the time until the next.
func (l *Log) wrote(sync types.NamespacedName, err error, entries []v1alpha1.ProvisioningLogEntry, dropped int64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.journals[sync]
	if j == nil { // forgotten meanwhile
		return interval
	}
	wait := interval
	if err == nil {
		j.failed = 0
	} else {
		metrics.LogNotWritten(sync)
		if j.failed == 0 {
			l.options.Log.Error(err, "cannot write the ProvisioningLog; trying again", "sync", sync.String())
		}
		wait = min(interval<<min(j.failed, 8), lastRetry)
		j.failed++
		later := j.entries
		j.entries = entries
		j.dropped += dropped
		j.keep(later)
	}
	j.next = l.now().Add(wait)
	return wait
}

// write adds entries to the log of a sync.
func (l *Log) write(ctx context.Context, key types.NamespacedName, entries []v1alpha1.ProvisioningLogEntry, dropped int64) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	sync := &v1alpha1.IdentityProviderSync{}
	err := l.options.Syncs.Get(ctx, key, sync)
	if apierrors.IsNotFound(err) || err == nil && !sync.DeletionTimestamp.IsZero() {
		l.Forget(key) // what came after it was forgotten
		metrics.Forget(key)
		return nil
	}
	if err != nil {
		return err
	}
	for range maxConflicts {
		if err = l.writeOnce(ctx, sync, entries, dropped); !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return errors.Join(errors.New("another replica was faster each time"), err)
}

func (l *Log) writeOnce(ctx context.Context, sync *v1alpha1.IdentityProviderSync, entries []v1alpha1.ProvisioningLogEntry, dropped int64) error {
	log := &v1alpha1.ProvisioningLog{}
	err := l.options.Client.Get(ctx, client.ObjectKeyFromObject(sync), log)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return err
	}
	merge(log, entries, dropped)
	own(log, sync)
	if missing {
		log.Namespace, log.Name = sync.Namespace, sync.Name
		return l.options.Client.Create(ctx, log)
	}
	return l.options.Client.Update(ctx, log)
}
