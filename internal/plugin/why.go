package plugin

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-scim/rollcall/internal/plugin/access"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
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
			if asked, what, ok := strings.Cut(verb, " "); ok && len(args) == 1 { // --can "list pods"
				verb, args = asked, append(args, what)
			}
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
	why.Networks = slices.DeleteFunc(why.Networks, func(x *networkpolicy.Explanation) bool {
		return !strings.HasPrefix(x.Policy, "GroupNetworkPolicy/"+namespace+"/")
	})
	why.Bindings = slices.DeleteFunc(why.Bindings, func(b access.Binding) bool {
		return len(b.Access) == 0 && !strings.HasPrefix(b.Binding, projection.KindGroupRoleBinding+"/"+namespace+"/")
	})
}
