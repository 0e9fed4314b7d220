package progress

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"
)

func TestWaitEnds(t *testing.T) {
	failure := errors.New("gone")
	tests := map[string]struct {
		timeout time.Duration
		done    func(calls int, interrupt func()) (bool, error)
		want    error
		calls   int
	}{
		"at once":           {time.Hour, func(int, func()) (bool, error) { return true, nil }, nil, 1},
		"when it is there":  {time.Hour, func(n int, _ func()) (bool, error) { return n == 3, nil }, nil, 3},
		"by an error":       {time.Hour, func(n int, _ func()) (bool, error) { return false, failure }, failure, 1},
		"when time is over": {0, func(int, func()) (bool, error) { return false, nil }, ErrTimeout, 1},
		"by an interrupt":   {time.Hour, func(n int, interrupt func()) (bool, error) { interrupt(); return false, failure }, context.Canceled, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var shown bytes.Buffer
			calls := 0
			w := New(&shown, test.timeout, "for it")
			w.Every = time.Millisecond
			err := w.For(ctx, func(context.Context) (bool, error) {
				calls++
				return test.done(calls, cancel)
			})
			if !errors.Is(err, test.want) || calls != test.calls {
				t.Errorf("got %v after %d calls, want %v after %d", err, calls, test.want, test.calls)
			}
			told := "Waiting for it, for up to 1h0m0s ...\n"
			if test.calls == 1 {
				told = ""
			}
			if shown.String() != told {
				t.Errorf("it was shown: %q", shown.String())
			}
		})
	}
}
