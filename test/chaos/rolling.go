package chaos

import (
	"context"
	"time"
)

// rolling is what came of restarting all replicas one after the other.
type rolling struct {
	restarts         int
	requests, failed int64
	refused          int64         // connections that were tried once more
	unreachable      int64         // connections that two replicas refused
	slowest          time.Duration // from SIGTERM to the end of a replica
	firstFailure     string
}

// rollingRestarts restarts all replicas one after the other, as a Deployment
// does: the next one when the last one is ready. No request may fail.
func (r *run) rollingRestarts(ctx context.Context) error {
	// What is left of the faults is over first.
	for _, p := range r.replicas {
		if err := p.ready(ctx); err != nil {
			return err
		}
	}
	if e := r.recovery(ctx, "before the restarts", time.Now()); e.stuck != "" {
		r.tally.find(kindStuck, "before the restarts: %s", e.stuck)
	}
	// Who still waits for an answer from then gives up.
	if err := pause(ctx, requestTimeout); err != nil {
		return err
	}
	r.say("restarting %d replicas one after the other, under load", len(r.replicas))
	before, refused, unreachable := r.tally.begin(), r.balancer.refused.Load(), r.balancer.unreachable.Load()
	result := &rolling{}
	for _, p := range r.replicas {
		began := time.Now()
		if err := p.stop(); err != nil {
			r.tally.find(kindStuck, "a replica did not end well: %v", err)
		}
		result.slowest = max(result.slowest, time.Since(began))
		if err := p.run(); err != nil {
			return err
		}
		if err := p.ready(ctx); err != nil {
			return err
		}
		result.restarts++
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
	}
	after := r.tally.now()
	passed := after.since(before)
	result.requests, result.failed, result.firstFailure = passed.requests, passed.failed(), after.firstFailure
	result.refused, result.unreachable = r.balancer.refused.Load()-refused, r.balancer.unreachable.Load()-unreachable
	r.rolling = result
	return nil
}
