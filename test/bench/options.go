package bench

import (
	"errors"
	"io"
	"regexp"
	"time"
)

// Options say what to measure. A zero field of a size takes its default.
type Options struct {
	// Only measures the rows whose names it matches; nil: all.
	Only *regexp.Regexp
	// Rounds is how often each comparison is made, after one to warm up.
	Rounds int
	// Side is how long each side of a comparison of rates runs in a round.
	Side time.Duration
	// Users are how many the sync has that is read from, at least 100.
	Users int
	// Groups are the sizes of the groups that members are added to, ascending.
	Groups []int
	// Changes are the members added, and then removed, in a round.
	Changes int
	// Samples are the changes whose projection is timed in a round.
	Samples int
	// CycleUsers are the users of the initial cycle that runs beside.
	CycleUsers int

	// Profiles is a folder for profiles of the operator: for each measurement
	// NAME.pprof (CPU) and NAME.allocs.pprof (since its start); empty: none.
	Profiles string
	// Out gets the lines and the table, Progress what is being done.
	Out, Progress io.Writer
}

// Default are the sizes that docs/performance.md reports.
func Default() Options {
	return Options{
		Rounds: 9, Side: 800 * time.Millisecond, Users: 10_000,
		Groups: []int{10, 1_000, 10_000, 100_000}, Changes: 40, Samples: 40, CycleUsers: 1_000,
	}
}

// Short are sizes that only show that everything can be measured.
func Short() Options {
	return Options{
		Rounds: 1, Side: 100 * time.Millisecond, Users: 200,
		Groups: []int{10, 2_000}, Changes: 4, Samples: 3, CycleUsers: 20,
	}
}

func (o Options) check() error {
	if o.Rounds < 1 || o.Side <= 0 || o.Users < 100 || o.Changes < 1 || o.Samples < 1 || o.CycleUsers < 1 {
		return errors.New("rounds, durations and sizes must be positive, and users at least 100")
	}
	if (o.Rounds+1)*o.Changes > o.Users {
		return errors.New("there must be more users than members are added: (rounds+1) × changes")
	}
	if len(o.Groups) < 2 {
		return errors.New("at least two sizes of groups are compared")
	}
	for i, size := range o.Groups {
		if size < 2 || size > 200_000 || i > 0 && size <= o.Groups[i-1] {
			return errors.New("sizes of groups ascend from at least 2 to at most 200,000")
		}
	}
	return nil
}
