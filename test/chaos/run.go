package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// ErrFound says that something is wrong with the operator.
var ErrFound = errors.New("the check has findings")

// run is one run of the check.
type run struct {
	Options
	rng   *rand.Rand
	began time.Time

	program       string
	plane         *plane
	admin         client.Client
	operatorToken string
	balancer      *balancer
	replicas      []*replica
	bearer        bearer
	rotations     int
	killed        int // replicas, by kill -9

	tally    tally
	workers  []*worker
	shared   []string // ids of the shared groups
	canary   canary
	episodes []episode
	rolling  *rolling

	cleanups []func()
}

// Run runs the check. The error is ErrFound if it has findings.
func Run(ctx context.Context, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	r := &run{Options: o, rng: rand.New(rand.NewPCG(o.Seed, 0)), began: time.Now()}
	defer r.end()
	if err := r.prepare(ctx); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	if o.Soak > 0 {
		return r.soak(ctx)
	}
	if err := r.withLoad(ctx, r.misbehave); err != nil {
		return err
	}
	v, err := r.verify(ctx)
	if err != nil {
		return fmt.Errorf("checking: %w", err)
	}
	return r.report(v)
}

func (r *run) cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *run) end() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}

func (r *run) say(format string, values ...any) {
	if r.Progress != nil {
		_, _ = fmt.Fprintf(r.Progress, "[%6.1fs] %s\n", time.Since(r.began).Seconds(), fmt.Sprintf(format, values...))
	}
}

// prepare starts everything, and makes what the load needs.
func (r *run) prepare(ctx context.Context) error {
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	if err := os.MkdirAll(r.Folder, 0o755); err != nil {
		return err
	}
	if err := r.tidy(); err != nil {
		return err
	}
	secrets, err := os.MkdirTemp("", "rollcall-chaos-")
	if err != nil {
		return err
	}
	r.cleanup(func() { _ = os.RemoveAll(secrets) })
	if err := r.build(ctx, secrets); err != nil {
		return err
	}
	if r.plane, err = newPlane(ctx, secrets, r.Folder); err != nil {
		return err
	}
	r.say("starting etcd, kube-apiserver and kube-controller-manager")
	r.cleanup(func() { _ = r.plane.stop() })
	if err := r.plane.start(ctx); err != nil {
		return err
	}
	if err := r.install(ctx); err != nil {
		return err
	}
	if r.balancer, err = newBalancer(ctx); err != nil {
		return err
	}
	r.cleanup(r.balancer.close)
	r.say("starting %d replicas", r.Replicas)
	for range r.Replicas {
		if err := r.addReplica(ctx); err != nil {
			return err
		}
	}
	return r.populate(ctx)
}

// tidy removes what an earlier run left in the folder.
func (r *run) tidy() error {
	old, err := filepath.Glob(filepath.Join(r.Folder, "*.log"))
	if err != nil {
		return err
	}
	for _, file := range append(old, filepath.Join(r.Folder, findingsFile)) {
		if err := os.RemoveAll(file); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) build(ctx context.Context, folder string) error {
	if r.program = r.Program; r.program != "" {
		return nil
	}
	r.program = filepath.Join(folder, "rollcall")
	arguments := []string{"build", "-o", r.program}
	if r.Race {
		arguments = append(arguments, "-race")
	}
	r.say("go %v", append(arguments, "./cmd/rollcall"))
	build := exec.CommandContext(ctx, "go", append(arguments, "./cmd/rollcall")...)
	build.Dir = controlplane.Root()
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building cmd/rollcall: %w\n%s", err, output)
	}
	return nil
}

// addReplica starts one more replica, and gives it connections when it is ready.
func (r *run) addReplica(ctx context.Context) error {
	p, err := r.newReplica(ctx, len(r.replicas))
	if err != nil {
		return err
	}
	r.cleanup(func() { _ = p.kill() })
	if err := p.run(); err != nil {
		return err
	}
	if err := p.ready(ctx); err != nil {
		return err
	}
	r.replicas = append(r.replicas, p)
	r.balancer.use(p.scim)
	return nil
}

// populate creates what the load changes.
func (r *run) populate(ctx context.Context) error {
	r.say("creating users and groups")
	c := newSCIMClient(endpoint(r.balancer.address()), &r.bearer, &r.tally)
	// Each replica opens the endpoint when it has seen the sync.
	patience, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, p := range r.replicas {
		direct := newSCIMClient(endpoint(p.scim), &r.bearer, &tally{})
		if err := until(patience, func() error {
			if a := direct.do(patience, "GET", "/ServiceProviderConfig", ""); !a.succeeded() {
				return fmt.Errorf("%s does not open the endpoint: %d %s %w", p.name, a.status, a.body, a.err)
			}
			return nil
		}); err != nil {
			return err
		}
	}
	for i := range sharedGroups {
		id, err := createNow(ctx, c, "/Groups", object{"displayName": sharedName(i)})
		if err != nil {
			return err
		}
		r.shared = append(r.shared, id)
	}
	if err := r.canary.hatch(ctx, r, c); err != nil {
		return err
	}
	for i := range r.Workers {
		w, err := r.newWorker(ctx, i)
		if err != nil {
			return err
		}
		r.workers = append(r.workers, w)
	}
	return nil
}

// createNow creates a resource while there are no faults, and gives its id.
func createNow(ctx context.Context, c *scimClient, path string, body object) (string, error) {
	a := c.do(ctx, "POST", path, text(body))
	created, err := a.resource()
	if !a.succeeded() || err != nil {
		return "", fmt.Errorf("POST %s: %d %s %w", path, a.status, a.body, errors.Join(a.err, err))
	}
	return created.ID, nil
}

// withLoad does something while the workers work.
func (r *run) withLoad(ctx context.Context, do func(context.Context) error) error {
	working, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, w := range r.workers {
		all.Go(func() { w.work(working) })
	}
	err := do(ctx)
	stop()
	all.Wait()
	return err
}
