package tokens

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

var now = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

func syncWith(names ...string) *v1alpha1.IdentityProviderSync {
	s := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Name: "corp"}}
	for _, name := range names {
		s.Spec.Tokens = append(s.Spec.Tokens, v1alpha1.Token{Name: name, SecretRef: v1alpha1.SecretKeyReference{Name: "secret-" + name}})
	}
	return s
}

func TestNewNamesATokenAndItsSecret(t *testing.T) {
	tests := map[string]struct {
		sync     *v1alpha1.IdentityProviderSync
		name     string
		lifetime time.Duration
		want     v1alpha1.Token
		refused  string
	}{
		"by the day": {syncWith("old"), "", 0,
			v1alpha1.Token{Name: "2026-05-06", Generate: true, SecretRef: v1alpha1.SecretKeyReference{Name: "corp-scim-token-2026-05-06", Key: "token"}}, ""},
		"the third of a day": {syncWith("2026-05-06", "2026-05-06-2"), "", 0,
			v1alpha1.Token{Name: "2026-05-06-3", Generate: true, SecretRef: v1alpha1.SecretKeyReference{Name: "corp-scim-token-2026-05-06-3", Key: "token"}}, ""},
		"as asked for, for a day": {syncWith(), "next", 24 * time.Hour,
			v1alpha1.Token{Name: "next", Generate: true, SecretRef: v1alpha1.SecretKeyReference{Name: "corp-scim-token-next", Key: "token"},
				ExpirationTime: &metav1.Time{Time: now.Add(24 * time.Hour)}}, ""},
		"what cannot name a Secret": {syncWith(), "Next one", 0, v1alpha1.Token{}, `"Next one" cannot name a token`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := New(test.sync, test.name, test.lifetime, now)
			if test.refused != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.refused) {
					t.Errorf("got %v, want %s", err, test.refused)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("%v; -want +got:\n%s", err, diff)
			}
		})
	}
}

func TestWaiting(t *testing.T) {
	used := &metav1.Time{Time: now}
	tests := map[string]struct {
		names  []string
		status []v1alpha1.TokenStatus
		want   string
	}{
		"the only token, never used":      {[]string{"a"}, nil, ""},
		"a rotation that did not end":     {[]string{"a", "b"}, []v1alpha1.TokenStatus{{Name: "a", LastUsedTime: used}}, "b"},
		"one that ended, but for the old": {[]string{"a", "b"}, []v1alpha1.TokenStatus{{Name: "a", LastUsedTime: used}, {Name: "b", LastUsedTime: used}}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := syncWith(test.names...)
			s.Status.Tokens = test.status
			if got := Waiting(s); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestManagedBy(t *testing.T) {
	tests := map[string]struct {
		meta metav1.ObjectMeta
		want *Manager
	}{
		"nobody":                    {metav1.ObjectMeta{Labels: map[string]string{"app.kubernetes.io/managed-by": "me"}}, nil},
		"Argo CD by its annotation": {metav1.ObjectMeta{Annotations: map[string]string{"argocd.argoproj.io/tracking-id": "x"}}, &Manager{"Argo CD", "argocd.argoproj.io/tracking-id=x"}},
		"Flux by its label":         {metav1.ObjectMeta{Labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "x"}}, &Manager{"Flux", "kustomize.toolkit.fluxcd.io/name=x"}},
		"Helm":                      {metav1.ObjectMeta{Annotations: map[string]string{"meta.helm.sh/release-name": "x"}}, &Manager{"Helm", "meta.helm.sh/release-name=x"}},
		"Flux by its field manager": {metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubectl"}, {Manager: "kustomize-controller"}}}, &Manager{"Flux", "field manager kustomize-controller"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ManagedBy(&v1alpha1.IdentityProviderSync{ObjectMeta: test.meta})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
