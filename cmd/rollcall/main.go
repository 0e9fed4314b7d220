// Rollcall runs the operator: the SCIM server and the controllers.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"
)

// version and commit are set when the program is built:
// -ldflags "-X main.version=v1.2.3 -X main.commit=0123abc".
var (
	version = "development"
	commit  = "unknown"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "rollcall:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and its signal handling with it
	}
}

func command() *cobra.Command {
	o := &options{}
	root := &cobra.Command{
		Use:   "rollcall",
		Short: "Bring an identity provider's users and groups into a Kubernetes cluster over SCIM 2.0",
		Long: `Rollcall serves SCIM 2.0 at /<namespace>/<name>/scim/v2 for each IdentityProviderSync,
keeps what identity providers push as custom resources, and binds the members of
groups to roles. Every replica serves; one of them, the leader, reconciles.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), cmd.ErrOrStderr()) },
	}
	o.register(root.Flags())
	root.AddCommand(&cobra.Command{
		Use:   "version",
		Short: "Print the version, the commit and the version of Go",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "rollcall %s\ncommit %s\n%s %s/%s\n", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	})
	return root
}
