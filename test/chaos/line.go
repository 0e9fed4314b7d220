package chaos

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// line is what is between one replica and the API server: a TLS reverse proxy
// that can be slow, answer with errors, lose answers, and cut or black-hole
// connections. HTTP/2 and watches pass.
type line struct {
	address string
	server  *http.Server

	trouble atomic.Pointer[trouble]

	cert     *certificate
	mu       sync.Mutex
	listener net.Listener
	drops    bool // nothing passes, on new connections too
	conns    map[*lineConn]struct{}
}

// newLine stands in front of the API server at target; both use cert.
func newLine(ctx context.Context, target string, cert *certificate) (*line, error) {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cert.pem)
	l := &line{address: "127.0.0.1:0", cert: cert, conns: map[*lineConn]struct{}{}}
	quiet := log.New(io.Discard, "", 0)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "https", Host: target})
		},
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64, DisableCompression: true,
			IdleConnTimeout: time.Minute,
		},
		FlushInterval:  -1, // watches
		ModifyResponse: lose,
		// What fails behind looks in front as what it is: no answer.
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ErrorLog:     quiet,
	}
	l.server = &http.Server{Handler: l.disturb(proxy), ErrorLog: quiet, ReadHeaderTimeout: time.Minute}
	if err := l.listen(ctx); err != nil {
		return nil, err
	}
	l.address = l.listener.Addr().String()
	return l, nil
}

// listen takes connections, always at the same address.
func (l *line) listen(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", l.address)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.listener = listener
	l.mu.Unlock()
	go func() { _ = l.server.ServeTLS(&lineListener{listener, l}, l.cert.certFile, l.cert.keyFile) }()
	return nil
}

func (l *line) close() { _ = l.server.Close() }

// cut closes all connections.
func (l *line) cut() {
	for _, c := range l.all() {
		_ = c.Close()
	}
}

// refuse closes all connections, and lets nobody connect until listen: new ones are
// refused, as by a host on which nothing runs.
func (l *line) refuse() {
	l.mu.Lock()
	_ = l.listener.Close()
	l.mu.Unlock()
	l.cut()
}

// blackhole passes nothing on anymore on the connections that there are, and
// closes none. They never come back to life; new ones work.
func (l *line) blackhole() {
	for _, c := range l.all() {
		c.dead.Store(true)
	}
}

// drop is blackhole for new connections too, until it is called with false.
func (l *line) drop(drops bool) {
	l.mu.Lock()
	l.drops = drops
	l.mu.Unlock()
	if drops {
		l.blackhole()
	}
}

func (l *line) all() []*lineConn {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]*lineConn, 0, len(l.conns))
	for c := range l.conns {
		list = append(list, c)
	}
	return list
}

type lineListener struct {
	net.Listener
	line *line
}

func (l *lineListener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &lineConn{Conn: accepted, line: l.line}
	l.line.mu.Lock()
	c.dead.Store(l.line.drops)
	l.line.conns[c] = struct{}{}
	l.line.mu.Unlock()
	return c, nil
}

// lineConn is a connection of the replica. On a dead one nothing arrives, in
// neither direction.
type lineConn struct {
	net.Conn
	line *line
	dead atomic.Bool
}

func (c *lineConn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if err != nil || !c.dead.Load() {
			return n, err
		}
	}
}

func (c *lineConn) Write(b []byte) (int, error) {
	if c.dead.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *lineConn) Close() error {
	c.line.mu.Lock()
	delete(c.line.conns, c)
	c.line.mu.Unlock()
	return c.Conn.Close()
}
