package identityprovidersync

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// generate makes the Secrets of tokens with generate: true that do not exist.
// They have no owner: a sync that is deleted by mistake and applied again has
// the token that the identity provider knows.
func (c *Controller) generate(ctx context.Context, s *v1alpha1.IdentityProviderSync, checks []token.Check) (made bool, failed map[string]error) {
	wanted := map[string]*corev1.Secret{}
	for i, t := range s.Spec.Tokens {
		expired := t.ExpirationTime != nil && !time.Now().Before(t.ExpirationTime.Time)
		if !t.Generate || expired || checks[i].Secret || checks[i].Err != nil {
			continue
		}
		if wanted[t.SecretRef.Name] == nil {
			wanted[t.SecretRef.Name] = &corev1.Secret{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: s.Namespace, Name: t.SecretRef.Name,
					Labels: map[string]string{v1alpha1.LabelSync: s.Name},
				},
				Type: corev1.SecretTypeOpaque,
				Data: map[string][]byte{},
			}
		}
		wanted[t.SecretRef.Name].Data[t.SecretRef.Key] = []byte(token.Generate())
	}
	failed = map[string]error{}
	for name, secret := range wanted {
		switch err := c.Client.Create(ctx, secret); {
		case err == nil || apierrors.IsAlreadyExists(err):
			made = true
		default:
			failed[name] = err
		}
	}
	return made, failed
}
