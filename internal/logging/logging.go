// Package logging writes the operator's log: one JSON object a line.
//
// A line is written when it is made, but for those that may wait: the lines of
// requests that only read, of which there can be thousands a second. They are
// written together, at most 100 ms later, or when there are 64 KiB of them. Lines
// keep their order: any other line goes out at once, with those that wait
// before it. So a process that is killed loses at most what it noted of reads in
// its last 100 ms; one that ends by itself calls flush.
package logging

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/go-logr/logr"
)

const (
	longestWait = 100 * time.Millisecond
	mostWaiting = 64 << 10 // bytes
)

// New makes a logger of lines from a level on. flush writes those that wait.
func New(to io.Writer, least slog.Level) (log logr.Logger, flush func()) {
	w := &writer{to: to, waiting: make([]byte, 0, mostWaiting)}
	w.timer = time.AfterFunc(longestWait, w.timeUp)
	w.timer.Stop()
	lines := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least})
	return logr.FromSlogHandler(&handler{lines, w}), w.flush
}

type mayWait struct{}

// MayWait is the context of a line that may wait.
func MayWait(ctx context.Context) context.Context { return context.WithValue(ctx, mayWait{}, true) }

// handler is a slog.Handler that has lines written.
type handler struct {
	slog.Handler
	to *writer
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, line slog.Record) error {
	err := h.Handler.Handle(ctx, line)
	if ctx.Value(mayWait{}) == nil {
		h.to.flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.Handler.WithAttrs(attrs), h.to}
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.Handler.WithGroup(name), h.to}
}

// writer collects lines.
type writer struct {
	to io.Writer

	mu      sync.Mutex
	waiting []byte
	timer   *time.Timer
	timed   bool // the timer runs
}

// Write takes one line.
func (w *writer) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting)+len(line) > mostWaiting {
		w.write()
	}
	if len(line) > mostWaiting {
		return w.to.Write(line)
	}
	w.waiting = append(w.waiting, line...)
	if !w.timed {
		w.timed = true
		w.timer.Reset(longestWait)
	}
	return len(line), nil
}

func (w *writer) timeUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timed = false
	w.write()
}

func (w *writer) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.write()
}

// write is called with w.mu held. There is nobody to tell if it fails.
func (w *writer) write() {
	if len(w.waiting) > 0 {
		_, _ = w.to.Write(w.waiting)
		w.waiting = w.waiting[:0]
	}
}
