//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	startTimeout = 2 * time.Minute
	stopTimeout  = 10 * time.Second
)

// process is a program that runs in the background.
type process struct {
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// launch starts a program; its output goes to log/NAME.log. It has a process
// group of its own, so that Ctrl-C reaches this program alone.
func (n *node) launch(name string, arguments ...string) error {
	log, err := os.Create(n.path("log", name+".log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.CommandContext(context.Background(), filepath.Join(n.programs, name), arguments...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = n.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("%w (hack/node.sh builds it)", err)
	}
	p := &process{name: name, cmd: cmd, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	n.started = append(n.started, p)
	return nil
}

// environment has the folder of the programs in front of the others: containerd
// looks for its shim and runc there.
func (n *node) environment() []string {
	return append(os.Environ(), "PATH="+n.programs+":"+os.Getenv("PATH"))
}

// command runs a program to its end and gives what it printed.
func (n *node) command(ctx context.Context, name string, arguments ...string) (string, error) {
	program := name
	if _, err := os.Stat(filepath.Join(n.programs, name)); err == nil {
		program = filepath.Join(n.programs, name)
	}
	cmd := exec.CommandContext(ctx, program, arguments...)
	cmd.Env = n.environment()
	output, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, strings.TrimSpace(string(output)))
	}
	return string(output), nil
}

// await tries until it works. A process that ended ends the wait.
func (n *node) await(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	over := ended(n.started)
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case name := <-over:
			return fmt.Errorf("%s ended", name)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// ended gives the name of a process that ended.
func ended(processes []*process) <-chan string {
	names := make(chan string, len(processes))
	for _, p := range processes {
		go func() {
			<-p.done
			names <- p.name
		}()
	}
	return names
}

// stop ends everything, what was started last first, and removes what it left.
func (n *node) stop() error {
	n.say("stopping")
	for _, p := range slices.Backward(n.started) {
		if p.name == "containerd" {
			n.killContainers()
		}
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(stopTimeout):
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	}
	n.started = nil
	return n.clean()
}

// killContainers ends what kubelet leaves running when it ends.
func (n *node) killContainers() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	ids, err := n.command(ctx, "ctr", n.ctr("tasks", "list", "--quiet")...)
	if err != nil {
		return // containerd does not answer; its shims are found by clean
	}
	for _, id := range strings.Fields(ids) {
		_, _ = n.command(ctx, "ctr", n.ctr("tasks", "delete", "--force", id)...)
	}
}

// clean removes processes, mounts, network devices and files of a node with
// this state folder. It removes nothing else.
func (n *node) clean() error {
	killShims(n.state)
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return err
	}
	for _, line := range slices.Backward(strings.Split(string(mounts), "\n")) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[1], n.state+"/") {
			if err := syscall.Unmount(fields[1], syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) {
				return fmt.Errorf("unmounting %s: %w", fields[1], err)
			}
		}
	}
	n.removeNetwork()
	// The logs stay for who wants to know what went on.
	entries, err := os.ReadDir(n.state)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, entry := range entries {
		if entry.Name() != "log" {
			if err := os.RemoveAll(n.path(entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// killShims ends the container shims of a node that was killed: they live on
// by themselves, and name the node's socket on their command line.
func killShims(state string) {
	directories, _ := filepath.Glob("/proc/[0-9]*")
	for _, directory := range directories {
		line, err := os.ReadFile(filepath.Join(directory, "cmdline"))
		if err != nil || !strings.Contains(string(line), "containerd-shim") || !strings.Contains(string(line), state+"/") {
			continue
		}
		var pid int
		if _, err := fmt.Sscan(filepath.Base(directory), &pid); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
