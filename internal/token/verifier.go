package token

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Verifier checks the tokens of all syncs. It is safe for concurrent use.
type Verifier struct {
	reader client.Reader
	now    func() time.Time

	mu    sync.Mutex
	rings map[types.NamespacedName]*ring
}

// NewVerifier reads Secrets through reader, which must not be a cache.
func NewVerifier(reader client.Reader) *Verifier {
	return &Verifier{reader: reader, now: time.Now, rings: map[types.NamespacedName]*ring{}}
}

// ring is what is known of the tokens of one sync.
type ring struct {
	mu     sync.Mutex
	values map[v1alpha1.SecretKeyReference]value // replaced as a whole, never changed
	tried  time.Time                             // when the latest fetch began
	flight *flight                               // the fetch under way, if any
	used   map[string]time.Time                  // by name of token
}

func (v *Verifier) ring(key types.NamespacedName) *ring {
	v.mu.Lock()
	defer v.mu.Unlock()
	r := v.rings[key]
	if r == nil {
		r = &ring{used: map[string]time.Time{}}
		v.rings[key] = r
	}
	return r
}

// Forget drops what is known about a sync that is gone.
func (v *Verifier) Forget(key types.NamespacedName) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.rings, key)
}

// Verify gives the name of the sync's token that was presented. An error is
// ErrRefused or ErrUnavailable, wrapped with a reason that is for logs only.
func (v *Verifier) Verify(ctx context.Context, s *v1alpha1.IdentityProviderSync, presented string) (string, error) {
	sum := sha256.Sum256([]byte(presented))
	r := v.ring(client.ObjectKeyFromObject(s))
	if err := v.freshen(ctx, r, s); err != nil {
		return "", err
	}
	found := r.match(s.Spec.Tokens, sum, v.now())
	if found.name == "" && r.mayFetch(v.now()) {
		// The Secret may have changed a moment ago.
		if err := v.fetch(r, s).wait(ctx); err != nil {
			return "", err
		}
		found = r.match(s.Spec.Tokens, sum, v.now())
	}
	switch {
	case found.state == v1alpha1.TokenValid:
		r.use(found.name, v.now())
		return found.name, nil
	case found.name != "":
		return "", fmt.Errorf("%w: token %q is %s", ErrRefused, found.name, found.state)
	case found.blind != nil:
		return "", fmt.Errorf("%w: %w", ErrUnavailable, found.blind)
	default:
		return "", ErrRefused
	}
}

// LastUsed is when each token of a sync was last accepted here, by name. It
// is kept in memory only.
func (v *Verifier) LastUsed(key types.NamespacedName) map[string]time.Time {
	r := v.ring(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	used := make(map[string]time.Time, len(r.used))
	for name, at := range r.used {
		used[name] = at
	}
	return used
}

// Check is how one token of a sync is doing.
type Check struct {
	Name   string
	State  v1alpha1.TokenState // empty while its Secret was never read
	Secret bool                // the Secret exists, with or without the key
	Err    error               // why the Secret cannot be read, once what is known of it is older than MaxAge
}

// Check tells about each token of a sync, in the order of the spec, from
// Secrets read at most MaxAge ago where they can be read.
func (v *Verifier) Check(ctx context.Context, s *v1alpha1.IdentityProviderSync) ([]Check, error) {
	r := v.ring(client.ObjectKeyFromObject(s))
	if err := v.freshen(ctx, r, s); err != nil {
		return nil, err
	}
	return r.checks(s.Spec.Tokens, v.now()), nil
}

// Recheck is Check with Secrets read now.
func (v *Verifier) Recheck(ctx context.Context, s *v1alpha1.IdentityProviderSync) ([]Check, error) {
	r := v.ring(client.ObjectKeyFromObject(s))
	if err := v.fetch(r, s).wait(ctx); err != nil {
		return nil, err
	}
	return r.checks(s.Spec.Tokens, v.now()), nil
}

func (r *ring) checks(tokens []v1alpha1.Token, now time.Time) []Check {
	r.mu.Lock()
	defer r.mu.Unlock()
	checks := make([]Check, 0, len(tokens))
	for _, t := range tokens {
		known := r.values[t.SecretRef]
		check := Check{Name: t.Name, State: stateOf(t, known, now), Secret: known.secret}
		if now.Sub(known.fetched) >= MaxAge {
			check.Err = cmp.Or(known.err, errNotRead)
		}
		checks = append(checks, check)
	}
	return checks
}

func (r *ring) match(tokens []v1alpha1.Token, presented hash, now time.Time) outcome {
	r.mu.Lock()
	defer r.mu.Unlock()
	return match(tokens, r.values, presented, now)
}

func (r *ring) use(name string, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used[name] = at
}
