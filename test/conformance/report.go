package conformance

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Outcome is how a case ended.
type Outcome string

// The outcomes. NotApplicable is that of a feature which is not offered.
const (
	Passed        Outcome = "passed"
	Failed        Outcome = "failed"
	NotApplicable Outcome = "n/a"
)

// Result is what a case came to.
type Result struct {
	Name     string  `json:"name"`
	Section  string  `json:"section"`
	Level    Level   `json:"level"`
	Source   string  `json:"source"`
	Requires string  `json:"requires"`
	Outcome  Outcome `json:"outcome"`
	Seconds  float64 `json:"seconds"`
	// Reason says why a case is n/a.
	Reason string `json:"reason,omitempty"`
	// Expected, Request and Answer explain a failure.
	Expected string `json:"expected,omitempty"`
	Request  string `json:"request,omitempty"`
	Answer   string `json:"answer,omitempty"`
}

// maxShown bounds how much of a body a report shows, in bytes.
const maxShown = 1000

// show adds the request and the answer that a case stumbled over.
func (r *Result) show(a *answer) {
	if a == nil {
		return
	}
	r.Request = fmt.Sprintf("%s %s\n%s", a.method, a.url, headers(a.sent)) + cut(a.request)
	if a.status == 0 {
		r.Answer = "none"
		return
	}
	r.Answer = fmt.Sprintf("%d %s\n%s", a.status, http.StatusText(a.status), headers(a.header)) + cut(string(a.raw))
}

// headers lists headers, but not the token.
func headers(h http.Header) string {
	var lines []string
	for name, values := range h {
		if name == "Authorization" && len(values) > 0 {
			values = []string{"(not shown)"}
		}
		lines = append(lines, name+": "+strings.Join(values, ", ")+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func cut(body string) string {
	if len(body) > maxShown {
		return body[:maxShown] + fmt.Sprintf(" … (%d bytes)", len(body))
	}
	return body
}

// Tally counts outcomes.
type Tally struct {
	Passed        int `json:"passed"`
	Failed        int `json:"failed"`
	NotApplicable int `json:"notApplicable"`
}

func (t *Tally) add(o Outcome) {
	switch o {
	case Passed:
		t.Passed++
	case Failed:
		t.Failed++
	case NotApplicable:
		t.NotApplicable++
	}
}

// Report is the outcome of a run.
type Report struct {
	URL      string           `json:"url"`
	Seconds  float64          `json:"seconds"`
	Total    Tally            `json:"total"`
	Sections map[string]Tally `json:"sections"`
	Results  []Result         `json:"results"`
}

func newReport(url string, results []Result, took time.Duration) *Report {
	r := &Report{URL: url, Seconds: took.Seconds(), Sections: map[string]Tally{}, Results: results}
	for _, result := range results {
		r.Total.add(result.Outcome)
		tally := r.Sections[result.Section]
		tally.add(result.Outcome)
		r.Sections[result.Section] = tally
	}
	return r
}

// OK tells whether no case failed, and at least one was checked.
func (r *Report) OK() bool { return r.Total.Failed == 0 && r.Total.Passed > 0 }

// Failures are the cases that failed.
func (r *Report) Failures() []Result {
	var failed []Result
	for _, result := range r.Results {
		if result.Outcome == Failed {
			failed = append(failed, result)
		}
	}
	return failed
}

// WriteText writes the failures and a table by section.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, f := range r.Failures() {
		fmt.Fprintf(&b, "FAILED %s (%s, %s)\n", f.Name, f.Level, f.Source)
		fmt.Fprintf(&b, "  requires  %s\n", f.Requires)
		fmt.Fprintf(&b, "  expected  %s\n", indent(f.Expected))
		fmt.Fprintf(&b, "  request   %s\n", indent(f.Request))
		fmt.Fprintf(&b, "  answer    %s\n\n", indent(f.Answer))
	}
	names, title := titles()
	fmt.Fprintf(&b, "%-38s %7s %7s %7s\n", "section", "passed", "failed", "n/a")
	for _, name := range names {
		if t, ran := r.Sections[name]; ran {
			fmt.Fprintf(&b, "%-38s %7d %7d %7d\n", title[name], t.Passed, t.Failed, t.NotApplicable)
		}
	}
	fmt.Fprintf(&b, "%-38s %7d %7d %7d   in %.1f s\n", "total", r.Total.Passed, r.Total.Failed, r.Total.NotApplicable, r.Seconds)
	_, err := io.WriteString(w, b.String())
	return err
}

func indent(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n            ")
}
