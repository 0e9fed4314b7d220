package overview

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

var now = time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)

func ago(d time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(-d)} }

// serving is a sync with nothing wrong.
func serving(change func(*v1alpha1.IdentityProviderSync)) *v1alpha1.IdentityProviderSync {
	s := &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: "identity", Name: "corp", CreationTimestamp: *ago(time.Hour)},
		Spec: v1alpha1.IdentityProviderSyncSpec{Provider: v1alpha1.ProviderEntraID, State: v1alpha1.SyncActive,
			Tokens: []v1alpha1.Token{{Name: "one", SecretRef: v1alpha1.SecretKeyReference{Name: "scim", Key: "token"}}}},
		Status: v1alpha1.IdentityProviderSyncStatus{
			Conditions:      []metav1.Condition{{Type: "Ready", Status: "True", Reason: "Serving", Message: "the endpoint answers"}},
			LastRequestTime: ago(time.Minute),
			Tokens:          []v1alpha1.TokenStatus{{Name: "one", State: v1alpha1.TokenValid}},
		},
	}
	if change != nil {
		change(s)
	}
	return s
}

func TestProblemsSayWhatToDo(t *testing.T) {
	ready := func(status metav1.ConditionStatus, reason, message string) func(*v1alpha1.IdentityProviderSync) {
		return func(s *v1alpha1.IdentityProviderSync) {
			s.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: status, Reason: reason, Message: message}}
		}
	}
	tests := map[string]struct {
		change func(*v1alpha1.IdentityProviderSync)
		want   []Problem
	}{
		"all is well": {nil, []Problem{}},
		"nobody looks at it": {func(s *v1alpha1.IdentityProviderSync) { s.Status = v1alpha1.IdentityProviderSyncStatus{} },
			[]Problem{{Error, "NotSeen", "no operator has looked at this sync yet: is Rollcall running? kubectl get pods -A -l app.kubernetes.io/name=rollcall"}}},
		"it was made a moment ago": {func(s *v1alpha1.IdentityProviderSync) {
			s.Status, s.CreationTimestamp = v1alpha1.IdentityProviderSyncStatus{}, *ago(time.Second)
		}, []Problem{}},
		"it is not served":             {ready("False", "TokenMissing", "token \"one\": there is no Secret"), []Problem{{Error, "TokenMissing", "token \"one\": there is no Secret"}}},
		"it is served, with a warning": {ready("True", "TokenExpired", "token \"old\" expired"), []Problem{{Warning, "TokenExpired", "token \"old\" expired"}}},
		"it is paused": {ready("False", "Paused", "spec.state is Paused"), []Problem{{Warning, "Paused",
			"requests are answered 503 and nothing changes; to go on: kubectl patch -n identity idps/corp --type merge -p '{\"spec\":{\"state\":\"Active\"}}'"}}},
		"never heard of": {func(s *v1alpha1.IdentityProviderSync) { s.Status.LastRequestTime = nil }, []Problem{{Warning, "NoRequests",
			"the identity provider has not been heard of (a first request shows within 10 seconds): kubectl rollcall connect entra corp -n identity shows the steps"}}},
		"Entra ID fell silent": {func(s *v1alpha1.IdentityProviderSync) { s.Status.LastRequestTime = ago(3 * time.Hour) }, []Problem{{Warning, "Silent",
			"Entra ID comes every 40 minutes and was last heard of 3h ago: look at Provisioning in its application, it may be stopped or in quarantine"}}},
		"Okta comes when there is something": {func(s *v1alpha1.IdentityProviderSync) {
			s.Spec.Provider, s.Status.LastRequestTime = v1alpha1.ProviderOkta, ago(300*time.Hour)
		}, []Problem{}},
		"a token expires soon": {func(s *v1alpha1.IdentityProviderSync) { s.Spec.Tokens[0].ExpirationTime = ago(-72 * time.Hour) }, []Problem{{Warning, "TokenExpiresSoon",
			"token \"one\" expires in 3d, and is then refused: kubectl rollcall tokens rotate identity/corp"}}},
		"removals are held": {func(s *v1alpha1.IdentityProviderSync) {
			s.Status.RemovalGuard = &v1alpha1.RemovalGuardStatus{ID: "abc", Subjects: 7, Since: *ago(time.Minute), Until: *ago(-time.Minute)}
		}, []Problem{{Warning, "RemovalsHeld", "7 subjects would lose access at once and keep it until 2026-05-06T07:09:09Z. If that is right: " +
			"kubectl annotate --overwrite -n identity idps/corp scim.rollcall.dev/confirm-removals=abc. If not, mend the groups or filters"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Of(serving(test.change), now).Problems); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestBindingsThatAreFineAreLeftOut(t *testing.T) {
	condition := func(status metav1.ConditionStatus, reason, message string) []metav1.Condition {
		return []metav1.Condition{{Type: "Ready", Status: status, Reason: reason, Message: message}}
	}
	tests := map[string]struct {
		conditions []metav1.Condition
		problems   []string
		want       []string // nil: it is fine
	}{
		"fine":                        {condition("True", "Bound", "3 members are bound"), nil, nil},
		"not seen":                    {nil, nil, []string{"NotSeen: no operator has looked at it yet"}},
		"bound, but for one":          {condition("True", "PartlyBound", "2 of 3"), []string{"UsernameNotUsable: x"}, []string{"UsernameNotUsable: x"}},
		"not Ready, without problems": {condition("False", "Writing", "1 of 3"), nil, []string{"Writing: 1 of 3"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b, bad := look("GroupRoleBinding/a/b", test.conditions, 3, 2, test.problems)
			if bad != (test.want != nil) {
				t.Fatalf("bad: %t", bad)
			}
			if diff := cmp.Diff(test.want, b.Problems); bad && diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
