package chaos

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Options say how long and how hard.
type Options struct {
	// Seed decides about the faults and the load. The timing of processes is not
	// in anybody's hands, so a seed gives a similar run, not the same.
	Seed uint64
	// Time is how long the load runs with faults. Starting, the restarts of all
	// replicas one after the other and the check at the end come on top: about
	// a minute and a half.
	Time time.Duration
	// Soak, if not 0, is how long the load runs without any fault instead.
	Soak time.Duration
	// Replicas run at first, and one more from the middle on.
	Replicas int
	Workers  int
	// Pause is how long a worker waits between two requests.
	Pause time.Duration
	// Race builds the operator with the race detector.
	Race bool
	// Program is a cmd/rollcall that is built already; empty: it is built.
	Program string
	// Only, if not empty, are the names of the faults that happen, each at least
	// once.
	Only []string
	// Folder gets the logs of all processes, in place of those of the last run,
	// and what was found.
	Folder string
	// Out gets the result, Progress what happens meanwhile.
	Out, Progress io.Writer
}

// Default is what `make chaos` runs.
func Default() Options {
	return Options{Seed: 1, Time: 5 * time.Minute, Replicas: 2, Workers: 8, Pause: 10 * time.Millisecond}
}

// Short is what `make test` runs: some of the faults, each once.
func Short() Options {
	return Options{
		Seed: 1, Time: time.Second, Replicas: 2, Workers: 4, Pause: 10 * time.Millisecond,
		Only: []string{faultKill, faultCut, faultErrors, faultRestart},
	}
}

// Most that is useful; what a worker owns is bounded too.
const (
	maxReplicas = 8
	maxWorkers  = 32
)

func (o *Options) check() error {
	if o.Time <= 0 && o.Soak <= 0 {
		return errors.New("the time must be above 0")
	}
	if o.Replicas < 2 || o.Replicas > maxReplicas {
		return fmt.Errorf("there can be 2 to %d replicas", maxReplicas)
	}
	if o.Workers < 1 || o.Workers > maxWorkers {
		return fmt.Errorf("there can be 1 to %d workers", maxWorkers)
	}
	if o.Folder == "" || o.Out == nil {
		return errors.New("a folder and an output are required")
	}
	return known(o.Only)
}
