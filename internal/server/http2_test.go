package server

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// counted is a Store that counts the lists under way and holds them.
type counted struct {
	scim.Store
	now, most *atomic.Int64
	release   chan struct{}
}

func (c counted) List(context.Context, *schema.ResourceType, scim.Query) (*scim.Page, error) {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	<-c.release
	return &scim.Page{}, nil
}

// frame is an HTTP/2 frame (RFC 9113 §4.1).
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	f := append([]byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(f[5:], stream)
	return append(f, payload...)
}

// listHeader asks for the users, in HPACK without any compression (RFC 7541).
func listHeader() []byte {
	literal := func(index []byte, value string) []byte {
		return append(append(index, byte(len(value))), value...)
	}
	header := []byte{0x82, 0x87}                                            // :method GET, :scheme https
	header = append(header, literal([]byte{0x04}, users)...)                // :path
	header = append(header, literal([]byte{0x01}, "x")...)                  // :authority
	return append(header, literal([]byte{0x0f, 0x08}, "Bearer "+bearer)...) // authorization
}

// TestRapidReset begins requests on one connection and cancels each at once
// (CVE-2023-44487).
func TestRapidReset(t *testing.T) {
	store := counted{now: &atomic.Int64{}, most: &atomic.Int64{}, release: make(chan struct{})}
	f := newFixture(t, entra(nil), func(o *Options) {
		o.CertFile, o.KeyFile = filepath.Join(t.TempDir(), "tls.crt"), filepath.Join(t.TempDir(), "tls.key")
		o.Store = func(client.ObjectKey) scim.Store { return store }
	})
	writeCertificate(t, &f.options, 1)
	s, stop := start(t, f.options)
	other := &http.Client{Timeout: soon, Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // self-signed
	}}
	defer other.CloseIdleConnections()
	ask := func(path string) answered {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Address()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+bearer)
		return send(t, other, rq)
	}
	// The token is known then: a request that is canceled before goes no further.
	if got := ask("/identity/entra/scim/v2/ServiceProviderConfig"); got.Status != http.StatusOK {
		t.Fatalf("got %d %s", got.Status, got.Body)
	}
	dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}, NetDialer: &net.Dialer{Timeout: soon}} //nolint:gosec // self-signed
	c, err := dialer.DialContext(t.Context(), "tcp", s.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, c)
		close(ended)
	}()
	if _, err := c.Write(append([]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, nil)...)); err != nil { // SETTINGS
		t.Fatal(err)
	}
	header := listHeader()
	for i := range uint32(20 * maxStreams) {
		both := append(frame(1, 0x5, 2*i+1, header), frame(3, 0, 2*i+1, []byte{0, 0, 0, 8})...) // HEADERS, RST_STREAM with CANCEL
		if _, err := c.Write(both); err != nil {
			break // the server ended the connection
		}
	}
	select {
	case <-ended:
	case <-time.After(soon):
		t.Error("the server keeps a connection that begins requests only to cancel them")
	}
	if most := store.most.Load(); most == 0 || most > maxStreams {
		t.Errorf("%d requests were under way at once, want some and at most %d", most, maxStreams)
	}
	close(store.release)
	if got := ask(users); got.Status != http.StatusOK {
		t.Errorf("another client got %d %s", got.Status, got.Body)
	}
	other.CloseIdleConnections()
	if err := stop(); err != nil {
		t.Error(err)
	}
}
