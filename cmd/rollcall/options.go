package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/internal/logging"
	"github.com/rollcall-scim/rollcall/internal/metrics"
	"github.com/rollcall-scim/rollcall/internal/operator"
	"github.com/rollcall-scim/rollcall/internal/provisioninglog"
)

// namespaceFile is where Kubernetes tells a pod its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// options are the flags.
type options struct {
	config     operator.Config
	kubeconfig string
	logLevel   string
}

func (o *options) register(flags *pflag.FlagSet) {
	c := &o.config
	flags.StringVar(&c.SCIMAddress, "scim-bind-address", ":8443", "where SCIM is served, host:port")
	flags.StringVar(&c.CertFile, "tls-cert-file", "", "certificate of the SCIM server, read again when it changes; empty: plain HTTP, for a proxy that ends TLS")
	flags.StringVar(&c.KeyFile, "tls-key-file", "", "key of the certificate")
	flags.StringVar(&c.ExternalURL, "external-url", "", "URL at which identity providers reach the SCIM server, such as https://scim.example.com; empty: taken from each request")
	flags.BoolVar(&c.TrustForwarded, "trust-forwarded-headers", false, "believe X-Forwarded-Proto and X-Forwarded-Host; only behind a proxy that sets them")
	flags.StringSliceVar(&c.AllowedOrigins, "cors-allowed-origins", nil, "origins of web pages that may use the SCIM server from a browser, such as https://validator.example.com; empty: none")
	flags.IntVar(&c.MaxRequests, "max-concurrent-requests", 1024, "requests served at once, more get 503 with Retry-After; one sync gets at most half of it, n at once 1/(n+1) each")
	flags.IntVar(&c.MaxConnections, "max-connections", 4096, "clients connected at once; one more takes the place of the one that has been without a request for longest")
	flags.Int64Var(&c.MaxBodyBytes, "max-concurrent-body-bytes", 64<<20, "bytes of request bodies read at once, more wait and then get 503 with Retry-After; divided between syncs as requests are")
	flags.Int64Var(&c.MaxAnswerBytes, "max-concurrent-answer-bytes", 128<<20, "about how many bytes large answers take at once until they are read, more wait and then get 503 with Retry-After; divided between syncs as requests are")
	flags.DurationVar(&c.StopDelay, "shutdown-delay", 5*time.Second, "how long requests are accepted after SIGTERM, while /readyz says not ready; longer than balancers take to notice")
	flags.BoolVar(&c.StrongReads, "strong-reads", false, "ask the API server also for what is found in the cache: reads never lag behind another replica's writes")
	flags.StringSliceVar(&c.SyncNamespaces, "sync-namespaces", namespaces(podNamespace()), `namespaces whose IdentityProviderSyncs are served, or "*" for all (default: the operator's own)`)
	flags.StringVar((*string)(&c.ProvisioningLog), "provisioning-log", string(provisioninglog.Names), "what is logged of changes by identity providers, in lines and in ProvisioningLogs: names of people and groups, ids (SCIM ids without names), or off")
	flags.StringVar(&c.MetricsAddress, "metrics-bind-address", ":8080", "where Prometheus metrics are served, host:port; 0: not at all")
	flags.StringVar(&c.ProbeAddress, "health-probe-bind-address", ":8081", "where /healthz and /readyz are served, host:port; 0: not at all")
	flags.StringVar(&c.PprofAddress, "pprof-bind-address", "0", "where /debug/pprof/ is served, host:port; keep to 127.0.0.1, since anybody who reaches it may read parts of memory; 0: not at all")
	flags.StringVar(&c.Namespace, "operator-namespace", podNamespace(), "namespace the operator runs in, which no selector of a binding reaches (default: the pod's own, or that of the leader's Lease)")
	flags.BoolVar(&c.LeaderElect, "leader-elect", true, "let one of several replicas reconcile; all of them serve")
	flags.StringVar(&c.LeaderElectionNamespace, "leader-election-namespace", podNamespace(), "namespace of the leader's Lease (default: the operator's own)")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file, outside a cluster (default: $KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount)")
	flags.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
}

func namespaces(own string) []string {
	if own == "" {
		return nil
	}
	return []string{own}
}

// podNamespace is the namespace the operator runs in, or empty.
func podNamespace() string {
	if name := os.Getenv("POD_NAMESPACE"); name != "" {
		return name
	}
	name, err := os.ReadFile(namespaceFile)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

// run runs the operator until ctx ends.
func (o *options) run(ctx context.Context, stderr io.Writer) error {
	log, flush, err := newLog(stderr, o.logLevel)
	if err != nil {
		return err
	}
	defer flush()
	ctrllog.SetLogger(log)
	klog.SetLogger(log.WithName("client-go"))
	if err := noticeDeadConnections(); err != nil {
		return err
	}
	if o.inCluster() && o.config.Namespace == "" && o.config.LeaderElectionNamespace == "" {
		return errors.New("the operator's own namespace is not known, so it could not be kept out of selectors: set POD_NAMESPACE or --operator-namespace")
	}
	if o.config.REST, err = o.restConfig(); err != nil {
		return err
	}
	o.config.Log = log
	metrics.SetVersion(version)
	log.Info("starting", "version", version, "syncNamespaces", o.config.SyncNamespaces)
	replica, err := operator.New(ctx, o.config)
	if err != nil {
		return err
	}
	return replica.Run(ctx)
}

func (o *options) restConfig() (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.kubeconfig
	c, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("no way to reach an API server: set --kubeconfig, or run in a pod with a ServiceAccount: %w", err)
	}
	c.UserAgent = "rollcall/" + version
	return c, nil
}

// inCluster tells whether the program runs in a pod of the cluster it serves.
func (o *options) inCluster() bool {
	return os.Getenv("KUBERNETES_SERVICE_HOST") != "" && o.kubeconfig == "" && os.Getenv(clientcmd.RecommendedConfigPathEnvVar) == ""
}

// newLog makes the log; flush writes what waits to be written.
func newLog(to io.Writer, level string) (log logr.Logger, flush func(), err error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return logr.Logger{}, nil, fmt.Errorf("--log-level %q: use debug, info, warn or error", level)
	}
	log, flush = logging.New(to, least)
	return log, flush, nil
}

// noticeDeadConnections has client-go ask a silent API server for a sign of
// life after 3 s, and give it 3 s to answer. A watch on a dead connection
// would otherwise show the past for up to 45 s; and a leader has 4 s to renew
// its Lease.
func noticeDeadConnections() error {
	for _, name := range []string{"HTTP2_READ_IDLE_TIMEOUT_SECONDS", "HTTP2_PING_TIMEOUT_SECONDS"} {
		if os.Getenv(name) != "" {
			continue
		}
		if err := os.Setenv(name, "3"); err != nil {
			return err
		}
	}
	return nil
}
