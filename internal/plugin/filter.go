package plugin

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/access"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/preview"
)

// listed is how many names of a change are shown without --output wide.
const listed = 10

func (s *session) filterCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "filter", Short: "Try other filters of a sync before they are applied"}
	var prefixes, userGroups []string
	var everyGroup, everyUser, withPrefixes, withUserGroups bool
	try := s.aboutSync(&cobra.Command{
		Use:   "try [SYNC] [--prefix PREFIX]... [--user-group GROUP]...",
		Short: "Show what other filters would add and remove, and change nothing",
		Long: `Show which groups and users other filters would sync or leave out, and who would get or
lose access by which binding. Nothing is changed. A filter that is not given stays.`,
		Example: `  kubectl rollcall filter try entra --prefix k8s- --prefix platform-
  kubectl rollcall filter try entra --every-group -o wide
  kubectl rollcall filter try entra --user-group k8s-users -o json`,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			withPrefixes, withUserGroups = cmd.Flags().Changed("prefix") || everyGroup, cmd.Flags().Changed("user-group") || everyUser
			if !withPrefixes && !withUserGroups {
				return errors.New("say what to try: --prefix, --user-group, --every-group, --every-user")
			}
			return nil
		},
	}, func(ctx context.Context, c *cluster.Cluster, p *output.Printer, sync *v1alpha1.IdentityProviderSync) error {
		filters := preview.FiltersOf(sync)
		if withPrefixes {
			filters.Prefixes = prefixes
		}
		if withUserGroups {
			filters.UserGroups = userGroups
		}
		world, err := access.Read(ctx, c, sync)
		if err != nil {
			return err
		}
		result := preview.Of(world, sync, filters)
		patch, err := result.Patch()
		if err != nil {
			return err
		}
		return p.Print(result, func(t *output.Text) { writePreview(t, result, patch) })
	})
	f := try.Flags()
	f.SortFlags = false
	f.StringSliceVar(&prefixes, "prefix", nil, "sync the groups whose names begin with it; may be repeated")
	f.BoolVar(&everyGroup, "every-group", false, "sync every group")
	f.StringSliceVar(&userGroups, "user-group", nil, "sync the members of this group; may be repeated")
	f.BoolVar(&everyUser, "every-user", false, "sync every user")
	try.MarkFlagsMutuallyExclusive("prefix", "every-group")
	try.MarkFlagsMutuallyExclusive("user-group", "every-user")
	cmd.AddCommand(try)
	return cmd
}

func writePreview(t *output.Text, p *preview.Preview, patch string) {
	t.Line("Sync %s", p.Sync)
	grid := output.NewGrid("FILTER", "NOW", "TRIED")
	grid.Row("groups that begin with", orEvery(p.Before.Prefixes), orEvery(p.After.Prefixes))
	grid.Row("users in", orEvery(p.Before.UserGroups), orEvery(p.After.UserGroups))
	t.Grid(grid)
	writeChange(t, "Groups", p.Groups)
	writeChange(t, "Users", p.Users)
	t.Title("Access")
	if len(p.Bindings) == 0 {
		t.Line("Nobody gets or loses access by any binding.")
	}
	for _, b := range p.Bindings {
		where := "in the whole cluster"
		if b.Namespace != "" {
			where = "in namespace " + b.Namespace
		}
		t.Line("%s: %s %s", b.Binding, b.Role, where)
		writeNames(t, output.Good("  + "), b.Added)
		writeNames(t, output.Bad("  - "), b.Removed)
	}
	if g := p.Guard; g != nil {
		t.Line("")
		if g.Held {
			t.Line("%s", output.Fair("The removalGuard would hold this: %d of %d subjects would lose access at once.", g.Lost, g.Subjects))
		} else {
			t.Line("The removalGuard would let it pass: %d of %d subjects lose access.", g.Lost, g.Subjects)
		}
	}
	for _, note := range p.Notes {
		t.Line("")
		t.Line("%s", output.Faint("Note: %s", note))
	}
	namespace, name, _ := strings.Cut(p.Sync, "/")
	t.Line("")
	t.Line("Nothing was changed. To apply it: kubectl patch -n %s idps/%s --type merge -p '%s'", namespace, name, strings.ReplaceAll(patch, "'", `'\''`))
}

func orEvery(names []string) string {
	if len(names) == 0 {
		return "(every one)"
	}
	return strings.Join(names, ", ")
}

func writeChange(t *output.Text, what string, c preview.Change) {
	t.Title("%s: %d synced now, %d then", what, c.Before, c.After)
	if len(c.Added)+len(c.Removed) == 0 {
		t.Line("No change.")
	}
	writeNames(t, output.Good("+ "), c.Added)
	writeNames(t, output.Bad("- "), c.Removed)
}

func writeNames(t *output.Text, sign output.Styled, names []string) {
	shown := names
	if !t.Wide() {
		shown = names[:min(len(names), listed)]
	}
	for _, name := range shown {
		t.Line("%s%s", sign, name)
	}
	if more := len(names) - len(shown); more > 0 {
		t.Line("%s%s", sign, output.Faint("and %d more; -o wide shows all", more))
	}
}
