package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"
)

const (
	// restartDelay is how soon a replica that ended by itself is started again.
	restartDelay = time.Second
	// readyPatience is how long a replica may take to be ready.
	readyPatience = 2 * time.Minute
	// drainPatience is how long it may take to end when it is asked to.
	drainPatience = 60 * time.Second
)

// replica is a process of cmd/rollcall with a line of its own to the API
// server. Something like a kubelet starts it again when it ends by itself.
type replica struct {
	*process
	line                  *line
	scim, metrics, probes string // host:port
	profiles              string // likewise, of a soak

	unwanted context.CancelFunc // nobody starts it again
	exits    atomic.Int64       // how often it ended by itself
}

// newReplica prepares one; it does not start it.
func (r *run) newReplica(ctx context.Context, index int) (*replica, error) {
	l, err := newLine(ctx, r.plane.address, r.plane.cert)
	if err != nil {
		return nil, err
	}
	r.cleanup(l.close)
	p := &replica{line: l, unwanted: func() {}}
	for _, address := range []*string{&p.scim, &p.metrics, &p.probes, &p.profiles} {
		if *address, err = freeAddress(ctx); err != nil {
			return nil, err
		}
	}
	name := fmt.Sprintf("rollcall-%d", index)
	kubeconfig := filepath.Join(r.plane.folder, name+".conf")
	if err := r.plane.writeKubeconfig(kubeconfig, l.address, r.operatorToken); err != nil {
		return nil, err
	}
	p.process = newProcess(r.Folder, name, r.program, "--kubeconfig", kubeconfig,
		"--scim-bind-address", p.scim, "--metrics-bind-address", p.metrics, "--health-probe-bind-address", p.probes,
		"--external-url", "http://"+r.balancer.address(), "--sync-namespaces", syncNamespace, "--leader-election-namespace", operatorNamespace)
	if r.Soak > 0 {
		// The operator gives garbage several times the room of what it keeps. Without
		// that, its memory tells what it keeps.
		p.env = append(p.env, "GOGC=100")
		p.arguments = append(p.arguments, "--pprof-bind-address", p.profiles)
	}
	return p, nil
}

// run starts the replica, again whenever it ends by itself, until it is stopped.
func (p *replica) run() error {
	wanted, unwanted := context.WithCancel(context.Background())
	p.unwanted = unwanted
	if err := p.start(); err != nil {
		return err
	}
	go func() {
		for {
			select {
			case <-p.done():
			case <-wanted.Done():
				return
			}
			if wanted.Err() != nil {
				return
			}
			p.exits.Add(1)
			select {
			case <-time.After(restartDelay):
			case <-wanted.Done():
				return
			}
			if p.start() != nil {
				return
			}
		}
	}()
	return nil
}

// kill ends it at once, for good.
func (p *replica) kill() error {
	p.unwanted()
	return p.process.kill()
}

// stop ends it as Kubernetes does.
func (p *replica) stop() error {
	p.unwanted()
	return p.terminate(drainPatience)
}

// ready waits until the replica says so.
func (p *replica) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	return until(ctx, func() error {
		status, _, err := fetch(ctx, "http://"+p.probes+"/readyz")
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d", status)
		}
		if err != nil {
			err = fmt.Errorf("%s is not ready, see %s: %w", p.name, p.logFile, err)
		}
		return err
	})
}

// probeClient asks replicas about themselves.
var probeClient = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

func fetch(ctx context.Context, url string) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := probeClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// until repeats what fails, until ctx ends.
func until(ctx context.Context, holds func() error) error {
	for {
		err := holds()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
