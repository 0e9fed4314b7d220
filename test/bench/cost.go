package bench

import (
	"context"

	"github.com/rollcall-scim/rollcall/test/replica"
)

// Cost is what one operation cost on average, whoever else was served then: the
// background is counted in.
type Cost struct {
	CPU       float64 // microseconds of processor time of the process, user and system
	Allocated float64 // bytes on its heap
	Puts      float64 // keys put into etcd
	Bytes     float64 // bytes of keys and values put into etcd
}

// meter adds up what operations cost.
type meter struct {
	total      Cost
	operations int
}

// each is nil when nothing was measured.
func (m *meter) each() *Cost {
	if m.operations == 0 {
		return nil
	}
	n := float64(m.operations)
	return &Cost{CPU: m.total.CPU / n, Allocated: m.total.Allocated / n, Puts: m.total.Puts / n, Bytes: m.total.Bytes / n}
}

// count measures what do costs the operator, which says how many operations it did.
func (r *runner) count(ctx context.Context, m *meter, do func() (operations int, err error)) error {
	return r.countOf(ctx, r.operator, m, do)
}

// countOf measures what do costs a process.
func (r *runner) countOf(ctx context.Context, p *replica.Process, m *meter, do func() (operations int, err error)) error {
	usedBefore, writtenBefore, err := r.counters(ctx, p)
	if err != nil {
		return err
	}
	operations, err := do()
	if err != nil {
		return err
	}
	used, written, err := r.counters(ctx, p)
	if err != nil {
		return err
	}
	m.operations += operations
	m.total.CPU += used.CPU - usedBefore.CPU
	m.total.Allocated += used.Allocated - usedBefore.Allocated
	m.total.Puts += written.puts - writtenBefore.puts
	m.total.Bytes += written.bytes - writtenBefore.bytes
	return nil
}

func (r *runner) counters(ctx context.Context, p *replica.Process) (replica.Usage, etcdWrites, error) {
	written, err := readEtcd(ctx, r.cluster.EtcdURL())
	if err != nil {
		return replica.Usage{}, written, err
	}
	used, err := p.Usage(ctx)
	return used, written, err
}

func (c Cost) plus(o Cost) Cost {
	return Cost{c.CPU + o.CPU, c.Allocated + o.Allocated, c.Puts + o.Puts, c.Bytes + o.Bytes}
}
