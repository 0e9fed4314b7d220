package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rollcall-scim/rollcall/test/replica"
)

// measurement gives some rows.
type measurement struct {
	name string   // of its profile
	rows []string // all that it gives
	run  func(context.Context, *runner) ([]Row, error)
}

// measurements are in their order: reading comes before users join more groups,
// while all answers are of one size.
func measurements(o Options) []measurement {
	return []measurement{
		creation(8, 0.75),
		creation(32, 0.9),
		reading("get_user", 0.7, getUser),
		reading("filter_username", 0.6, filterUserName),
		reading("list_users_100", 0.5, listUsers),
		memberChanges(o.Groups),
		contention(64),
		projection(),
		cycle(),
	}
}

// runner holds what measurements work on.
type runner struct {
	Options
	cluster  *cluster
	operator *replica.Process
	people   *people // once somebody asked for them
}

// Run measures, and writes lines as they come and a table in the end. A goal
// that is missed is no error.
func Run(ctx context.Context, o Options) (rows []Row, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	wanted := slices.DeleteFunc(measurements(o), func(m measurement) bool { return !slices.ContainsFunc(m.rows, o.wants) })
	if len(wanted) == 0 {
		return nil, errors.New("no row has such a name")
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
	if r.operator, err = startOperator(ctx, r.cluster); err != nil {
		return nil, fmt.Errorf("starting the operator: %w", err)
	}
	defer func() { err = errors.Join(err, r.operator.Stop()) }()
	for _, m := range wanted {
		got, err := m.run(ctx, r)
		if err != nil {
			return nil, fmt.Errorf("%s could not be measured: %w\nthe operator's log ends with:\n%s", m.name, err, r.operator.LastLines())
		}
		for i := range got {
			if !o.wants(got[i].Name) {
				continue
			}
			rows = append(rows, got[i])
			if _, err := fmt.Fprintln(o.Out, got[i].Line()); err != nil {
				return nil, err
			}
		}
	}
	if _, err := fmt.Fprintln(o.Out); err != nil {
		return nil, err
	}
	if err := WriteTable(o.Out, rows); err != nil {
		return nil, err
	}
	return rows, r.warn(ctx)
}

// warn tells what makes figures doubtful.
func (r *runner) warn(ctx context.Context) error {
	ended, err := r.cluster.watchesEnded(ctx)
	if err != nil || ended == 0 {
		return err
	}
	_, err = fmt.Fprintf(r.Out, "warning: the API server ended %d watches that did not keep up; with a shorter -time the operator is stopped for less long\n", ended)
	return err
}

func (o Options) wants(row string) bool { return o.Only == nil || o.Only.MatchString(row) }

// say shows what is being done.
func (r *runner) say(format string, arguments ...any) {
	if r.Progress != nil {
		fmt.Fprintf(r.Progress, time.Now().Format("15:04:05 ")+format+"\n", arguments...)
	}
}

// profiled does what a measurement measures, with profiles of the operator if
// they are wanted.
func (r *runner) profiled(ctx context.Context, name string, do func() error) error {
	r.say("measuring %s", name)
	if r.Profiles == "" {
		return do()
	}
	return r.operator.Profile(ctx, filepath.Join(r.Profiles, name), do)
}

// undisturbed gives a side during which the operator is stopped: what client-go
// writes would otherwise cost the operator as well, which watches it. It ends
// when the operator has caught up, so that the side that follows does not pay for that.
func (r *runner) undisturbed(measure side) side {
	return func(ctx context.Context) (float64, error) {
		if err := r.operator.Pause(); err != nil {
			return 0, err
		}
		value, err := measure(ctx)
		if err := errors.Join(err, r.operator.Resume()); err != nil {
			return 0, err
		}
		return value, r.rest(ctx)
	}
}

// rest waits until the operator takes hardly any processor time.
func (r *runner) rest(ctx context.Context) error {
	const pause, idle, most = 100 * time.Millisecond, 5_000, 10 * time.Second // idle: microseconds in a pause
	last, err := r.operator.Usage(ctx)
	quiet := 0 // pauses in a row
	for begun := time.Now(); err == nil && quiet < 3 && time.Since(begun) < most; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		var now replica.Usage
		now, err = r.operator.Usage(ctx)
		if quiet++; now.CPU-last.CPU > idle {
			quiet = 0
		}
		last = now
	}
	return err
}
