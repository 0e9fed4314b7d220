// Package server gives each IdentityProviderSync its SCIM endpoint, at
// /<namespace>/<name>/scim/v2, on every replica.
//
// The sync is read from the informer cache at each request, so a new sync, a
// change or a deletion takes effect without a restart. Who presents no valid
// token learns nothing: an unknown path, an unknown sync and a wrong token get
// the same answer. What a sync says (Paused, its rate limit) is only told to
// whoever holds its token.
package server

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// drainTimeout is how long requests under way may take when the server stops.
const drainTimeout = 30 * time.Second

// Timeouts bound how long a client may take. A field that is zero takes its
// default.
type Timeouts struct {
	Header time.Duration // until the end of a request's header; 10 s
	Read   time.Duration // until the end of its body; 60 s
	Write  time.Duration // from the end of its header to the end of the answer; 90 s
	Idle   time.Duration // between requests; 120 s
}

// maxStreams is how many requests a client may send at once on one HTTP/2
// connection. Those that it cancels count until they have ended.
const maxStreams = 100

// Options describe the server. Address, Sync, Serves, Tokens, Store and
// Activity are required.
type Options struct {
	Address string // host:port to listen on
	// CertFile and KeyFile hold the certificate, read again when they change.
	// Both empty: plain HTTP, for a proxy that ends TLS.
	CertFile, KeyFile string

	ExternalURL    string // see URLs
	TrustForwarded bool   // see URLs

	// AllowedOrigins are the origins of web pages that may use the server from a
	// browser (CORS), such as https://validator.example.com; empty: none.
	AllowedOrigins []string

	// MaxRequests bounds the requests served at once, MaxConnections the clients
	// connected, MaxBodyBytes the bodies read: at least MinBodyBytes; MaxAnswerBytes
	// the large answers put together. But for connections one sync gets at most
	// half, n at once 1/(n+1) each. Zero: 1,024 requests, 4,096 connections, 64 MiB
	// and 128 MiB.
	MaxRequests    int
	MaxConnections int
	MaxBodyBytes   int64
	MaxAnswerBytes int64
	Timeouts       Timeouts

	// StopDelay is how long the server goes on to accept requests when it is to
	// stop, while it is not Ready: until no balancer sends any.
	StopDelay time.Duration

	// Sync gives an IdentityProviderSync from a cache, as it is there; nil: there
	// is none. An error tells that this is not known yet.
	Sync func(client.ObjectKey) (*v1alpha1.IdentityProviderSync, error)
	// Serves says whether the syncs of a namespace are served.
	Serves func(namespace string) bool
	Tokens *token.Verifier
	// UnknownNamespace is where a Secret is looked for when a request names a
	// sync that does not exist: one in which the server may read Secrets.
	UnknownNamespace string
	// Store gives the resources of a sync. It is asked once for each sync.
	Store func(client.ObjectKey) scim.Store
	// Types gives the resource types of a sync: the same slice until its
	// extension schemas change. nil: those of an extension.Cache.
	Types    func(*v1alpha1.IdentityProviderSync) []*schema.ResourceType
	Activity *Activity
	// Provisioning takes what requests changed; nil: nobody does.
	Provisioning *provisioninglog.Log
	Log          logr.Logger
}

func (o *Options) setDefaults() {
	if o.MaxRequests <= 0 {
		o.MaxRequests = defaultMaxRequests
	}
	if o.MaxConnections <= 0 {
		o.MaxConnections = defaultMaxConnections
	}
	if o.MaxBodyBytes < MinBodyBytes {
		o.MaxBodyBytes = defaultMaxBodyBytes
	}
	if o.MaxAnswerBytes <= 0 {
		o.MaxAnswerBytes = defaultMaxAnswerBytes
	}
}

// Server is a manager.Runnable that serves SCIM on every replica.
type Server struct {
	options Options
	router  *router
	address atomic.Pointer[string] // set while requests are served
}

// New checks the options.
func New(options Options) (*Server, error) {
	if (options.CertFile == "") != (options.KeyFile == "") {
		return nil, errors.New("a TLS certificate and its key go together: set both files or neither")
	}
	router, err := newRouter(options)
	if err != nil {
		return nil, err
	}
	return &Server{options: router.options, router: router}, nil
}

// Address is where requests are served, host:port; empty while they are not.
func (s *Server) Address() string {
	if address := s.address.Load(); address != nil {
		return *address
	}
	return ""
}

// NeedLeaderElection is false: every replica serves.
func (s *Server) NeedLeaderElection() bool { return false }

// Ready is a readiness check: nil while requests are served.
func (s *Server) Ready(*http.Request) error {
	switch {
	case s.router.stopping.Load():
		return errors.New("the SCIM server is stopping")
	case s.Address() == "":
		return errors.New("the SCIM server does not serve: the caches are not filled yet")
	}
	return nil
}

// Forget drops what is kept about a sync that is gone.
func (s *Server) Forget(key client.ObjectKey) { s.router.forget(key) }

// Start serves until ctx ends. Then it is no longer Ready and tells clients to
// connect elsewhere, but serves for StopDelay; then it lets the requests under
// way finish. The manager calls it when the caches are filled.
func (s *Server) Start(ctx context.Context) error {
	server := s.newHTTPServer()
	watch, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatching()
	if s.options.CertFile != "" {
		certificate, err := newCertificate(s.options.CertFile, s.options.KeyFile, s.options.Log)
		if err != nil {
			return fmt.Errorf("reading the SCIM server's certificate: %w", err)
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate.get}
		go certificate.watch(watch)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.options.Address)
	if err != nil {
		return fmt.Errorf("listening for SCIM: %w", err)
	}
	failed := make(chan error, 1)
	secure, bounded := server.TLSConfig != nil, newConnections(listener, s.options.MaxConnections, s.options.Log)
	go func() {
		if secure {
			failed <- server.ServeTLS(bounded, "", "")
		} else {
			failed <- server.Serve(bounded)
		}
	}()
	address := listener.Addr().String()
	s.address.Store(&address)
	s.options.Log.Info("serving SCIM", "address", address, "tls", secure)

	select {
	case <-ctx.Done():
		return s.stop(context.WithoutCancel(ctx), server)
	case err := <-failed:
		s.address.Store(nil)
		_ = server.Close()
		return fmt.Errorf("serving SCIM: %w", err)
	}
}

func (s *Server) newHTTPServer() *http.Server {
	server := handler.NewServer(s.options.Address, s.router)
	server.ErrorLog = slog.NewLogLogger(logr.ToSlogHandler(s.options.Log), slog.LevelDebug)
	server.ConnContext = connectionContext
	server.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams:          maxStreams,
		MaxReceiveBufferPerConnection: 1 << 20,
		MaxReceiveBufferPerStream:     256 << 10,
		SendPingTimeout:               30 * time.Second,
		PingTimeout:                   15 * time.Second,
		WriteByteTimeout:              30 * time.Second,
	}
	t := s.options.Timeouts
	server.ReadHeaderTimeout = cmp.Or(t.Header, server.ReadHeaderTimeout)
	server.ReadTimeout = cmp.Or(t.Read, server.ReadTimeout)
	server.WriteTimeout = cmp.Or(t.Write, server.WriteTimeout)
	server.IdleTimeout = cmp.Or(t.Idle, server.IdleTimeout)
	return server
}

// stop ends a server so that no request is refused or cut.
func (s *Server) stop(ctx context.Context, server *http.Server) error {
	s.router.stopping.Store(true)
	s.options.Log.Info("stopping: not ready any more", "delay", s.options.StopDelay.String())
	time.Sleep(s.options.StopDelay)
	drain, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	err := server.Shutdown(drain)
	s.address.Store(nil)
	if err != nil {
		_ = server.Close()
		return fmt.Errorf("requests were still under way after %s: %w", drainTimeout, err)
	}
	s.options.Log.Info("stopped: all requests have been answered")
	return nil
}
