package plugin

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/overview"
	"github.com/rollcall-scim/rollcall/internal/plugin/tokens"
)

func (s *session) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [SYNC]",
		Short: "Show how syncs and bindings are doing, and what to do about problems",
		Long: `Show each sync: when its identity provider was last heard of, how many users and
groups there are, its tokens; then what is wrong and what to do: conditions, bindings
with problems, removals that are held.`,
		Example: `  kubectl rollcall status
  kubectl rollcall status entra
  kubectl rollcall status -o json | jq '.syncs[].problems'`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: s.completeSyncs,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, p, syncs, err := s.choose(cmd.Context(), first(args))
			if err != nil {
				return err
			}
			now := time.Now()
			var o overview.Overview
			for i := range syncs {
				o.Syncs = append(o.Syncs, overview.Of(&syncs[i], now))
			}
			if o.Bindings, o.Notes, err = overview.Bindings(cmd.Context(), c, syncs); err != nil {
				return err
			}
			return p.Print(o, func(t *output.Text) { writeOverview(t, &o, len(args) > 0, now) })
		},
	}
}

func writeOverview(t *output.Text, o *overview.Overview, detail bool, now time.Time) {
	grid := output.NewGrid("SYNC", "PROVIDER", "READY", "USERS", "GROUPS", "LAST REQUEST", "LAST CHANGE", "TOKENS", "+ENDPOINT")
	for i := range o.Syncs {
		s := &o.Syncs[i]
		grid.Row(s.Name, string(s.Provider), readiness(s), users(s), groups(s),
			output.Ago(s.LastRequest, now), output.Ago(s.LastChange, now), tokenSummary(s), s.Endpoint)
	}
	t.Grid(grid)
	if detail {
		for i := range o.Syncs {
			writeSync(t, &o.Syncs[i], now)
		}
	}
	problems := 0
	for i := range o.Syncs {
		s := &o.Syncs[i]
		for n, problem := range s.Problems {
			if n == 0 {
				t.Title("Sync %s", s.Name)
			}
			t.Line("  %s %s: %s", severity(problem.Severity), problem.Reason, problem.Message)
			problems++
		}
	}
	if len(o.Bindings) > 0 {
		t.Title("Bindings with problems")
	}
	for _, b := range o.Bindings {
		t.Line("  %s: %d of %d members", b.Binding, b.Applied, b.Desired)
		for _, line := range b.Problems {
			t.Line("    %s", line)
		}
		problems++
	}
	if problems == 0 {
		t.Line("")
		t.Line("%s", output.Good("Nothing is wrong."))
	}
	for _, note := range o.Notes {
		t.Line("")
		t.Line("%s", output.Faint("Note: %s", note))
	}
}

func severity(severity string) output.Styled {
	if severity == overview.Error {
		return output.Bad("error")
	}
	return output.Fair("warning")
}

func readiness(s *overview.Sync) output.Styled {
	switch {
	case s.Ready:
		return output.Good("yes")
	case s.Reason == "":
		return output.Bad("not seen")
	}
	return output.Bad("%s", s.Reason)
}

func users(s *overview.Sync) string {
	if s.Users == nil {
		return ""
	}
	return fmt.Sprintf("%d (%d active, %d synced)", s.Users.Total, s.Users.Active, s.Users.Synced)
}

func groups(s *overview.Sync) string {
	if s.Groups == nil {
		return ""
	}
	return fmt.Sprintf("%d (%d synced)", s.Groups.Total, s.Groups.Synced)
}

func tokenSummary(s *overview.Sync) output.Styled {
	valid := 0
	for _, t := range s.Tokens {
		if t.State == v1alpha1.TokenValid {
			valid++
		}
	}
	text := fmt.Sprintf("%d of %d valid", valid, len(s.Tokens))
	if valid == 0 {
		return output.Bad("%s", text)
	}
	return output.Plain("%s", text)
}

func writeSync(t *output.Text, s *overview.Sync, now time.Time) {
	t.Line("")
	t.Line("Endpoint: %s", s.Endpoint)
	if s.Held != nil {
		t.Line("Removals held: %d subjects since %s, until %s", s.Held.Subjects, output.Stamp(s.Held.Since.Time), output.Stamp(s.Held.Until.Time))
	}
	t.Title("Tokens")
	writeTokens(t, s.Tokens, now)
}

func writeTokens(t *output.Text, list []tokens.Token, now time.Time) {
	grid := output.NewGrid("TOKEN", "STATE", "EXPIRES", "LAST USED", "SECRET", "+KEY")
	for i := range list {
		token := &list[i]
		expires := output.Plain("never")
		if token.Expires != nil {
			expires = output.Plain("%s", output.Until(token.Expires.Time, now))
			if token.ExpiresSoon(now) {
				expires = output.Fair("%s", output.Until(token.Expires.Time, now))
			}
		}
		grid.Row(token.Name, tokenState(token.State), expires, output.Ago(token.LastUsed, now), token.Secret, token.Key)
	}
	t.Grid(grid)
}

func tokenState(state v1alpha1.TokenState) output.Styled {
	switch state {
	case v1alpha1.TokenValid:
		return output.Good("%s", string(state))
	case "":
		return output.Fair("not seen yet")
	}
	return output.Bad("%s", string(state))
}
