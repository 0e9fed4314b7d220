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
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/handler"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// drainTimeout is how long requests under way may take when the server stops.
const drainTimeout = 30 * time.Second

// Options describe the server. Address, Syncs, Serves, Tokens, Store and
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

	// MaxRequests bounds the requests served at once; one sync gets half of it.
	MaxRequests int

	// Syncs reads IdentityProviderSyncs, from a cache.
	Syncs client.Reader
	// Serves says whether the syncs of a namespace are served.
	Serves func(namespace string) bool
	Tokens *token.Verifier
	// Store gives the resources of a sync. It is asked once for each sync.
	Store func(client.ObjectKey) scim.Store
	// Types gives the resource types of a sync: the same slice until its
	// extension schemas change. nil: those of an extension.Cache.
	Types    func(*v1alpha1.IdentityProviderSync) []*schema.ResourceType
	Activity *Activity
	Log      logr.Logger
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
	return &Server{options: options, router: router}, nil
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
	if s.Address() == "" {
		return errors.New("the SCIM server does not serve: the caches are not filled yet, or it is stopping")
	}
	return nil
}

// Forget drops what is kept about a sync that is gone.
func (s *Server) Forget(key client.ObjectKey) { s.router.forget(key) }

// Start serves until ctx ends, then lets the requests under way finish. The
// manager calls it when the caches are filled.
func (s *Server) Start(ctx context.Context) error {
	server := handler.NewServer(s.options.Address, s.router)
	server.ErrorLog = slog.NewLogLogger(logr.ToSlogHandler(s.options.Log), slog.LevelDebug)
	failed := make(chan error, 2)
	if s.options.CertFile != "" {
		certificate, err := certwatcher.New(s.options.CertFile, s.options.KeyFile)
		if err != nil {
			return fmt.Errorf("reading the SCIM server's certificate: %w", err)
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificate.GetCertificate}
		go func() {
			if err := certificate.Start(ctx); err != nil {
				failed <- fmt.Errorf("watching the SCIM server's certificate: %w", err)
			}
		}()
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.options.Address)
	if err != nil {
		return fmt.Errorf("listening for SCIM: %w", err)
	}
	secure := server.TLSConfig != nil
	go func() {
		if secure {
			failed <- server.ServeTLS(listener, "", "")
		} else {
			failed <- server.Serve(listener)
		}
	}()
	address := listener.Addr().String()
	s.address.Store(&address)
	s.options.Log.Info("serving SCIM", "address", address, "tls", secure)

	var failure error
	select {
	case <-ctx.Done():
	case failure = <-failed:
	}
	s.address.Store(nil)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil && failure == nil {
		failure = fmt.Errorf("requests were still under way after %s: %w", drainTimeout, err)
		_ = server.Close()
	}
	return failure
}
