package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/history"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
)

// followInterval is how often a log is looked at; replicas write it every few seconds.
const followInterval = 2 * time.Second

// logView is one run of log.
type logView struct {
	*session
	history.Filter
	follow bool
	since  time.Duration
	tail   int
}

// entries is what log gives for programs.
type entries struct {
	Sync    string                          `json:"sync"`
	Dropped int64                           `json:"dropped"` // no longer kept
	Entries []v1alpha1.ProvisioningLogEntry `json:"entries"`
}

func (s *session) logCommand() *cobra.Command {
	v := &logView{session: s}
	cmd := s.aboutSync(&cobra.Command{
		Use:   "log [SYNC]",
		Short: "Show what the identity provider changed, and what failed",
		Long: `Show the provisioning log of a sync: who was created, changed, disabled or deleted, who
joined and left groups, what the filters keep out, and which requests failed and why. The
last 500 changes at most are kept; it is a few seconds late.`,
		Example: `  kubectl rollcall log entra
  kubectl rollcall log entra -f --failed
  kubectl rollcall log entra --user ann --since 24h`,
	}, v.run)
	f := cmd.Flags()
	f.SortFlags = false
	f.BoolVarP(&v.follow, "follow", "f", false, "go on and show what comes, until Ctrl-C")
	f.StringVar(&v.User, "user", "", "only about users with this in userName or id")
	f.StringVar(&v.Group, "group", "", "only about groups with this in displayName or id")
	f.BoolVar(&v.Failed, "failed", false, "only what failed")
	f.DurationVar(&v.since, "since", 0, "only what is younger, such as 1h")
	f.IntVar(&v.tail, "tail", 0, "only the last so many; 0: all that are kept")
	return cmd
}

func (v *logView) run(ctx context.Context, c *cluster.Cluster, p *output.Printer, sync *v1alpha1.IdentityProviderSync) error {
	if v.since > 0 {
		v.After = time.Now().Add(-v.since)
	}
	log := history.New(c, sync)
	found, missed, err := v.next(ctx, log)
	if err != nil {
		return err
	}
	if v.tail > 0 && len(found) > v.tail {
		found = found[len(found)-v.tail:]
	}
	if p.IsStructured() && !v.follow {
		return p.Print(entries{cluster.Name(sync), missed, found}, nil)
	}
	if len(found) == 0 && !v.follow {
		v.note("The provisioning log of sync %s has nothing of that kind.", cluster.Name(sync))
		return nil
	}
	grid := output.NewGrid("TIME", "ACTION", "KIND", "NAME", "DETAILS", "+TOKEN", "+REQUEST")
	for {
		if p.IsStructured() {
			err = v.lines(found)
		} else {
			for i := range found {
				row(grid, &found[i])
			}
			t := p.Text()
			if grid.Len() > 0 || len(found) > 0 {
				t.Grid(grid)
				grid = grid.Continue()
			}
			err = t.Flush()
		}
		if err != nil || !v.follow {
			return err
		}
		select {
		case <-ctx.Done():
			return nil // Ctrl-C is how following ends
		case <-time.After(followInterval):
		}
		if found, missed, err = v.next(ctx, log); err != nil && ctx.Err() == nil {
			return err
		}
		if missed > 0 {
			v.note("%d changes came that are not kept", missed)
		}
	}
}

func (v *logView) next(ctx context.Context, log *history.Log) ([]v1alpha1.ProvisioningLogEntry, int64, error) {
	all, missed, err := log.Next(ctx)
	chosen := []v1alpha1.ProvisioningLogEntry{}
	for i := range all {
		if v.Matches(&all[i]) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, missed, err
}

// lines writes one JSON object for each entry, whatever comes.
func (v *logView) lines(found []v1alpha1.ProvisioningLogEntry) error {
	encoder := json.NewEncoder(v.Out)
	encoder.SetEscapeHTML(false)
	for i := range found {
		if err := encoder.Encode(&found[i]); err != nil {
			return err
		}
	}
	return nil
}

func row(grid *output.Grid, e *v1alpha1.ProvisioningLogEntry) {
	action := output.Plain("%s", string(e.Action))
	switch e.Action {
	case v1alpha1.ActionFailed:
		action = output.Bad("%s", string(e.Action))
	case v1alpha1.ActionDisabled, v1alpha1.ActionDeleted, v1alpha1.ActionMembersRemoved, v1alpha1.ActionFiltered:
		action = output.Fair("%s", string(e.Action))
	case v1alpha1.ActionCreated, v1alpha1.ActionEnabled, v1alpha1.ActionMembersAdded, v1alpha1.ActionUnfiltered:
		action = output.Good("%s", string(e.Action))
	}
	grid.Row(e.Time.UTC().Format("2006-01-02T15:04:05Z"), action, string(e.Kind), cmp.Or(e.Name, e.ID), details(e), e.Token, e.RequestID)
}

// details says what there is to know beside the action.
func details(e *v1alpha1.ProvisioningLogEntry) string {
	var parts []string
	if e.Members > 0 {
		text := strings.Join(e.MemberNames, ", ")
		if more := e.Members - int64(len(e.MemberNames)); more > 0 && len(e.MemberNames) > 0 {
			text += fmt.Sprintf(" and %d more", more)
		} else if len(e.MemberNames) == 0 {
			text = output.Count(int(e.Members), "member", "members")
		}
		parts = append(parts, text)
	}
	if len(e.Attributes) > 0 {
		parts = append(parts, strings.Join(e.Attributes, ", "))
	}
	if e.Action == v1alpha1.ActionFailed && e.Code != 0 {
		parts = append(parts, fmt.Sprintf("answered %d", e.Code))
	}
	if e.Reason != "" {
		parts = append(parts, e.Reason)
	}
	return strings.Join(parts, "; ")
}
