package operator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// connections are HTTP clients of the API server that share no connection. On
// one HTTP/2 connection all requests share its streams, of which the API server
// bounds the number, its flow control, and its fate: whoever creates 100,000
// users must not keep a Lease, a revocation or a token waiting.
type connections struct {
	config *rest.Config // for whatever else there is: events, discovery, live reads of controllers

	watches     *http.Client // of the caches
	writes      *http.Client // of SCIM requests
	controllers *http.Client // projection, and so revocation
	leases      *http.Client
	secrets     *http.Client // with tokens
}

func newConnections(config *rest.Config) (*connections, error) {
	c := &connections{config: config}
	for _, own := range []**http.Client{&c.watches, &c.writes, &c.controllers, &c.leases, &c.secrets} {
		var err error
		if *own, err = ownConnection(config); err != nil {
			return nil, fmt.Errorf("preparing the connections to the API server: %w", err)
		}
	}
	return c, nil
}

// ownConnection is an HTTP client with connections of its own. client-go shares
// them between all that have the same TLS configuration and the same dialer.
func ownConnection(config *rest.Config) (*http.Client, error) {
	own := rest.CopyConfig(config)
	dial := own.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	own.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		return dial(ctx, network, address)
	}
	return rest.HTTPClientFor(own)
}

// client is a live client by one of the connections.
func (c *connections) client(by *http.Client, m manager.Manager) (client.Client, error) {
	live, err := client.New(c.config, client.Options{Scheme: m.GetScheme(), Mapper: m.GetRESTMapper(), HTTPClient: by})
	if err != nil {
		return nil, fmt.Errorf("preparing a client of the API server: %w", err)
	}
	return live, nil
}
