package chaos

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// balancer spreads connections over the replicas, one after the other, as a
// Service or a plain TCP balancer does. It looks at nothing that passes. A
// refused connection is tried once more, at another replica.
type balancer struct {
	listener net.Listener

	mu       sync.Mutex
	replicas []string // host:port
	next     int
	open     map[net.Conn]struct{}

	connections, refused, unreachable atomic.Int64
}

func newBalancer(ctx context.Context) (*balancer, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &balancer{listener: listener, open: map[net.Conn]struct{}{}}
	go b.serve(context.WithoutCancel(ctx))
	return b, nil
}

func (b *balancer) address() string { return b.listener.Addr().String() }

// use adds a replica.
func (b *balancer) use(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.replicas = append(b.replicas, address)
}

// close ends everything that passes.
func (b *balancer) close() {
	_ = b.listener.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.open {
		_ = c.Close()
	}
}

func (b *balancer) serve(ctx context.Context) {
	for {
		near, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.connections.Add(1)
		go b.pass(ctx, near)
	}
}

func (b *balancer) pass(ctx context.Context, near net.Conn) {
	far, err := b.dial(ctx)
	if err != nil {
		b.unreachable.Add(1)
		_ = near.Close()
		return
	}
	b.keep(near, far)
	var both sync.WaitGroup
	both.Go(func() { oneWay(far, near) })
	both.Go(func() { oneWay(near, far) })
	both.Wait()
	b.drop(near, far)
}

// dial reaches the next replica, or the one after it.
func (b *balancer) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	far, err := dialer.DialContext(ctx, "tcp", b.turn())
	if err == nil {
		return far, nil
	}
	b.refused.Add(1)
	return dialer.DialContext(ctx, "tcp", b.turn())
}

func (b *balancer) turn() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.replicas) == 0 {
		return "127.0.0.1:0"
	}
	b.next++
	return b.replicas[b.next%len(b.replicas)]
}

func (b *balancer) keep(conns ...net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range conns {
		b.open[c] = struct{}{}
	}
}

func (b *balancer) drop(conns ...net.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(b.open, c)
	}
}

// oneWay passes on what comes, and then that nothing comes any more.
func oneWay(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if tcp, ok := to.(*net.TCPConn); ok && err == nil {
		_ = tcp.CloseWrite()
		return
	}
	_, _ = to.Close(), from.Close()
}
