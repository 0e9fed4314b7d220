// Command chaos runs the operator under load while everything around it fails,
// and checks that nothing acknowledged is lost. docs/chaos.md says what and how.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/rollcall-scim/rollcall/test/chaos"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	o := chaos.Default()
	o.Out, o.Progress = os.Stdout, os.Stderr
	flags := flag.NewFlagSet("chaos", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "Run the operator under load while everything around it fails, and check that\nnothing acknowledged is lost. Exit status 1 on any finding.\n\n")
		flags.PrintDefaults()
	}
	flags.Uint64Var(&o.Seed, "seed", o.Seed, "decides about the faults and the load")
	flags.DurationVar(&o.Time, "time", o.Time, "how long faults happen")
	flags.DurationVar(&o.Soak, "soak", o.Soak, "run this long without faults instead, and watch what grows")
	flags.IntVar(&o.Replicas, "replicas", o.Replicas, "replicas at first; one more starts in the middle")
	flags.IntVar(&o.Workers, "workers", o.Workers, "connections that send changes")
	flags.DurationVar(&o.Pause, "pause", o.Pause, "between two requests of a connection")
	flags.BoolVar(&o.Race, "race", o.Race, "build the operator with the race detector")
	flags.StringVar(&o.Program, "program", o.Program, "a built rollcall `file` to check, instead of building one")
	flags.StringVar(&o.Folder, "folder", "bin/chaos", "`folder` for logs and findings; in place of those of the last run")
	only := flags.String("only", "", "comma-separated `faults`; none: all")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there are no arguments, only flags: %q", flags.Args())
	}
	if *only != "" {
		o.Only = strings.Split(*only, ",")
	}
	return chaos.Run(ctx, o)
}
