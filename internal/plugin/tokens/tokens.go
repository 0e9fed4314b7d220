// Package tokens lists the bearer tokens of a sync and changes them without a
// moment in which the identity provider has none that is accepted.
package tokens

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
)

// Maximum is how many tokens a sync may have.
const Maximum = 8

// Soon is how long before a token expires it is time for a new one.
const Soon = 30 * 24 * time.Hour

// Token is one token, as shown: never its value.
type Token struct {
	Name     string              `json:"name"`
	State    v1alpha1.TokenState `json:"state,omitempty"` // empty: the operator has not looked at it yet
	Secret   string              `json:"secret"`
	Key      string              `json:"key"`
	Expires  *metav1.Time        `json:"expirationTime,omitempty"`
	LastUsed *metav1.Time        `json:"lastUsedTime,omitempty"`
}

// ExpiresSoon tells whether it is time for a new token.
func (t *Token) ExpiresSoon(now time.Time) bool {
	return t.Expires != nil && t.Expires.Time.Before(now.Add(Soon))
}

// List gives the tokens of a sync in the order of its spec.
func List(sync *v1alpha1.IdentityProviderSync) []Token {
	list := make([]Token, len(sync.Spec.Tokens))
	for i, t := range sync.Spec.Tokens {
		list[i] = Token{Name: t.Name, Secret: t.SecretRef.Name, Key: keyOf(t), Expires: t.ExpirationTime}
		for _, s := range sync.Status.Tokens {
			if s.Name == t.Name {
				list[i].State, list[i].LastUsed = s.State, s.LastUsedTime
			}
		}
	}
	return list
}

func keyOf(t v1alpha1.Token) string {
	if t.SecretRef.Key == "" {
		return "token"
	}
	return t.SecretRef.Key
}

// Find gives one token of a sync.
func Find(sync *v1alpha1.IdentityProviderSync, name string) (*Token, bool) {
	list := List(sync)
	i := slices.IndexFunc(list, func(t Token) bool { return t.Name == name })
	if i < 0 {
		return nil, false
	}
	return &list[i], true
}

// Read gives the value of a token from its Secret.
func Read(ctx context.Context, c client.Reader, namespace string, t *Token) (string, error) {
	secret := &corev1.Secret{}
	err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: t.Secret}, secret)
	switch {
	case apierrors.IsNotFound(err):
		return "", fmt.Errorf("there is no Secret %s/%s with token %q", namespace, t.Secret, t.Name)
	case err != nil:
		return "", cluster.Explain(err)
	}
	value := strings.TrimRight(string(secret.Data[t.Key]), " \t\r\n")
	if value == "" {
		return "", fmt.Errorf("the Secret %s/%s has nothing under key %q", namespace, t.Secret, t.Key)
	}
	return value, nil
}

// Usable gives the first token that is valid.
func Usable(sync *v1alpha1.IdentityProviderSync) (*Token, error) {
	list := List(sync)
	for i := range list {
		if list[i].State == v1alpha1.TokenValid {
			return &list[i], nil
		}
	}
	return nil, fmt.Errorf("sync %s has no token that is accepted: kubectl rollcall tokens list %s says why", cluster.Name(sync), cluster.Name(sync))
}

// ShowCommand prints a token's value with kubectl alone.
func ShowCommand(namespace string, t *Token) string {
	return fmt.Sprintf("kubectl get secret -n %s %s -o go-template='{{index .data %q | base64decode}}{{\"\\n\"}}'", namespace, t.Secret, t.Key)
}

// New makes a token that the operator generates. An empty name is taken from
// the date.
func New(sync *v1alpha1.IdentityProviderSync, name string, lifetime time.Duration, now time.Time) (v1alpha1.Token, error) {
	if name == "" {
		name = freeName(sync, now)
	}
	if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
		return v1alpha1.Token{}, fmt.Errorf("%q cannot name a token, since its Secret is named after it: %s", name, problems[0])
	}
	t := v1alpha1.Token{Name: name, Generate: true, SecretRef: v1alpha1.SecretKeyReference{Name: SecretName(sync.Name, name), Key: "token"}}
	if lifetime > 0 {
		t.ExpirationTime = &metav1.Time{Time: now.Add(lifetime).UTC().Truncate(time.Second)}
	}
	return t, nil
}

// Waiting names the newest token of several if it was never used: that of a
// rotation that did not end.
func Waiting(sync *v1alpha1.IdentityProviderSync) string {
	list := List(sync)
	if len(list) < 2 || list[len(list)-1].LastUsed != nil {
		return ""
	}
	return list[len(list)-1].Name
}

// SecretName is the Secret of a generated token.
func SecretName(sync, token string) string { return sync + "-scim-token-" + token }

func freeName(sync *v1alpha1.IdentityProviderSync, now time.Time) string {
	day := now.UTC().Format("2006-01-02")
	name := day
	for n := 2; ; n++ {
		if _, taken := Find(sync, name); !taken {
			return name
		}
		name = fmt.Sprintf("%s-%d", day, n)
	}
}
