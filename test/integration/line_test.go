package integration

import (
	"context"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// line is a connection to the API server that can be cut and mended.
type line struct {
	target   string
	listener net.Listener

	mu    sync.Mutex
	mode  lineMode
	conns map[net.Conn]*atomic.Bool // whether a connection is dead without saying so
}

type lineMode int

const (
	whole lineMode = iota
	cut            // connections break and are refused
	stuck          // connections stay, nothing comes through
)

func newLine(t *testing.T, c *rest.Config) (*line, *rest.Config) {
	t.Helper()
	host, err := url.Parse(c.Host)
	if err != nil || host.Host == "" {
		host = &url.URL{Host: c.Host}
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{target: host.Host, listener: listener, conns: map[net.Conn]*atomic.Bool{}}
	t.Cleanup(func() { _ = listener.Close(); l.set(cut) })
	go l.accept(context.WithoutCancel(t.Context()))
	through := rest.CopyConfig(c)
	through.Host = "https://" + listener.Addr().String()
	return l, through
}

func (l *line) set(mode lineMode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mode = mode
	if mode == cut {
		for c := range l.conns {
			_ = c.Close()
		}
	}
}

// die leaves the connections that there are open, and passes nothing on; new
// ones work.
func (l *line) die() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, dead := range l.conns {
		dead.Store(true)
	}
}

func (l *line) is() lineMode {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mode
}

func (l *line) accept(ctx context.Context) {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		if l.is() == cut {
			_ = near.Close()
			continue
		}
		far, err := new(net.Dialer).DialContext(ctx, "tcp", l.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		dead := &atomic.Bool{}
		l.mu.Lock()
		l.conns[near], l.conns[far] = dead, dead
		l.mu.Unlock()
		go l.copy(near, far, dead)
		go l.copy(far, near, dead)
	}
}

// copy passes bytes on while the line is whole.
func (l *line) copy(to, from net.Conn, dead *atomic.Bool) {
	defer func() {
		_, _ = to.Close(), from.Close()
		l.mu.Lock()
		delete(l.conns, to)
		l.mu.Unlock()
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil && n == 0 {
			return
		}
		for l.is() == stuck {
			time.Sleep(10 * time.Millisecond)
		}
		if dead.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}
