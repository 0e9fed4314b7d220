package deadline

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

type key struct{}

// All that is bounded here ends with the parent of a test.
var standard = context.WithTimeout

// Whatever is done with it, it says what a context of the standard library says.
func TestAfter(t *testing.T) {
	type bounding = func(context.Context, time.Duration) (context.Context, context.CancelFunc)
	tests := map[string]func(parent context.Context, cancelParent func(), within bounding) context.Context{
		"not ended": func(parent context.Context, _ func(), within bounding) context.Context {
			ctx, _ := within(parent, time.Minute)
			return ctx
		},
		"timed out": func(parent context.Context, _ func(), within bounding) context.Context {
			ctx, _ := within(parent, time.Minute)
			time.Sleep(time.Minute)
			return ctx
		},
		"timed out, then ended": func(parent context.Context, _ func(), within bounding) context.Context {
			ctx, end := within(parent, time.Minute)
			time.Sleep(2 * time.Minute)
			end()
			return ctx
		},
		"ended": func(parent context.Context, _ func(), within bounding) context.Context {
			ctx, end := within(parent, time.Minute)
			end()
			return ctx
		},
		"ended, then too late": func(parent context.Context, _ func(), within bounding) context.Context {
			ctx, end := within(parent, time.Minute)
			end()
			time.Sleep(time.Hour)
			return ctx
		},
		"parent canceled": func(parent context.Context, cancelParent func(), within bounding) context.Context {
			ctx, _ := within(parent, time.Minute)
			cancelParent()
			return ctx
		},
		"parent ends sooner": func(parent context.Context, _ func(), within bounding) context.Context {
			parent, _ = standard(parent, time.Second)
			ctx, _ := within(parent, time.Minute)
			time.Sleep(2 * time.Second)
			return ctx
		},
		"child of it, ended with it": func(parent context.Context, _ func(), within bounding) context.Context {
			ctx, end := within(parent, time.Minute)
			child, _ := standard(ctx, time.Hour)
			end()
			return child
		},
		"child of it, timed out with it": func(parent context.Context, _ func(), within bounding) context.Context {
			ctx, _ := within(parent, time.Minute)
			child, _ := standard(ctx, time.Hour)
			time.Sleep(2 * time.Minute)
			return child
		},
		"one within another": func(parent context.Context, _ func(), within bounding) context.Context {
			outer, end := within(parent, time.Hour)
			inner, _ := within(outer, time.Minute)
			end()
			return inner
		},
	}
	for name, of := range tests {
		for _, waited := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", waited for"}[waited], func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					state := func(within bounding) (done bool, in time.Duration, value any, err error) {
						parent, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "kept"))
						defer cancel()
						ctx := of(parent, cancel, func(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
							ctx, end := within(ctx, d)
							if waited {
								_ = ctx.Done()
							}
							return ctx, end
						})
						synctest.Wait()
						err = ctx.Err()
						if !errors.Is(ctx.Err(), err) {
							t.Errorf("Err changed from %v to %v", err, ctx.Err())
						}
						select {
						case <-ctx.Done():
							done = true
						default:
						}
						deadline, _ := ctx.Deadline()
						return done, time.Until(deadline), ctx.Value(key{}), err
					}
					done, in, value, err := state(After)
					wantDone, wantIn, wantValue, wantErr := state(standard)
					if done != wantDone || !errors.Is(err, wantErr) || !errors.Is(wantErr, err) || in != wantIn || value != wantValue {
						t.Errorf("got %t, %v, %v, %v; context.WithTimeout gives %t, %v, %v, %v", done, err, in, value, wantDone, wantErr, wantIn, wantValue)
					}
				})
			})
		}
	}
}

// Nothing is started while nobody waits: whoever forgets to end it leaks nothing.
func TestAfterCostsLittle(t *testing.T) {
	allocations := testing.AllocsPerRun(100, func() {
		ctx, end := After(context.Background(), time.Minute)
		if ctx.Err() != nil {
			t.Error("it ended")
		}
		end()
	})
	if allocations > 2 {
		t.Errorf("%v allocations", allocations)
	}
}
