package plugin

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/lookup"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
)

// userList is what users gives for programs. Groups are those of the only user
// that was found.
type userList struct {
	Users  []roster.User       `json:"users"`
	More   bool                `json:"more"` // there are more than --limit
	Groups []roster.Membership `json:"groups,omitempty"`
	// Subject is that user's name in RBAC, or SubjectProblem why there is none.
	Subject        string `json:"subject,omitempty"`
	SubjectProblem string `json:"subjectProblem,omitempty"`
}

func (s *session) usersCommand() *cobra.Command {
	var sync string
	var limit int
	cmd := &cobra.Command{
		Use:   "users [SEARCH]",
		Short: "Find users; of one user, show the groups",
		Long: `Find users by a part of userName, displayName or e-mail, or by the whole SCIM id,
object name or externalId, ignoring case. When one user is found, the user's groups
are shown too: direct ones, and those that they are nested in.`,
		Example: `  kubectl rollcall users
  kubectl rollcall users ann
  kubectl rollcall users ann@example.com -o yaml`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: s.completeUsers,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, p, syncs, err := s.choose(cmd.Context(), sync)
			if err != nil {
				return err
			}
			var list userList
			if list.Users, list.More, err = roster.Users(cmd.Context(), c, syncs, first(args), limit); err != nil {
				return err
			}
			if len(list.Users) == 1 && len(args) > 0 {
				if err := list.detail(cmd.Context(), c, syncs); err != nil {
					return err
				}
			}
			return p.Print(list, func(t *output.Text) { writeUsers(t, &list, first(args)) })
		},
	}
	addSync(cmd, s, &sync)
	cmd.Flags().IntVar(&limit, "limit", 200, "show so many at most; 0: all")
	return cmd
}

// detail adds what is shown of the only user.
func (l *userList) detail(ctx context.Context, c *cluster.Cluster, syncs []v1alpha1.IdentityProviderSync) error {
	i := slices.IndexFunc(syncs, func(s v1alpha1.IdentityProviderSync) bool { return cluster.Name(&s) == l.Users[0].Sync })
	holdings, err := lookup.Groups(ctx, c, &syncs[i])
	if err != nil {
		return err
	}
	user, err := holdings.FetchUser(l.Users[0].ID)
	if err != nil || user == nil {
		return err // nil: deleted a moment ago
	}
	if l.Subject, err = roster.SubjectOf(&syncs[i], user); err != nil {
		l.SubjectProblem = err.Error()
	}
	l.Groups, err = roster.MembershipsOf(holdings, user.Spec.ID)
	return err
}

// addSync adds the flag that chooses a sync.
func addSync(cmd *cobra.Command, s *session, sync *string) {
	cmd.Flags().StringVar(sync, "sync", "", "only of this sync: NAME or NAMESPACE/NAME")
	_ = cmd.RegisterFlagCompletionFunc("sync", s.completeSyncs) // the flag exists
}

func writeUsers(t *output.Text, list *userList, search string) {
	if len(list.Users) == 0 {
		if search == "" {
			t.Line("There are no users yet.")
		} else {
			t.Line("No user has %q in userName, displayName or e-mail.", search)
		}
		return
	}
	grid := output.NewGrid("USERNAME", "DISPLAY NAME", "STATE", "SYNCED", "SYNC", "+EMAIL", "+EXTERNAL ID", "+ID", "+OBJECT")
	for _, u := range list.Users {
		grid.Row(u.UserName, u.DisplayName, userState(u.State), synced(u.Synced), u.Sync, u.Email, u.ExternalID, u.ID, u.Object)
	}
	t.Grid(grid)
	for _, u := range list.Users {
		if u.Reason != "" && len(list.Users) == 1 {
			t.Line("")
			t.Line("Not synced: %s", u.Reason)
		}
	}
	if list.More {
		t.Line("")
		t.Line("%s", output.Faint("There are more: search for a part of a name, or raise --limit."))
	}
	if len(list.Users) == 1 && search != "" {
		t.Line("")
		if list.Subject != "" {
			t.Line("Name in RBAC: User %s", list.Subject)
		} else {
			t.Line("%s", output.Bad("No name in RBAC: %s", list.SubjectProblem))
		}
		writeMemberships(t, list.Groups)
	}
}

func writeMemberships(t *output.Text, groups []roster.Membership) {
	t.Title("Groups")
	if len(groups) == 0 {
		t.Line("none")
		return
	}
	grid := output.NewGrid("GROUP", "MEMBERSHIP", "SYNCED")
	for _, g := range groups {
		how := "direct"
		if !g.Direct {
			how = "through " + strings.Join(g.Through, " > ")
		}
		grid.Row(g.DisplayName, how, synced(g.Synced))
	}
	t.Grid(grid)
}

func synced(is bool) output.Styled {
	if is {
		return output.Good("yes")
	}
	return output.Fair("no")
}

func userState(state string) output.Styled {
	if state == roster.StateActive {
		return output.Good("%s", state)
	}
	return output.Bad("%s", state)
}
