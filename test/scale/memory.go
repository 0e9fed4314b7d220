package scale

import (
	"context"
	"fmt"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/test/figure"
	"github.com/rollcall-scim/rollcall/test/replica"
)

const mebibyte = 1 << 20

// memory compares the memory of the operator and of a bare informer, each
// started anew on the same objects, and how soon both are ready.
func (r *runner) memory(ctx context.Context) error {
	if err := r.stopOperator(); err != nil {
		return err
	}
	// Something to repair, so that it is seen when projection goes on.
	var bindings rbacv1.RoleBindingList
	if err := r.cluster.Admin.List(ctx, &bindings, client.InNamespace(bindingsNamespace)); err != nil {
		return err
	}
	r.say("starting a bare informer of the same objects")
	informer, err := r.startInformer(ctx)
	if err != nil {
		return err
	}
	_, bare, err := r.rest(ctx, informer, "informer")
	if err != nil {
		return err
	}
	if err := informer.Stop(); err != nil {
		return err
	}
	if err := r.cluster.Admin.Delete(ctx, &bindings.Items[len(bindings.Items)-1]); err != nil {
		return err
	}
	r.say("starting the operator again")
	if err := r.startOperator(ctx); err != nil {
		return err
	}
	if err := r.bound(ctx, r.subjects); err != nil {
		return err
	}
	repaired := time.Since(r.operator.Began)
	before, held, err := r.rest(ctx, r.operator, "operator")
	if err != nil {
		return err
	}
	r.add(
		line("ready_after_restart", r.operator.ReadyIn.Seconds(), "s").atMost(30),
		line("projecting_after_restart", repaired.Seconds(), "s"),
		line("informer_ready", informer.ReadyIn.Seconds(), "s"),
		line("operator_rss", held.Resident/mebibyte, "MiB").with("before_gc", figure.Text(before.Resident/mebibyte)).with("peak", figure.Text(held.Peak/mebibyte)),
		line("informer_rss", bare.Resident/mebibyte, "MiB").with("peak", figure.Text(bare.Peak/mebibyte)),
		line("memory_ratio", held.Resident/bare.Resident, "1").atMost(2),
		line("operator_heap", held.Heap/mebibyte, "MiB"),
		line("informer_heap", bare.Heap/mebibyte, "MiB"),
		line("heap_ratio", held.Heap/bare.Heap, "1").atMost(2),
	)
	return r.warm(ctx, bare)
}

// warm compares once more when every user has been read: the operator keeps how
// it has shown them.
func (r *runner) warm(ctx context.Context, bare replica.Usage) error {
	r.say("reading everybody")
	if err := r.walk(ctx, r.endpoint(), nil); err != nil {
		return err
	}
	held, err := r.operator.Collect(ctx)
	if err != nil {
		return err
	}
	r.add(
		line("warm_operator_rss", held.Resident/mebibyte, "MiB").with("peak", figure.Text(held.Peak/mebibyte)),
		line("warm_memory_ratio", held.Resident/bare.Resident, "1").atMost(2),
		line("warm_heap_ratio", held.Heap/bare.Heap, "1").atMost(2),
	)
	return r.save(ctx, r.operator.SaveHeap, "operator-warm-heap")
}

// rest waits until a process that was just started rests, and gives its usage
// then and after a forced collection.
func (r *runner) rest(ctx context.Context, p *replica.Process, name string) (before, after replica.Usage, err error) {
	if err := r.save(ctx, p.SaveCPU, name+"-start"); err != nil {
		return before, after, err
	}
	if err := settle(ctx, p); err != nil {
		return before, after, err
	}
	if before, err = p.Usage(ctx); err != nil {
		return before, after, err
	}
	r.add(line(name+"_start_cpu", before.CPU/1e6, "s").with("until", "idle"))
	if after, err = p.Collect(ctx); err != nil {
		return before, after, err
	}
	if after.Heap <= 0 || after.Resident <= 0 {
		return before, after, fmt.Errorf("a process has %+v", after)
	}
	return before, after, r.save(ctx, p.SaveHeap, name+"-heap")
}
