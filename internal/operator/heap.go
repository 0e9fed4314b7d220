package operator

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Each collection of garbage looks at everything that is kept, however little
// there is to collect. By itself Go collects when as much as is kept was
// allocated again: a replica that keeps 80 MB, of 10,000 users who were read, does
// so more than once a second under load, and a smaller one more often. It gets
// some room instead. A replica that keeps more than that has as much room anyway,
// and its heap grows no larger than without this.

const (
	// heapRoom is what may be allocated between collections.
	heapRoom = 128 << 20
	// The bounds of GOGC: what Go does by itself, and how far a heap may outgrow
	// what was measured a heapInterval ago.
	leastPercent, mostPercent = 100, 400
	heapInterval              = time.Second
)

// heapPercent is the GOGC that leaves heapRoom beside what is kept.
func heapPercent(kept uint64) int {
	return int(min(max(heapRoom*100/max(kept, 1), leastPercent), mostPercent))
}

// tuneHeap sets GOGC by what is kept until ctx ends. A GOGC of the environment
// stays, and a GOMEMLIMIT holds whatever GOGC is. It begins when all is read, for
// until then what is kept grows fast.
func (o *Operator) tuneHeap(ctx context.Context) error {
	if os.Getenv("GOGC") != "" || !o.directory.WaitForSync(ctx) {
		return nil
	}
	kept := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	percent := debug.SetGCPercent(leastPercent)
	defer debug.SetGCPercent(percent)
	set := leastPercent
	for tick := time.NewTicker(heapInterval); ; {
		metrics.Read(kept)
		// The world stops for each change, so a small one is not made.
		if want := heapPercent(kept[0].Value.Uint64()); want < set*9/10 || want > set*11/10 {
			debug.SetGCPercent(want)
			set = want
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}
