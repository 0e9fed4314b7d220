// Command conformance checks a SCIM 2.0 service provider against RFC 7643,
// RFC 7644, RFC 9865 and what identity providers rely on.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/test/conformance"
	"github.com/rollcall-scim/rollcall/test/conformance/localoperator"
)

// errFailed ends a run whose report says already what is wrong.
var errFailed = errors.New("cases failed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, errFailed) {
		fmt.Fprintf(os.Stderr, "conformance: %v\n", err)
	}
	if err != nil {
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	target   conformance.Target
	run      string
	output   string
	parallel int
	docs     bool
}

func newCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "conformance [--url URL --token TOKEN]",
		Short: "Check a SCIM 2.0 service provider",
		Long: `conformance checks a SCIM 2.0 service provider from outside, over HTTP. Each case
makes the users and groups that it needs, with names of its own, and removes
them. Without --url it starts the operator on a control plane of its own.

Exit status: 0 if every case that applies passes, else 1.`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return o.check(cmd.Context(), cmd.OutOrStdout()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.target.URL, "url", "", "SCIM base `URL`; empty: an operator of our own")
	flags.StringVar(&o.target.Token, "token", os.Getenv("CONFORMANCE_TOKEN"), "bearer `token`; default: the environment variable CONFORMANCE_TOKEN")
	flags.BoolVar(&o.target.Insecure, "insecure", false, "accept any certificate")
	flags.StringVar(&o.run, "run", "", "run only the cases whose names match the `regexp`")
	flags.StringVarP(&o.output, "output", "o", "text", "`format` of the report: text or json")
	flags.IntVar(&o.parallel, "parallel", 8, "`cases` that run at once")
	flags.BoolVar(&o.docs, "docs", false, "write docs/conformance.md to standard output, and check nothing")
	return cmd
}

func (o *options) check(ctx context.Context, out io.Writer) (err error) {
	if o.docs {
		return conformance.WriteDocs(out)
	}
	if o.output != "text" && o.output != "json" {
		return fmt.Errorf("--output is text or json, not %q", o.output)
	}
	only, err := regexp.Compile(o.run)
	if err != nil {
		return fmt.Errorf("--run: %w", err)
	}
	if o.target.URL == "" {
		local, startErr := localoperator.Start(ctx)
		defer func() { err = errors.Join(err, local.Stop()) }()
		if startErr != nil {
			return startErr
		}
		o.target = local.Target
	}
	report, err := conformance.Run(ctx, o.target, conformance.Options{Only: only, Parallel: o.parallel})
	if err != nil {
		return err
	}
	if err := o.write(out, report); err != nil {
		return err
	}
	if !report.OK() {
		return errFailed
	}
	return nil
}

func (o *options) write(out io.Writer, report *conformance.Report) error {
	if o.output == "text" {
		return report.WriteText(out)
	}
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}
