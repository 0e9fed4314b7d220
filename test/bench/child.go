package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/internal/operator"
)

// childEnv marks a process that is a child of another one of this program.
const childEnv = "ROLLCALL_BENCH_CHILD"

// childSpec is what a child is told, as JSON on its standard input. When that
// ends, the child does.
type childSpec struct {
	// API, if set, is the API server of an operator that serves the syncs of
	// Namespace.
	API       *apiServer `json:"api,omitempty"`
	Namespace string     `json:"namespace,omitempty"`
	// Bodies are otherwise the sizes of the bodies, by path, that a bare
	// net/http handler answers.
	Bodies map[string]int `json:"bodies,omitempty"`
}

// apiServer is how to reach an API server.
type apiServer struct {
	Host  string `json:"host"`
	CA    []byte `json:"ca"`
	Token string `json:"token"`
}

func (a *apiServer) config() *rest.Config {
	return &rest.Config{Host: a.Host, TLSClientConfig: rest.TLSClientConfig{CAData: a.CA}, BearerToken: a.Token, QPS: -1}
}

// childReady is what a child says on its standard output once it serves.
type childReady struct {
	Address string `json:"address"` // host:port of what is measured
	Control string `json:"control"` // host:port of /usage and /profile
}

// RunChild does the part of a child, if this process was started as one. A
// program that calls Run must call it before anything else.
func RunChild() (isChild bool) {
	if os.Getenv(childEnv) == "" {
		return false
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	// The terminal sends an interrupt to all; the parent says when it is over.
	signal.Ignore(os.Interrupt)
	if err := child(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and its signal handling with it
	}
	return true
}

func child(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var spec childSpec
	input := json.NewDecoder(os.Stdin)
	if err := input.Decode(&spec); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	control, err := serve(ctx, controls())
	if err != nil {
		return err
	}
	if spec.API == nil {
		address, err := serve(ctx, constants(spec.Bodies))
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(childReady{address, control}); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}
	return operate(ctx, spec, control)
}

// operate runs the operator as cmd/rollcall does, but for the leader election:
// a leader that is stopped for a while loses its lead.
func operate(ctx context.Context, spec childSpec, control string) error {
	log := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, nil))
	ctrllog.SetLogger(log)
	klog.SetLogger(log)
	o, err := operator.New(ctx, operator.Config{
		REST: spec.API.config(), Log: log, SyncNamespaces: []string{spec.Namespace},
		SCIMAddress: "127.0.0.1:0", MetricsAddress: "0", ProbeAddress: "0",
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	for o.SCIMAddress() == "" {
		select {
		case err := <-ended:
			return err
		case <-time.After(5 * time.Millisecond):
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(childReady{o.SCIMAddress(), control}); err != nil {
		return err
	}
	return <-ended
}

// serve serves on a free port until ctx ends.
func serve(ctx context.Context, handler http.Handler) (address string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return listener.Addr().String(), nil
}

// constants is the bare handler: it writes, and does nothing else.
func constants(sizes map[string]int) http.Handler {
	mux := http.NewServeMux()
	for path, size := range sizes {
		body := make([]byte, size)
		for i := range body {
			body[i] = 'x'
		}
		length := strconv.Itoa(size)
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/scim+json")
			w.Header().Set("Content-Length", length)
			_, _ = w.Write(body)
		})
	}
	return mux
}
