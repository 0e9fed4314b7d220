package identityprovidersync

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/server"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// findings are what was found out about a sync.
type findings struct {
	endpoint string
	username error // why kubernetesUsername cannot be used
	tokens   []token.Check
	generate map[string]error // by name of Secret: why it could not be made
	counts   counts
	missing  string // of the admission policies
	// extensions are the declarations that are not served.
	extensions []extension.Problem
}

// find looks at everything a status tells.
func (c *Controller) find(ctx context.Context, s *v1alpha1.IdentityProviderSync) (*findings, error) {
	f := &findings{endpoint: c.Endpoint(s.Namespace, s.Name), missing: c.Admission.Missing()}
	_, f.username = projection.CompileUsername(s.Spec.KubernetesUsername)
	_, f.extensions = extension.Types(s.Spec.ExtensionSchemas)
	var err error
	if f.tokens, err = c.Tokens.Check(ctx, s); err != nil {
		return nil, err
	}
	if made, failed := c.generate(ctx, s, f.tokens); made || len(failed) > 0 {
		f.generate = failed
		if f.tokens, err = c.Tokens.Recheck(ctx, s); err != nil {
			return nil, err
		}
	}
	key := client.ObjectKeyFromObject(s)
	f.counts = c.census.count(s, c.Directory.View(ctx, key))
	return f, nil
}

// apply puts the findings into a status.
func (f *findings) apply(status *v1alpha1.IdentityProviderSyncStatus, s *v1alpha1.IdentityProviderSync) {
	status.ObservedGeneration = s.Generation
	status.Endpoint = f.endpoint
	if f.username == nil {
		status.KubernetesUsername = s.Spec.KubernetesUsername
	}
	status.Users, status.Groups = &f.counts.users, &f.counts.groups

	before := status.Tokens
	status.Tokens = nil
	for _, check := range f.tokens {
		t := v1alpha1.TokenStatus{Name: check.Name, State: check.State}
		if t.State == "" { // never read; the condition says why
			t.State = v1alpha1.TokenMissing
		}
		for _, old := range before {
			if old.Name == t.Name {
				t.LastUsedTime = old.LastUsedTime
			}
		}
		status.Tokens = append(status.Tokens, t)
	}
	setConditions(status, s.Generation, f.verdict(s))
}

// observe moves the times of a status forward to what a replica has seen. It
// never moves them back: another replica may have seen more.
func observe(status *v1alpha1.IdentityProviderSyncStatus, seen server.Seen, used map[string]time.Time) {
	forward(&status.LastRequestTime, seen.Request)
	forward(&status.LastChangeTime, seen.Change)
	for i := range status.Tokens {
		forward(&status.Tokens[i].LastUsedTime, used[status.Tokens[i].Name])
	}
}

// forward keeps whole seconds, as the API does.
func forward(at **metav1.Time, seen time.Time) {
	seen = seen.Truncate(time.Second)
	if !seen.IsZero() && (*at == nil || (*at).Time.Before(seen)) {
		*at = &metav1.Time{Time: seen}
	}
}
