package chaos

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// process is a program that can be ended in any way, and started again with
// the same arguments. All its output is appended to one log.
type process struct {
	name, path string
	arguments  []string
	env        []string // on top of this process's own
	logFile    string

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when cmd has ended, with its error in err
	err   error
}

func newProcess(folder, name, path string, arguments ...string) *process {
	return &process{name: name, path: path, arguments: arguments, logFile: filepath.Join(folder, name+".log")}
}

func (p *process) start() error {
	log, err := os.OpenFile(p.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	if _, err := fmt.Fprintf(log, "--- %s: started by chaos\n", time.Now().UTC().Format(time.RFC3339Nano)); err != nil {
		return err
	}
	cmd := exec.Command(p.path, p.arguments...) //nolint:noctx // it is ended by signals, which are the point
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), p.env...)
	// Ctrl-C reaches this process alone, which then ends the others in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.name, err)
	}
	ended := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.ended, p.err = cmd, ended, nil
	p.mu.Unlock()
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(ended)
	}()
	return nil
}

// done is closed when the process has ended; nil if it was never started.
func (p *process) done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}

func (p *process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	return nil
}

// kill ends the process at once, whatever it is doing.
func (p *process) kill() error {
	if p.done() == nil {
		return nil
	}
	err := p.signal(syscall.SIGKILL)
	<-p.done()
	return err
}

// terminate asks the process to end, and kills it after a while, which is an
// error. The error is otherwise that of the process.
func (p *process) terminate(patience time.Duration) error {
	if p.done() == nil {
		return nil
	}
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done():
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("%s did not end within %s of SIGTERM", p.name, patience), p.kill())
	}
	return p.failure()
}

// failure is how the process ended.
func (p *process) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return fmt.Errorf("%s ended: %w", p.name, p.err)
	}
	return nil
}
