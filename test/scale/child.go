package scale

import (
	"context"
	"encoding/json"
	"path/filepath"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/replica"
)

// The roles of children.
const (
	roleOperator = "operator"
	roleInformer = "informer"
)

// startTimeout is how long a child may take until it is ready, or at rest.
const startTimeout = 10 * time.Minute

// RunChild does the part of a child, if this process was started as one. A
// program that calls Run must call it before anything else.
func RunChild() (isChild bool) {
	return replica.Main(map[string]replica.Role{roleOperator: replica.Operate, roleInformer: inform})
}

func (r *runner) startOperator(ctx context.Context) (err error) {
	spec := replica.Operator{API: r.cluster.Operator, Namespace: replica.SyncNamespace, LeaseNamespace: replica.OperatorNamespace}
	r.operator, err = replica.Start(ctx, roleOperator, spec, startTimeout, r.Profiles != "")
	return err
}

func (r *runner) stopOperator() error {
	p := r.operator
	r.operator = nil
	return p.Stop()
}

func (r *runner) startInformer(ctx context.Context) (*replica.Process, error) {
	return replica.Start(ctx, roleInformer, r.cluster.Operator, startTimeout, r.Profiles != "")
}

// observed are the kinds of which there are many.
func observed() []client.Object {
	return []client.Object{&v1alpha1.User{}, &v1alpha1.Group{}, &v1alpha1.GroupMemberSlice{}, &v1alpha1.GroupRoleBinding{}, &rbacv1.RoleBinding{}}
}

// inform runs informers that keep typed objects as they come, and no more. It
// has the operator's credentials.
func inform(ctx context.Context, spec json.RawMessage, ready func(string) error) error {
	var api replica.APIServer
	if err := json.Unmarshal(spec, &api); err != nil {
		return err
	}
	scheme, err := replica.NewScheme()
	if err != nil {
		return err
	}
	informers, err := cache.New(api.Config(), cache.Options{Scheme: scheme})
	if err != nil {
		return err
	}
	for _, o := range observed() {
		if _, err := informers.GetInformer(ctx, o, cache.BlockUntilSynced(false)); err != nil {
			return err
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- informers.Start(ctx) }()
	if informers.WaitForCacheSync(ctx) {
		if err := ready("none"); err != nil {
			return err
		}
	}
	return <-ended
}

// settle waits until a process has nothing more to do.
func settle(ctx context.Context, p *replica.Process) error {
	const pause, idle = time.Second, 60_000 // microseconds of processor time in a pause
	quiet := 0
	last, err := p.Usage(ctx)
	for deadline := time.Now().Add(startTimeout); err == nil && quiet < 3 && time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		var now replica.Usage
		if now, err = p.Usage(ctx); err != nil {
			return err
		}
		if quiet++; now.CPU-last.CPU > idle {
			quiet = 0
		}
		last = now
	}
	return err
}

// save writes a profile, if profiles are wanted.
func (r *runner) save(ctx context.Context, to func(context.Context, string) error, name string) error {
	if r.Profiles == "" {
		return nil
	}
	return to(ctx, filepath.Join(r.Profiles, name+".pprof"))
}
