package replica

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// StopTimeout is how long a child may take to end.
const StopTimeout = 45 * time.Second

// Process is a child that is ready.
type Process struct {
	Address string // host:port of what is measured
	Began   time.Time
	// ReadyIn is how long it took from the execution of the program.
	ReadyIn time.Duration

	control string
	cmd     *exec.Cmd
	input   io.Closer
	log     *os.File
}

// Start runs a child and waits until it is ready, or until the timeout: then
// what it logged tells what it lacks. With profile, what its start costs is
// recorded until SaveCPU.
func Start(ctx context.Context, role string, spec any, timeout time.Duration, profile bool) (*Process, error) {
	encoded, err := json.Marshal(spec)
	if err != nil {
		return nil, err
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &Process{cmd: exec.CommandContext(context.WithoutCancel(ctx), program)}
	p.cmd.Env = append(os.Environ(), childEnv+"=1")
	if p.log, err = os.CreateTemp("", "rollcall-child-*.log"); err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.log
	input, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.input = input
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.Began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	forget := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })
	defer forget()
	if err := json.NewEncoder(input).Encode(instruction{role, encoded, profile}); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	var said announcement
	if err := json.NewDecoder(output).Decode(&said); err != nil {
		return nil, errors.Join(fmt.Errorf("a process did not get ready: %w", err), p.Stop())
	}
	p.ReadyIn = time.Since(p.Began)
	p.Address, p.control = said.Address, said.Control
	return p, nil
}

// Stop ends the process. Its log is in the error, if there is one.
func (p *Process) Stop() error {
	_ = p.Resume()
	_ = p.input.Close()
	impatient := time.AfterFunc(StopTimeout, func() { _ = p.cmd.Process.Kill() })
	defer impatient.Stop()
	err := p.cmd.Wait()
	if err != nil {
		err = fmt.Errorf("a process ended: %w\n%s", err, p.LastLines())
	}
	_ = p.log.Close()
	return errors.Join(err, os.Remove(p.log.Name()))
}

// LastLines are the last of the log.
func (p *Process) LastLines() string {
	content, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(content), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// Pause stops the process where it is, so that it takes nothing from others.
func (p *Process) Pause() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume ends a pause.
func (p *Process) Resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

// Usage is what the process holds and has used.
func (p *Process) Usage(ctx context.Context) (Usage, error) {
	return p.usage(ctx, http.MethodGet, pathUsage)
}

// Collect forces a garbage collection, gives memory back, and tells what is left.
func (p *Process) Collect(ctx context.Context) (Usage, error) {
	return p.usage(ctx, http.MethodPost, pathCollect)
}

func (p *Process) usage(ctx context.Context, method, path string) (u Usage, err error) {
	content, err := p.ask(ctx, method, path)
	if err == nil {
		err = json.Unmarshal(content, &u)
	}
	return u, err
}

// Profile writes a CPU profile of what the process does during do to
// name.pprof, and what it allocated since it started to name.allocs.pprof.
func (p *Process) Profile(ctx context.Context, name string, do func() error) error {
	if _, err := p.ask(ctx, http.MethodPost, pathProfileStart); err != nil {
		return err
	}
	failure := do()
	if err := p.SaveCPU(ctx, name+".pprof"); failure == nil {
		failure = err
	}
	if failure != nil {
		return failure
	}
	return p.save(ctx, http.MethodGet, pathAllocations, name+".allocs.pprof")
}

// SaveCPU ends a CPU profile and writes it to a file.
func (p *Process) SaveCPU(ctx context.Context, file string) error {
	return p.save(ctx, http.MethodPost, pathProfileStop, file)
}

// SaveHeap writes a profile of the heap to a file.
func (p *Process) SaveHeap(ctx context.Context, file string) error {
	return p.save(ctx, http.MethodGet, pathHeap, file)
}

func (p *Process) save(ctx context.Context, method, path, file string) error {
	content, err := p.ask(context.WithoutCancel(ctx), method, path)
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

func (p *Process) ask(ctx context.Context, method, path string) ([]byte, error) {
	return Fetch(ctx, http.DefaultClient, method, "http://"+p.control+path, http.NoBody)
}
