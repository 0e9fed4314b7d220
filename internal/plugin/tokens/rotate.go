package tokens

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
)

// Add adds a token to a sync in its newest version.
func Add(ctx context.Context, c client.Client, sync *v1alpha1.IdentityProviderSync, t v1alpha1.Token) error {
	return change(ctx, c, sync, func(s *v1alpha1.IdentityProviderSync) error {
		if _, exists := Find(s, t.Name); exists {
			return nil
		}
		if len(s.Spec.Tokens) >= Maximum {
			return fmt.Errorf("sync %s has %d tokens, which is as many as there may be: remove one that is not used (kubectl rollcall tokens list %s)",
				cluster.Name(s), Maximum, cluster.Name(s))
		}
		s.Spec.Tokens = append(s.Spec.Tokens, t)
		return nil
	})
}

// Remove takes tokens off a sync: from then on they are refused.
func Remove(ctx context.Context, c client.Client, sync *v1alpha1.IdentityProviderSync, names []string) error {
	return change(ctx, c, sync, func(s *v1alpha1.IdentityProviderSync) error {
		s.Spec.Tokens = slices.DeleteFunc(s.Spec.Tokens, func(t v1alpha1.Token) bool { return slices.Contains(names, t.Name) })
		return nil
	})
}

// change patches the tokens, and nothing else, of the version it has seen.
func change(ctx context.Context, c client.Client, sync *v1alpha1.IdentityProviderSync, do func(*v1alpha1.IdentityProviderSync) error) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := c.Get(ctx, client.ObjectKeyFromObject(sync), sync); err != nil {
			return err
		}
		before := sync.DeepCopy()
		if err := do(sync); err != nil {
			return err
		}
		return c.Patch(ctx, sync, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	})
	return cluster.Explain(err)
}

// Manager is what keeps an object as a repository has it: changes made in the
// cluster alone are taken back.
type Manager struct {
	Name string `json:"name"` // Argo CD, Flux, Helm
	By   string `json:"by"`   // what tells it
}

// ManagedBy tells by an object's labels, annotations and field managers.
func ManagedBy(o client.Object) *Manager {
	labels, annotations := o.GetLabels(), o.GetAnnotations()
	for _, sign := range []struct {
		name, key string
		in        map[string]string
	}{
		{"Argo CD", "argocd.argoproj.io/tracking-id", annotations},
		{"Argo CD", "argocd.argoproj.io/instance", labels},
		{"Flux", "kustomize.toolkit.fluxcd.io/name", labels},
		{"Flux", "helm.toolkit.fluxcd.io/name", labels},
		{"Helm", "meta.helm.sh/release-name", annotations},
	} {
		if value := sign.in[sign.key]; value != "" {
			return &Manager{Name: sign.name, By: sign.key + "=" + value}
		}
	}
	for _, entry := range o.GetManagedFields() {
		switch entry.Manager {
		case "argocd-controller", "argocd-application-controller":
			return &Manager{Name: "Argo CD", By: "field manager " + entry.Manager}
		case "kustomize-controller", "helm-controller", "flux":
			return &Manager{Name: "Flux", By: "field manager " + entry.Manager}
		}
	}
	return nil
}
