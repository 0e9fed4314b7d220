// Command idpsim plays an identity provider's provisioning against a SCIM 2.0
// base URL: to try an installation, to demonstrate it, and to load it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/internal/idpsim"
)

// The exit codes.
const (
	exitFailed = 1 // failed requests, differences, or a run that broke off
	exitUsage  = 2
)

// errNotOK ends a run whose summary says already what is wrong.
var errNotOK = errors.New("the run was not clean")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand().ExecuteContext(ctx)
	stop()
	var usage usageError
	switch {
	case err == nil:
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "idpsim: %v\nRun idpsim --help for the flags.\n", err)
		os.Exit(exitUsage)
	case errors.Is(err, errNotOK):
		os.Exit(exitFailed)
	default:
		fmt.Fprintf(os.Stderr, "idpsim: %v\n", err)
		os.Exit(exitFailed)
	}
}

// usageError is a wrong flag.
type usageError struct{ error }

// options are the flags that are not part of the library's configuration.
type options struct {
	idpsim.Config
	tokenFile string
	output    string
	quiet     bool
}

func newCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "idpsim --url URL",
		Short: "Play an identity provider against a SCIM 2.0 endpoint",
		Long: `idpsim plays the provisioning of Entra ID, Okta, JumpCloud or OneLogin against a
SCIM 2.0 base URL: the connection test, the initial cycle, then changes. The
directory is made up from a seed, so the same flags send the same requests.

It touches only what it made itself: users are known by their externalId. With
--verify it reads everything back and compares; --cleanup removes it again.

The summary goes to stdout, progress to stderr. Exit status: 0 all well, 1 failed
requests, differences or a run that broke off, 2 wrong flags.`,
		Example: `  idpsim --url https://scim.example.com/team/entra/scim/v2 --token-file token --phase test
  idpsim --url http://127.0.0.1:8443/team/okta/scim/v2 --profile okta --users 2000 --groups 200 --verify
  idpsim --url http://127.0.0.1:8443/team/okta/scim/v2 --profile okta --users 2000 --groups 200 --cleanup`,
		Args:          noArguments,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return o.run(cmd) },
	}
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	o.addFlags(cmd)
	return cmd
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unexpected argument %q: the SCIM base URL goes into --url", args[0])}
	}
	return nil
}

func (o *options) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.URL, "url", "", "SCIM base URL, as entered in the identity provider")
	f.StringVar(&o.Token, "token", "", "bearer token (better: --token-file, or the environment variable IDPSIM_TOKEN)")
	f.StringVar(&o.tokenFile, "token-file", "", "file with the bearer token")
	f.StringVar(&o.Profile, "profile", "entra", "identity provider: "+strings.Join(idpsim.Profiles(), ", ")+" (entra-aad: with the flag aadOptscim062020)")
	f.StringVar(&o.Phase, "phase", idpsim.PhaseAll, "all, test, initial or deltas")
	f.Uint64Var(&o.Seed, "seed", 1, "seed of the directory and its changes")
	f.IntVar(&o.Users, "users", 100, "users")
	f.IntVar(&o.Groups, "groups", 10, "groups")
	f.IntVar(&o.Memberships, "memberships", 0, "memberships in all, spread unevenly (default 10 per group)")
	f.StringVar(&o.GroupPrefix, "group-prefix", "k8s-", "prefix of half of the groups' names, the largest among them")
	f.IntVar(&o.Deltas, "deltas", 50, "changes after the initial cycle")
	f.StringSliceVar(&o.DeltaKinds, "delta-kinds", nil, "only these kinds of changes: "+strings.Join(idpsim.DeltaKinds(), ", "))
	f.IntVar(&o.MembersPerRequest, "members-per-request", 0, "members per request (default: as the identity provider does, 1 for entra)")
	f.Float64Var(&o.Rate, "rate", 0, "requests per second (default: no limit)")
	f.IntVar(&o.Connections, "connections", 8, "requests under way at once")
	f.DurationVar(&o.Timeout, "timeout", 0, "of one request (default 30s)")
	f.IntVar(&o.MaxRetries, "retries", 5, "of a request after a 429, a 503 or a refused connection")
	f.BoolVar(&o.Verify, "verify", false, "read everything back afterwards and compare")
	f.BoolVar(&o.Cleanup, "cleanup", false, "remove what runs of this profile and seed have made, and do nothing else (with the same sizes)")
	f.StringVar(&o.CAFile, "ca-file", "", "PEM file of the authorities to trust for the server's certificate")
	f.BoolVar(&o.Insecure, "insecure", false, "do not verify the server's certificate")
	f.StringVarP(&o.output, "output", "o", "text", "summary as text or json")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "show no progress")
}

func (o *options) run(cmd *cobra.Command) error {
	if o.output != "text" && o.output != "json" {
		return usageError{fmt.Errorf("unknown output %q: choose text or json", o.output)}
	}
	if err := o.readToken(); err != nil {
		return err
	}
	// A zero means the default to the library; to the person who wrote it, none.
	for name, field := range map[string]*int{"groups": &o.Groups, "memberships": &o.Memberships, "deltas": &o.Deltas, "retries": &o.MaxRetries} {
		if cmd.Flags().Changed(name) && *field == 0 {
			*field = -1
		}
	}
	if !o.quiet {
		o.Progress = cmd.ErrOrStderr()
		o.Terminal = isTerminal(os.Stderr)
	}
	report, err := idpsim.Run(cmd.Context(), o.Config)
	if report == nil {
		return usageError{err}
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted")
	}
	return errors.Join(o.write(cmd.OutOrStdout(), report), verdict(report, err))
}

func verdict(report *idpsim.Report, err error) error {
	if err == nil && !report.OK() {
		return errNotOK
	}
	return err
}

func (o *options) write(out io.Writer, report *idpsim.Report) error {
	if o.output == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(report)
	}
	return report.WriteText(out)
}

// readToken takes the token from the flag, the file or the environment.
func (o *options) readToken() error {
	switch {
	case o.Token != "" && o.tokenFile != "":
		return usageError{errors.New("give --token or --token-file, not both")}
	case o.tokenFile != "":
		b, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return usageError{fmt.Errorf("reading the token: %w", err)}
		}
		o.Token = strings.TrimSpace(string(b))
	case o.Token == "":
		o.Token = strings.TrimSpace(os.Getenv("IDPSIM_TOKEN"))
	}
	return nil
}

// isTerminal says whether a bar can be drawn on a file.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
