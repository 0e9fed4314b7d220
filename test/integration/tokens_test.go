package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// wantReady waits until the Ready condition has a reason and says something.
func (f fixture) wantReady(t *testing.T, status metav1.ConditionStatus, reason, says string) {
	t.Helper()
	f.wantStatus(t, "Ready is "+reason, func(s *v1alpha1.IdentityProviderSyncStatus) bool {
		ready := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReady)
		return ready != nil && ready.Status == status && ready.Reason == reason && strings.Contains(ready.Message, says)
	})
}

// wantEvent waits until an event about the sync has been sent.
func (f fixture) wantEvent(t *testing.T, reason, says string) {
	t.Helper()
	within(t, "an event "+reason, func() string {
		var list corev1.EventList
		if err := kube.List(t.Context(), &list, client.InNamespace(f.namespace)); err != nil {
			return err.Error()
		}
		var seen []string
		for _, e := range list.Items {
			if e.Reason == reason && strings.Contains(e.Message, says) && e.InvolvedObject.Kind == "IdentityProviderSync" {
				return ""
			}
			seen = append(seen, e.Reason+": "+e.Message)
		}
		return fmt.Sprintf("there are %q", seen)
	})
}

func TestTokenStates(t *testing.T) {
	t.Parallel()
	long := token.Generate()
	past, future := metav1.NewTime(time.Now().Add(-time.Hour)), metav1.NewTime(time.Now().Add(time.Hour))
	refTo := func(name string) v1alpha1.Token {
		return v1alpha1.Token{Name: "one", SecretRef: v1alpha1.SecretKeyReference{Name: name}}
	}
	expiring := func(at metav1.Time) v1alpha1.Token {
		t := refTo("good")
		t.ExpirationTime = &at
		return t
	}
	tests := map[string]struct {
		tokens     []v1alpha1.Token
		presented  string
		want       int
		wantState  v1alpha1.TokenState
		wantReason string
		says       string
	}{
		"valid":              {[]v1alpha1.Token{refTo("good")}, long, 200, v1alpha1.TokenValid, "Serving", ""},
		"not yet expired":    {[]v1alpha1.Token{expiring(future)}, long, 200, v1alpha1.TokenValid, "Serving", ""},
		"wrong":              {[]v1alpha1.Token{refTo("good")}, long + "x", 401, v1alpha1.TokenValid, "Serving", ""},
		"expired":            {[]v1alpha1.Token{expiring(past)}, long, 401, v1alpha1.TokenExpired, "TokenExpired", "add a new token"},
		"too short":          {[]v1alpha1.Token{refTo("short")}, long[:31], 401, v1alpha1.TokenTooShort, "TokenTooShort", "less than 32 bytes"},
		"no Secret":          {[]v1alpha1.Token{refTo("none")}, long, 401, v1alpha1.TokenMissing, "TokenMissing", `there is no Secret "none"`},
		"no tokens":          {nil, long, 401, "", "NoTokens", "generate: true"},
		"no token presented": {[]v1alpha1.Token{refTo("good")}, "", 401, v1alpha1.TokenValid, "Serving", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fixture{namespace: namespace(t), bearer: test.presented}
			create(t, secret(f.namespace, "good", long+"\n"))
			create(t, secret(f.namespace, "short", long[:31]))
			create(t, &v1alpha1.IdentityProviderSync{
				ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "idp"},
				Spec:       v1alpha1.IdentityProviderSyncSpec{Tokens: test.tokens},
			})
			ready := metav1.ConditionFalse
			if test.wantReason == "Serving" {
				ready = metav1.ConditionTrue
			}
			f.wantReady(t, ready, test.wantReason, test.says)
			if ready == metav1.ConditionFalse {
				f.wantEvent(t, test.wantReason, test.says)
			}
			f.wantStatus(t, "the token's state", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
				return test.wantState == "" && len(s.Tokens) == 0 || len(s.Tokens) == 1 && s.Tokens[0].State == test.wantState
			})
			for i := range replicas {
				got := f.on(i).want(t, test.want, "GET", "/Users", "")
				if test.want == 401 && (!strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer") || got.resource(t).StatusText != "401") {
					t.Errorf("a 401 without WWW-Authenticate or a SCIM error: %v %s", got.Header, got.Body)
				}
			}
		})
	}
}

func TestATokenIsRotatedWithoutARestart(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	next := token.Generate()
	idp, s := f.key("idp"), &v1alpha1.IdentityProviderSync{}

	// Another token beside the first: both are accepted.
	create(t, secret(f.namespace, "scim-2", next))
	update(t, idp, s, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.Tokens = append(s.Spec.Tokens, v1alpha1.Token{Name: "two", SecretRef: v1alpha1.SecretKeyReference{Name: "scim-2"}})
	})
	for i := range replicas {
		within(t, "the new token is accepted", statusOf(t, f.on(i).with(next), 200))
		f.on(i).want(t, 200, "GET", "/Users", "")
	}
	f.wantStatus(t, "both tokens were used", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
		return len(s.Tokens) == 2 && s.Tokens[0].LastUsedTime != nil && s.Tokens[1].LastUsedTime != nil
	})
	// The first is taken out: refused as soon as the replicas know.
	update(t, idp, s, func(s *v1alpha1.IdentityProviderSync) { s.Spec.Tokens = s.Spec.Tokens[1:] })
	for i := range replicas {
		within(t, "the old token is refused", statusOf(t, f.on(i), 401))
		f.on(i).with(next).want(t, 200, "GET", "/Users", "")
	}
	// The value in the Secret changes: the old one is refused within 10 s.
	third := token.Generate()
	changed := time.Now()
	update(t, f.key("scim-2"), &corev1.Secret{}, func(s *corev1.Secret) { s.Data["token"] = []byte(third) })
	for i := range replicas {
		within(t, "the changed token is accepted", statusOf(t, f.on(i).with(third), 200))
		within(t, "the token before is refused", statusOf(t, f.on(i).with(next), 401))
	}
	if took := time.Since(changed); took > token.MaxAge+time.Second {
		t.Errorf("it took %s, want at most %s", took, token.MaxAge)
	}
}

// statusOf complains while a read gets another status.
func statusOf(t *testing.T, c scimClient, want int) func() string {
	return func() string {
		if got := c.do(t, "GET", "/Users", ""); got.Status != want {
			return fmt.Sprintf("%d %s", got.Status, got.Body)
		}
		return ""
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	f := fixture{namespace: namespace(t)}
	create(t, secret(f.namespace, "half", token.Generate()))
	create(t, &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "idp"},
		Spec: v1alpha1.IdentityProviderSyncSpec{Tokens: []v1alpha1.Token{
			{Name: "a", Generate: true, SecretRef: v1alpha1.SecretKeyReference{Name: "made"}},
			{Name: "b", Generate: true, SecretRef: v1alpha1.SecretKeyReference{Name: "made", Key: "second"}},
			{Name: "c", Generate: true, SecretRef: v1alpha1.SecretKeyReference{Name: "half", Key: "second"}},
		}},
	})
	f.wantReady(t, metav1.ConditionTrue, "Serving", `Secret "half" exists without key "second", and is left alone`)

	made := &corev1.Secret{}
	if err := kube.Get(t.Context(), f.key("made"), made); err != nil {
		t.Fatal(err)
	}
	first, second := string(made.Data["token"]), string(made.Data["second"])
	if made.Type != corev1.SecretTypeOpaque || made.Labels[v1alpha1.LabelSync] != "idp" || len(made.OwnerReferences) != 0 || len(first) != 43 || first == second {
		t.Errorf("the Secret is %s, labels %v, owners %v, tokens of %d and %d characters", made.Type, made.Labels, made.OwnerReferences, len(first), len(second))
	}
	for i := range replicas {
		for _, bearer := range []string{first, second} {
			within(t, "a generated token is accepted", statusOf(t, f.on(i).with(bearer), 200))
		}
	}
	// A sync deleted by mistake and applied again has the same token.
	s := &v1alpha1.IdentityProviderSync{}
	if err := kube.Get(t.Context(), f.key("idp"), s); err != nil {
		t.Fatal(err)
	}
	if err := kube.Delete(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	within(t, "the sync is gone", func() string {
		if err := kube.Get(t.Context(), f.key("idp"), &v1alpha1.IdentityProviderSync{}); !apierrors.IsNotFound(err) {
			return fmt.Sprint(err)
		}
		return ""
	})
	create(t, &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "idp"}, Spec: s.Spec})
	for i := range replicas {
		within(t, "the token is accepted again", statusOf(t, f.on(i).with(first), 200))
	}
}

func TestAnUnknownSyncAnswersAsAWrongToken(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	known := f.on(0).with("wrong")
	unknown := known
	unknown.base = strings.Replace(known.base, "/idp/", "/nobody/", 1)
	for _, request := range [][2]string{{"GET", "/Users"}, {"POST", "/Users"}, {"DELETE", "/Groups/x"}, {"GET", "/nothing"}, {"GET", "/Schemas"}} {
		a, b := known.do(t, request[0], request[1], ""), unknown.do(t, request[0], request[1], "")
		for _, got := range []answer{a, b} {
			got.Header.Del("Date")
			got.Header.Del("X-Request-Id")
		}
		if diff := cmp.Diff(a, b); a.Status != 401 || diff != "" {
			t.Errorf("%s: the answers differ: %d %s", request, a.Status, diff)
		}
	}
}
