// Package plugin is kubectl rollcall: it connects identity providers, shows
// what is synced and why somebody has access or not.
//
// It acts as whoever runs it: nothing is asked of the operator but its SCIM
// endpoint by `test`. The commands here parse, call the package that does the
// work, and print; the shapes of --output json are those of the packages' types
// and documented in docs/kubectl-plugin.md.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
)

// session is one run of the plugin.
type session struct {
	genericiooptions.IOStreams
	flags   *genericclioptions.ConfigFlags
	version string
	format  string
}

// New makes the command with all that it can do.
func New(streams genericiooptions.IOStreams, version string) *cobra.Command {
	s := &session{IOStreams: streams, flags: genericclioptions.NewConfigFlags(true), version: version}
	root := &cobra.Command{
		Use:   "kubectl-rollcall",
		Short: "Connect identity providers to the cluster and see who has access, and why",
		Long: `kubectl rollcall connects identity providers to the cluster by SCIM, and shows which
users and groups are synced, and why somebody has access or not.

A sync is named by NAME or NAMESPACE/NAME. Without --namespace syncs are looked for
in all namespaces. Documentation: https://github.com/rollcall-scim/rollcall/blob/main/docs/kubectl-plugin.md`,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl rollcall"},
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.ErrOut)
	s.flags.AddFlags(root.PersistentFlags())
	root.PersistentFlags().StringVarP(&s.format, "output", "o", output.Table, "output format: "+strings.Join(output.Formats, ", "))
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(output.Formats, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	_ = root.RegisterFlagCompletionFunc("namespace", s.completeNamespaces)                                                    // the flag exists
	root.AddCommand(s.connectCommand(), s.statusCommand(), s.usersCommand(), s.groupsCommand(), s.membersCommand(),
		s.tokensCommand(), s.whyCommand(), s.filterCommand(), s.logCommand(), s.testCommand(), s.versionCommand())
	return root
}

// printer checks --output before anything is asked of the cluster.
func (s *session) printer() (*output.Printer, error) { return output.New(s.Out, s.format) }

// begin is what every command that reads the cluster begins with.
func (s *session) begin() (*cluster.Cluster, *output.Printer, error) {
	p, err := s.printer()
	if err != nil {
		return nil, nil, err
	}
	c, err := cluster.Connect(s.flags)
	return c, p, err
}

// syncTask does what a command does about one sync.
type syncTask func(context.Context, *cluster.Cluster, *output.Printer, *v1alpha1.IdentityProviderSync) error

// aboutSync makes a command that is about the sync which its argument names, or
// about the only one.
func (s *session) aboutSync(cmd *cobra.Command, do syncTask) *cobra.Command {
	cmd.Args, cmd.ValidArgsFunction = cobra.MaximumNArgs(1), s.completeSyncs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, p, err := s.begin()
		if err != nil {
			return err
		}
		sync, err := c.Sync(cmd.Context(), first(args))
		if err != nil {
			return err
		}
		return do(cmd.Context(), c, p, sync)
	}
	return cmd
}

// choose begins a command about the syncs that a name means: all if it is empty.
func (s *session) choose(ctx context.Context, name string) (*cluster.Cluster, *output.Printer, []v1alpha1.IdentityProviderSync, error) {
	c, p, err := s.begin()
	if err != nil {
		return nil, nil, nil, err
	}
	syncs, err := c.Choose(ctx, name)
	return c, p, syncs, err
}

// note tells something beside the result.
func (s *session) note(format string, args ...any) {
	fmt.Fprintf(s.ErrOut, format+"\n", args...)
}

// ErrReported ends a command whose output says already what is wrong.
var ErrReported = errors.New("what is wrong was told")

// Message is what to tell of an error; empty if all was told.
func Message(err error) string {
	switch {
	case errors.Is(err, ErrReported):
		return ""
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return output.Clean(cluster.Explain(err).Error())
}

// first gives the only argument there may be.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
