package idpsim

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// progress shows how far a run is: a bar on a terminal, else a line now and then.
type progress struct {
	out      io.Writer
	terminal bool
	rec      *recorder
	done     atomic.Int64

	mu       sync.Mutex
	name     string
	total    int
	started  time.Time
	requests int
	quit     chan struct{}
	stopped  sync.WaitGroup
}

func newProgress(out io.Writer, terminal bool, rec *recorder) *progress {
	return &progress{out: out, terminal: terminal, rec: rec}
}

func (p *progress) begin(name string, total int) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	p.name, p.total, p.started, p.requests = name, total, time.Now(), p.rec.requests()
	p.mu.Unlock()
	p.done.Store(0)
	p.quit = make(chan struct{})
	interval := 5 * time.Second
	if p.terminal {
		interval = 200 * time.Millisecond
	}
	p.stopped.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.show(false)
			case <-p.quit:
				return
			}
		}
	})
}

func (p *progress) step() { p.done.Add(1) }

func (p *progress) end() {
	if p.out == nil || p.quit == nil {
		return
	}
	close(p.quit)
	p.stopped.Wait()
	p.quit = nil
	p.show(true)
}

func (p *progress) close() {
	if p.quit != nil {
		p.end()
	}
}

// note prints a line of its own.
func (p *progress) note(format string, args ...any) {
	if p.out == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.print("idpsim: " + fmt.Sprintf(format, args...) + "\n")
}

func (p *progress) show(last bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	done, elapsed := int(p.done.Load()), time.Since(p.started)
	sent := p.rec.requests() - p.requests
	rate := float64(sent) / max(elapsed.Seconds(), 0.001)
	line := fmt.Sprintf("%-18s %d/%d  %.0f requests/s", p.name, done, p.total, rate)
	if p.terminal {
		const width = 24
		full := min(width*done/max(p.total, 1), width)
		line = fmt.Sprintf("%-18s [%s%s] %3d%%  %d/%d  %.0f requests/s", p.name, strings.Repeat("=", full),
			strings.Repeat(" ", width-full), 100*done/max(p.total, 1), done, p.total, rate)
	}
	switch {
	case last:
		line += fmt.Sprintf("  %s\n", elapsed.Round(time.Millisecond))
	case done > 0:
		left := time.Duration(float64(elapsed) / float64(done) * float64(p.total-done))
		line += fmt.Sprintf("  ETA %s", left.Round(time.Second))
	}
	if !last && !p.terminal {
		line += "\n"
	}
	p.print(line)
}

// print writes a line; on a terminal over the bar that is there.
func (p *progress) print(line string) {
	if p.terminal {
		line = "\r\x1b[K" + line
	}
	_, _ = io.WriteString(p.out, line) // progress that cannot be shown stops nothing
}
