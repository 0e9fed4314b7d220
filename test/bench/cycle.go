package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/idpsim"
	"github.com/rollcall-scim/rollcall/test/figure"
)

// The shape of the initial cycle, for each of its users.
const (
	usersPerGroup      = 50
	membershipsPerUser = 4
	cycleConnections   = 8
	cycleProbePause    = 10 * time.Millisecond
)

// cycle times the projection of a change while an identity provider pushes all
// of its users and groups into the same sync, and each of its groups is bound.
func cycle() measurement {
	rows := []string{"projection_cycle_p50", "projection_cycle_p99"}
	return measurement{"projection_cycle", rows, func(ctx context.Context, r *runner) ([]Row, error) {
		e, err := r.newSync(ctx, "cycle")
		if err != nil {
			return nil, err
		}
		p, err := r.newProbe(ctx, e, "cycle")
		if p != nil && p.stop != nil {
			defer p.stop()
		}
		if err != nil {
			return nil, err
		}
		var report *idpsim.Report
		var costs meter
		err = r.profiled(ctx, "projection_cycle", func() error {
			return r.count(ctx, &costs, func() (int, error) {
				var err error
				report, err = r.probeDuringCycle(ctx, p)
				if err != nil {
					return 0, err
				}
				return report.Requests, nil
			})
		})
		if err != nil {
			return nil, err
		}
		if len(p.joined) == 0 {
			return nil, errors.New("the cycle ended before a change was timed; set more of its users")
		}
		update := quantile(p.updated, 0.5)
		median := Row{Name: rows[0], Unit: "ms", Value: quantile(p.joined, 0.5), Baseline: update, Low: quantile(p.joined, 0), High: quantile(p.joined, 1)}
		late := Row{Name: rows[1], Unit: "ms", Value: quantile(p.joined, 0.99), Baseline: update, Low: median.Low, High: median.High, Goal: within(1000)}
		for _, row := range []*Row{&median, &late} {
			row.Ratio = row.Value / row.Baseline
		}
		median.Cost = costs.each()
		median.Note = fmt.Sprintf("%d samples during %d requests at %.0f a second on %d connections; costs are for each request; spread is the shortest to the longest",
			len(p.joined), report.Requests, float64(report.Requests)/report.Duration.Seconds(), cycleConnections)
		late.Note = fmt.Sprintf("revocation meanwhile: p50 %s ms, p99 %s ms, longest %s ms", figure.Text(quantile(p.left, 0.5)), figure.Text(quantile(p.left, 0.99)), figure.Text(quantile(p.left, 1)))
		return []Row{median, late}, nil
	}}
}

// probeDuringCycle probes until the cycle has ended.
func (r *runner) probeDuringCycle(ctx context.Context, p *probe) (*idpsim.Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var report *idpsim.Report
	ended := make(chan error, 1)
	go func() {
		var err error
		report, err = idpsim.Run(ctx, idpsim.Config{
			Profile: "entra", URL: p.base, Token: p.bearer, Phase: idpsim.PhaseInitial,
			Users: r.CycleUsers, Groups: max(1, r.CycleUsers/usersPerGroup), Memberships: membershipsPerUser * r.CycleUsers,
			Connections: cycleConnections,
		})
		ended <- err
	}()
	binding := make(chan error, 1)
	go func() { binding <- r.bindEvery(ctx, p.name) }()
	var failure, cycleErr error
	for running := true; running; {
		select {
		case cycleErr = <-ended:
			running = false
		case <-time.After(cycleProbePause):
			if failure = p.once(ctx); failure != nil {
				running = false
			}
		}
	}
	cancel()
	bindErr := <-binding
	switch {
	case failure != nil:
		return nil, errors.Join(failure, <-ended)
	case cycleErr != nil:
		return nil, cycleErr
	case !errors.Is(bindErr, context.Canceled):
		return nil, bindErr
	case !report.OK():
		var text strings.Builder
		_ = report.WriteText(&text)
		return nil, fmt.Errorf("the cycle had failures\n%s", text.String())
	}
	return report, nil
}

// bindEvery binds each group of a sync as it comes, until ctx ends.
func (r *runner) bindEvery(ctx context.Context, sync string) error {
	bound := map[string]bool{sync: true} // the probe's own
	for {
		var groups v1alpha1.GroupList
		if err := r.cluster.Admin.List(ctx, &groups, client.InNamespace(syncNamespace), client.MatchingLabels{v1alpha1.LabelSync: sync}); err != nil {
			return err
		}
		for i := range groups.Items {
			name := groups.Items[i].Spec.DisplayName
			if name == "" || bound[name] {
				continue
			}
			if err := r.bind(ctx, sync, name); err != nil {
				return err
			}
			bound[name] = true
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
