package chaos

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// warmUp is how much of the time is not looked at: connections, caches and
	// the heap find their size.
	warmUp = 0.5
	// samplesInSoak is how often each replica is asked.
	samplesInSoak = 180
	// tolerated is how much of what there is may seem to have come on top while
	// nothing grows.
	tolerated = 0.05
)

// gauges are what must not grow, by their names in the metrics of a replica, with
// what counts as noise in any case.
var gauges = []struct {
	name, metric string
	noise        float64
	bytes        bool
}{
	{"goroutines", "go_goroutines", 10, false},
	{"fds", "process_open_fds", 5, false},
	{"rss", "process_resident_memory_bytes", 8 << 20, true},
	// What the last garbage collection left.
	{"heap", "go_gc_heap_live_bytes", 4 << 20, true},
}

// series are the samples of one gauge.
type series struct {
	at    []time.Duration
	value []float64
}

// soak has the load run without faults, and watches what grows.
func (r *run) soak(ctx context.Context) error {
	r.say("steady load for %s", r.Soak)
	watched := make([]map[string]*series, len(r.replicas))
	for i := range watched {
		watched[i] = map[string]*series{}
		for _, g := range gauges {
			watched[i][g.name] = &series{}
		}
	}
	err := r.withLoad(ctx, func(ctx context.Context) error {
		interval, began := r.Soak/samplesInSoak, time.Now()
		for n := 0; time.Since(began) < r.Soak; n++ {
			for i, p := range r.replicas {
				if err := p.sample(ctx, watched[i], time.Since(began)); err != nil {
					return err
				}
			}
			if n == samplesInSoak/2 {
				if err := r.heaps(ctx, "middle"); err != nil {
					return err
				}
			}
			if n%(samplesInSoak/10) == 0 {
				r.say("%d changes acknowledged, %d requests failed", r.tally.now().acknowledged, r.tally.now().failed())
			}
			if err := pause(ctx, interval); err != nil {
				return err
			}
		}
		return r.heaps(ctx, "end")
	})
	if err != nil {
		return err
	}
	r.say("what came to the heap: go tool pprof -top -diff_base %s %s", r.replicas[0].heapFile("middle"), r.replicas[0].heapFile("end"))
	grows := 0
	for i, p := range r.replicas {
		line := fmt.Sprintf("SOAK time=%s replica=%s", r.Soak, p.name)
		for _, g := range gauges {
			from, to, growing := watched[i][g.name].growth(g.noise)
			line += fmt.Sprintf(" %s=%s→%s", g.name, amount(from, g.bytes), amount(to, g.bytes))
			if growing {
				line += "(grows)"
				grows++
			}
		}
		if _, err := fmt.Fprintln(r.Out, line); err != nil {
			return err
		}
	}
	v, err := r.verify(ctx)
	if err != nil {
		return err
	}
	if grows > 0 {
		r.tally.find(kindStuck, "%d gauges grow", grows)
	}
	return r.report(v)
}

func amount(value float64, isBytes bool) string {
	if isBytes {
		return fmt.Sprintf("%.1fMiB", value/(1<<20))
	}
	return fmt.Sprintf("%.0f", value)
}

// sample asks the replica for its gauges.
func (p *replica) sample(ctx context.Context, into map[string]*series, at time.Duration) error {
	status, metrics, err := fetch(ctx, "http://"+p.metrics+"/metrics")
	if err != nil || status != http.StatusOK {
		return fmt.Errorf("the metrics of %s: status %d %w", p.name, status, err)
	}
	for _, g := range gauges {
		value, ok := gauge(metrics, g.metric)
		if !ok {
			return fmt.Errorf("%s has no metric %s", p.name, g.metric)
		}
		s := into[g.name]
		s.at, s.value = append(s.at, at), append(s.value, value)
	}
	return nil
}

// heaps keeps what is on the heap of each replica, garbage apart, in files.
func (r *run) heaps(ctx context.Context, when string) error {
	for _, p := range r.replicas {
		status, profile, err := fetch(ctx, "http://"+p.profiles+"/debug/pprof/heap?gc=1")
		if err != nil || status != http.StatusOK {
			return fmt.Errorf("the heap of %s: status %d %w", p.name, status, err)
		}
		if err := os.WriteFile(p.heapFile(when), profile, 0o600); err != nil {
			return fmt.Errorf("keep the heap of %s: %w", p.name, err)
		}
	}
	return nil
}

// heapFile is next to the log of the replica.
func (p *replica) heapFile(when string) string {
	return filepath.Join(filepath.Dir(p.logFile), p.name+"-heap-"+when+".pprof")
}

// gauge finds a metric without labels.
func gauge(metrics []byte, name string) (float64, bool) {
	for line := range bytes.Lines(metrics) {
		text, ok := strings.CutPrefix(string(line), name+" ")
		if !ok {
			continue
		}
		value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		return value, err == nil
	}
	return 0, false
}

// growth fits a line to the samples after the warm-up, and gives its ends. It grows
// if the line rises by more than noise, and by more than is tolerated.
func (s *series) growth(noise float64) (from, to float64, grows bool) {
	if len(s.at) == 0 {
		return 0, 0, false
	}
	first := s.at[len(s.at)-1].Seconds() * warmUp
	var n, sumX, sumY, sumXX, sumXY float64
	last := first
	for i, at := range s.at {
		x := at.Seconds()
		if x < first {
			continue
		}
		y := s.value[i]
		n, sumX, sumY, sumXX, sumXY, last = n+1, sumX+x, sumY+y, sumXX+x*x, sumXY+x*y, x
	}
	slope := 0.0
	if d := n*sumXX - sumX*sumX; d > 0 {
		slope = (n*sumXY - sumX*sumY) / d
	}
	middle := sumY / n
	from, to = middle+slope*(first-sumX/n), middle+slope*(last-sumX/n)
	return from, to, to-from > max(noise, tolerated*middle)
}
