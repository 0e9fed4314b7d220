package token

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Recognize is Verify without waiting: it gives the name of the sync's token
// that was presented if it is known to be valid, else nothing. Then familiar
// tells whether its value was one of the sync's when the Secrets were last
// read, however long ago: who presents it does not guess.
func (v *Verifier) Recognize(s *v1alpha1.IdentityProviderSync, presented string) (name string, familiar bool) {
	sum := sha256.Sum256([]byte(presented))
	r, now := v.ring(client.ObjectKeyFromObject(s)), v.now()
	found := r.match(s.Spec.Tokens, sum, now)
	if found.state != v1alpha1.TokenValid {
		return "", r.familiar(s.Spec.Tokens, sum)
	}
	if age, _, known := r.age(s.Spec.Tokens, now); (!known || age >= refreshAge) && r.mayFetch(now) {
		v.fetch(r, s)
	}
	r.use(found.name, now)
	return found.name, true
}

func (r *ring) familiar(tokens []v1alpha1.Token, presented hash) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	familiar := 0
	for _, t := range tokens {
		known := r.values[t.SecretRef]
		if known.state == v1alpha1.TokenValid {
			familiar |= subtle.ConstantTimeCompare(known.hash[:], presented[:])
		}
	}
	return familiar == 1
}

// nobodysSecret is a Secret that is not there.
const nobodysSecret = "rollcall-no-such-sync"

// Refuse answers a token for a sync that does not exist as Verify answers a
// wrong one, after as much work: by looking for a Secret that does not exist in
// a namespace where the operator may read Secrets.
func (v *Verifier) Refuse(ctx context.Context, namespace, presented string) error {
	nobody := &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace},
		Spec: v1alpha1.IdentityProviderSyncSpec{
			Tokens: []v1alpha1.Token{{SecretRef: v1alpha1.SecretKeyReference{Name: nobodysSecret, Key: "token"}}},
		},
	}
	_, err := v.Verify(ctx, nobody, presented)
	if err == nil || apierrors.IsForbidden(err) {
		return ErrRefused
	}
	return err
}
