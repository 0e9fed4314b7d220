// Package progress waits for something and shows that it does: a line that
// counts up on a terminal, a line now and then elsewhere.
package progress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rollcall-scim/rollcall/internal/plugin/output"
)

// ErrTimeout ends a wait that took too long.
var ErrTimeout = errors.New("it took too long")

// Wait asks until done says so, the context ends, or the time is over. An
// error of done ends it too.
type Wait struct {
	Out      io.Writer // where it is shown; nil: nowhere
	What     string    // "for the sync to become Ready"
	Every    time.Duration
	Timeout  time.Duration
	Terminal bool
}

// New makes a Wait that is shown on a stream.
func New(out io.Writer, timeout time.Duration, what string) *Wait {
	return &Wait{Out: out, What: what, Every: time.Second, Timeout: timeout, Terminal: output.IsTerminal(out)}
}

// quietInterval is how often a line is written where there is no terminal.
const quietInterval = time.Minute

// For waits. It gives the context's error after an interrupt, and ErrTimeout.
func (w *Wait) For(ctx context.Context, done func(context.Context) (bool, error)) error {
	began, told := time.Now(), time.Time{}
	ticker := time.NewTicker(w.Every)
	defer ticker.Stop()
	defer w.clear()
	for {
		finished, err := done(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil || finished:
			return err
		case time.Since(began) >= w.Timeout:
			return ErrTimeout
		}
		told = w.tell(began, told)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-ticker.C:
		}
	}
}

func (w *Wait) tell(began, told time.Time) time.Time {
	took := time.Since(began).Round(time.Second)
	switch {
	case w.Out == nil:
	case w.Terminal:
		fmt.Fprintf(w.Out, "\r\x1b[KWaiting %s ... %s of %s (Ctrl-C ends the waiting only)", w.What, took, w.Timeout)
	case told.IsZero():
		fmt.Fprintf(w.Out, "Waiting %s, for up to %s ...\n", w.What, w.Timeout)
		return time.Now()
	case time.Since(told) >= quietInterval:
		fmt.Fprintf(w.Out, "Still waiting %s: %s of %s\n", w.What, took, w.Timeout)
		return time.Now()
	}
	return told
}

func (w *Wait) clear() {
	if w.Out != nil && w.Terminal {
		fmt.Fprint(w.Out, "\r\x1b[K")
	}
}
