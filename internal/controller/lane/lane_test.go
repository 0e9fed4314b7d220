package lane_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
)

func run(t *testing.T, l *lane.Lanes, namespace, owner string, class lane.Class, work func(context.Context, *lane.Job)) (answer lane.Answer, took time.Duration) {
	t.Helper()
	begin := time.Now()
	return l.Run(t.Context(), namespace, owner, class, work), time.Since(begin)
}

// takes is a job with one write that takes so long.
func takes(d time.Duration) func(context.Context, *lane.Job) {
	return func(ctx context.Context, job *lane.Job) {
		_ = job.Write(ctx, func(ctx context.Context) error {
			select {
			case <-time.After(d):
			case <-ctx.Done():
			}
			return nil
		})
	}
}

func TestAJobIsWaitedForWhileItsWritesAreAnswered(t *testing.T) {
	steps := func(n int, each time.Duration) func(context.Context, *lane.Job) {
		return func(ctx context.Context, job *lane.Job) {
			for range n {
				takes(each)(ctx, job)
			}
		}
	}
	tests := map[string]struct {
		work func(context.Context, *lane.Job)
		want lane.Answer
		took time.Duration
	}{
		"at once":          {takes(0), lane.Done, 0},
		"a moment":         {takes(200 * time.Millisecond), lane.Done, 200 * time.Millisecond},
		"many quick steps": {steps(100, 100*time.Millisecond), lane.Done, 10 * time.Second},
		"waits for its turn": {func(ctx context.Context, job *lane.Job) {
			time.Sleep(time.Second)
			takes(0)(ctx, job)
		}, lane.Done, time.Second},
		"hangs": {takes(time.Hour), lane.Slow, 300 * time.Millisecond},
		"hangs after a step": {func(ctx context.Context, job *lane.Job) {
			takes(200*time.Millisecond)(ctx, job)
			takes(time.Hour)(ctx, job)
		}, lane.Slow, 600 * time.Millisecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				answer, took := run(t, lane.New(t.Context()), "slow", "a", lane.Addition, test.work)
				if answer != test.want || took > test.took {
					t.Errorf("answer %v after %s, want %v within %s", answer, took, test.want, test.took)
				}
			})
		})
	}
}

func TestASlowLaneHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lane.New(t.Context())
		want := func(what string, answer, wanted lane.Answer, took, atMost time.Duration) {
			t.Helper()
			if answer != wanted || took > atMost {
				t.Errorf("%s: answer %v after %s, want %v within %s", what, answer, took, wanted, atMost)
			}
		}
		answer, took := run(t, l, "slow", "a", lane.Addition, takes(4*time.Second))
		want("the first", answer, lane.Slow, took, 300*time.Millisecond)
		answer, took = run(t, l, "slow", "b", lane.Addition, takes(4*time.Second))
		want("the second is not waited for", answer, lane.Slow, took, 0)
		answer, took = run(t, l, "slow", "c", lane.Addition, takes(0))
		want("a third addition", answer, lane.Refused, took, 0)
		answer, took = run(t, l, "slow", "c", lane.Removal, takes(4*time.Second))
		want("a removal", answer, lane.Slow, took, 0)
		answer, took = run(t, l, "fast", "c", lane.Addition, takes(0))
		want("another lane", answer, lane.Done, took, 0)
		if _, told := l.Problem("slow", "a"); told {
			t.Error("a problem is told of at once")
		}
		time.Sleep(5 * time.Second)
		if _, told := l.Problem("slow", "a"); !told {
			t.Error("no problem is told of after a while")
		}
		answer, took = run(t, l, "slow", "a", lane.Addition, takes(0))
		want("once all have ended", answer, lane.Done, took, 0)
		if _, told := l.Problem("slow", "a"); told {
			t.Error("the problem stays")
		}
	})
}

// One owner's writes do not overtake each other; the earlier ones make room.
func TestAnOwnerHasOneJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lane.New(t.Context())
		ended := false
		first, _ := run(t, l, "slow", "a", lane.Addition, func(ctx context.Context, job *lane.Job) {
			for !job.Interrupted() {
				takes(time.Second)(ctx, job)
			}
			ended = true
		})
		second, _ := run(t, l, "slow", "a", lane.Removal, takes(0))
		l.Interrupt("slow", "a")
		if first != lane.Slow || second != lane.Refused {
			t.Errorf("answers %v, %v; want slow, refused", first, second)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if !ended {
			t.Error("the first job was not interrupted")
		}
		if third, _ := run(t, l, "slow", "a", lane.Removal, takes(0)); third != lane.Done {
			t.Errorf("answer %v, want done", third)
		}
	})
}

func TestWritesTimeOut(t *testing.T) {
	tests := map[lane.Class]time.Duration{lane.Addition: 15 * time.Second, lane.Removal: 40 * time.Second, lane.Status: 5 * time.Second}
	for class, want := range tests {
		synctest.Test(t, func(t *testing.T) {
			var err error
			begin, took := time.Now(), time.Duration(0)
			run(t, lane.New(t.Context()), "slow", "a", class, func(ctx context.Context, job *lane.Job) {
				err = job.Write(ctx, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
				took = time.Since(begin)
			})
			time.Sleep(time.Minute)
			synctest.Wait()
			if !errors.Is(err, context.DeadlineExceeded) || took != want {
				t.Errorf("class %v: %v after %s, want a timeout after %s", class, err, took, want)
			}
		})
	}
}

// An API server that is slow everywhere is no lane's matter.
func TestPatienceGrowsWithTheAPIServersLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := lane.New(t.Context())
		for range 50 {
			if answer, _ := run(t, l, "fast", "a", lane.Addition, takes(150*time.Millisecond)); answer != lane.Done {
				t.Fatalf("answer %v", answer)
			}
		}
		if answer, _ := run(t, l, "slow", "a", lane.Addition, takes(time.Second)); answer != lane.Done {
			t.Errorf("answer %v, want done: all writes take long", answer)
		}
		if got := l.Patience(); got < time.Second || got > 2*time.Second {
			t.Errorf("patience is %s", got)
		}
		if answer, took := run(t, l, "slow", "a", lane.Addition, takes(time.Minute)); answer != lane.Slow || took > 2*time.Second {
			t.Errorf("answer %v after %s, want slow after 2s at most", answer, took)
		}
	})
}

// A job goes on when its reconcile has ended, but not when the operator has.
func TestJobsEndWithTheOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		operator, stop := context.WithCancel(t.Context())
		reconcile, end := context.WithCancel(t.Context())
		l := lane.New(operator)
		var err error
		go func() {
			time.Sleep(time.Second)
			end()
		}()
		l.Run(reconcile, "slow", "a", lane.Removal, func(ctx context.Context, _ *lane.Job) {
			<-ctx.Done()
			err = ctx.Err()
		})
		time.Sleep(time.Second)
		if err != nil {
			t.Error("the job ended with the reconcile")
		}
		stop()
		synctest.Wait()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want canceled", err)
		}
	})
}
