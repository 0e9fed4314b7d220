package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// findingsFile is where all findings are, in the folder.
const findingsFile = "findings.txt"

// shown bounds the findings that are printed; all are in the folder.
const shown = 40

// report prints the result, and is ErrFound if something is wrong.
func (r *run) report(s *snapshot) error {
	var b strings.Builder
	exits := int64(0)
	for _, p := range r.replicas {
		exits += p.exits.Load()
	}
	counts := r.tally.now()
	fmt.Fprintf(&b, "CHAOS seed=%d kills=%d acknowledged=%d lost=%d half=%d duplicates=%d divergent=%d recovered_p99=%s\n",
		r.Seed, r.killed, counts.acknowledged, r.tally.found(kindLost), r.tally.found(kindHalf), r.tally.found(kindDuplicate),
		r.tally.found(kindDivergent), round(p99(r.recoveries(""))))
	fmt.Fprintf(&b, "CHAOS bound=%d answers=%d stuck=%d crashes=%d   (wrongly bound; answers that no client can deal with; no recovery within %s; panics and data races)\n",
		r.tally.found(kindBound), r.tally.found(kindAnswer), r.tally.found(kindStuck), r.tally.found(kindCrash), recoveryPatience)
	if l := r.rolling; l != nil {
		fmt.Fprintf(&b, "CHAOS rolling restarts=%d requests=%d failed=%d retried=%d unreachable=%d slowest_stop=%s\n",
			l.restarts, l.requests, l.failed, l.refused, l.unreachable, round(l.slowest))
		if l.firstFailure != "" {
			fmt.Fprintf(&b, "  the first failure: %s\n", strings.TrimSpace(l.firstFailure))
		}
	}
	fmt.Fprintf(&b, "\n%d workers, %d replicas at the end, %s\n", r.Workers, len(r.replicas), time.Since(r.began).Round(time.Second))
	fmt.Fprintf(&b, "%s\n", counts)
	fmt.Fprintf(&b, "the balancer: %d connections, %d refused and tried once more, %d refused twice\n",
		r.balancer.connections.Load(), r.balancer.refused.Load(), r.balancer.unreachable.Load())
	fmt.Fprintf(&b, "replicas that ended by themselves: %d\n", exits)
	fmt.Fprintf(&b, "at the end %d users, %d groups, %d slices; left behind: %d slices (%d after %s more), %d claims\n\n",
		len(s.users), len(s.groups), s.slices, s.unusedSlices, s.sweptSlices, round(s.sweep), s.claims)
	r.tabulate(&b)
	findings := r.tally.all()
	for i, f := range findings {
		if i == shown {
			fmt.Fprintf(&b, "… and %d more in %s\n", len(findings)-shown, filepath.Join(r.Folder, findingsFile))
			break
		}
		fmt.Fprintf(&b, "FOUND %s: %s\n", f.kind, f.text)
	}
	if _, err := fmt.Fprint(r.Out, b.String()); err != nil {
		return err
	}
	return r.conclude(findings)
}

// conclude writes all findings to the folder.
func (r *run) conclude(findings []finding) error {
	file := filepath.Join(r.Folder, findingsFile)
	failed := r.rolling != nil && r.rolling.failed > 0
	if len(findings) == 0 && !failed {
		return nil
	}
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "%s: %s\n", f.kind, f.text)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		return err
	}
	return fmt.Errorf("%w; logs and all findings are in %s", ErrFound, r.Folder)
}

// recoveries are the times to recover from a kind of fault, or all; sorted.
func (r *run) recoveries(fault string) []time.Duration {
	var times []time.Duration
	for _, e := range r.episodes {
		if e.stuck == "" && (fault == "" || fault == e.fault) {
			times = append(times, max(e.answered, e.projected))
		}
	}
	slices.Sort(times)
	return times
}

// tabulate prints a line for each kind of fault.
func (r *run) tabulate(b *strings.Builder) {
	fmt.Fprintf(b, "%-18s %5s   %10s %10s   %10s %10s\n", "after the end of", "times", "answers", "at worst", "projects", "at worst")
	var names []string
	for name := range faults {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		var answered, projected []time.Duration
		for _, e := range r.episodes {
			if e.fault == name && e.stuck == "" {
				answered, projected = append(answered, e.answered), append(projected, e.projected)
			}
		}
		if len(answered) == 0 {
			continue
		}
		slices.Sort(answered)
		slices.Sort(projected)
		fmt.Fprintf(b, "%-18s %5d   %10s %10s   %10s %10s\n", name, len(answered),
			round(median(answered)), round(answered[len(answered)-1]), round(median(projected)), round(projected[len(projected)-1]))
	}
	fmt.Fprintln(b)
}

func median(sorted []time.Duration) time.Duration { return sorted[len(sorted)/2] }

// p99 is the time that at most one in a hundred exceeds; the longest of few.
func p99(sorted []time.Duration) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)*99/100]
}
