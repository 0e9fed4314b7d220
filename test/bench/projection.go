package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-scim/rollcall/test/figure"
)

// projection times from the answer to a PATCH until the RoleBinding is seen.
func projection() measurement {
	rows := []string{"projection_p50", "projection_p99", "revocation_p50", "revocation_p99"}
	return measurement{"projection", rows, func(ctx context.Context, r *runner) ([]Row, error) {
		e, err := r.newSync(ctx, "projection")
		if err != nil {
			return nil, err
		}
		p, err := r.newProbe(ctx, e, "projection")
		if p != nil && p.stop != nil {
			defer p.stop()
		}
		if err != nil {
			return nil, err
		}
		var costs meter
		var all probe
		var joined, left, tails, leftTails []pair
		err = r.profiled(ctx, "projection", func() error {
			for round := range r.Rounds + 1 {
				p.forget()
				if err := r.count(ctx, &costs, func() (int, error) {
					for range r.Samples {
						if err := p.once(ctx); err != nil {
							return 0, err
						}
					}
					return 2 * r.Samples, nil
				}); err != nil {
					return err
				}
				if round == 0 {
					costs = meter{}
					continue
				}
				update := quantile(p.updated, 0.5)
				joined, left = append(joined, pair{quantile(p.joined, 0.5), update}), append(left, pair{quantile(p.left, 0.5), update})
				tails, leftTails = append(tails, pair{quantile(p.joined, 0.99), update}), append(leftTails, pair{quantile(p.left, 0.99), update})
				all.joined, all.left = append(all.joined, p.joined...), append(all.left, p.left...)
				all.updated = append(all.updated, p.updated...)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		rowsOf := []Row{
			compared(rows[0], "ms", joined, atMost(3)), tail(rows[1], tails, all.joined, all.updated, atMost(10)),
			compared(rows[2], "ms", left, Goal{}), tail(rows[3], leftTails, all.left, all.updated, Goal{}),
		}
		rowsOf[0].Cost = costs.each() // the bare update's bytes are in it
		rowsOf[0].Note = "etcd puts and bytes are of the Group, the RoleBinding, statuses, and the baseline's RoleBinding together"
		return rowsOf, nil
	}}
}

// tail is a row about a 99th percentile: of all rounds together, since one has
// too few samples, with the spread of the rounds.
func tail(name string, rounds []pair, took, updates []time.Duration, goal Goal) Row {
	row := compared(name, "ms", rounds, goal)
	row.Value, row.Baseline = quantile(took, 0.99), quantile(updates, 0.5)
	row.Ratio = row.Value / row.Baseline
	row.Note = fmt.Sprintf("of %d samples, the longest %s ms", len(took), figure.Text(quantile(took, 1)))
	return row
}
