package plugin

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
)

// memberList is what members gives for programs.
type memberList struct {
	Group   roster.Group    `json:"group"`
	Members []roster.Member `json:"members"`
}

// batch is how many lines of a member list are aligned with each other; large
// groups are shown while they are read.
const batch = 1000

func (s *session) membersCommand() *cobra.Command {
	var sync string
	var nested bool
	cmd := &cobra.Command{
		Use:   "members GROUP",
		Short: "Show who is in a group, and who of them has access by it",
		Long: `Show the members of a group in the order in which they are stored. STATE is

  active     a user who has what the group gives
  inactive   a user whom the identity provider disabled
  filtered   a user or group that the sync's filters keep out
  nested     a group whose members count as members (--nested lists them)
  unknown    an id that names nothing in the sync: assign it at the identity provider too`,
		Example: `  kubectl rollcall members k8s-platform-users
  kubectl rollcall members k8s-platform-users --nested -o json`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: s.completeGroups,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, p, syncs, err := s.choose(cmd.Context(), sync)
			if err != nil {
				return err
			}
			group, err := roster.FindGroup(cmd.Context(), c, syncs, args[0])
			if err != nil {
				return err
			}
			if p.IsStructured() {
				list := memberList{Group: group.Group, Members: []roster.Member{}}
				if err := roster.Members(group, nested, func(m roster.Member) error {
					list.Members = append(list.Members, m)
					return nil
				}); err != nil {
					return err
				}
				return p.Print(list, nil)
			}
			return streamMembers(p, group, nested)
		},
	}
	addSync(cmd, s, &sync)
	cmd.Flags().BoolVar(&nested, "nested", false, "list the members of nested groups too, each user once")
	return cmd
}

// streamMembers writes a batch as soon as it is known.
func streamMembers(p *output.Printer, group *roster.Circle, nested bool) error {
	t := p.Text()
	headers := []string{"MEMBER", "STATE", "+EMAIL", "+ID"}
	if nested {
		headers = append(headers, "THROUGH")
	}
	grid := output.NewGrid(headers...)
	counts := map[string]int{}
	total := 0
	flush := func() error {
		t.Grid(grid)
		grid = grid.Continue()
		return t.Flush()
	}
	err := roster.Members(group, nested, func(m roster.Member) error {
		name := m.Name
		if name == "" {
			name = m.ID
		}
		cells := []any{name, memberState(m.State), m.Email, m.ID}
		if nested {
			cells = append(cells, strings.Join(m.Through, " > "))
		}
		grid.Row(cells...)
		counts[m.State]++
		total++
		if grid.Len() == batch {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if total == 0 {
		t.Line("Group %s of %s has no members.", group.DisplayName, group.Sync)
		return t.Flush()
	}
	if grid.Len() > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	var parts []string
	for _, state := range []string{roster.MemberActive, roster.MemberInactive, roster.MemberFiltered, roster.MemberNested, roster.MemberUnknown} {
		if n := counts[state]; n > 0 {
			parts = append(parts, output.Count(n, state, state))
		}
	}
	t.Line("")
	t.Line("%s: %s", output.Count(total, "member", "members"), strings.Join(parts, ", "))
	if !group.Synced {
		t.Line("%s", output.Fair("The group is not synced: its name %s", group.Reason))
	}
	return t.Flush()
}

func memberState(state string) output.Styled {
	switch state {
	case roster.MemberActive, roster.MemberNested:
		return output.Good("%s", state)
	case roster.MemberFiltered:
		return output.Fair("%s", state)
	}
	return output.Bad("%s", state)
}
