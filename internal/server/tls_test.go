package server

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// writeCertificate makes a self-signed certificate for 127.0.0.1.
func writeCertificate(t *testing.T, options *Options, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, &x509.Certificate{SerialNumber: big.NewInt(serial)}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{
		options.KeyFile:  {Type: "PRIVATE KEY", Bytes: encoded},
		options.CertFile: {Type: "CERTIFICATE", Bytes: certificate},
	} {
		// As the kubelet does: a new file takes the place of the old one.
		if err := os.WriteFile(path+".new", pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
}

// start runs the server until the test stops it.
func start(t *testing.T, options Options) (s *Server, stop func() error) {
	t.Helper()
	s, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	if s.Ready(nil) == nil {
		t.Error("the server is ready before it serves")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Start(ctx) }()
	for deadline := time.Now().Add(10 * time.Second); s.Ready(nil) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server is not ready")
		}
	}
	return s, func() error { cancel(); return <-done }
}

func TestTLS(t *testing.T) {
	f := newFixture(t, entra(nil), func(o *Options) {
		o.CertFile, o.KeyFile = filepath.Join(t.TempDir(), "tls.crt"), filepath.Join(t.TempDir(), "tls.key")
	})
	writeCertificate(t, &f.options, 1)
	s, stop := start(t, f.options)

	serial := func(version uint16) (int64, error) {
		dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: version}} //nolint:gosec // self-signed
		connection, err := dialer.DialContext(t.Context(), "tcp", s.Address())
		if err != nil {
			return 0, err
		}
		defer func() { _ = connection.Close() }()
		return connection.(*tls.Conn).ConnectionState().PeerCertificates[0].SerialNumber.Int64(), nil
	}
	if _, err := serial(tls.VersionTLS11); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	if got, err := serial(tls.VersionTLS12); err != nil || got != 1 {
		t.Fatalf("TLS 1.2: certificate %d, %v", got, err)
	}
	// Over TLS a client may speak HTTP/2.
	overTLS := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // self-signed
	}}
	defer overTLS.CloseIdleConnections()
	rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.Address()+"/identity/entra/scim/v2/Users", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	rq.Header.Set("Authorization", "Bearer "+bearer)
	answer, err := overTLS.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != http.StatusOK {
		t.Errorf("HTTP/2: %s %s", answer.Proto, answer.Status)
	}
	overTLS.CloseIdleConnections()
	writeCertificate(t, &f.options, 2)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if got, err := serial(tls.VersionTLS13); err == nil && got == 2 {
			break
		} else if time.Now().After(deadline) {
			t.Fatalf("the new certificate is not used: %d, %v", got, err)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestACertificateNeedsItsKey(t *testing.T) {
	if _, err := New(Options{CertFile: "tls.crt"}); err == nil {
		t.Error("a certificate without a key was accepted")
	}
	f := newFixture(t, entra(nil), nil)
	f.options.CertFile, f.options.KeyFile = "no-such.crt", "no-such.key"
	s, err := New(f.options)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err == nil {
		t.Error("the server started without its certificate")
	}
}

func TestStoppingLetsRequestsFinish(t *testing.T) {
	store := slow{entered: make(chan struct{}), release: make(chan struct{})}
	f := newFixture(t, entra(nil), func(o *Options) { o.Store = func(client.ObjectKey) scim.Store { return store } })
	s, stop := start(t, f.options)
	address := s.Address()

	got := make(chan answered, 1)
	go func() {
		rq, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/identity/entra/scim/v2/Users", bytes.NewReader(nil))
		if err != nil {
			t.Error(err)
		}
		rq.Header.Set("Authorization", "Bearer "+bearer)
		got <- send(t, http.DefaultClient, rq)
	}()
	<-store.entered
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	for deadline := time.Now().Add(10 * time.Second); s.Ready(nil) == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server is still ready")
		}
	}
	close(store.release)
	if answer := <-got; answer.Status != http.StatusOK {
		t.Errorf("the request under way got %d %s", answer.Status, answer.Body)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
