package server

import (
	"container/list"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"
)

// maxUnfinished is how many bytes clients may have sent, together, of requests
// that are not complete. Of short header fields net/http makes 15 times as much
// in memory, and keeps it until the last has come or ReadHeaderTimeout has passed.
const maxUnfinished = 16 << 20

// connections bounds how many clients are connected at once. When there are as
// many as may be, a new one takes the place of the one that has been without a
// request for longest: an idle one, or one that never finished the header of a
// request. So neither open connections nor headers sent byte by byte keep
// others out. If requests are being answered on all of them, it is closed.
//
// Headers that never end are bounded together, too: beyond maxUnfinished, the
// connection with the most of it is closed.
type connections struct {
	net.Listener
	limit int
	log   logr.Logger
	tells rate.Sometimes

	mu         sync.Mutex
	open       int
	quiet      *list.List // those without a request, in the order in which they became so
	unfinished int        // of all in quiet
}

func newConnections(listener net.Listener, limit int, log logr.Logger) *connections {
	return &connections{
		Listener: listener, limit: limit, log: log, quiet: list.New(),
		tells: rate.Sometimes{Interval: time.Minute},
	}
}

// connection is one of them.
type connection struct {
	net.Conn
	of *connections

	// Guarded by of.mu.
	requests   int           // being answered
	place      *list.Element // in of.quiet; nil while there are requests
	unfinished int           // bytes that came since there was a request
	closed     bool
}

// Accept waits for the next client.
func (c *connections) Accept() (net.Conn, error) {
	for {
		accepted, err := c.Listener.Accept()
		if err != nil {
			return nil, err
		}
		n := &connection{Conn: accepted, of: c}
		if c.admit(n) {
			return n, nil
		}
		_ = accepted.Close()
	}
}

// admit counts a connection, if there is room for it or room can be made.
func (c *connections) admit(n *connection) bool {
	c.mu.Lock()
	var evicted *connection
	full := c.open >= c.limit
	if full {
		if front := c.quiet.Front(); front != nil {
			evicted = front.Value.(*connection)
			evicted.leave()
		}
	}
	admitted := c.open < c.limit
	if admitted {
		c.open++
		n.place = c.quiet.PushBack(n)
	}
	openConnections.Set(float64(c.open))
	c.mu.Unlock()
	if evicted != nil {
		_ = evicted.Conn.Close()
	}
	if full {
		c.tell(admitted)
	}
	return admitted
}

func (c *connections) tell(admitted bool) {
	outcome := "idle"
	if !admitted {
		outcome = "new"
	}
	closedConnections.WithLabelValues(outcome).Inc()
	c.tells.Do(func() {
		c.log.Info("as many clients are connected as may be: those without a request for longest are disconnected for new ones", "limit", c.limit)
	})
}

// Read counts what comes while there is no request.
func (n *connection) Read(b []byte) (int, error) {
	got, err := n.Conn.Read(b)
	if most := n.of.received(n, got); most != nil {
		closedConnections.WithLabelValues("unfinished").Inc()
		_ = most.Conn.Close()
	}
	return got, err
}

// received gives the connection to be closed if that was too much; else nil.
func (c *connections) received(n *connection, bytes int) (most *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.place == nil {
		return nil
	}
	n.unfinished += bytes
	c.unfinished += bytes
	if c.unfinished <= maxUnfinished {
		return nil
	}
	most = n
	for place := c.quiet.Front(); place != nil; place = place.Next() {
		if other := place.Value.(*connection); other.unfinished > most.unfinished {
			most = other
		}
	}
	most.leave()
	return most
}

// leave takes a connection out of the count. of.mu is held.
func (n *connection) leave() {
	if n.closed {
		return
	}
	n.closed = true
	n.of.open--
	n.leaveQuiet()
}

// leaveQuiet takes it out of those without a request. of.mu is held.
func (n *connection) leaveQuiet() {
	if n.place != nil {
		n.of.quiet.Remove(n.place)
		n.of.unfinished -= n.unfinished
		n.place, n.unfinished = nil, 0
	}
}

// Close ends the connection.
func (n *connection) Close() error {
	n.of.mu.Lock()
	n.leave()
	openConnections.Set(float64(n.of.open)) // in turn with the others
	n.of.mu.Unlock()
	return n.Conn.Close()
}

// begin and end tell that a request is answered on it, of perhaps several.
func (n *connection) begin() {
	n.of.mu.Lock()
	defer n.of.mu.Unlock()
	n.requests++
	n.leaveQuiet()
}

func (n *connection) end() {
	n.of.mu.Lock()
	defer n.of.mu.Unlock()
	n.requests--
	if n.requests == 0 && !n.closed {
		n.place = n.of.quiet.PushBack(n)
	}
}

type connectionKey struct{}

// connectionContext is http.Server's ConnContext.
func connectionContext(ctx context.Context, c net.Conn) context.Context {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if n, ok := c.(*connection); ok {
		return context.WithValue(ctx, connectionKey{}, n)
	}
	return ctx
}

// busy keeps a request's connection while it is answered.
func busy(r *http.Request) (done func()) {
	n, ok := r.Context().Value(connectionKey{}).(*connection)
	if !ok {
		return func() {}
	}
	n.begin()
	return n.end
}
