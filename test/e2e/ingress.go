package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
)

// ingress ends TLS with a certificate of its own in front of a Service, as an
// Ingress controller does.
type ingress struct {
	server    *httptest.Server
	transport *http.Transport

	mu     sync.Mutex
	target *url.URL
	find   func() (string, error)
}

// newIngress forwards to the https URL that find gives. It asks when a request
// comes and it has none, or the last one does not answer.
func newIngress(find func() (string, error)) *ingress {
	i := &ingress{find: find}
	i.transport = &http.Transport{
		// Between proxy and pods, as Ingress controllers do by default.
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
		DialContext:         i.dial,
		MaxIdleConnsPerHost: 64,
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetXForwarded()
			r.Out.URL.Scheme, r.Out.URL.Host = "https", "service"
			r.Out.Host = r.In.Host
		},
		Transport: i.transport,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			i.forget()
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	i.server = httptest.NewTLSServer(proxy)
	return i
}

func (i *ingress) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	target, err := i.service()
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{}).DialContext(ctx, network, target.Host)
}

func (i *ingress) service() (*url.URL, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.target != nil {
		return i.target, nil
	}
	found, err := i.find()
	if err != nil {
		return nil, err
	}
	i.target, err = url.Parse(found)
	return i.target, err
}

// forget lets go of the Service's address: another release has another one.
func (i *ingress) forget() {
	i.mu.Lock()
	i.target = nil
	i.mu.Unlock()
	i.transport.CloseIdleConnections()
}

// URL is where identity providers reach it.
func (i *ingress) URL() string { return i.server.URL }

// close ends it.
func (i *ingress) close() { i.server.Close() }

func writeCertificate(file string, certificate *x509.Certificate) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}), 0o600)
}
