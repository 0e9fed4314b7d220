package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"
)

// The faults.
const (
	faultKill       = "kill"
	faultKillAll    = "kill-all"
	faultKillErrors = "kill-amid-errors"
	faultRestart    = "restart"
	faultAPIKill    = "apiserver-kill"
	faultAPIStop    = "apiserver-stop"
	faultEtcdKill   = "etcd-kill"
	faultEtcdPause  = "etcd-pause"
	faultEtcdFull   = "etcd-full"
	faultRights     = "no-rights"
	faultSlow       = "slow"
	faultErrors     = "errors"
	faultCut        = "watch-cut"
	faultBlackhole  = "blackhole"
	faultPartition  = "partition"
	faultConflicts  = "conflicts"
	faultPause      = "pause-sync"
	faultRotate     = "rotate-token"
	faultNamespace  = "delete-namespace"
	faultDrift      = "drift"
)

// fault does something, waits until it is over, and says what it was and when it
// ended. An error is one of this check, not of the operator.
type fault func(r *run, ctx context.Context) (detail string, ended time.Time, err error)

var faults = map[string]fault{
	faultKill:       (*run).killOne,
	faultKillAll:    (*run).killAll,
	faultKillErrors: (*run).killAmidErrors,
	faultRestart:    (*run).restartOne,
	faultAPIKill:    (*run).killAPIServer,
	faultAPIStop:    (*run).stopAPIServer,
	faultEtcdKill:   (*run).killEtcd,
	faultEtcdPause:  (*run).pauseEtcd,
	faultEtcdFull:   (*run).fillEtcd,
	faultRights:     (*run).withdrawRights,
	faultSlow:       (*run).slowAPIServer,
	faultErrors:     (*run).failingAPIServer,
	faultCut:        (*run).cutConnections,
	faultBlackhole:  (*run).blackholeConnections,
	faultPartition:  (*run).partitionOne,
	faultConflicts:  (*run).conflict,
	faultPause:      (*run).pauseSync,
	faultRotate:     (*run).rotateToken,
	faultNamespace:  (*run).recreateNamespace,
	faultDrift:      (*run).drift,
}

// deck gives the faults in an order of the seed's. Of all, killing comes twice.
func (r *run) deck() []string {
	var names []string
	for name := range faults {
		if len(r.Only) == 0 || slices.Contains(r.Only, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(r.Only) == 0 {
		names = append(names, faultKill)
	}
	r.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names
}

// misbehave lets faults happen one after the other, then restarts all replicas in
// turn without any.
func (r *run) misbehave(ctx context.Context) error {
	r.say("faults for %s, seed %d", r.Time, r.Seed)
	began := time.Now()
	for decks := 0; time.Since(began) < r.Time; decks++ {
		for _, name := range r.deck() {
			// What was asked for by name happens once at least.
			if time.Since(began) >= r.Time && (len(r.Only) == 0 || decks > 0) {
				break
			}
			if len(r.replicas) == r.Replicas && len(r.Only) == 0 && time.Since(began) > r.Time/2 {
				r.say("one more replica")
				if err := r.addReplica(ctx); err != nil {
					return err
				}
			}
			if err := r.oneFault(ctx, name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return r.rollingRestarts(ctx)
}

func (r *run) oneFault(ctx context.Context, name string) error {
	before := r.tally.begin()
	detail, ended, err := faults[name](r, ctx)
	if err != nil {
		return err
	}
	e := r.recovery(ctx, name, ended)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e.detail = detail
	r.episodes = append(r.episodes, e)
	after := r.tally.now().since(before)
	if e.stuck != "" {
		r.tally.find(kindStuck, "%s (%s): not recovered after %s: %s", name, detail, recoveryPatience, e.stuck)
		r.say("%-16s %s: NOT RECOVERED: %s", name, detail, e.stuck)
		return nil
	}
	failed := fmt.Sprintf("%d requests failed", after.failed())
	if first := r.tally.now().firstFailure; first != "" && name == faultRestart {
		failed += " (" + first + ")"
	}
	r.say("%-16s %s; answered after %s, projected after %s; %d changes acknowledged, %s", name, detail,
		round(e.answered), round(e.projected), after.acknowledged, failed)
	return pause(ctx, r.between(200*time.Millisecond, 1500*time.Millisecond))
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func (r *run) between(least, most time.Duration) time.Duration {
	return least + time.Duration(r.rng.Int64N(int64(most-least)))
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (r *run) anyReplica() *replica { return r.replicas[r.rng.IntN(len(r.replicas))] }

// --- replicas -----------------------------------------------------------------

func (r *run) killOne(ctx context.Context) (string, time.Time, error) {
	p := r.anyReplica()
	leads := ""
	if r.leader(ctx) == p {
		leads = ", the leader"
	}
	if err := p.kill(); err != nil {
		return "", time.Time{}, err
	}
	r.killed++
	killed := time.Now()
	err := pause(ctx, r.between(100*time.Millisecond, 1500*time.Millisecond))
	if err == nil {
		err = p.run()
	}
	return p.name + leads, killed, err
}

func (r *run) killAll(ctx context.Context) (string, time.Time, error) {
	for _, p := range r.replicas {
		if err := p.kill(); err != nil {
			return "", time.Time{}, err
		}
		r.killed++
	}
	if err := pause(ctx, r.between(100*time.Millisecond, 1500*time.Millisecond)); err != nil {
		return "", time.Time{}, err
	}
	for _, p := range r.replicas {
		if err := p.run(); err != nil {
			return "", time.Time{}, err
		}
	}
	return fmt.Sprintf("%d replicas, from their start", len(r.replicas)), time.Now(), nil
}

func (r *run) killAmidErrors(ctx context.Context) (string, time.Time, error) {
	_, lines := r.someLines()
	t := &trouble{delay: 200 * time.Millisecond, tooMany: .1, internal: .1, conflict: .1, losing: .2}
	for _, l := range lines {
		l.trouble.Store(t)
	}
	defer clearTrouble(lines)
	if err := pause(ctx, r.between(500*time.Millisecond, 2*time.Second)); err != nil {
		return "", time.Time{}, err
	}
	detail, _, err := r.killOne(ctx)
	if err == nil {
		err = pause(ctx, r.between(500*time.Millisecond, 3*time.Second))
	}
	return fmt.Sprintf("%s, with %d answers of the API server spoiled", detail, t.injected.Load()), time.Now(), err
}

func (r *run) restartOne(context.Context) (string, time.Time, error) {
	p := r.anyReplica()
	began := time.Now()
	if err := p.stop(); err != nil {
		r.tally.find(kindStuck, "a replica did not end well: %v", err)
	}
	return fmt.Sprintf("%s, which ended %s after SIGTERM", p.name, round(time.Since(began))), time.Now(), p.run()
}

// --- control plane --------------------------------------------------------------

// outage keeps the replicas from the API server meanwhile, as they would be if
// nothing stood between.
func (r *run) outage(ctx context.Context, end func() error, start func(context.Context) error) (time.Duration, time.Time, error) {
	for _, p := range r.replicas {
		p.line.refuse()
	}
	if err := end(); err != nil {
		return 0, time.Time{}, err
	}
	down := time.Now()
	if err := pause(ctx, r.between(500*time.Millisecond, 20*time.Second)); err != nil {
		return 0, time.Time{}, err
	}
	err := start(ctx)
	for _, p := range r.replicas {
		err = errors.Join(err, p.line.listen(ctx))
	}
	return round(time.Since(down)), time.Now(), err
}

func (r *run) killAPIServer(ctx context.Context) (string, time.Time, error) {
	down, ended, err := r.outage(ctx, r.plane.apiServer.kill, r.plane.startAPIServer)
	return fmt.Sprintf("away for %s", down), ended, err
}

// stopAPIServer gives the API server a moment to end its requests. Its watches
// would keep it for a minute.
func (r *run) stopAPIServer(ctx context.Context) (string, time.Time, error) {
	if err := r.plane.apiServer.signal(syscall.SIGTERM); err != nil {
		return "", time.Time{}, err
	}
	select {
	case <-r.plane.apiServer.done():
	case <-time.After(3 * time.Second):
	}
	return r.killAPIServer(ctx)
}

func (r *run) killEtcd(ctx context.Context) (string, time.Time, error) {
	if err := r.plane.etcd.kill(); err != nil {
		return "", time.Time{}, err
	}
	down := time.Now()
	if err := pause(ctx, r.between(500*time.Millisecond, 6*time.Second)); err != nil {
		return "", time.Time{}, err
	}
	err := r.plane.startEtcd(ctx)
	return fmt.Sprintf("away for %s", round(time.Since(down))), time.Now(), err
}

func (r *run) pauseEtcd(ctx context.Context) (string, time.Time, error) {
	if err := r.plane.etcd.signal(syscall.SIGSTOP); err != nil {
		return "", time.Time{}, err
	}
	stopped := time.Now()
	err := pause(ctx, r.between(time.Second, 12*time.Second))
	if failure := r.plane.etcd.signal(syscall.SIGCONT); err == nil {
		err = failure
	}
	return fmt.Sprintf("stopped for %s", round(time.Since(stopped))), time.Now(), err
}

// fillEtcd lets no write pass, but deletions: the quota of etcd is used up.
func (r *run) fillEtcd(ctx context.Context) (string, time.Time, error) {
	if err := r.plane.full(ctx, true); err != nil {
		return "", time.Time{}, err
	}
	began := time.Now()
	err := pause(ctx, r.between(time.Second, 8*time.Second))
	err = errors.Join(err, r.plane.full(context.WithoutCancel(ctx), false))
	return fmt.Sprintf("for %s", round(time.Since(began))), time.Now(), err
}

// known says whether all names are of faults.
func known(names []string) error {
	for _, name := range names {
		if faults[name] == nil {
			var all []string
			for fault := range faults {
				all = append(all, fault)
			}
			slices.Sort(all)
			return fmt.Errorf("there is no fault %q; there are %s", name, strings.Join(all, ", "))
		}
	}
	return nil
}
