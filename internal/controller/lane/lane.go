// Package lane keeps a namespace whose writes hang from holding up others.
//
// When an admission webhook does not answer, every write that it is asked about
// takes as long as its timeout, up to 30 seconds, and mostly those are the writes
// in one namespace. So what a reconcile does in a namespace is a job in the lane
// of that namespace. The reconcile waits for a job only while the API server
// answers; then the job goes on by itself, and the reconcile ends and looks again later.
// In a lane with such jobs nobody waits, and few more of them begin: their
// requests take seats at the API server that others need.
package lane

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Class says what a job is about.
type Class int

// The classes. Removals do not queue behind additions.
const (
	Addition Class = iota
	Removal
	Status
)

const (
	// leastPatience and mostPatience bound Patience, which is so many times what
	// writes take.
	leastPatience = 300 * time.Millisecond
	mostPatience  = 2 * time.Second
	patienceRatio = 8
	// Again is how soon to look again after an Answer that is not Done.
	Again = time.Second
)

// maxSlow is how many jobs that nobody waits for are in one lane.
var maxSlow = map[Class]int{Addition: 2, Removal: 8, Status: 2}

// timeout of one write. A removal is worth waiting for as long as the API
// server itself does; an addition is tried again.
var timeout = map[Class]time.Duration{Addition: 15 * time.Second, Removal: 40 * time.Second, Status: 5 * time.Second}

// Answer says what became of a job.
type Answer int

// The answers.
const (
	Done    Answer = iota // the job has ended
	Slow                  // the job goes on by itself
	Refused               // it was not begun: an earlier one of the owner goes on, or too many of others
)

// Lanes run jobs. They are safe for concurrent use.
type Lanes struct {
	mu   sync.Mutex
	slow map[string]map[Class]int // jobs that nobody waits for, by lane
	jobs map[jobKey]*Job
	late map[jobKey]time.Time // since when an owner's jobs are not Done
	ctx  context.Context      // of all jobs

	typical time.Duration // what a write takes where nothing hangs: a moving average
}

// jobKey is for one job at a time: an owner's writes must not overtake each other.
type jobKey struct {
	lane  string
	owner any
}

// New makes Lanes whose jobs end with ctx at the latest.
func New(ctx context.Context) *Lanes {
	return &Lanes{slow: map[string]map[Class]int{}, jobs: map[jobKey]*Job{}, late: map[jobKey]time.Time{}, ctx: ctx}
}

// Patience is how long the API server may leave all writes of a job unanswered
// before nobody waits for the job any more: when it is slow everywhere, longer.
func (l *Lanes) Patience() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return min(max(patienceRatio*l.typical, leastPatience), mostPatience)
}

// took notes what a write took.
func (l *Lanes) took(d time.Duration) {
	const weight = 8
	l.mu.Lock()
	defer l.mu.Unlock()
	l.typical += (d - l.typical) / weight
}

// Job is work under way.
type Job struct {
	lanes     *Lanes
	class     Class
	interrupt atomic.Bool
	ended     chan struct{}
	left      atomic.Bool // nobody waits for it; set under Lanes.mu

	mu      sync.Mutex
	writing int       // writes that the API server has not answered
	last    time.Time // when the first of them began, or one was answered
}

// Interrupted tells whether the job should end soon: its owner has something
// else to do in the lane.
func (j *Job) Interrupted() bool { return j.interrupt.Load() }

// Left tells whether nobody waits for the job any more.
func (j *Job) Left() bool { return j.left.Load() }

// Write makes one write, and gives it as long as its class may take. All that a
// job asks of the API server goes through here.
func (j *Job) Write(ctx context.Context, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout[j.class])
	defer cancel()
	j.note(1)
	defer j.note(-1)
	begin := time.Now()
	err := write(ctx)
	if err == nil && !j.Left() {
		j.lanes.took(time.Since(begin))
	}
	return err
}

func (j *Job) note(writes int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if writes < 0 || j.writing == 0 {
		j.last = time.Now()
	}
	j.writing += writes
}

// idle is for how long writes are under way and none was answered.
func (j *Job) idle() time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.writing == 0 {
		return 0
	}
	return time.Since(j.last)
}

// Run does work for an owner, any comparable value, in a lane, and waits while
// its writes are answered. The work's context outlives ctx.
func (l *Lanes) Run(ctx context.Context, lane string, owner any, class Class, work func(context.Context, *Job)) Answer {
	key := jobKey{lane, owner}
	answer := l.run(ctx, key, class, work)
	l.mu.Lock()
	defer l.mu.Unlock()
	if answer == Done {
		delete(l.late, key)
	} else if _, known := l.late[key]; !known {
		l.late[key] = time.Now()
	}
	return answer
}

// Problem tells people of an owner whose jobs in a lane have not been Done for
// longer than a moment.
func (l *Lanes) Problem(lane string, owner any) (projection.Problem, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	since, known := l.late[jobKey{lane, owner}]
	if !known || time.Since(since) < Again {
		return projection.Problem{}, false
	}
	where := "the whole cluster"
	if lane != "" {
		where = fmt.Sprintf("namespace %q", lane)
	}
	return projection.NewProblem(projection.ReasonAPIServerNotResponding,
		"the API server does not answer writes in %s; they go on and are tried again. An admission webhook that is called there may hang", where), true
}

// Interrupt asks the owner's job to end soon, if there is one.
func (l *Lanes) Interrupt(lane string, owner any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if job := l.jobs[jobKey{lane, owner}]; job != nil {
		job.interrupt.Store(true)
	}
}

// Forget is for an owner that is gone, or has nothing to do in a lane any more.
func (l *Lanes) Forget(lane string, owner any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.late, jobKey{lane, owner})
}

func (l *Lanes) run(ctx context.Context, key jobKey, class Class, work func(context.Context, *Job)) Answer {
	job, known := l.begin(key, class)
	if job == nil {
		return Refused
	}
	free, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(l.ctx, cancel)
	go func() {
		defer cancel()
		defer stop()
		defer l.end(key, job)
		work(free, job)
	}()
	if !known && job.wait(ctx) || l.leave(key, job) {
		return Done
	}
	return Slow
}

// begin tells whether the lane is known to be slow.
func (l *Lanes) begin(key jobKey, class Class) (job *Job, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.jobs[key] != nil {
		return nil, true
	}
	known = len(l.slow[key.lane]) > 0
	if known && l.slow[key.lane][class] >= maxSlow[class] {
		return nil, true
	}
	job = &Job{lanes: l, class: class, ended: make(chan struct{})}
	l.jobs[key] = job
	return job, known
}

// wait tells whether the job has ended; it waits while its writes are answered.
func (j *Job) wait(ctx context.Context) bool {
	timer := time.NewTimer(leastPatience)
	defer timer.Stop()
	for {
		select {
		case <-j.ended:
			return true
		case <-ctx.Done():
			return false
		case <-timer.C:
			idle, patience := j.idle(), j.lanes.Patience()
			if idle >= patience {
				return false
			}
			timer.Reset(patience - idle)
		}
	}
}

// leave lets a job go on by itself; it tells whether the job has ended already.
func (l *Lanes) leave(key jobKey, job *Job) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.jobs[key] != job {
		return true
	}
	job.left.Store(true)
	if l.slow[key.lane] == nil {
		l.slow[key.lane] = map[Class]int{}
	}
	l.slow[key.lane][job.class]++
	return false
}

func (l *Lanes) end(key jobKey, job *Job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.jobs, key)
	close(job.ended)
	if !job.left.Load() {
		return
	}
	slow := l.slow[key.lane]
	if slow[job.class]--; slow[job.class] == 0 {
		delete(slow, job.class)
	}
	if len(slow) == 0 {
		delete(l.slow, key.lane)
	}
}
