package plugin

import (
	"context"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/lookup"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
)

// groupList is what groups gives for programs. NestedIn are the groups that the
// only group that was found is nested in.
type groupList struct {
	Groups   []roster.Group      `json:"groups"`
	NestedIn []roster.Membership `json:"nestedIn,omitempty"`
}

func (s *session) groupsCommand() *cobra.Command {
	var sync string
	cmd := &cobra.Command{
		Use:   "groups [SEARCH]",
		Short: "Find groups, and see why some are not synced",
		Long: `Find groups by a part of displayName, or by the whole SCIM id, object name or
externalId, ignoring case. When one group is found, the groups that it is nested in are
shown too; kubectl rollcall members shows who is in it.`,
		Example: `  kubectl rollcall groups
  kubectl rollcall groups k8s- -o wide`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: s.completeGroups,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, p, syncs, err := s.choose(cmd.Context(), sync)
			if err != nil {
				return err
			}
			list := groupList{Groups: []roster.Group{}}
			found, err := roster.Groups(cmd.Context(), c, syncs, first(args))
			if err != nil {
				return err
			}
			list.Groups = append(list.Groups, found...)
			if len(found) == 1 && len(args) > 0 {
				list.NestedIn, err = nestedIn(cmd.Context(), c, syncs, &found[0])
				switch {
				case cluster.IsForbidden(err):
					s.note("Note: which groups it is nested in is not shown: %v", err)
				case err != nil:
					return err
				}
			}
			return p.Print(list, func(t *output.Text) { writeGroups(t, &list, first(args)) })
		},
	}
	addSync(cmd, s, &sync)
	return cmd
}

// nestedIn gives the groups that a group is nested in.
func nestedIn(ctx context.Context, c *cluster.Cluster, syncs []v1alpha1.IdentityProviderSync, group *roster.Group) ([]roster.Membership, error) {
	i := slices.IndexFunc(syncs, func(s v1alpha1.IdentityProviderSync) bool { return cluster.Name(&s) == group.Sync })
	holdings, err := lookup.Groups(ctx, c, &syncs[i])
	if err != nil {
		return nil, err
	}
	return roster.MembershipsOf(holdings, group.ID)
}

func writeGroups(t *output.Text, list *groupList, search string) {
	if len(list.Groups) == 0 {
		if search == "" {
			t.Line("There are no groups yet.")
		} else {
			t.Line("No group has %q in its name.", search)
		}
		return
	}
	grid := output.NewGrid("GROUP", "MEMBERS", "SYNCED", "SYNC", "+EXTERNAL ID", "+ID", "+OBJECT", "+REASON")
	for _, g := range list.Groups {
		grid.Row(g.DisplayName, strconv.FormatInt(g.Members, 10), synced(g.Synced), g.Sync, g.ExternalID, g.ID, g.Object, g.Reason)
	}
	t.Grid(grid)
	if len(list.Groups) == 1 && search != "" {
		if g := list.Groups[0]; g.Reason != "" {
			t.Line("")
			t.Line("Not synced: its name %s", g.Reason)
		}
		if len(list.NestedIn) > 0 {
			t.Line("")
			t.Line("It is nested in:")
			writeMemberships(t, list.NestedIn)
		}
	}
}
