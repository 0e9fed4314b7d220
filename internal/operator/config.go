package operator

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"

	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
	"github.com/rollcall-scim/rollcall/internal/server"
)

// AllNamespaces as the only one of SyncNamespaces serves syncs everywhere.
const AllNamespaces = "*"

// Config is what an operator is told. REST and SyncNamespaces are required.
type Config struct {
	REST *rest.Config
	Log  logr.Logger

	// SyncNamespaces are the namespaces whose IdentityProviderSyncs are served,
	// or AllNamespaces. Elsewhere they only get a condition that says so.
	SyncNamespaces []string

	SCIMAddress       string   // host:port
	CertFile, KeyFile string   // both empty: plain HTTP
	ExternalURL       string   // empty: taken from each request
	TrustForwarded    bool     // believe X-Forwarded-Proto and -Host
	AllowedOrigins    []string // of web pages that may use the server from a browser
	MaxRequests       int      // served at once; 0: the server's default
	MaxConnections    int      // clients connected at once; 0: the server's default
	MaxBodyBytes      int64    // of bodies read at once; 0: the server's default
	MaxAnswerBytes    int64    // of large answers at once; 0: the server's default
	StrongReads       bool     // ask the API server also for what is in the cache

	// StopDelay is how long requests are still accepted when Run is to end,
	// while the replica is not ready.
	StopDelay time.Duration

	// ProvisioningLog says what is logged of changes; empty: names too.
	ProvisioningLog provisioninglog.Mode

	MetricsAddress string // "0": off
	ProbeAddress   string // "0": off
	PprofAddress   string // profiles of Go's runtime; empty or "0": off

	// Namespace is where the operator runs: no selector reaches it. Empty: the
	// LeaderElectionNamespace; or none, outside a cluster.
	Namespace string

	LeaderElect             bool
	LeaderElectionNamespace string
}

// check finds what is wrong with a Config before anything is started.
func (c *Config) check() error {
	if c.ProvisioningLog = cmp.Or(c.ProvisioningLog, provisioninglog.Names); !c.ProvisioningLog.Valid() {
		return fmt.Errorf("--provisioning-log %q: use names, ids or off", c.ProvisioningLog)
	}
	if len(c.SyncNamespaces) == 0 {
		return fmt.Errorf("no namespaces to serve: set --sync-namespaces or POD_NAMESPACE")
	}
	if slices.Contains(c.SyncNamespaces, AllNamespaces) && len(c.SyncNamespaces) > 1 {
		return fmt.Errorf("--sync-namespaces is either %q or a list of names, not both", AllNamespaces)
	}
	for _, name := range c.SyncNamespaces {
		if problems := validation.IsDNS1123Label(name); name != AllNamespaces && len(problems) > 0 {
			return fmt.Errorf("--sync-namespaces: %q is no name of a namespace: %s", name, problems[0])
		}
	}
	if c.LeaderElect && c.LeaderElectionNamespace == "" {
		return fmt.Errorf("no namespace for the leader's Lease: set --leader-election-namespace or POD_NAMESPACE, or --leader-elect=false for a single replica")
	}
	if c.MaxBodyBytes != 0 && c.MaxBodyBytes < server.MinBodyBytes {
		return fmt.Errorf("--max-concurrent-body-bytes: %d is too few: one sync gets half of them, which must do for one body: at least %d", c.MaxBodyBytes, server.MinBodyBytes)
	}
	if c.MaxRequests < 0 || c.MaxConnections < 0 || c.MaxAnswerBytes < 0 || c.StopDelay < 0 {
		return fmt.Errorf("--max-concurrent-requests, --max-concurrent-answer-bytes, --max-connections and --shutdown-delay cannot be negative")
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		return fmt.Errorf("a TLS certificate and its key go together: set both --tls-cert-file and --tls-key-file, or neither")
	}
	if _, err := server.NewURLs(c.ExternalURL, c.TrustForwarded); err != nil {
		return fmt.Errorf("--external-url: %w", err)
	}
	if err := server.CheckOrigins(c.AllowedOrigins); err != nil {
		return fmt.Errorf("--cors-allowed-origins: %w", err)
	}
	return nil
}

// namespace is the operator's own, or empty outside a cluster.
func (c *Config) namespace() string { return cmp.Or(c.Namespace, c.LeaderElectionNamespace) }

// readable is a namespace in which Secrets may be read.
func (c *Config) readable() string {
	if c.SyncNamespaces[0] != AllNamespaces {
		return c.SyncNamespaces[0]
	}
	return cmp.Or(c.namespace(), metav1.NamespaceDefault)
}

// serves says whether the syncs of a namespace are served.
func (c *Config) serves(namespace string) bool {
	return c.SyncNamespaces[0] == AllNamespaces || slices.Contains(c.SyncNamespaces, namespace)
}
