package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// patience is how long a step waits for something to come true.
const patience = 2 * time.Minute

// environment is a run.
type environment struct {
	bin, programs, folder string
	kubeconfig            string
	archives              string
	image, before, after  string
	namespace, release    string

	node      *exec.Cmd // nil on somebody else's cluster
	nodeEnded chan error
	proxy     *ingress
}

func (e *environment) prepare() error {
	for _, folder := range []*string{&e.bin, &e.programs, &e.folder} {
		absolute, err := filepath.Abs(*folder)
		if err != nil {
			return err
		}
		*folder = absolute
	}
	if err := os.RemoveAll(e.folder); err != nil {
		return err
	}
	return os.MkdirAll(e.folder, 0o700)
}

// close ends what the run started.
func (e *environment) close() error {
	if e.proxy != nil {
		e.proxy.close()
	}
	if e.node == nil {
		return nil
	}
	_ = e.node.Process.Signal(syscall.SIGTERM)
	return <-e.nodeEnded
}

// startNode starts hack/node, unless there is a cluster.
func (e *environment) startNode(ctx context.Context) error {
	if e.kubeconfig != "" {
		fmt.Println("using the cluster of", e.kubeconfig)
		_, err := e.kubectl(ctx, "get", "nodes")
		return err
	}
	e.kubeconfig = filepath.Join(e.folder, "admin.conf")
	node := exec.CommandContext(context.WithoutCancel(ctx), filepath.Join(e.bin, "node", "rollcall-node"),
		"--kubeconfig", e.kubeconfig, "--programs", e.programs, "--state", filepath.Join(e.folder, "node"), "--images", e.archives)
	node.Stdout, node.Stderr = os.Stdout, os.Stderr
	node.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C reaches this program, which then ends it
	if err := node.Start(); err != nil {
		return err
	}
	e.node, e.nodeEnded = node, make(chan error, 1)
	go func() { e.nodeEnded <- node.Wait() }()
	ready := func(context.Context) error {
		_, err := os.Stat(e.kubeconfig)
		return err
	}
	return eventually(ctx, 5*time.Minute, "the node is Ready", func(ctx context.Context) error {
		select {
		case err := <-e.nodeEnded:
			e.nodeEnded <- err
			return &final{errors.Join(errors.New("the node ended"), err)}
		default:
			return ready(ctx)
		}
	})
}

// command is a program of the run with the cluster's kubeconfig.
func (e *environment) command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	for _, folder := range []string{e.bin, e.programs} {
		if file := filepath.Join(folder, name); executable(file) {
			name = file
			break
		}
	}
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+e.kubeconfig, "PATH="+e.bin+":"+e.programs+":"+os.Getenv("PATH"), "NO_COLOR=1")
	return cmd
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

// output runs a program and gives what it printed; a failure has its errors.
func (e *environment) output(ctx context.Context, name string, arguments ...string) (string, error) {
	cmd := e.command(ctx, name, arguments...)
	var problems strings.Builder
	cmd.Stderr = &problems
	printed, err := cmd.Output()
	if err != nil {
		return string(printed), fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(arguments, " "), err, printed, problems.String())
	}
	return string(printed), nil
}

// show runs a program as one would type it, and prints both.
func (e *environment) show(ctx context.Context, name string, arguments ...string) (string, error) {
	fmt.Printf("$ %s %s\n", name, strings.Join(arguments, " "))
	printed, err := e.output(ctx, name, arguments...)
	_, _ = io.WriteString(os.Stdout, printed)
	return printed, err
}

func (e *environment) kubectl(ctx context.Context, arguments ...string) (string, error) {
	return e.output(ctx, "kubectl", arguments...)
}

// diagnose prints what helps to see why a step failed.
func (e *environment) diagnose() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, arguments := range [][]string{
		{"get", "pods,jobs", "-A", "-o", "wide"},
		{"get", "events", "-A", "--sort-by=.lastTimestamp"},
		{"describe", "pods", "-n", e.namespace},
		{"logs", "-n", e.namespace, "-l", "app.kubernetes.io/name=rollcall", "--tail=40", "--prefix"},
		{"get", "idps", "-A", "-o", "yaml"},
	} {
		_, _ = e.show(ctx, "kubectl", arguments...)
	}
}

// final is an error that waiting does not mend.
type final struct{ error }

// eventually tries until it works, for some time.
func eventually(ctx context.Context, within time.Duration, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if over := (*final)(nil); errors.As(err, &over) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited %v until %s: %w", within, what, err)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
