package chaos

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fixture is a line before a server that counts requests, and whose /watch
// sends a line for each value of more.
type fixture struct {
	*testing.T
	line     *line
	cert     *certificate
	requests atomic.Int64
	more     chan string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{T: t, more: make(chan string)}
	var err error
	if f.cert, err = newCertificate(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/watch", func(w http.ResponseWriter, r *http.Request) {
		for {
			_ = http.NewResponseController(w).Flush()
			select {
			case text := <-f.more:
				_, _ = fmt.Fprintln(w, text)
			case <-r.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		f.requests.Add(1)
		_, _ = fmt.Fprint(w, r.Proto)
	})
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.ServeTLS(listener, f.cert.certFile, f.cert.keyFile) }()
	if f.line, err = newLine(t.Context(), listener.Addr().String(), f.cert); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.line.close(); _ = server.Close() })
	return f
}

// client has connections of its own.
func (f *fixture) client() *http.Client {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(f.cert.pem)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}}
}

func (f *fixture) send(c *http.Client, method, path string, patience time.Duration) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(f.Context(), patience)
	f.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, method, "https://"+f.line.address+path, strings.NewReader(""))
	if err != nil {
		f.Fatal(err)
	}
	return c.Do(request)
}

func (f *fixture) want(c *http.Client, method string, status int) string {
	f.Helper()
	response, err := f.send(c, method, "/", 5*time.Second)
	if err != nil {
		f.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != status {
		f.Fatalf("got %d %v, want %d: %s", response.StatusCode, err, status, body)
	}
	return string(body)
}

func (f *fixture) wantNothing(c *http.Client, method string) error {
	f.Helper()
	response, err := f.send(c, method, "/", 300*time.Millisecond)
	if err == nil {
		_ = response.Body.Close()
		f.Fatalf("got %s, want no answer", response.Status)
	}
	return err
}

func TestLinePassesHTTP2AndWatches(t *testing.T) {
	f := newFixture(t)
	c := f.client()
	if got := f.want(c, http.MethodGet, 200); got != "HTTP/2.0" {
		t.Errorf("the API server was asked by %s", got)
	}
	watch, err := f.send(c, http.MethodGet, "/watch", 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = watch.Body.Close() }()
	if watch.ProtoMajor != 2 {
		t.Errorf("the line speaks %s", watch.Proto)
	}
	events := bufio.NewScanner(watch.Body)
	for _, text := range []string{"one", "two"} {
		f.more <- text
		if !events.Scan() || events.Text() != text {
			t.Fatalf("got %q, want %q as soon as it is sent", events.Text(), text)
		}
	}
	f.line.cut()
	if events.Scan() || events.Err() == nil {
		t.Errorf("after the cut came %q, %v", events.Text(), events.Err())
	}
	f.want(c, http.MethodGet, 200)
}

func TestLineDropsPackets(t *testing.T) {
	f := newFixture(t)
	old := f.client()
	f.want(old, http.MethodGet, 200)
	f.line.blackhole()
	if err := f.wantNothing(old, http.MethodGet); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a dead connection must not be closed: %v", err)
	}
	f.want(f.client(), http.MethodGet, 200)

	f.line.drop(true)
	fresh := f.client()
	if err := f.wantNothing(fresh, http.MethodGet); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("new connections are dead too, and open: %v", err)
	}
	f.line.drop(false)
	f.want(f.client(), http.MethodGet, 200)
}

func TestLineRefuses(t *testing.T) {
	f := newFixture(t)
	c := f.client()
	f.want(c, http.MethodGet, 200)
	f.line.refuse()
	if err := f.wantNothing(f.client(), http.MethodGet); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("new connections are refused: %v", err)
	}
	if err := f.wantNothing(c, http.MethodGet); errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("connections are closed at once: %v", err)
	}
	if err := f.line.listen(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.want(c, http.MethodGet, 200)
}

func TestTrouble(t *testing.T) {
	tests := map[string]struct {
		trouble *trouble
		method  string
		status  int // 0: no answer
		reason  metav1.StatusReason
		arrives bool // at the API server
	}{
		"too many requests":                   {&trouble{tooMany: 1}, http.MethodGet, 429, metav1.StatusReasonTooManyRequests, false},
		"an internal error":                   {&trouble{internal: 1}, http.MethodGet, 500, metav1.StatusReasonInternalError, false},
		"a conflict":                          {&trouble{conflict: 1}, http.MethodPut, 409, metav1.StatusReasonConflict, false},
		"reads and creations do not conflict": {&trouble{conflict: 1}, http.MethodPost, 200, "", true},
		"a change whose answer is lost":       {&trouble{losing: 1}, http.MethodPut, 0, "", true},
		"a creation whose answer is lost":     {&trouble{losing: 1}, http.MethodPost, 0, "", true},
		"the answers to reads are not lost":   {&trouble{losing: 1}, http.MethodGet, 200, "", true},
		"slow":                                {&trouble{delay: 10 * time.Millisecond}, http.MethodPut, 200, "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.line.trouble.Store(test.trouble)
			if test.status == 0 {
				if err := f.wantNothing(f.client(), test.method); errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the client must know that there is no answer: %v", err)
				}
			} else {
				var status metav1.Status
				body := f.want(f.client(), test.method, test.status)
				if test.reason != "" && (json.Unmarshal([]byte(body), &status) != nil || status.Reason != test.reason) {
					t.Errorf("got %s, want a Status with the reason %s", body, test.reason)
				}
			}
			if arrived := f.requests.Load() > 0; arrived != test.arrives {
				t.Errorf("the API server was asked: %t", arrived)
			}
		})
	}
}

func TestProcess(t *testing.T) {
	p := newProcess(t.TempDir(), "sleep", "/bin/sh", "-c", `trap 'echo ended; exit 3' TERM; echo started; while :; do sleep 0.05; done`)
	if err := p.kill(); err != nil {
		t.Errorf("killing what never started: %v", err)
	}
	started := func(times int) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			content, err := os.ReadFile(p.logFile)
			if err == nil && strings.Count(string(content), "\nstarted\n") == times {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("it did not start: %s, %v", content, err)
			}
		}
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	started(1)
	if err := p.terminate(10 * time.Second); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("it ended with %v, want its own status", err)
	}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	started(2)
	if err := p.kill(); err != nil || p.failure() == nil {
		t.Errorf("killed: %v, it ended with %v", err, p.failure())
	}
}
