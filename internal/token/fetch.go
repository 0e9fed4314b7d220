package token

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// flight is a fetch under way, which any number of requests wait for.
type flight struct{ done chan struct{} }

func (f *flight) wait(ctx context.Context) error {
	select {
	case <-f.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
	}
}

// freshen sees to it that what is known of the sync's Secrets is young enough,
// as far as they can be read. While they cannot, it tries once a second.
func (v *Verifier) freshen(ctx context.Context, r *ring, s *v1alpha1.IdentityProviderSync) error {
	age, failed, known := r.age(s.Spec.Tokens, v.now())
	switch {
	case known && age < refreshAge:
		return nil
	case known && age < MaxAge:
		if r.mayFetch(v.now()) {
			v.fetch(r, s)
		}
		return nil
	case known && failed && !r.mayFetch(v.now()):
		return nil
	default:
		return v.fetch(r, s).wait(ctx)
	}
}

// age is the greatest age of what is known of the tokens, whether a read
// failed, and whether each was looked at.
func (r *ring) age(tokens []v1alpha1.Token, now time.Time) (age time.Duration, failed, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range tokens {
		v, ok := r.values[t.SecretRef]
		if !ok {
			return 0, false, false
		}
		age, failed = max(age, now.Sub(v.fetched)), failed || v.err != nil
	}
	return age, failed, true
}

// mayFetch says whether a fetch may be joined or begun that is not due.
func (r *ring) mayFetch(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.flight != nil || now.Sub(r.tried) >= missInterval
}

// fetch joins the fetch of the sync's Secrets under way or begins one.
func (v *Verifier) fetch(r *ring, s *v1alpha1.IdentityProviderSync) *flight {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.flight != nil {
		return r.flight
	}
	f := &flight{done: make(chan struct{})}
	r.flight, r.tried = f, v.now()
	tokens, began, before := s.Spec.Tokens, r.tried, r.values
	go func() {
		values := v.read(s.Namespace, tokens, before, began)
		r.mu.Lock()
		r.values, r.flight = values, nil
		r.mu.Unlock()
		close(f.done)
	}()
	return f
}

// read gets the Secrets of the tokens at once. What cannot be read stays as it
// was, and grows old.
func (v *Verifier) read(namespace string, tokens []v1alpha1.Token, before map[v1alpha1.SecretKeyReference]value, began time.Time) map[v1alpha1.SecretKeyReference]value {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	type answer struct {
		secret *corev1.Secret
		err    error
	}
	answers := map[string]chan answer{}
	for _, t := range tokens {
		name := t.SecretRef.Name
		if answers[name] != nil {
			continue
		}
		answered := make(chan answer, 1)
		answers[name] = answered
		go func() {
			secret := &corev1.Secret{}
			err := v.reader.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, secret)
			answered <- answer{secret, err}
		}()
	}
	received := map[string]answer{}
	for name, answered := range answers {
		received[name] = <-answered
	}
	values := make(map[v1alpha1.SecretKeyReference]value, len(tokens))
	for _, t := range tokens {
		a := received[t.SecretRef.Name]
		if a.err != nil && !apierrors.IsNotFound(a.err) {
			known := before[t.SecretRef]
			known.err = a.err
			values[t.SecretRef] = known
			continue
		}
		content, exists := a.secret.Data[t.SecretRef.Key]
		known := valueOf(content, exists)
		known.secret, known.fetched = a.err == nil, began
		values[t.SecretRef] = known
	}
	return values
}
