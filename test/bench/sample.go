package bench

import (
	"context"
	"slices"
	"time"
)

// pair is one comparison: what was measured of the operator and of the
// baseline, one right after the other.
type pair struct{ value, baseline float64 }

func (p pair) ratio() float64 { return p.value / p.baseline }

// side measures one of the two in a round; round 0 is to warm up.
type side func(ctx context.Context) (float64, error)

// interleave measures both sides in turns, and changes who is first, so that a
// machine that gets slower favors neither. The first pair is to warm up, and dropped.
func interleave(ctx context.Context, rounds int, value, baseline side) ([]pair, error) {
	var pairs []pair
	for round := range rounds + 1 {
		var p pair
		turns := []func() error{
			func() (err error) { p.value, err = value(ctx); return err },
			func() (err error) { p.baseline, err = baseline(ctx); return err },
		}
		if round%2 == 1 {
			slices.Reverse(turns)
		}
		for _, turn := range turns {
			if err := turn(); err != nil {
				return nil, err
			}
		}
		if round > 0 {
			pairs = append(pairs, p)
		}
	}
	return pairs, nil
}

// compared is a row of pairs.
func compared(name, unit string, pairs []pair, goal Goal) Row {
	var values, baselines, ratios []float64
	for _, p := range pairs {
		values, baselines, ratios = append(values, p.value), append(baselines, p.baseline), append(ratios, p.ratio())
	}
	return Row{
		Name: name, Unit: unit, Goal: goal,
		Value: median(values), Baseline: median(baselines), Ratio: median(ratios),
		Low: slices.Min(ratios), High: slices.Max(ratios),
	}
}

// alone is a row without a baseline.
func alone(name, unit string, values []float64, goal Goal) Row {
	return Row{Name: name, Unit: unit, Goal: goal, Value: median(values), Low: slices.Min(values), High: slices.Max(values)}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// quantile is the duration that a part q of all does not exceed, in milliseconds.
func quantile(took []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(took))
	rank := min(int(q*float64(len(sorted))), len(sorted)-1)
	return milliseconds(sorted[rank])
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
