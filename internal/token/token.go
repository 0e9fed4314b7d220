// Package token checks the bearer tokens of identity providers.
//
// The tokens of a sync are values in Secrets. A Secret is read by name with a
// live get when a request needs it: the operator can neither list nor watch
// Secrets. Only SHA-256 hashes are kept, for at most MaxAge. Whether a token
// counts at all (it is still named by the sync, it has not expired) is read
// from the sync at each request, so only a changed Secret needs the fetch.
//
// When a Secret cannot be read, the hashes stay good until they reach MaxAge.
// After that nobody can say whether the token was revoked, so the answer is
// ErrUnavailable: neither "yes" nor the "no" that makes an identity provider
// turn its own provisioning off.
package token

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

const (
	// MinLength is the least number of bytes of a token.
	MinLength = 32
	// MaxAge is how old what is known of a Secret may be when a token is accepted.
	MaxAge = 10 * time.Second
	// refreshAge is when Secrets are read again ahead of need, so that no
	// request waits for it.
	refreshAge = 5 * time.Second
	// missInterval is the least time between fetches for unknown tokens.
	missInterval = time.Second
	// fetchTimeout bounds one fetch of a sync's Secrets: a second one fits
	// between refreshAge and MaxAge.
	fetchTimeout = 2 * time.Second
)

var (
	// ErrRefused says that a token is not one of the sync's valid tokens.
	ErrRefused = errors.New("the bearer token is not valid")
	// ErrUnavailable says that the Secrets could not be read, so nothing is
	// known about the token.
	ErrUnavailable = errors.New("the Secrets with the bearer tokens cannot be read")
)

var errNotRead = errors.New("not read yet")

type hash = [sha256.Size]byte

// Generate makes a random token of 256 bits in base64url, 43 characters.
func Generate() string {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// trim takes white space off the end: people make Secrets with echo.
func trim(value []byte) []byte { return bytes.TrimRight(value, " \t\r\n") }

// value is what is known of one key of a Secret.
type value struct {
	state   v1alpha1.TokenState // Valid, Missing or TooShort
	hash    hash                // of a Valid token
	secret  bool                // the Secret exists, with or without the key
	fetched time.Time           // when the read began that this is from; zero: never read
	err     error               // why the latest read failed
}

// valueOf describes what was read; exists tells about the key.
func valueOf(content []byte, exists bool) value {
	switch content = trim(content); {
	case !exists || len(content) == 0:
		return value{state: v1alpha1.TokenMissing}
	case len(content) < MinLength:
		return value{state: v1alpha1.TokenTooShort}
	default:
		return value{state: v1alpha1.TokenValid, hash: sha256.Sum256(content)}
	}
}

// stateOf adds what the sync says about a token to what its Secret says.
func stateOf(t v1alpha1.Token, v value, now time.Time) v1alpha1.TokenState {
	if v.state == v1alpha1.TokenValid && t.ExpirationTime != nil && !now.Before(t.ExpirationTime.Time) {
		return v1alpha1.TokenExpired
	}
	return v.state
}

// outcome is what comparing a presented token with those of a sync gave.
type outcome struct {
	name  string // the matching token, or empty
	state v1alpha1.TokenState
	blind error // why some token could not be compared
}

// match compares a presented token with all tokens of a sync. It takes the
// same time whichever of them matches, or none.
func match(tokens []v1alpha1.Token, values map[v1alpha1.SecretKeyReference]value, presented hash, now time.Time) outcome {
	var result outcome
	for _, t := range tokens {
		v := values[t.SecretRef]
		equal := subtle.ConstantTimeCompare(v.hash[:], presented[:]) == 1
		state := stateOf(t, v, now)
		switch {
		case now.Sub(v.fetched) >= MaxAge, v.err != nil && !equal:
			// What cannot be read now may hold the token that is presented.
			result.blind = cmp.Or(v.err, errNotRead)
		case equal && v.state == v1alpha1.TokenValid && result.state != v1alpha1.TokenValid:
			// A value that is named twice counts when either entry is valid.
			result.name, result.state = t.Name, state
		}
	}
	return result
}
