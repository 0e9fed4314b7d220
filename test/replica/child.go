// Package replica runs replicas of the operator as processes of their own, on a
// control plane with the manifests and rights of config/default, for programs
// that measure them: their garbage collector, memory and processor time are
// then not the measuring program's, and they can be stopped where they are.
//
// A child is the same program again, which has to begin with Main. Beside what
// it does, it answers questions about itself.
package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"time"
)

// childEnv marks a process that is a child of another one of its program.
const childEnv = "ROLLCALL_CHILD"

// Role is what a child does until ctx ends. It calls ready once, with the
// host:port of what is measured, when that can be used.
type Role func(ctx context.Context, spec json.RawMessage, ready func(address string) error) error

// instruction is what a child is told, as JSON on its standard input. When that
// ends, the child does.
type instruction struct {
	Role string          `json:"role"`
	Spec json.RawMessage `json:"spec"`
	// Profile has the child record what its start costs from its first moment on.
	Profile bool `json:"profile"`
}

// announcement is what a child says on its standard output once it is ready.
type announcement struct {
	Address string `json:"address"` // host:port of what is measured
	Control string `json:"control"` // host:port of what controls serves
}

// Main does the part of a child, if this process was started as one. A program
// that calls Start must call it before anything else.
func Main(roles map[string]Role) (isChild bool) {
	if os.Getenv(childEnv) == "" {
		return false
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	// The terminal sends an interrupt to all; the parent says when it is over.
	signal.Ignore(os.Interrupt)
	if err := child(ctx, roles); err != nil {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and its signal handling with it
	}
	return true
}

func child(ctx context.Context, roles map[string]Role) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var told instruction
	if err := json.NewDecoder(os.Stdin).Decode(&told); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	role, ok := roles[told.Role]
	if !ok {
		return fmt.Errorf("there is no role %q", told.Role)
	}
	c := &control{}
	if told.Profile {
		if err := pprof.StartCPUProfile(&c.profile); err != nil {
			return err
		}
	}
	address, err := Serve(ctx, "127.0.0.1:0", c.handler())
	if err != nil {
		return err
	}
	return role(ctx, told.Spec, func(of string) error {
		return json.NewEncoder(os.Stdout).Encode(announcement{of, address})
	})
}

// Serve serves at an address until ctx ends, and gives the address.
func Serve(ctx context.Context, at string, handler http.Handler) (address string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", at)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fmt.Fprintln(os.Stderr, "child:", err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return listener.Addr().String(), nil
}

// Fetch reads the body of an answer 200.
func Fetch(ctx context.Context, client *http.Client, method, url string, body io.Reader) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.500s", method, url, response.Status, content)
	}
	return content, err
}
