package idpsim

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// runner plays one identity provider.
type runner struct {
	*Config
	idp      profile
	about    *standard
	client   *client
	rec      *recorder
	progress *progress
	report   *Report

	*Directory // at the end of the run
	start      struct {
		people  []*Person
		teams   []*Team
		members [][]*Person
	}
	changes    []*change
	userPrefix string // of the externalIds of this run
	baseline   baseline

	stop   context.CancelCauseFunc
	broken atomic.Int64 // transport failures in a row
}

// Run plays an identity provider. An error says why the run could not be
// finished; failed requests and differences are in the report alone. The report
// is nil only if the configuration is wrong.
func Run(ctx context.Context, c Config) (*Report, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := newRunner(&c)
	if err != nil {
		return nil, err
	}
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	started := time.Now()
	err = r.run(ctx)
	r.progress.close()
	r.client.http.CloseIdleConnections()
	r.finish(time.Since(started))
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return r.report, err
}

func newRunner(c *Config) (*runner, error) {
	r := &runner{Config: c, idp: profiles[c.Profile](), rec: newRecorder()}
	r.about = r.idp.traits()
	if c.MembersPerRequest > 0 {
		r.about.membersPerRequest = c.MembersPerRequest
	}
	var err error
	if r.client, err = newClient(c, r.about, r.rec); err != nil {
		return nil, err
	}
	r.progress = newProgress(c.Progress, c.Terminal, r.rec)
	r.userPrefix = r.about.ownPrefix(c.Seed, userID)
	r.Directory = newDirectory(c, r.about.newID(c.Seed))
	r.start.people = slices.Clone(r.People)
	r.start.teams = slices.Clone(r.Teams)
	for _, t := range r.Teams {
		r.start.members = append(r.start.members, r.membersOf(t))
	}
	r.report = &Report{Profile: c.Profile, URL: c.URL, Phase: c.Phase, Seed: c.Seed, Users: c.Users, Groups: c.Groups, Memberships: r.Directory.Memberships()}
	planner := &planner{Directory: r.Directory, keepsUsers: r.about.keepsUsers, wholeGroups: r.about.wholeGroups, staff: len(r.People)}
	r.changes = planner.plan(c.Deltas, c.DeltaKinds)
	r.report.Deltas = len(r.changes)
	return r, nil
}

func (r *runner) run(ctx context.Context) error {
	if r.Cleanup {
		return r.cleanup(ctx)
	}
	if r.Verify && r.Phase != PhaseTest {
		if err := r.readBaseline(ctx); err != nil {
			return err
		}
	}
	for _, phase := range []struct {
		name string
		play func(context.Context) error
	}{{PhaseTest, r.test}, {PhaseInitial, r.initial}, {PhaseDeltas, r.deltas}} {
		if r.Phase != PhaseAll && r.Phase != phase.name {
			continue
		}
		started, before := time.Now(), r.rec.requests()
		err := phase.play(ctx)
		r.report.Phases = append(r.report.Phases, PhaseReport{Name: phase.name, Duration: time.Since(started), Requests: r.rec.requests() - before})
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
	if r.Verify && r.Phase != PhaseTest {
		return r.verify(ctx)
	}
	return nil
}

// each runs one step of a phase and shows how far it is.
func (r *runner) each(ctx context.Context, step string, total int, tasks iter.Seq[task]) {
	if total == 0 || ctx.Err() != nil {
		return
	}
	r.progress.begin(step, total)
	runTasks(ctx, r.Connections, tasks, r.progress.step)
	r.progress.end()
}

// send sends requests one after the other until one fails. It returns the last
// answer; nil after a failure.
func (r *runner) send(ctx context.Context, requests ...request) *answer {
	var last *answer
	for i := 0; i < len(requests); i++ {
		req, body := &requests[i], requests[i].body
		if req.rebuild != nil {
			body = req.rebuild(last.object())
		}
		a, err := r.client.do(ctx, req, body)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			r.rec.fail(req, r.client.url(req.path), body, nil, err.Error())
			r.unreachable(err)
			return nil
		}
		r.broken.Store(0)
		if !r.accept(req, body, a) {
			return nil
		}
		last = a
		if req.guard {
			if l, _ := a.list(); len(l.Resources) > 0 {
				i++
			}
		}
	}
	return last
}

// accept judges an answer as the identity provider does.
func (r *runner) accept(req *request, body any, a *answer) bool {
	problem := ""
	if slices.Contains(req.want, a.status) {
		if req.check == nil {
			return true
		}
		if problem = req.check(a); problem == "" {
			return true
		}
	}
	r.rec.fail(req, r.client.url(req.path), body, a, problem)
	if a.status == http.StatusUnauthorized {
		r.stop(fmt.Errorf("the server refused the token (%s): check --token, and that the URL is the one that the token is for", detailOf(a)))
	}
	return false
}

// unreachable gives up when the server does not answer at all.
func (r *runner) unreachable(err error) {
	if n := r.broken.Add(1); n < 20 && r.client.answered.Load() {
		return
	}
	r.stop(fmt.Errorf("the server at %s cannot be reached: %w%s", r.URL, err, hint(err)))
}

// hint says what usually helps.
func hint(err error) string {
	var timeout interface{ Timeout() bool }
	text := err.Error()
	switch {
	case strings.Contains(text, "certificate"):
		return "; give the authority's certificate with --ca-file, or --insecure for a trial"
	case strings.Contains(text, "server gave HTTP response"):
		return "; the server speaks http://, not https://"
	case strings.Contains(text, "malformed HTTP response"):
		return "; the server may speak https://, not http://"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "; is a firewall in between, or is --timeout too short?"
	default:
		return "; is the URL right and the server up?"
	}
}
