// Command bench measures the operator against bare client-go and bare net/http
// on a control plane of its own. docs/performance.md says what and how.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/rollcall-scim/rollcall/test/bench"
)

func main() {
	if bench.RunChild() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	o := bench.Default()
	for _, argument := range arguments {
		if name, value, _ := strings.Cut(strings.TrimLeft(argument, "-"), "="); name == "short" && value != "false" {
			o = bench.Short() // before the other flags, which change it
		}
	}
	o.Out, o.Progress = os.Stdout, os.Stderr
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "Measure the operator against bare client-go and bare net/http; exit status 1 only if\nsomething could not be measured.\n\n")
		flags.PrintDefaults()
	}
	flags.Bool("short", false, "tiny sizes, which only show that everything can be measured")
	only := flags.String("run", "", "measure only the rows whose names match the `regexp`")
	flags.IntVar(&o.Rounds, "rounds", o.Rounds, "comparisons of each row, after one to warm up")
	flags.DurationVar(&o.Side, "time", o.Side, "how long each side of a comparison of rates runs in a round")
	flags.IntVar(&o.Users, "users", o.Users, "users of the sync that is read from")
	flags.Func("groups", "sizes of the groups that members are added to, ascending (default 10,1000,10000,100000)", func(list string) (err error) {
		o.Groups, err = sizes(list)
		return err
	})
	flags.IntVar(&o.Changes, "changes", o.Changes, "members added, and then removed, in a round")
	flags.IntVar(&o.Samples, "samples", o.Samples, "changes whose projection is timed in a round")
	flags.IntVar(&o.CycleUsers, "cycle-users", o.CycleUsers, "users of the initial cycle that runs beside")
	flags.StringVar(&o.Profiles, "cpuprofile", "", "`folder` for profiles of the operator: of each measurement NAME.pprof, and of what was allocated since the start NAME.allocs.pprof")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there are no arguments, only flags: %q", flags.Args())
	}
	if *only != "" {
		var err error
		if o.Only, err = regexp.Compile(*only); err != nil {
			return fmt.Errorf("-run: %w", err)
		}
	}
	_, err := bench.Run(ctx, o)
	return err
}

func sizes(list string) ([]int, error) {
	var sizes []int
	for field := range strings.SplitSeq(list, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}
