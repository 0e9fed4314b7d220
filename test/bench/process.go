package bench

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

const (
	// startTimeout is how long a child may take until it serves: less than this
	// unless it lacks rights, and says so in its log.
	startTimeout = time.Minute
	// stopTimeout is how long it may take to end.
	stopTimeout = 45 * time.Second
)

// process is a child: the operator, or the bare handler.
type process struct {
	childReady
	cmd   *exec.Cmd
	input io.Closer
	log   *os.File
}

// start runs a child and waits until it serves.
func start(ctx context.Context, spec childSpec) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(context.WithoutCancel(ctx), program)}
	p.cmd.Env = append(os.Environ(), childEnv+"=1")
	if p.log, err = os.CreateTemp("", "rollcall-bench-*.log"); err != nil {
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
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	forget := context.AfterFunc(ctx, func() { _ = p.cmd.Process.Kill() })
	defer forget()
	if err := json.NewEncoder(input).Encode(spec); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	if err := json.NewDecoder(output).Decode(&p.childReady); err != nil {
		return nil, errors.Join(fmt.Errorf("a process did not start to serve: %w", err), p.stop())
	}
	return p, nil
}

// stop ends the process. Its log is in the error, if there is one.
func (p *process) stop() error {
	_ = p.resume()
	_ = p.input.Close()
	impatient := time.AfterFunc(stopTimeout, func() { _ = p.cmd.Process.Kill() })
	defer impatient.Stop()
	err := p.cmd.Wait()
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

// pause stops the process where it is, so that it takes nothing from others.
func (p *process) pause() error { return p.cmd.Process.Signal(syscall.SIGSTOP) }

// resume ends a pause.
func (p *process) resume() error { return p.cmd.Process.Signal(syscall.SIGCONT) }

func (p *process) usage(ctx context.Context) (usage, error) {
	var u usage
	content, err := p.control(ctx, http.MethodGet, "/usage")
	if err == nil {
		err = json.Unmarshal(content, &u)
	}
	return u, err
}

// profile writes a CPU profile of what the process does during do to
// name.pprof, and what it allocated since it started to name.allocs.pprof.
func (p *process) profile(ctx context.Context, name string, do func() error) error {
	if _, err := p.control(ctx, http.MethodPost, "/profile/start"); err != nil {
		return err
	}
	failure := do()
	if err := p.save(ctx, http.MethodPost, "/profile/stop", name+".pprof"); failure == nil {
		failure = err
	}
	if failure != nil {
		return failure
	}
	return p.save(ctx, http.MethodGet, "/allocs", name+".allocs.pprof")
}

func (p *process) save(ctx context.Context, method, path, file string) error {
	content, err := p.control(context.WithoutCancel(ctx), method, path)
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}

func (p *process) control(ctx context.Context, method, path string) ([]byte, error) {
	return fetch(ctx, http.DefaultClient, method, "http://"+p.Control+path)
}

// fetch reads the body of an answer 200.
func fetch(ctx context.Context, client *http.Client, method, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
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
		err = fmt.Errorf("%s %s: %s", method, url, response.Status)
	}
	return content, err
}
