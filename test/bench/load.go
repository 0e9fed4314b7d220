package bench

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// errUsedUp ends a load before its time: there is nothing left to do.
	errUsedUp = errors.New("used up")
	// errRefused is a call that did not succeed and that a client would repeat.
	errRefused = errors.New("refused")
)

// result is what a load came to.
type result struct {
	done, refused int
	took          time.Duration
}

func (r result) rate() float64 { return float64(r.done) / r.took.Seconds() }

// load has several workers call do until the time is over, each call with a
// number of its own, counted on from *next. The first tenth of the time is not
// counted: caches and connections are warmed up, and who was stopped catches up.
func load(ctx context.Context, workers int, period time.Duration, next *atomic.Int64, do func(ctx context.Context, i int) error) (result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var done, refused atomic.Int64
	var work sync.WaitGroup
	warm := time.Now().Add(period / 10)
	end := warm.Add(period)
	var last atomic.Int64 // when the last call ended, in nanoseconds after warm
	for range workers {
		work.Go(func() {
			for ctx.Err() == nil && time.Now().Before(end) {
				err := do(ctx, int(next.Add(1)-1))
				ended := time.Since(warm)
				switch {
				case errors.Is(err, errUsedUp):
					return
				case errors.Is(err, errRefused):
					refused.Add(1)
				case err != nil:
					cancel(err)
					return
				case ended > 0:
					done.Add(1)
					for was := last.Load(); int64(ended) > was && !last.CompareAndSwap(was, int64(ended)); was = last.Load() {
					}
				}
			}
		})
	}
	work.Wait()
	if err := context.Cause(ctx); err != nil {
		return result{}, err
	}
	r := result{done: int(done.Load()), refused: int(refused.Load()), took: time.Duration(last.Load())}
	if r.done == 0 {
		return r, errors.New("nothing succeeded in time")
	}
	return r, nil
}

// parallel does n things, some at once, until one fails.
func parallel(ctx context.Context, n, atOnce int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var work sync.WaitGroup
	for range atOnce {
		work.Go(func() {
			for i := int(next.Add(1) - 1); i < n && ctx.Err() == nil; i = int(next.Add(1) - 1) {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	work.Wait()
	return context.Cause(ctx)
}
