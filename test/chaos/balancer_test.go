package chaos

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// through sends a request through a balancer, on a connection of its own.
func through(t *testing.T, b *balancer) (string, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.address(), nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) })
}

func TestBalancer(t *testing.T) {
	one, other := httptest.NewServer(named("one")), httptest.NewServer(named("other"))
	defer one.Close()
	b, err := newBalancer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if _, err := through(t, b); err == nil {
		t.Error("without a replica there is an answer")
	}
	b.use(strings.TrimPrefix(one.URL, "http://"))
	b.use(strings.TrimPrefix(other.URL, "http://"))
	got := map[string]int{}
	for range 10 {
		name, err := through(t, b)
		if err != nil {
			t.Fatal(err)
		}
		got[name]++
	}
	if got["one"] != 5 || got["other"] != 5 {
		t.Errorf("they come in turn: %v", got)
	}
	if b.unreachable.Load() != 1 {
		t.Errorf("%d connections were refused twice, want the first one", b.unreachable.Load())
	}

	other.Close()
	before := b.refused.Load()
	for range 10 {
		if name, err := through(t, b); err != nil || name != "one" {
			t.Fatalf("got %q, %v, want the one that is left", name, err)
		}
	}
	if retried := b.refused.Load() - before; retried == 0 || b.unreachable.Load() != 1 {
		t.Errorf("%d refused connections were tried once more, %d were refused twice", retried, b.unreachable.Load())
	}
}

// A replica that closes a connection must be seen to do so, and so must a client.
func TestBalancerPassesOnTheEnd(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	b, err := newBalancer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	b.use(listener.Addr().String())
	dial := func() (near, far net.Conn) {
		near, err := new(net.Dialer).DialContext(context.Background(), "tcp", b.address())
		if err != nil {
			t.Fatal(err)
		}
		if far, err = listener.Accept(); err != nil {
			t.Fatal(err)
		}
		return near, far
	}
	near, far := dial()
	_, _ = far.Write([]byte("bye"))
	_ = far.Close()
	if got, err := io.ReadAll(near); err != nil || string(got) != "bye" {
		t.Errorf("the client read %q, %v", got, err)
	}
	near, far = dial()
	_ = near.Close()
	if got, err := io.ReadAll(far); err != nil || len(got) != 0 {
		t.Errorf("the replica read %q, %v", got, err)
	}
}
