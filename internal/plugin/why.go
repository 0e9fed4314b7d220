package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/internal/plugin/access"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

func (s *session) whyCommand() *cobra.Command {
	var sync, verb, subresource string
	var everywhere bool
	cmd := &cobra.Command{
		Use:   "why USER [--can VERB RESOURCE]",
		Short: "Show why a user has access, or not",
		Long: `Show the way from a user to access: the user's groups, the bindings that name them, and
the RoleBindings that were written; or why there is none. With --can, only what counts
for one question; then the rules of the roles are looked at, the API server is asked too
(SubjectAccessReview), and bindings that are not Rollcall's are shown if they give the same.

--namespace is that of the question (and without --can, shows only what is bound there).
RESOURCE is as for kubectl auth can-i: pods, deployments.apps, configmaps/NAME, or /URL.`,
		Example: `  kubectl rollcall why ann@example.com
  kubectl rollcall why ann --can list pods -n payments
  kubectl rollcall why ann --can get nodes -o json`,
		Args: cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			return s.completeUsers(cmd, args, typed)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if (verb != "") != (len(args) == 2) {
				return errors.New("--can takes a verb and a resource: kubectl rollcall why USER --can list pods -n NAMESPACE")
			}
			c, p, err := s.begin()
			if err != nil {
				return err
			}
			var question *access.Question
			if verb != "" {
				namespace := c.Namespace
				if everywhere {
					namespace = ""
				}
				if question, err = access.ParseQuestion(verb, args[1], subresource, namespace, c.Mapper); err != nil {
					return err
				}
			}
			// The namespace is that of the question, not of the sync.
			anywhere := *c
			anywhere.Named = false
			syncs, err := anywhere.Choose(cmd.Context(), sync)
			if err != nil {
				return err
			}
			person, err := roster.FindUser(cmd.Context(), c, syncs, args[0])
			if err != nil {
				return err
			}
			why, err := access.Explain(cmd.Context(), &anywhere, person, question)
			if err != nil {
				return err
			}
			if question == nil && c.Named {
				onlyIn(why, c.Namespace)
			}
			return p.Print(why, func(t *output.Text) { writeWhy(t, why) })
		},
	}
	addSync(cmd, s, &sync)
	f := cmd.Flags()
	f.StringVar(&verb, "can", "", "verb of a question, such as list; its resource is the second argument")
	f.StringVar(&subresource, "subresource", "", "subresource of the question, such as log or scale")
	f.BoolVarP(&everywhere, "all-namespaces", "A", false, "ask about all namespaces at once")
	_ = cmd.RegisterFlagCompletionFunc("can", cobra.FixedCompletions( // the flag exists
		[]string{"get", "list", "watch", "create", "update", "patch", "delete"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// onlyIn leaves what is bound in one namespace, or in the whole cluster.
func onlyIn(why *access.Why, namespace string) {
	for i := range why.Bindings {
		b := &why.Bindings[i]
		b.Access = slices.DeleteFunc(b.Access, func(a access.Access) bool { return a.Namespace != namespace && a.Namespace != "" })
	}
	why.Bindings = slices.DeleteFunc(why.Bindings, func(b access.Binding) bool {
		return len(b.Access) == 0 && !strings.HasPrefix(b.Binding, projection.KindGroupRoleBinding+"/"+namespace+"/")
	})
}

func writeWhy(t *output.Text, w *access.Why) {
	u := &w.User
	name := u.UserName
	if u.DisplayName != "" {
		name = u.DisplayName + " (" + u.UserName + ")"
	}
	t.Line("%s, a user of sync %s: %s, %s", output.Strong("%s", name), u.Sync, userState(u.State), syncedText(u))
	if w.Subject != "" {
		t.Line("Name in RBAC: User %s", w.Subject)
	} else {
		t.Line("%s", output.Bad("No name in RBAC: %s", w.SubjectProblem))
	}
	if w.Question != nil {
		writeAnswer(t, w)
	} else {
		writeBindings(t, w)
	}
	for _, note := range w.Notes {
		t.Line("")
		t.Line("%s", output.Faint("Note: %s", note))
	}
}

func syncedText(u *roster.User) output.Styled {
	if u.Synced {
		return output.Good("synced")
	}
	return output.Fair("not synced (%s)", u.Reason)
}

// writeBindings shows everything that concerns the user.
func writeBindings(t *output.Text, w *access.Why) {
	if len(w.Bindings) == 0 {
		t.Line("")
		t.Line("No binding names a group of this user: kubectl rollcall users %s shows the groups.", w.User.UserName)
		return
	}
	for i := range w.Bindings {
		b := &w.Bindings[i]
		t.Title("%s", b.Binding)
		writeWays(t, w, b)
	}
}

// writeWays shows one binding: groups, then what they come to.
func writeWays(t *output.Text, w *access.Why, b *access.Binding) {
	for _, g := range b.Groups {
		if g.Member {
			t.Line("  %s", way(w.User.UserName, &g))
		}
		for _, reason := range g.Reasons {
			if g.Member || len(b.Access) == 0 {
				t.Line("  group %s: %s", g.DisplayName, output.Fair("%s: %s", string(reason.Reason), reason.Message))
			}
		}
	}
	for i := range b.Access {
		writeAccess(t, b, &b.Access[i])
	}
	if len(b.Access) == 0 {
		t.Line("  gives nothing")
		causes(t, b.Reasons)
	}
}

// way is the path from the user up to the group that the binding names.
func way(userName string, g *projection.GroupExplanation) string {
	path := slices.Clone(g.Path)
	slices.Reverse(path)
	return userName + " > " + strings.Join(path, " > ")
}

func writeAccess(t *output.Text, b *access.Binding, a *access.Access) {
	where := "in the whole cluster"
	if a.Namespace != "" {
		where = "in namespace " + a.Namespace
	}
	t.Line("  %s: %s %s %s", stateText(a.State), a.RoleKind, a.Role, where)
	for _, object := range a.Objects {
		t.Line("    %s", object)
	}
	for _, rule := range a.Allows {
		t.Line("    allows: %s", rule)
	}
	if a.RoleProblem != "" {
		t.Line("    %s", output.Bad("%s", a.RoleProblem))
	}
	causes(t, a.Reasons)
	if a.State == projection.AccessPending {
		for _, line := range b.Problems {
			t.Line("    %s", output.Fair("%s", line))
		}
	}
}

func causes(t *output.Text, list []projection.Cause) {
	for _, cause := range list {
		t.Line("    %s", output.Fair("%s: %s", string(cause.Reason), cause.Message))
	}
}

func stateText(state projection.AccessState) output.Styled {
	switch state {
	case projection.AccessBound:
		return output.Good("bound")
	case projection.AccessPending:
		return output.Fair("to be bound, and not yet")
	case projection.AccessHeld:
		return output.Fair("bound, and stays for now")
	case projection.AccessRemoving:
		return output.Fair("bound, and being removed")
	}
	return output.Bad("not bound")
}

// writeAnswer shows the answer, and the ways that lead to it.
func writeAnswer(t *output.Text, w *access.Why) {
	a := w.Answer
	t.Title("May %s %s?", w.User.UserName, w.Question)
	switch {
	case a.Asked && a.Allowed:
		t.Line("%s, says the API server%s", output.Good("Yes"), reasonText(a.Reason))
	case a.Asked:
		t.Line("%s, says the API server%s", output.Bad("No"), reasonText(a.Reason))
	case a.ByRollcall:
		t.Line("%s, by Rollcall's bindings", output.Good("Yes"))
	default:
		t.Line("%s, as far as could be found", output.Bad("No"))
	}
	giving := slices.DeleteFunc(slices.Clone(w.Bindings), func(b access.Binding) bool {
		return !slices.ContainsFunc(b.Access, func(x access.Access) bool { return len(x.Allows) > 0 })
	})
	lacking := slices.DeleteFunc(slices.Clone(w.Bindings), func(b access.Binding) bool {
		return slices.ContainsFunc(b.Access, func(x access.Access) bool { return len(x.Allows) > 0 })
	})
	for i := range giving {
		b := &giving[i]
		b.Access = slices.DeleteFunc(slices.Clone(b.Access), func(x access.Access) bool { return len(x.Allows) == 0 })
		t.Title("By %s", b.Binding)
		writeWays(t, w, b)
	}
	for _, other := range a.Others {
		t.Title("By %s, which is not Rollcall's", other.Object)
		t.Line("  %s: %s", other.Subject, other.Role)
		for _, rule := range other.Allows {
			t.Line("    allows: %s", rule)
		}
	}
	for i := range lacking {
		b := &lacking[i]
		t.Title("Not by %s", b.Binding)
		for _, g := range b.Groups {
			if g.Member {
				t.Line("  %s", way(w.User.UserName, &g))
			}
		}
		for _, x := range b.Access {
			reason := "does not allow it"
			if x.RoleProblem != "" {
				reason = "gives nothing: " + x.RoleProblem
			}
			t.Line("  %s: %s %s %s", stateText(x.State), x.RoleKind, x.Role, reason)
		}
	}
	for i := range w.Missing {
		b := &w.Missing[i]
		t.Title("Not by %s (%s)", b.Binding, strings.Join(b.Roles, ", "))
		writeWays(t, w, b)
	}
	if len(giving) == 0 && len(w.Missing) == 0 {
		t.Line("")
		t.Line("No binding of a group gives a role that allows it there.")
	}
}

func reasonText(reason string) string {
	if reason == "" {
		return ""
	}
	return fmt.Sprintf(": %s", cluster.Shorten(reason))
}
