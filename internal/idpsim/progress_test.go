package idpsim

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	tests := map[string]struct {
		terminal bool
		want     string
	}{
		"bar on a terminal": {true, "\r\x1b[Kusers              [============            ]  50%  5/10  "},
		"line elsewhere":    {false, "users              5/10  "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := newProgress(&out, test.terminal, newRecorder())
			p.begin("users", 10)
			for range 5 {
				p.step()
			}
			p.mu.Lock()
			p.started = p.started.Add(-time.Minute)
			p.mu.Unlock()
			p.show(false)
			if got := out.String(); !strings.HasPrefix(got, test.want) || !strings.Contains(got, "ETA 1m") {
				t.Errorf("shown %q, want %q… and an ETA of a minute", got, test.want)
			}
			p.note("something")
			p.end()
			p.close()
			if got := out.String(); !strings.Contains(got, "idpsim: something\n") || strings.Count(got, "5/10") != 2 {
				t.Errorf("shown %q, want the note and how long it took", got)
			}
		})
	}
}

func TestNoProgress(t *testing.T) {
	p := newProgress(nil, false, newRecorder())
	p.begin("users", 10)
	p.step()
	p.note("something")
	p.end()
	p.close()
	if p.done.Load() != 1 {
		t.Errorf("%d steps, want 1", p.done.Load())
	}
}
