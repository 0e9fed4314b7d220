package token

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

const good = "0123456789abcdef0123456789abcdef"

// cluster holds Secrets, counts the reads and can be out of reach.
type cluster struct {
	client.WithWatch
	reads atomic.Int64
	down  atomic.Bool
	clock atomic.Int64 // nanoseconds since the start
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newCluster(secrets map[string]string) (*cluster, *Verifier) {
	c := &cluster{}
	builder := fake.NewClientBuilder()
	for name, value := range secrets {
		builder.WithObjects(secret(name, value))
	}
	c.WithWatch = builder.WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, under client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			c.reads.Add(1)
			if c.down.Load() {
				return errors.New("connection refused")
			}
			return under.Get(ctx, key, obj, opts...)
		},
	}).Build()
	v := NewVerifier(c)
	v.now = func() time.Time { return start.Add(time.Duration(c.clock.Load())) }
	return c, v
}

func (c *cluster) pass(d time.Duration) { c.clock.Add(int64(d)) }

func secret(name, value string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "idp", Name: name}, Data: map[string][]byte{"token": []byte(value)}}
}

func ref(name string) v1alpha1.Token {
	return v1alpha1.Token{Name: name, SecretRef: v1alpha1.SecretKeyReference{Name: name, Key: "token"}}
}

func expiring(t v1alpha1.Token, after time.Duration) v1alpha1.Token {
	at := metav1.NewTime(start.Add(after))
	t.ExpirationTime = &at
	return t
}

func syncOf(tokens ...v1alpha1.Token) *v1alpha1.IdentityProviderSync {
	return &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: "idp", Name: "entra"},
		Spec:       v1alpha1.IdentityProviderSyncSpec{Tokens: tokens},
	}
}

func TestVerify(t *testing.T) {
	other := strings.Repeat("z", 40)
	tests := map[string]struct {
		secrets   map[string]string
		tokens    []v1alpha1.Token
		presented string
		want      string
		wantErr   error
	}{
		"the one token":                       {map[string]string{"a": good}, []v1alpha1.Token{ref("a")}, good, "a", nil},
		"the second of two":                   {map[string]string{"a": good, "b": other}, []v1alpha1.Token{ref("a"), ref("b")}, other, "b", nil},
		"a Secret made with echo":             {map[string]string{"a": good + "\r\n"}, []v1alpha1.Token{ref("a")}, good, "a", nil},
		"another token":                       {map[string]string{"a": good}, []v1alpha1.Token{ref("a")}, other, "", ErrRefused},
		"an empty token":                      {map[string]string{"a": ""}, []v1alpha1.Token{ref("a")}, "", "", ErrRefused},
		"a token of 31 bytes":                 {map[string]string{"a": good[:31]}, []v1alpha1.Token{ref("a")}, good[:31], "", ErrRefused},
		"31 bytes and a newline":              {map[string]string{"a": good[:31] + "\n"}, []v1alpha1.Token{ref("a")}, good[:31] + "\n", "", ErrRefused},
		"no Secret":                           {nil, []v1alpha1.Token{ref("a")}, good, "", ErrRefused},
		"no such key":                         {map[string]string{"a": good}, []v1alpha1.Token{{Name: "a", SecretRef: v1alpha1.SecretKeyReference{Name: "a", Key: "other"}}}, good, "", ErrRefused},
		"no tokens":                           {map[string]string{"a": good}, nil, good, "", ErrRefused},
		"expired":                             {map[string]string{"a": good}, []v1alpha1.Token{expiring(ref("a"), 0)}, good, "", ErrRefused},
		"not yet expired":                     {map[string]string{"a": good}, []v1alpha1.Token{expiring(ref("a"), time.Nanosecond)}, good, "a", nil},
		"expired under one name, not another": {map[string]string{"a": good, "b": good}, []v1alpha1.Token{expiring(ref("a"), 0), ref("b")}, good, "b", nil},
		"valid under one name, then expired":  {map[string]string{"a": good, "b": good}, []v1alpha1.Token{ref("a"), expiring(ref("b"), 0)}, good, "a", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, v := newCluster(test.secrets)
			got, err := v.Verify(t.Context(), syncOf(test.tokens...), test.presented)
			if got != test.want || !errors.Is(err, test.wantErr) {
				t.Errorf("got %q, %v; want %q, %v", got, err, test.want, test.wantErr)
			}
		})
	}
}

func TestChecks(t *testing.T) {
	_, v := newCluster(map[string]string{"good": good, "short": "x"})
	s := syncOf(ref("good"), ref("short"), ref("none"), expiring(ref("good"), -time.Second),
		v1alpha1.Token{Name: "key", SecretRef: v1alpha1.SecretKeyReference{Name: "good", Key: "other"}})
	got, err := v.Check(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := []Check{
		{Name: "good", State: v1alpha1.TokenValid, Secret: true},
		{Name: "short", State: v1alpha1.TokenTooShort, Secret: true},
		{Name: "none", State: v1alpha1.TokenMissing},
		{Name: "good", State: v1alpha1.TokenExpired, Secret: true},
		{Name: "key", State: v1alpha1.TokenMissing, Secret: true},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("token %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestGenerate(t *testing.T) {
	a, b := Generate(), Generate()
	if len(a) != 43 || a == b {
		t.Errorf("got %q and %q, want two different tokens of 43 characters", a, b)
	}
}
