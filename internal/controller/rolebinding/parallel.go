package rolebinding

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxWriters is how many additions wait for the API server at once, in all
	// bindings together; maxRevokers is how many removals do, in each.
	maxWriters  = 16
	maxRevokers = 16
	// maxParts is in how many namespaces a binding is written at once.
	maxParts = 16
)

// slot takes a slot for a write; the function gives it back. A write that hangs
// keeps it only for a while, so as not to keep others from being made.
func (p *part) slot(slots chan struct{}) (release func()) {
	slots <- struct{}{}
	free := sync.OnceFunc(func() { <-slots })
	timer := time.AfterFunc(p.lanes.Patience(), free)
	return func() {
		timer.Stop()
		free()
	}
}

// parallel does so many things at once, and returns when all are done.
func parallel[T any](items []T, workers int, do func(T)) {
	var next atomic.Int64
	var group sync.WaitGroup
	work := func() {
		for i := next.Add(1) - 1; i < int64(len(items)); i = next.Add(1) - 1 {
			do(items[i])
		}
	}
	for range min(workers, len(items)) - 1 {
		group.Go(work)
	}
	work()
	group.Wait()
}
