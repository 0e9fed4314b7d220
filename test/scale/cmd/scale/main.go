// Command scale fills a control plane of its own with many users, groups and
// memberships and measures what that takes. docs/scale.md says what and how.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rollcall-scim/rollcall/test/scale"
)

func main() {
	if scale.RunChild() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	o := scale.Default()
	o.Out, o.Progress = os.Stdout, os.Stderr
	flags := flag.NewFlagSet("scale", flag.ExitOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "Measure a directory of a size; exit status 1 only if something went wrong or could not be measured.\n\n")
		flags.PrintDefaults()
	}
	flags.IntVar(&o.Users, "users", o.Users, "users of the directory")
	flags.IntVar(&o.Groups, "groups", 0, "groups of the directory, of which one has everybody and most are small (default one for 20 users)")
	flags.IntVar(&o.Memberships, "memberships", 0, "members of all groups together (default 10 for each user)")
	flags.IntVar(&o.Bindings, "bindings", o.Bindings, "groups that are bound to a role, the largest among them")
	flags.IntVar(&o.ThroughSCIM, "through-scim", o.ThroughSCIM, "users that are pushed as an identity provider does; the others are written into etcd as copies of them, which is faster")
	flags.IntVar(&o.Samples, "samples", o.Samples, "requests of each kind that are timed")
	flags.StringVar(&o.Profiles, "profiles", "", "`folder` for profiles: {operator,informer}-heap.pprof and {operator,informer}-start.pprof (CPU)")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there are no arguments, only flags: %q", flags.Args())
	}
	o.Groups, o.Memberships = cmp.Or(o.Groups, o.Users/20), cmp.Or(o.Memberships, 10*o.Users)
	_, err := scale.Run(ctx, o)
	return err
}
