package idpsim

import (
	"context"
	"iter"
	"sync"
)

// task is one step of a phase. Tasks that share a key run one after the other,
// in the order in which they were made; others at the same time.
type task struct {
	keys []any
	run  func(context.Context)
}

// scheduled is a task and what must be done before it.
type scheduled struct {
	task
	after []<-chan struct{}
	done  chan struct{}
}

// runTasks runs tasks on a number of workers. A worker may wait for tasks made
// earlier, which other workers have taken by then: the earliest never waits, so
// there is no deadlock.
func runTasks(ctx context.Context, workers int, tasks iter.Seq[task], finished func()) {
	queue := make(chan scheduled)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for s := range queue {
				for _, earlier := range s.after {
					<-earlier
				}
				if ctx.Err() == nil {
					s.run(ctx)
				}
				close(s.done)
				finished()
			}
		})
	}
	last := map[any]chan struct{}{}
	for t := range tasks {
		if ctx.Err() != nil {
			break
		}
		s := scheduled{task: t, done: make(chan struct{})}
		for _, key := range t.keys {
			if earlier, found := last[key]; found && earlier != s.done {
				s.after = append(s.after, earlier)
			}
			last[key] = s.done
		}
		queue <- s
	}
	close(queue)
	group.Wait()
}
