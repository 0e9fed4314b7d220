package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
)

// output notes each write.
type output struct {
	mu     sync.Mutex
	writes []string
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writes = append(o.writes, string(b))
	return len(b), nil
}

// messages are those of each write so far.
func (o *output) messages(t *testing.T) []string {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	var got []string
	for _, write := range o.writes {
		var messages []string
		for line := range strings.Lines(write) {
			var content struct{ Msg string }
			if err := json.Unmarshal([]byte(line), &content); err != nil {
				t.Errorf("%q is no JSON: %v", line, err)
			}
			messages = append(messages, content.Msg)
		}
		got = append(got, strings.Join(messages, " "))
	}
	return got
}

func TestLinesThatMayWait(t *testing.T) {
	tests := map[string]struct {
		log  func(read, other func(string), flush func())
		want []string // by write
	}{
		"a line":     {func(_, other func(string), _ func()) { other("a"); other("b") }, []string{"a", "b"}},
		"reads wait": {func(read, _ func(string), _ func()) { read("a"); read("b") }, nil},
		"not for long": {func(read, _ func(string), _ func()) {
			read("a")
			time.Sleep(longestWait - time.Nanosecond)
			read("b")
			time.Sleep(time.Nanosecond)
			synctest.Wait()
			read("c")
			time.Sleep(longestWait)
		}, []string{"a b", "c"}},
		"any other line goes out with them, in order": {func(read, other func(string), _ func()) {
			read("a")
			read("b")
			other("c")
			other("d")
		}, []string{"a b c", "d"}},
		"flush": {func(read, _ func(string), flush func()) { read("a"); flush(); flush() }, []string{"a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out := &output{}
				log, flush := New(out, slog.LevelInfo)
				lines := logr.ToSlogHandler(log.WithName("scim")).WithAttrs([]slog.Attr{slog.String("logger", "scim")})
				waits := MayWait(t.Context())
				read := func(message string) {
					if err := lines.Handle(waits, slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)); err != nil {
						t.Error(err)
					}
				}
				test.log(read, func(message string) { log.Info(message) }, flush)
				synctest.Wait()
				if diff := cmp.Diff(test.want, out.messages(t)); diff != "" {
					t.Errorf("writes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Many lines are not kept until time is up, and none is cut or lost.
func TestManyLines(t *testing.T) {
	out := &output{}
	log, flush := New(out, slog.LevelInfo)
	lines, waits := logr.ToSlogHandler(log), MayWait(context.Background())
	const writers, each = 8, 500
	var work sync.WaitGroup
	for range writers {
		work.Go(func() {
			for range each {
				line := slog.NewRecord(time.Now(), slog.LevelInfo, strings.Repeat("x", 1000), 0)
				if err := lines.Handle(waits, line); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	log.Info(strings.Repeat("y", 2*mostWaiting))
	flush()
	all := 0
	for _, write := range out.writes {
		if !strings.HasSuffix(write, "\n") || len(write) > mostWaiting && strings.Contains(write, "x") {
			t.Errorf("a write of %d bytes", len(write))
		}
		all += strings.Count(write, "\n")
	}
	if want := writers*each + 1; all != want {
		t.Errorf("%d lines were written, want %d", all, want)
	}
}

func TestLevel(t *testing.T) {
	var out bytes.Buffer
	log, _ := New(&out, slog.LevelWarn)
	log.Info("quiet")
	log.Error(nil, "loud")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "loud") {
		t.Errorf("got %s", got)
	}
}
