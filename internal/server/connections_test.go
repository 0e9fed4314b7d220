package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// soon is how long a test waits for what must come.
const soon = 30 * time.Second

const users = "/identity/entra/scim/v2/Users"

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := (&net.Dialer{Timeout: soon}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ends waits until the server closes a connection, and gives what it sent.
func ends(t *testing.T, c net.Conn) string {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	sent, err := io.ReadAll(c)
	if err, ok := err.(net.Error); ok && err.Timeout() { //nolint:errorlint // as package net gives it
		t.Fatalf("the server keeps the connection, after %q", sent)
	}
	return string(sent)
}

// fresh sends a request with the right token on a connection of its own.
func fresh(t *testing.T, address string) error {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+users, http.NoBody)
	if err != nil {
		return err
	}
	rq.Header.Set("Authorization", "Bearer "+bearer)
	once := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: soon}
	answer, err := once.Do(rq)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("got %s", answer.Status)
	}
	return nil
}

// TestTenThousandConnections also shows that a client with a request gets a
// connection whatever the others do with theirs.
func TestTenThousandConnections(t *testing.T) {
	const limit = 100
	want := 10_000
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err == nil && files.Cur < uint64(want+1000) {
		want = int(files.Cur) / 2
	}
	f := newFixture(t, entra(nil), func(o *Options) { o.MaxConnections = limit })
	s, stop := start(t, f.options)
	opened := make([]net.Conn, want)
	var all sync.WaitGroup
	slots := make(chan struct{}, 32)
	for i := range opened {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			c, err := (&net.Dialer{Timeout: soon}).DialContext(t.Context(), "tcp", s.Address())
			if err != nil {
				t.Errorf("connection %d: %v", i, err)
				return
			}
			opened[i] = c
			switch i % 3 { // silent, in the middle of a header, idle after an answer that is not read
			case 1:
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost:")
			case 2:
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			}
		})
		if i%500 == 499 {
			if err := fresh(t, s.Address()); err != nil {
				t.Errorf("a request beside %d connections: %v", i+1, err)
			}
		}
	}
	all.Wait()
	if err := fresh(t, s.Address()); err != nil {
		t.Errorf("a request beside all connections: %v", err)
	}
	for _, c := range opened {
		if c != nil {
			_ = c.Close()
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestAnsweringConnectionsAreKept(t *testing.T) {
	store := slow{entered: make(chan struct{}), release: make(chan struct{})}
	f := newFixture(t, entra(nil), func(o *Options) {
		o.MaxConnections = 3
		o.Store = func(client.ObjectKey) scim.Store { return store }
	})
	s, stop := start(t, f.options)
	request := "GET " + users + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + bearer + "\r\n\r\n"
	var answering []net.Conn
	for range 3 {
		c := dial(t, s.Address())
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		<-store.entered
		answering = append(answering, c)
	}
	// As many as may be, all at work: one more is refused at once.
	if sent := ends(t, dial(t, s.Address())); sent != "" {
		t.Errorf("a connection above the limit got %q", sent)
	}
	close(store.release)
	for _, c := range answering {
		status, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !strings.Contains(status, "200") {
			t.Errorf("a request under way got %q, %v", status, err)
		}
	}
	// Now they are idle, and one more takes the place of the first.
	more := dial(t, s.Address())
	if _, err := io.WriteString(more, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if status, err := bufio.NewReader(more).ReadString('\n'); err != nil || !strings.Contains(status, "401") {
		t.Errorf("a connection in place of an idle one got %q, %v", status, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestSlowClients have real sockets, and send or read byte by byte.
func TestSlowClients(t *testing.T) {
	const authorized = "Host: x\r\nContent-Type: application/scim+json\r\nAuthorization: Bearer " + bearer + "\r\n"
	tests := map[string]struct {
		at   string // once
		drip string
		want string // in what is answered, if anything is
	}{
		"silent":                        {"", "", ""},
		"a header byte by byte":         {"GET " + users + " HTTP/1.1\r\n", "X-A: b\r\n", ""},
		"a header without an end":       {"GET " + users + " HTTP/1.1\r\n" + authorized, "", ""},
		"a body byte by byte":           {"POST " + users + " HTTP/1.1\r\n" + authorized + "Content-Length: 1000\r\n\r\n", " ", "HTTP/1.1 "},
		"a body in chunks":              {"POST " + users + " HTTP/1.1\r\n" + authorized + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n", "HTTP/1.1 "},
		"a body that never comes":       {"POST " + users + " HTTP/1.1\r\n" + authorized + "Content-Length: 100000\r\n\r\n", "", "HTTP/1.1 "},
		"no token, a body byte by byte": {"POST " + users + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", " ", ""},
	}
	f := newFixture(t, entra(nil), func(o *Options) {
		o.Timeouts = Timeouts{Header: time.Second, Read: 2 * time.Second, Write: 20 * time.Second, Idle: time.Second}
	})
	s, stop := start(t, f.options)
	t.Run("clients", func(t *testing.T) {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c := dial(t, s.Address())
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() {
					_, _ = io.WriteString(c, test.at)
					for test.drip != "" && ctx.Err() == nil {
						if _, err := io.WriteString(c, test.drip); err != nil {
							return
						}
						time.Sleep(20 * time.Millisecond)
					}
				}()
				if got := ends(t, c); !strings.HasPrefix(got, test.want) {
					t.Errorf("the answer is %q, want one that begins with %q", got, test.want)
				}
			})
		}
	})
	capacity := &s.router.capacity
	for deadline := time.Now().Add(soon); capacity.requests.left() != int64(s.options.MaxRequests) || capacity.bodies.left() != s.options.MaxBodyBytes; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("slow clients still hold some of the capacity")
		}
	}
	if err := fresh(t, s.Address()); err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// left is what nobody holds.
func (s *shares) left() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.free
}

// large is a Store with a page that no socket's buffer holds.
type large struct {
	scim.Store
	entered chan struct{}
}

func (l large) List(context.Context, *schema.ResourceType, scim.Query) (*scim.Page, error) {
	close(l.entered)
	page := &scim.Page{Total: 24}
	for i := range page.Total {
		page.Resources = append(page.Resources, &scim.Resource{ID: fmt.Sprint(i), Attributes: scim.Object{"userName": strings.Repeat("x", 1<<20)}})
	}
	return page, nil
}

// TestAClientThatDoesNotRead asks for much and takes none of it.
func TestAClientThatDoesNotRead(t *testing.T) {
	store := large{entered: make(chan struct{})}
	f := newFixture(t, entra(nil), func(o *Options) {
		o.Timeouts.Write = 500 * time.Millisecond
		o.Store = func(client.ObjectKey) scim.Store { return store }
	})
	s, stop := start(t, f.options)
	c := dial(t, s.Address())
	if _, err := io.WriteString(c, "GET "+users+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+bearer+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-store.entered:
	case <-time.After(soon):
		t.Fatal("the request was not begun")
	}
	began, requests := time.Now(), s.router.capacity.requests
	for requests.holds(client.ObjectKeyFromObject(entra(nil))) != 0 {
		if time.Since(began) > soon {
			t.Fatal("a client that does not read keeps its request")
		}
		time.Sleep(time.Millisecond)
	}
	if got := ends(t, c); len(got) > 20<<20 {
		t.Errorf("%d bytes came, more than was read before the time was over", len(got))
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
