package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/connect"
	"github.com/rollcall-scim/rollcall/internal/plugin/guide"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/progress"
	"github.com/rollcall-scim/rollcall/internal/plugin/tokens"
)

// wizard is one run of connect.
type wizard struct {
	*session
	plan      connect.Plan
	allowed   string
	yes       bool
	dryRun    bool
	showToken bool
	noWait    bool
	timeout   time.Duration
}

// connection is what connect gives for programs.
type connection struct {
	Sync        string       `json:"sync"` // namespace/name
	Created     bool         `json:"created"`
	Endpoint    string       `json:"endpoint"`
	Token       tokens.Token `json:"token"`
	Guide       guide.Guide  `json:"guide"`
	LastRequest *metav1.Time `json:"lastRequestTime,omitempty"`
}

func (s *session) connectCommand() *cobra.Command {
	w := &wizard{session: s}
	cmd := &cobra.Command{
		Use:   "connect entra|jumpcloud|okta|onelogin|generic [NAME]",
		Short: "Connect an identity provider, step by step",
		Long: `Make an IdentityProviderSync and its token, show each step in the console of the identity
provider with the values to copy, and wait until its connection test arrives.

On a terminal it asks for what is not given by flags. It can be run again at any time: for
a sync that exists it shows the steps and waits. Ctrl-C ends the waiting and loses nothing.`,
		Example: `  kubectl rollcall connect entra
  kubectl rollcall connect okta okta-prod -n identity --prefix k8s- --user-group k8s-users --yes
  kubectl rollcall connect jumpcloud --dry-run >jumpcloud.yaml`,
		Args: cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return providerNames(), cobra.ShellCompDirectiveNoFileComp
			}
			return s.completeSyncs(cmd, args[1:], typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return w.run(cmd, args) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&w.plan.Prefixes, "prefix", nil, "sync the groups whose names begin with it; may be repeated (default: every group)")
	f.StringSliceVar(&w.plan.UserGroups, "user-group", nil, "sync the members of this group; may be repeated (default: every user)")
	f.StringVar(&w.plan.KubernetesUsername, "kubernetes-username", "", "CEL expression of a user's name in RBAC, such as \"'oidc:' + user.userName\" (default user.userName)")
	f.StringVar(&w.allowed, "allowed-namespaces", "", "which namespaces may bind the groups: Same or All (default Same)")
	f.StringVar(&w.plan.TokenName, "token-name", "", "name of the token (default: today's date)")
	f.DurationVar(&w.plan.TokenLifetime, "token-lifetime", 0, "how long the token is accepted, such as 8760h (default: for ever)")
	f.BoolVarP(&w.yes, "yes", "y", false, "ask nothing: take the defaults for what is not given")
	f.BoolVar(&w.dryRun, "dry-run", false, "print the YAML for a GitOps repository, and make nothing")
	f.BoolVar(&w.showToken, "show-token", false, "show the token in the steps")
	f.BoolVar(&w.noWait, "no-wait", false, "do not wait for the connection test")
	f.DurationVar(&w.timeout, "timeout", 30*time.Minute, "how long to wait for the connection test")
	_ = cmd.RegisterFlagCompletionFunc("allowed-namespaces", cobra.FixedCompletions([]string{"Same", "All"}, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	return cmd
}

func providerNames() []string { return []string{"entra", "jumpcloud", "okta", "onelogin", "generic"} }

func (w *wizard) run(cmd *cobra.Command, args []string) error {
	ctx := cmd.Context()
	if !slices.Contains(providerNames(), args[0]) {
		return fmt.Errorf("unknown identity provider %q: choose one of %s", args[0], strings.Join(providerNames(), ", "))
	}
	w.plan.Provider = guide.Providers[args[0]]
	c, p, err := w.begin()
	if err != nil {
		return err
	}
	w.plan.Name, w.plan.Namespace = first(args[1:]), c.Namespace
	w.plan.AllowedNamespaces = v1alpha1.NamespacesFrom(w.allowed)
	ask := !w.yes && !w.dryRun && output.IsTerminal(w.In)
	questions := connect.NewQuestions(w.In, w.ErrOut)
	if ask && w.plan.Name == "" {
		if w.plan.Name, err = questions.Ask(ctx, "Name of the sync", args[0]); err != nil {
			return err
		}
	} else if w.plan.Name == "" {
		w.plan.Name = args[0]
	}
	if w.dryRun {
		return w.manifest()
	}
	sync, err := connect.Existing(ctx, c, w.plan.Namespace, w.plan.Name)
	if err != nil {
		return err
	}
	created := sync == nil
	if created {
		if ask {
			if err := w.ask(ctx, cmd, questions); err != nil {
				return err
			}
		}
		if sync, err = w.create(ctx, c); err != nil {
			return err
		}
	} else {
		w.note("Sync %s exists; nothing is changed.", cluster.Name(sync))
	}
	readiness := &connect.Readiness{}
	wait := progress.New(w.ErrOut, time.Minute, "until the operator serves the sync")
	if err := wait.For(ctx, func(ctx context.Context) (bool, error) { return readiness.Served(ctx, c, sync) }); err != nil {
		if errors.Is(err, progress.ErrTimeout) {
			return fmt.Errorf("sync %s is not Ready within a minute: kubectl rollcall status %s says why", cluster.Name(sync), cluster.Name(sync))
		}
		return err
	}
	return w.show(ctx, c, p, sync, created, ask, questions)
}

// manifest prints the YAML, and how to go on, which is no part of it.
func (w *wizard) manifest() error {
	if err := w.plan.Check(); err != nil {
		return err
	}
	sync, err := w.plan.Sync(time.Now())
	if err != nil {
		return err
	}
	document, err := connect.Manifest(sync)
	if err != nil {
		return err
	}
	if _, err := w.Out.Write(document); err != nil {
		return err
	}
	w.note("# Nothing was made. The operator makes the Secret when it sees this object; then:\n#   kubectl rollcall connect -n %s %s %s",
		sync.Namespace, guide.Argument(sync.Spec.Provider), sync.Name)
	return nil
}

// ask asks for what flags do not say.
func (w *wizard) ask(ctx context.Context, cmd *cobra.Command, q *connect.Questions) (err error) {
	changed := cmd.Flags().Changed
	w.note("A new sync in namespace %s.", w.plan.Namespace)
	if !changed("prefix") {
		if w.plan.Prefixes, err = q.List(ctx, "Sync the groups whose names begin with (comma-separated, or none for every group)", "k8s-"); err != nil {
			return err
		}
	}
	if !changed("user-group") {
		if w.plan.UserGroups, err = q.List(ctx, "Sync only members of these groups (comma-separated, or none for every user)", "none"); err != nil {
			return err
		}
	}
	if !changed("kubernetes-username") {
		if w.plan.KubernetesUsername, err = q.Ask(ctx, "A user's name in RBAC, as a CEL expression; it must equal what the API server's OIDC settings give", "user.userName"); err != nil {
			return err
		}
	}
	if !changed("allowed-namespaces") {
		answer, err := q.Ask(ctx, "Which namespaces may bind the groups: Same or All", "Same")
		if err != nil {
			return err
		}
		w.plan.AllowedNamespaces = v1alpha1.NamespacesFrom(answer)
	}
	return nil
}

func (w *wizard) create(ctx context.Context, c *cluster.Cluster) (*v1alpha1.IdentityProviderSync, error) {
	if err := w.plan.Check(); err != nil {
		return nil, err
	}
	sync, err := w.plan.Sync(time.Now())
	if err != nil {
		return nil, err
	}
	if err := connect.Create(ctx, c, sync); err != nil {
		return nil, err
	}
	w.note("Made IdentityProviderSync %s.", cluster.Name(sync))
	return sync, nil
}

// show prints the steps and waits for the connection test.
func (w *wizard) show(ctx context.Context, c *cluster.Cluster, p *output.Printer, sync *v1alpha1.IdentityProviderSync, created, ask bool, q *connect.Questions) error {
	token, err := tokens.Usable(sync)
	if err != nil {
		return err
	}
	g := guide.Of(sync)
	result := connection{Sync: cluster.Name(sync), Created: created, Endpoint: guide.Endpoint(sync), Token: *token, Guide: g, LastRequest: sync.Status.LastRequestTime}
	if !p.IsStructured() {
		if ask && !w.showToken {
			if w.showToken, err = q.Confirm(ctx, "Show the token in the steps", true); err != nil {
				return err
			}
		}
		if err := w.steps(ctx, c, p, sync, token, g); err != nil {
			return err
		}
	}
	if sync.Status.LastRequestTime != nil {
		w.note("\nThe identity provider was last heard of %s.", output.Ago(sync.Status.LastRequestTime, time.Now()))
	} else if !w.noWait {
		if err := w.waitForTest(ctx, c, sync, g); err != nil {
			return err
		}
		result.LastRequest = sync.Status.LastRequestTime
	}
	if p.IsStructured() {
		return p.Print(result, nil)
	}
	return nil
}

func (w *wizard) steps(ctx context.Context, c *cluster.Cluster, p *output.Printer, sync *v1alpha1.IdentityProviderSync, token *tokens.Token, g guide.Guide) error {
	value := ""
	if w.showToken {
		var err error
		if value, err = tokens.Read(ctx, c, sync.Namespace, token); err != nil {
			return err
		}
	}
	t := p.Text()
	t.Line("Sync %s is served. What to do in the console of the identity provider:", cluster.Name(sync))
	g.Write(t, value)
	if value == "" {
		t.Line("")
		t.Line("%s is printed by: %s", guide.TokenPlaceholder, tokens.ShowCommand(sync.Namespace, token))
	}
	if !guide.KnowsHost(sync) {
		t.Line("")
		t.Line("%s", output.Fair("The operator does not know its own URL: put the host under which the identity provider reaches it in front (the chart's externalURL, then this shows it)."))
	}
	return t.Flush()
}

func (w *wizard) waitForTest(ctx context.Context, c *cluster.Cluster, sync *v1alpha1.IdentityProviderSync, g guide.Guide) error {
	w.note("")
	wait := progress.New(w.ErrOut, w.timeout, fmt.Sprintf("for the identity provider (%s)", g.Test))
	err := wait.For(ctx, func(ctx context.Context) (bool, error) { return connect.Heard(ctx, c, sync, nil) })
	switch {
	case errors.Is(err, progress.ErrTimeout):
		w.note("%s", connect.Trouble(sync, guide.Endpoint(sync)))
		return fmt.Errorf("the identity provider was not heard of within %s", w.timeout)
	case errors.Is(err, context.Canceled):
		w.note("Nothing is lost. To see the steps and wait again: kubectl rollcall connect -n %s %s %s", sync.Namespace, guide.Argument(sync.Spec.Provider), sync.Name)
		return err
	case err != nil:
		return err
	}
	w.note("%s: the identity provider's first request arrived with a valid token.\nThe rest is done in its console; kubectl rollcall status %s shows what it sends.",
		output.Stamp(sync.Status.LastRequestTime.Time), cluster.Name(sync))
	return nil
}
