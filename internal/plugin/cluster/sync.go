package cluster

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Syncs gives the IdentityProviderSyncs of --namespace, or of all namespaces.
// Who may not list all of them gets those of the context's namespace.
func (c *Cluster) Syncs(ctx context.Context) ([]v1alpha1.IdentityProviderSync, error) {
	if c.Named {
		return c.syncsIn(ctx, c.Namespace)
	}
	syncs, err := c.syncsIn(ctx, "")
	if IsForbidden(err) {
		return c.syncsIn(ctx, c.Namespace)
	}
	return syncs, err
}

func (c *Cluster) syncsIn(ctx context.Context, namespace string) ([]v1alpha1.IdentityProviderSync, error) {
	var page v1alpha1.IdentityProviderSyncList
	var all []v1alpha1.IdentityProviderSync
	err := Pages(ctx, c, &page, func() error {
		all = append(all, page.Items...)
		return nil
	}, client.InNamespace(namespace))
	slices.SortFunc(all, func(a, b v1alpha1.IdentityProviderSync) int { return cmp.Compare(Name(&a), Name(&b)) })
	return all, err
}

// Name is how a sync is named on the command line and in texts: namespace/name.
func Name(sync *v1alpha1.IdentityProviderSync) string { return sync.Namespace + "/" + sync.Name }

// Sync finds the sync that somebody means: by name, by namespace/name, or, when
// nothing is said, the only one.
func (c *Cluster) Sync(ctx context.Context, name string) (*v1alpha1.IdentityProviderSync, error) {
	syncs, err := c.Choose(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(syncs) == 1 {
		return &syncs[0], nil
	}
	if name == "" {
		return nil, fmt.Errorf("there are %d syncs; say which: %s", len(syncs), names(syncs))
	}
	return nil, fmt.Errorf("there are %d syncs named %q; say which: %s", len(syncs), name, names(syncs))
}

// Choose gives the syncs that a name means, at least one: all if it is empty.
func (c *Cluster) Choose(ctx context.Context, name string) ([]v1alpha1.IdentityProviderSync, error) {
	in := *c
	namespace, short, qualified := strings.Cut(name, "/")
	if qualified {
		in.Namespace, in.Named = namespace, true
	} else {
		short = name
	}
	all, err := in.Syncs(ctx)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(all), func(s v1alpha1.IdentityProviderSync) bool { return short != "" && s.Name != short })
	switch {
	case len(found) > 0:
		return found, nil
	case len(all) > 0:
		return nil, fmt.Errorf("there is no sync %q%s; there are: %s", name, in.where(), names(all))
	}
	return nil, fmt.Errorf("there is no IdentityProviderSync%s: make one with kubectl rollcall connect, or look in another namespace with --namespace", in.where())
}

func (c *Cluster) where() string {
	if c.Named {
		return " in namespace " + c.Namespace
	}
	return ""
}

func names(syncs []v1alpha1.IdentityProviderSync) string {
	const most = 20
	var all []string
	for i := range syncs[:min(len(syncs), most)] {
		all = append(all, Name(&syncs[i]))
	}
	if len(syncs) > most {
		all = append(all, fmt.Sprintf("and %d more", len(syncs)-most))
	}
	return strings.Join(all, ", ")
}
