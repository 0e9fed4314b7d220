package conformance

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"runtime/debug"
	"sync"
	"time"
)

// Options say what to run, and how.
type Options struct {
	// Only runs the cases whose names match; nil runs all.
	Only *regexp.Regexp
	// Parallel is how many cases run at once; 0 is 8.
	Parallel int
	// Timeout bounds each case; 0 is three minutes.
	Timeout time.Duration
}

// Run checks a service provider. An error means that nothing could be checked.
func Run(ctx context.Context, target Target, o Options) (*Report, error) {
	if o.Parallel <= 0 {
		o.Parallel = 8
	}
	if o.Timeout <= 0 {
		o.Timeout = 3 * time.Minute
	}
	c := newClient(target, o.Parallel)
	defer c.http.CloseIdleConnections()
	offered, err := ask(ctx, c)
	if err != nil {
		return nil, err
	}
	run, err := runID()
	if err != nil {
		return nil, err
	}
	started := time.Now()
	var chosen []Case
	for _, one := range Cases() {
		if o.Only == nil || o.Only.MatchString(one.Name) {
			chosen = append(chosen, one)
		}
	}
	results := make([]Result, len(chosen))
	var running sync.WaitGroup
	slots := make(chan struct{}, o.Parallel)
	for i, one := range chosen {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			results[i] = check(ctx, c, offered, one, fmt.Sprintf("c%sn%dx", run, i), o.Timeout)
		})
	}
	running.Wait()
	return newReport(target.URL, results, time.Since(started)), ctx.Err()
}

// runID keeps the names of two runs apart.
func runID() (string, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("making a name for the run: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// check runs one case.
func check(ctx context.Context, c *client, offered *offer, one Case, tag string, timeout time.Duration) (result Result) {
	result = Result{Name: one.Name, Section: one.Section, Level: one.Level, Source: one.Source, Requires: one.Requires, Outcome: Passed}
	if !offered.has(one.Needs) {
		result.Outcome, result.Reason = NotApplicable, "the service provider does not offer "+string(one.Needs)
		return result
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	t := &T{ctx: ctx, client: c, tag: tag, offer: offered}
	started := time.Now()
	defer func() {
		result.Seconds = time.Since(started).Seconds()
		switch stopped := recover().(type) {
		case nil:
		case failure:
			result.Outcome, result.Expected = Failed, stopped.expected
			result.show(stopped.at)
		default:
			result.Outcome = Failed
			result.Expected = fmt.Sprintf("a case that runs to its end, but it stopped: %v\n%s", stopped, debug.Stack())
			result.show(t.last)
		}
		t.cleanup()
	}()
	one.run(t)
	return result
}
