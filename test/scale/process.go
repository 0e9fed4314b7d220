package scale

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// startTimeout is how long a child may take until it is ready.
	startTimeout = 10 * time.Minute
	// stopTimeout is how long it may take to end.
	stopTimeout = 45 * time.Second
)

// process is a child: the operator, or a bare informer.
type process struct {
	childSpec
	cmd   *exec.Cmd
	input io.Closer
	log   *os.File
	// Since the program was executed.
	began   time.Time
	readyIn time.Duration
	failed  chan struct{} // closed when it ends
	waited  error
}

// start runs a child and waits until it is ready.
func (r *runner) start(ctx context.Context, operator bool) (*process, error) {
	spec := childSpec{API: r.cluster.operator, Operator: operator}
	for _, address := range []*string{&spec.SCIM, &spec.Probe, &spec.Control} {
		var err error
		if *address, err = freeAddress(ctx); err != nil {
			return nil, err
		}
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{childSpec: spec, cmd: exec.CommandContext(context.WithoutCancel(ctx), program), failed: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), childEnv+"=1")
	if p.log, err = os.CreateTemp("", "rollcall-scale-*.log"); err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.log
	input, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	p.input = input
	p.began = time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.waited = p.cmd.Wait()
		close(p.failed)
	}()
	if err := json.NewEncoder(input).Encode(spec); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	if r.Profiles != "" {
		_ = p.until(ctx, func() error { _, err := p.control(ctx, http.MethodPost, "/profile/start"); return err })
	}
	err = p.until(ctx, func() error {
		_, err := fetch(ctx, http.MethodGet, "http://"+p.Probe+"/readyz", nil)
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("a process did not get ready: %w", err), p.stop())
	}
	p.readyIn = time.Since(p.began)
	return p, nil
}

// until repeats what fails, as long as the process runs.
func (p *process) until(ctx context.Context, holds func() error) error {
	for {
		err := holds()
		if err == nil || time.Since(p.began) > startTimeout {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.failed:
			return errors.New("it ended")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// freeAddress is an address of this host that was free a moment ago.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}

// stop ends the process. Its log is in the error, if there is one.
func (p *process) stop() error {
	_ = p.input.Close()
	impatient := time.AfterFunc(stopTimeout, func() { _ = p.cmd.Process.Kill() })
	defer impatient.Stop()
	<-p.failed
	err := p.waited
	if err != nil {
		err = fmt.Errorf("a process ended: %w\n%s", err, p.lastLines())
	}
	_ = p.log.Close()
	return errors.Join(err, os.Remove(p.log.Name()))
}

// lastLines are the last of the log.
func (p *process) lastLines() string {
	content, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(content), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

func (p *process) usage(ctx context.Context) (u usage, err error) {
	return p.measured(ctx, http.MethodGet, "/usage")
}

// collect forces a garbage collection and gives what is left.
func (p *process) collect(ctx context.Context) (usage, error) {
	return p.measured(ctx, http.MethodPost, "/collect")
}

func (p *process) measured(ctx context.Context, method, path string) (u usage, err error) {
	content, err := p.control(ctx, method, path)
	if err == nil {
		err = json.Unmarshal(content, &u)
	}
	return u, err
}

// settle waits until a process has nothing more to do.
func (p *process) settle(ctx context.Context) error {
	const pause, idle = time.Second, 0.06 // seconds of processor time in a pause
	quiet := 0
	last, err := p.usage(ctx)
	for deadline := time.Now().Add(startTimeout); err == nil && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		var now usage
		if now, err = p.usage(ctx); err != nil {
			return err
		}
		if quiet++; now.Processor-last.Processor > idle {
			quiet = 0
		}
		if quiet == 3 {
			return nil
		}
		last = now
	}
	return err
}

// save writes a profile, if profiles are wanted.
func (r *runner) save(ctx context.Context, p *process, method, path, name string) error {
	if r.Profiles == "" {
		return nil
	}
	content, err := p.control(ctx, method, path)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.Profiles, name+".pprof"), content, 0o600)
}

func (p *process) control(ctx context.Context, method, path string) ([]byte, error) {
	return fetch(ctx, method, "http://"+p.Control+path, nil)
}
