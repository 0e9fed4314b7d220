package plugin

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/lookup"
	"github.com/rollcall-scim/rollcall/internal/plugin/output"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
)

const (
	// completionTimeout is how long somebody waits for a Tab.
	completionTimeout = 3 * time.Second
	// completions is how many names are offered.
	completions = 100
)

// complete makes a completion of what names gives, for the first argument only.
func (s *session) complete(cmd *cobra.Command, args []string, names func(context.Context, *cluster.Cluster) ([]string, error)) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
	defer cancel()
	c, err := cluster.Connect(s.flags)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	found, err := names(ctx, c)
	if err != nil && len(found) == 0 {
		return nil, cobra.ShellCompDirectiveError
	}
	for i := range found {
		name, description, _ := strings.Cut(found[i], "\t")
		found[i] = strings.TrimSuffix(output.Clean(name)+"\t"+output.Clean(description), "\t")
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

// completeSyncs offers names of syncs, with the namespace where a name is not enough.
func (s *session) completeSyncs(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return s.complete(cmd, args, func(ctx context.Context, c *cluster.Cluster) ([]string, error) {
		syncs, err := c.Syncs(ctx)
		count := map[string]int{}
		for i := range syncs {
			count[syncs[i].Name]++
		}
		var names []string
		for i := range syncs {
			name := syncs[i].Name
			if count[name] > 1 || strings.Contains(typed, "/") {
				name = cluster.Name(&syncs[i])
			}
			if strings.HasPrefix(name, typed) {
				names = append(names, name+"\t"+string(syncs[i].Spec.Provider)+" in "+syncs[i].Namespace)
			}
		}
		return names, err
	})
}

var errEnough = errors.New("enough names")

// completeUsers offers userNames, from as many pages as there is time for.
func (s *session) completeUsers(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return s.complete(cmd, args, func(ctx context.Context, c *cluster.Cluster) ([]string, error) {
		syncs, err := c.Choose(ctx, flagValue(cmd, "sync"))
		if err != nil {
			return nil, err
		}
		var names []string
		for i := range syncs {
			err = lookup.EachUser(ctx, c, &syncs[i], func(user *v1alpha1.User) error {
				if hasPrefixFold(user.Spec.UserName, typed) {
					names = append(names, user.Spec.UserName+"\t"+user.Spec.DisplayName)
				}
				if len(names) == completions {
					return errEnough
				}
				return nil
			})
			if err != nil {
				break
			}
		}
		return names, err
	})
}

// completeGroups offers displayNames.
func (s *session) completeGroups(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	return s.complete(cmd, args, func(ctx context.Context, c *cluster.Cluster) ([]string, error) {
		syncs, err := c.Choose(ctx, flagValue(cmd, "sync"))
		if err != nil {
			return nil, err
		}
		groups, err := roster.Groups(ctx, c, syncs, typed)
		var names []string
		for _, g := range groups {
			if hasPrefixFold(g.DisplayName, typed) && len(names) < completions {
				names = append(names, g.DisplayName)
			}
		}
		return names, err
	})
}

// completeNamespaces asks for no more than their names.
func (s *session) completeNamespaces(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return s.complete(cmd, nil, func(ctx context.Context, c *cluster.Cluster) ([]string, error) {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
		var names []string
		err := cluster.Pages(ctx, c, list, func() error {
			for i := range list.Items {
				if strings.HasPrefix(list.Items[i].Name, typed) {
					names = append(names, list.Items[i].Name)
				}
			}
			return nil
		})
		return names, err
	})
}

func flagValue(cmd *cobra.Command, name string) string {
	value, _ := cmd.Flags().GetString(name) // "" where a command has no such flag
	return value
}

func hasPrefixFold(text, prefix string) bool {
	return len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
}
