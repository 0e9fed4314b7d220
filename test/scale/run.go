package scale

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-scim/rollcall/test/replica"
)

// workers is how many requests are under way while the directory is filled.
const workers = 8

// runner holds what is measured.
type runner struct {
	Options
	cluster  *cluster
	operator *replica.Process // nil: it does not run
	people   []person
	groups   []*group // those that idpsim did not make, the largest first
	subjects int      // that are bound in all
	lines    []*Line
}

// Run fills a control plane of its own, measures, and writes lines as they
// come. A goal that is missed is no error.
func Run(ctx context.Context, o Options) (lines []*Line, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Profiles != "" {
		if err := os.MkdirAll(o.Profiles, 0o755); err != nil {
			return nil, err
		}
	}
	r := &runner{Options: o}
	r.say("starting the control plane and the operator")
	if r.cluster, err = startCluster(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.cluster.Stop()) }()
	if err := r.startOperator(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if r.operator != nil {
			if err != nil {
				err = fmt.Errorf("%w\nthe operator's log ends with:\n%s", err, r.operator.LastLines())
			}
			err = errors.Join(err, r.stopOperator())
		}
	}()
	for _, step := range []func(context.Context) error{
		r.fill, r.bind, r.count, r.requests, r.changes, r.memory, r.count, r.room,
	} {
		if err := step(ctx); err != nil {
			return r.lines, err
		}
	}
	return r.lines, nil
}

// say shows what is being done.
func (r *runner) say(format string, arguments ...any) {
	if r.Progress != nil {
		fmt.Fprintf(r.Progress, time.Now().Format("15:04:05 ")+format+"\n", arguments...)
	}
}

// parallel does n things, several at once, and shows how far it is.
func (r *runner) parallel(ctx context.Context, what string, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var running sync.WaitGroup
	for range workers {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
				if k := int(done.Add(1)); n >= 1000 && k%(n/10) == 0 {
					r.say("  %d of %d %s", k, n, what)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}
