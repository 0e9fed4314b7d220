package idpsim

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Report is what a run has done and found.
type Report struct {
	Profile     string `json:"profile"`
	URL         string `json:"url"`
	Phase       string `json:"phase"`
	Seed        uint64 `json:"seed"`
	Users       int    `json:"users"`       // of the directory at first
	Groups      int    `json:"groups"`      // of the directory at first
	Memberships int    `json:"memberships"` // of the directory at first
	Deltas      int    `json:"deltas"`

	Duration time.Duration      `json:"durationNanoseconds"`
	Phases   []PhaseReport      `json:"phases,omitempty"`
	Requests int                `json:"requests"`
	Statuses map[string]int     `json:"statuses"` // "POST 201" → how many
	Retries  int                `json:"retries"`  // after a 429, a 503 or a refused connection
	Adopted  int                `json:"adopted"`  // users and groups that were there already
	Skipped  int                `json:"skipped"`  // changes of what could not be created
	Failed   int                `json:"failed"`   // requests without the effect that the identity provider expects
	Failures []*Failure         `json:"failures,omitempty"`
	Latency  Latency            `json:"latency"`
	Kinds    map[string]Latency `json:"kinds"` // "create user" → latency

	Verification *Verification `json:"verification,omitempty"`
	Removed      *Removed      `json:"removed,omitempty"`
}

// PhaseReport is one phase of a run.
type PhaseReport struct {
	Name     string        `json:"name"`
	Duration time.Duration `json:"durationNanoseconds"`
	Requests int           `json:"requests"`
}

// Removed counts what a clean-up deleted.
type Removed struct {
	Users  int `json:"users"`
	Groups int `json:"groups"`
}

// OK says whether every request succeeded and everything read back was right.
func (r *Report) OK() bool {
	return r.Failed == 0 && r.Skipped == 0 && (r.Verification == nil || r.Verification.Differences == 0)
}

// finish gathers the recorder's figures.
func (r *runner) finish(took time.Duration) {
	r.rec.mu.Lock()
	defer r.rec.mu.Unlock()
	rep := r.report
	rep.Duration = took
	rep.Requests, rep.Statuses = r.rec.all.count, r.rec.statuses
	rep.Retries, rep.Adopted, rep.Skipped = int(r.rec.retries.Load()), int(r.rec.adopted.Load()), int(r.rec.skipped.Load())
	rep.Failed, rep.Failures = r.rec.failed, r.rec.sortedFailures()
	rep.Latency = r.rec.all.latency()
	rep.Kinds = make(map[string]Latency, len(r.rec.kinds))
	for kind, h := range r.rec.kinds {
		rep.Kinds[kind] = h.latency()
	}
}

// WriteText writes the summary for people.
func (r *Report) WriteText(out io.Writer) error {
	w := new(strings.Builder)
	fmt.Fprintf(w, "\n%s → %s\n", r.Profile, r.URL)
	if r.Removed == nil {
		fmt.Fprintf(w, "%d users, %d groups, %d memberships (seed %d), %d deltas\n\n", r.Users, r.Groups, r.Memberships, r.Seed, r.Deltas)
	} else {
		fmt.Fprintf(w, "removed %d users and %d groups of seed %d\n\n", r.Removed.Users, r.Removed.Groups, r.Seed)
	}
	fmt.Fprintf(w, "%d requests in %s, %.0f per second\n", r.Requests, r.Duration.Round(time.Millisecond),
		float64(r.Requests)/max(r.Duration.Seconds(), 0.001))
	for _, p := range r.Phases {
		fmt.Fprintf(w, "  %-8s %6d requests in %s\n", p.Name, p.Requests, p.Duration.Round(time.Millisecond))
	}
	r.writeTables(w)
	r.writeFailures(w)
	r.writeVerification(w)
	_, err := io.WriteString(out, w.String())
	return err
}

func (r *Report) writeTables(w *strings.Builder) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "\n\tREQUEST\tCOUNT\tP50\tP99\tMAX\t\n")
	row := func(name string, l Latency) {
		fmt.Fprintf(table, "\t%s\t%d\t%s\t%s\t%s\t\n", name, l.Count, milli(l.P50), milli(l.P99), milli(l.Max))
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Kinds)) {
		row(kind, r.Kinds[kind])
	}
	row("all", r.Latency)
	_ = table.Flush() // into memory
	fmt.Fprintf(w, "\n")
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		fmt.Fprintf(w, "  %-12s %d\n", status, r.Statuses[status])
	}
	for _, line := range []struct {
		count int
		text  string
	}{{r.Retries, "sent again after a 429, a 503 or a refused connection"}, {r.Adopted, "users and groups were there already and were adopted"},
		{r.Skipped, "steps skipped, because what they change could not be created"}} {
		if line.count > 0 {
			fmt.Fprintf(w, "  %d %s\n", line.count, line.text)
		}
	}
}

func milli(d time.Duration) string {
	return fmt.Sprintf("%.1fms", float64(d)/float64(time.Millisecond))
}

func (r *Report) writeFailures(w *strings.Builder) {
	fmt.Fprintf(w, "\n%d failed requests\n", r.Failed)
	for _, f := range r.Failures {
		fmt.Fprintf(w, "  %d × %s, %s\n", f.Count, f.Kind, statusName(f.Status))
		for _, e := range f.Examples {
			fmt.Fprintf(w, "      %s\n", e.Request)
			if e.Body != "" {
				fmt.Fprintf(w, "        sent: %s\n", e.Body)
			}
			fmt.Fprintf(w, "        got:  %s\n", e.Detail)
		}
	}
}

func statusName(status int) string {
	if status == 0 {
		return "refused here or not answered"
	}
	return fmt.Sprintf("status %d", status)
}

func (r *Report) writeVerification(w *strings.Builder) {
	v := r.Verification
	if v == nil {
		return
	}
	fmt.Fprintf(w, "%d differences in %d users, %d groups and %d memberships read back\n", v.Differences, v.Users, v.Groups, v.Memberships)
	for _, d := range v.First {
		what := d.Resource
		if d.Attribute != "" {
			what += ", " + d.Attribute
		}
		fmt.Fprintf(w, "  %s: want %s, got %s\n", what, d.Want, d.Got)
	}
	if n := v.Differences - len(v.First); n > 0 {
		fmt.Fprintf(w, "  and %d more\n", n)
	}
}
