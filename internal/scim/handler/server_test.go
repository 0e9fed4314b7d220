package handler_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/memory"
)

func TestHeaderLimits(t *testing.T) {
	p := serveWith(t, handler.Options{Store: memory.New(), Limits: handler.Limits{Header: 1000}})
	long := strings.Repeat("x", 900)
	for name, test := range map[string]struct {
		path, header string
		status       int
	}{
		"URL within":     {"/Users?x=" + long, "X: y", 200},
		"URL above":      {"/Users?x=" + long + long, "X: y", 414},
		"headers within": {"/Users", "X: " + long[:700], 200},
		"headers above":  {"/Users", "X: " + long + long, 431},
		"both within":    {"/Users?x=" + long, "X: " + long[:700], 200},
	} {
		t.Run(name, func(t *testing.T) {
			p := p.in(t)
			got := p.do("GET", test.path, "", test.header)
			if test.status != 200 {
				got.wantError(test.status, "")
			} else {
				got.want(200)
			}
		})
	}
}

func TestServerTimeouts(t *testing.T) {
	server := handler.NewServer("127.0.0.1:0", http.NotFoundHandler())
	for name, d := range map[string]time.Duration{
		"ReadHeaderTimeout": server.ReadHeaderTimeout, "ReadTimeout": server.ReadTimeout,
		"WriteTimeout": server.WriteTimeout, "IdleTimeout": server.IdleTimeout,
	} {
		if d <= 0 || d > 5*time.Minute {
			t.Errorf("%s is %v", name, d)
		}
	}
	if server.WriteTimeout <= server.ReadTimeout {
		t.Errorf("WriteTimeout %v counts from the header's end and must leave time after ReadTimeout %v", server.WriteTimeout, server.ReadTimeout)
	}
}

// Nothing but the Handler answers, also what is about no path.
func TestOptionsOfTheServer(t *testing.T) {
	test := httptest.NewUnstartedServer(nil)
	test.Config = handler.NewServer("", handler.New(handler.Options{Store: memory.New()}))
	test.Start()
	t.Cleanup(test.Close)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, test.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.URL.Opaque = "*"
	got, err := test.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = got.Body.Close()
	if got.StatusCode != http.StatusUnauthorized || got.Header.Get("X-Request-Id") == "" {
		t.Errorf("OPTIONS * is answered %s, %v", got.Status, got.Header)
	}
}

// A header far above the limit, and one that never ends, end the connection.
func TestServerBounds(t *testing.T) {
	test := httptest.NewUnstartedServer(nil)
	test.Config = handler.NewServer("", http.NotFoundHandler())
	test.Config.ReadHeaderTimeout = 2 * time.Second // for 300 KiB on a busy machine
	test.Start()
	t.Cleanup(test.Close)

	p := &provider{t: t, base: test.URL}
	p.do("GET", "/", "", "X-Large: "+strings.Repeat("x", 300<<10)).want(431)
	p.do("GET", "/", "", "X-Large: "+strings.Repeat("x", 200<<10)).want(404)

	var dialer net.Dialer
	silent, err := dialer.DialContext(t.Context(), "tcp", test.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	if _, err := io.WriteString(silent, "GET / HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := silent.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(silent); err != nil {
		t.Errorf("the server keeps a connection whose header never ends: %v", err)
	}
}
