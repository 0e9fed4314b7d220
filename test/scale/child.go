package scale

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/operator"
)

// childEnv marks a process that is a child of another one of this program.
const childEnv = "ROLLCALL_SCALE_CHILD"

// childSpec is what a child is told, as JSON on its standard input. When that
// ends, the child does.
type childSpec struct {
	API apiServer `json:"api"`
	// Operator runs the operator; otherwise a bare informer.
	Operator bool `json:"operator"`
	// The addresses, host:port, of SCIM, of /readyz, and of the controls.
	SCIM    string `json:"scim"`
	Probe   string `json:"probe"`
	Control string `json:"control"`
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
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and its signal handling with it
	}
	return true
}

func child(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var spec childSpec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if err := serve(ctx, spec.Control, controls()); err != nil {
		return err
	}
	log := logr.FromSlogHandler(slog.NewJSONHandler(os.Stderr, nil))
	ctrllog.SetLogger(log)
	klog.SetLogger(log)
	if spec.Operator {
		return operate(ctx, spec, log)
	}
	return inform(ctx, spec)
}

// operate runs the operator as cmd/rollcall does.
func operate(ctx context.Context, spec childSpec, log logr.Logger) error {
	o, err := operator.New(ctx, operator.Config{
		REST: spec.API.config(), Log: log, SyncNamespaces: []string{syncNamespace},
		SCIMAddress: spec.SCIM, MetricsAddress: "0", ProbeAddress: spec.Probe,
		LeaderElect: true, LeaderElectionNamespace: operatorNamespace,
	})
	if err != nil {
		return err
	}
	return o.Run(ctx)
}

// observed are the kinds of which there are many.
func observed() []client.Object {
	return []client.Object{&v1alpha1.User{}, &v1alpha1.Group{}, &v1alpha1.GroupMemberSlice{}, &v1alpha1.GroupRoleBinding{}, &rbacv1.RoleBinding{}}
}

// inform runs informers that keep typed objects as they come, and no more.
func inform(ctx context.Context, spec childSpec) error {
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	informers, err := cache.New(spec.API.config(), cache.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	var started []cache.Informer
	for _, o := range observed() {
		informer, err := informers.GetInformer(ctx, o, cache.BlockUntilSynced(false))
		if err != nil {
			return err
		}
		started = append(started, informer)
	}
	ready := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, informer := range started {
			if !informer.HasSynced() {
				http.Error(w, "not filled", http.StatusServiceUnavailable)
				return
			}
		}
	})
	if err := serve(ctx, spec.Probe, ready); err != nil {
		return err
	}
	return informers.Start(ctx)
}

// serve serves at an address until ctx ends.
func serve(ctx context.Context, address string, handler http.Handler) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "scale:", err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}
