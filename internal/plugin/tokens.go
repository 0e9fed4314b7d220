package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/progress"
	"github.com/rollcall-scim/rollcall/internal/plugin/tokens"
)

// tokenList is what tokens list gives for programs.
type tokenList struct {
	Sync   string         `json:"sync"`
	Tokens []tokens.Token `json:"tokens"`
}

func (s *session) tokensCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "tokens", Short: "List or renew the bearer tokens of a sync"}
	list := s.aboutSync(&cobra.Command{
		Use:   "list [SYNC]",
		Short: "List the tokens: state, expiry, last use; never their values",
	}, func(_ context.Context, _ *cluster.Cluster, p *output.Printer, sync *v1alpha1.IdentityProviderSync) error {
		result := tokenList{cluster.Name(sync), tokens.List(sync)}
		return p.Print(result, func(t *output.Text) {
			if len(result.Tokens) == 0 {
				t.Line("Sync %s has no tokens: kubectl rollcall tokens rotate %s makes one.", result.Sync, result.Sync)
				return
			}
			writeTokens(t, result.Tokens, time.Now())
		})
	})
	cmd.AddCommand(list, s.rotateCommand())
	return cmd
}

// rotation is one run of tokens rotate.
type rotation struct {
	*session
	name     string
	lifetime time.Duration
	timeout  time.Duration
	dryRun   bool
	keep     bool
}

// rotated is what tokens rotate gives for programs.
type rotated struct {
	Sync    string   `json:"sync"`
	Added   string   `json:"added"`
	Token   string   `json:"token"` // its value
	Removed []string `json:"removed"`
}

func (s *session) rotateCommand() *cobra.Command {
	r := &rotation{session: s}
	cmd := s.aboutSync(&cobra.Command{
		Use:   "rotate [SYNC]",
		Short: "Replace the token of a sync, without a gap",
		Long: `Add a new token that the operator generates, show it once, wait until the identity
provider uses it while the old one stays accepted, and then remove the old one.

Ctrl-C, or the end of --timeout, leaves both accepted; the same command with --name goes
on. Secrets are not deleted: the command to do so is shown.`,
		Example: `  kubectl rollcall tokens rotate entra
  kubectl rollcall tokens rotate entra --lifetime 8760h
  kubectl rollcall tokens rotate entra --dry-run`,
	}, r.run)
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&r.name, "name", "", "name of the new token (default: today's date); one that exists is gone on with")
	f.DurationVar(&r.lifetime, "lifetime", 0, "how long the new token is accepted, such as 8760h (default: for ever)")
	f.DurationVar(&r.timeout, "timeout", 30*time.Minute, "how long to wait for its first use")
	f.BoolVar(&r.keep, "keep-old", false, "do not wait, and leave the old token")
	f.BoolVar(&r.dryRun, "dry-run", false, "print the two changes for a GitOps repository, and change nothing")
	return cmd
}

func (r *rotation) run(ctx context.Context, c *cluster.Cluster, p *output.Printer, sync *v1alpha1.IdentityProviderSync) error {
	next, err := tokens.New(sync, r.name, r.lifetime, time.Now())
	if err != nil {
		return err
	}
	var old []string
	for _, t := range sync.Spec.Tokens {
		if t.Name == next.Name {
			next = t // gone on with
		} else {
			old = append(old, t.Name)
		}
	}
	if waiting := tokens.Waiting(sync); r.name == "" && waiting != "" {
		return fmt.Errorf("token %q was added before and has not been used yet: go on with --name %s, or add another with --name", waiting, waiting)
	}
	manager := tokens.ManagedBy(sync)
	if r.dryRun {
		return r.patches(sync, next)
	}
	if may, err := c.May(ctx, "get", "secrets", sync.Namespace, next.SecretRef.Name); err != nil {
		return err
	} else if !may {
		return fmt.Errorf("you may not get Secret %s in namespace %s, so the new token could not be shown: the built-in ClusterRole edit has that right. Nothing was changed",
			next.SecretRef.Name, sync.Namespace)
	}
	if manager != nil {
		r.note("Warning: %s keeps this sync as its repository has it (%s), and may take the change back. Better: --dry-run, and commit the two changes.", manager.Name, manager.By)
	}
	if err := tokens.Add(ctx, c, sync, next); err != nil {
		return err
	}
	wait := progress.New(r.ErrOut, time.Minute, "until the operator accepts token "+next.Name)
	err = wait.For(ctx, func(ctx context.Context) (bool, error) {
		t, err := r.look(ctx, c, sync, next.Name)
		return err == nil && t.State == v1alpha1.TokenValid, err
	})
	if errors.Is(err, progress.ErrTimeout) {
		return fmt.Errorf("token %q is not accepted within a minute: kubectl rollcall status %s says why. The old token is unchanged", next.Name, cluster.Name(sync))
	}
	if err != nil {
		return err
	}
	token, _ := tokens.Find(sync, next.Name) // it was found a moment ago
	value, err := tokens.Read(ctx, c, sync.Namespace, token)
	if err != nil {
		return err
	}
	result := rotated{Sync: cluster.Name(sync), Added: next.Name, Token: value, Removed: []string{}}
	if p.IsStructured() {
		if !r.keep {
			return errors.New("the new token has to be shown before it is waited for: --output json goes with --keep-old")
		}
		return p.Print(result, nil)
	}
	t := p.Text()
	t.Line("Token %q of sync %s is accepted, and so are the others. Enter it at the identity provider now; it is shown this once:", next.Name, result.Sync)
	t.Line("")
	t.Line("  %s", output.Strong(value))
	t.Line("")
	if err := t.Flush(); err != nil || r.keep || len(old) == 0 {
		return err
	}
	return r.finish(ctx, c, p, sync, next.Name, old)
}

// look reads the sync and finds the new token in it.
func (r *rotation) look(ctx context.Context, c *cluster.Cluster, sync *v1alpha1.IdentityProviderSync, name string) (*tokens.Token, error) {
	fresh, err := c.Sync(ctx, cluster.Name(sync))
	if err != nil {
		return nil, err
	}
	*sync = *fresh
	t, ok := tokens.Find(sync, name)
	if !ok {
		return nil, fmt.Errorf("token %q was taken out of the sync again: if a GitOps tool did it, commit what --dry-run prints instead", name)
	}
	return t, nil
}

// finish waits for the first use of the new token and removes the old ones.
func (r *rotation) finish(ctx context.Context, c *cluster.Cluster, p *output.Printer, sync *v1alpha1.IdentityProviderSync, name string, old []string) error {
	resume := fmt.Sprintf("All tokens stay accepted. To go on: kubectl rollcall tokens rotate %s --name %s", cluster.Name(sync), name)
	wait := progress.New(r.ErrOut, r.timeout, "for the first request with token "+name)
	err := wait.For(ctx, func(ctx context.Context) (bool, error) {
		t, err := r.look(ctx, c, sync, name)
		return err == nil && t.LastUsed != nil, err
	})
	switch {
	case errors.Is(err, progress.ErrTimeout):
		r.note("%s", resume)
		return fmt.Errorf("no request came with token %q within %s", name, r.timeout)
	case err != nil:
		r.note("%s", resume)
		return err
	}
	var secrets []string
	for _, t := range tokens.List(sync) {
		if slices.Contains(old, t.Name) && !slices.Contains(secrets, t.Secret) {
			secrets = append(secrets, t.Secret)
		}
	}
	if err := tokens.Remove(ctx, c, sync, old); err != nil {
		return err
	}
	for _, t := range tokens.List(sync) { // a Secret that is still used stays
		secrets = slices.DeleteFunc(secrets, func(name string) bool { return name == t.Secret })
	}
	t := p.Text()
	t.Line("The identity provider uses token %q. Removed from the sync, and refused from now on: %s.", name, strings.Join(old, ", "))
	if len(secrets) > 0 {
		t.Line("Nothing uses these Secrets any more: kubectl delete secret -n %s %s", sync.Namespace, strings.Join(secrets, " "))
	}
	return t.Flush()
}

// patches prints what to commit, first and last.
func (r *rotation) patches(sync *v1alpha1.IdentityProviderSync, next v1alpha1.Token) error {
	both := slices.Clone(sync.Spec.Tokens)
	if _, exists := tokens.Find(sync, next.Name); !exists {
		both = append(both, next)
	}
	for i, step := range []struct {
		comment string
		tokens  []v1alpha1.Token
	}{
		{fmt.Sprintf("# 1. Commit this: the new token is generated, and accepted beside the old one.\n#    Show it with: %s\n", tokens.ShowCommand(sync.Namespace, &tokens.Token{Secret: next.SecretRef.Name, Key: next.SecretRef.Key})), both},
		{fmt.Sprintf("# 2. When kubectl rollcall tokens list %s shows that it is used, commit this.\n", cluster.Name(sync)), []v1alpha1.Token{next}},
	} {
		document, err := yaml.Marshal(map[string]any{"spec": map[string]any{"tokens": step.tokens}})
		if err != nil {
			return err
		}
		separator := ""
		if i > 0 {
			separator = "---\n"
		}
		if _, err := fmt.Fprintf(r.Out, "%s%s%s", separator, step.comment, document); err != nil {
			return err
		}
	}
	return nil
}
