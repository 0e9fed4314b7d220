package identityprovidersync

import (
	"errors"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/server"
	"github.com/rollcall-scim/rollcall/internal/token"
)

var forbidden = apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "s1", errors.New("no"))

func tokenNamed(name string) v1alpha1.Token {
	return v1alpha1.Token{Name: name, SecretRef: v1alpha1.SecretKeyReference{Name: "s" + name, Key: "token"}}
}

func TestVerdict(t *testing.T) {
	expired := tokenNamed("1")
	expired.ExpirationTime = &metav1.Time{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	generated := tokenNamed("1")
	generated.Generate = true

	tests := map[string]struct {
		tokens   []v1alpha1.Token
		state    v1alpha1.SyncState
		findings findings
		want     verdict // but for the message
		says     string
	}{
		"all is well": {
			tokens:   []v1alpha1.Token{tokenNamed("1")},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenValid, Secret: true}}},
			want:     verdict{ready: true, reason: ReasonServing}, says: servingMessage,
		},
		"a broken expression": {
			tokens:   []v1alpha1.Token{tokenNamed("1")},
			findings: findings{username: errors.New("undeclared reference to 'usr'"), tokens: []token.Check{{State: v1alpha1.TokenValid, Secret: true}}},
			want:     verdict{stalled: true, reason: ReasonUsernameExpressionInvalid}, says: "undeclared reference to 'usr'",
		},
		"an admission policy is missing": {
			tokens:   []v1alpha1.Token{tokenNamed("1")},
			findings: findings{missing: "a policy is missing", tokens: []token.Check{{State: v1alpha1.TokenValid, Secret: true}}},
			want:     verdict{stalled: true, reason: "AdmissionPolicyMissing"}, says: "given to nobody: a policy is missing",
		},
		"no tokens": {
			want: verdict{stalled: true, reason: ReasonNoTokens}, says: "generate: true",
		},
		"no Secret": {
			tokens:   []v1alpha1.Token{tokenNamed("1")},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenMissing}}},
			want:     verdict{stalled: true, reason: ReasonTokenMissing}, says: `there is no Secret "s1"`,
		},
		"no key": {
			tokens:   []v1alpha1.Token{tokenNamed("1")},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenMissing, Secret: true}}},
			want:     verdict{stalled: true, reason: ReasonTokenMissing}, says: `Secret "s1" has no key "token"`,
		},
		"no key to generate into": {
			tokens:   []v1alpha1.Token{generated},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenMissing, Secret: true}}},
			want:     verdict{stalled: true, reason: ReasonTokenMissing}, says: "is left alone",
		},
		"a Secret that cannot be made": {
			tokens:   []v1alpha1.Token{generated},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenMissing}}, generate: map[string]error{"s1": errors.New("quota")}},
			want:     verdict{stalled: true, reason: ReasonTokenMissing}, says: "could not be made: quota",
		},
		"expired": {
			tokens:   []v1alpha1.Token{expired},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenExpired, Secret: true}}},
			want:     verdict{stalled: true, reason: ReasonTokenExpired}, says: "2026-01-02T03:04:05Z",
		},
		"too short": {
			tokens:   []v1alpha1.Token{tokenNamed("1")},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenTooShort, Secret: true}}},
			want:     verdict{stalled: true, reason: ReasonTokenTooShort}, says: "less than 32 bytes",
		},
		"a Secret that may not be read": {
			tokens:   []v1alpha1.Token{tokenNamed("1")},
			findings: findings{tokens: []token.Check{{Err: forbidden}}},
			want:     verdict{stalled: true, reason: ReasonSecretUnreadable}, says: "a Role with get and create on secrets",
		},
		"a Secret that cannot be read now": {
			tokens:   []v1alpha1.Token{tokenNamed("1")},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenValid, Secret: true, Err: errors.New("timeout")}}},
			want:     verdict{reconciling: true, reason: ReasonSecretUnreadable}, says: "timeout",
		},
		"one of two tokens": {
			tokens:   []v1alpha1.Token{expired, tokenNamed("2")},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenExpired, Secret: true}, {State: v1alpha1.TokenValid, Secret: true}}},
			want:     verdict{ready: true, reason: ReasonServing}, says: "1 of 2 tokens are accepted: token \"1\" expired",
		},
		"an extension schema that cannot be served": {
			tokens: []v1alpha1.Token{tokenNamed("1")},
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenValid, Secret: true}}, extensions: []extension.Problem{
				{URN: "urn:example:2.0:User", Resource: "User", Err: errors.New("attribute badge is declared twice")}}},
			want: verdict{stalled: true, reason: ReasonExtensionSchemaInvalid}, says: "urn:example:2.0:User for User: attribute badge is declared twice",
		},
		"paused": {
			tokens: []v1alpha1.Token{tokenNamed("1")}, state: v1alpha1.SyncPaused,
			findings: findings{tokens: []token.Check{{State: v1alpha1.TokenValid, Secret: true}}},
			want:     verdict{reason: ReasonPaused}, says: "503",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &v1alpha1.IdentityProviderSync{Spec: v1alpha1.IdentityProviderSyncSpec{Tokens: test.tokens, State: test.state}}
			got := test.findings.verdict(s)
			if !strings.Contains(got.message, test.says) {
				t.Errorf("the message %q does not say %q", got.message, test.says)
			}
			if got.message = ""; got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestConditionsFitTheirBounds(t *testing.T) {
	var status v1alpha1.IdentityProviderSyncStatus
	setConditions(&status, 3, verdict{stalled: true, reason: ReasonTokenMissing, message: strings.Repeat("ä", 2000)})
	want := map[string]metav1.ConditionStatus{"Ready": "False", "Reconciling": "False", "Stalled": "True"}
	for conditionType, holds := range want {
		got := meta.FindStatusCondition(status.Conditions, conditionType)
		if got == nil || got.Status != holds || got.ObservedGeneration != 3 || len(got.Message) > maxMessage || !strings.HasSuffix(got.Message, "ä...") {
			t.Errorf("%s: got %+v", conditionType, got)
		}
	}
}

func TestTheLastUsableExpressionIsKept(t *testing.T) {
	s := &v1alpha1.IdentityProviderSync{}
	for _, step := range []struct {
		expression string
		err        error
		want       string
	}{
		{"user.userName", nil, "user.userName"},
		{"user.", errors.New("syntax error"), "user.userName"},
		{"user.externalId", nil, "user.externalId"},
	} {
		s.Spec.KubernetesUsername = step.expression
		(&findings{username: step.err}).apply(&s.Status, s)
		if got := s.Status.KubernetesUsername; got != step.want {
			t.Errorf("after %q the status has %q, want %q", step.expression, got, step.want)
		}
	}
}

func TestObserveNeverMovesBack(t *testing.T) {
	early, late := time.Date(2026, 1, 1, 0, 0, 1, 5e8, time.UTC), time.Date(2026, 1, 1, 0, 0, 9, 5e8, time.UTC)
	at := func(t time.Time) *metav1.Time { return &metav1.Time{Time: t.Truncate(time.Second)} }
	tests := map[string]struct {
		stored *metav1.Time
		seen   time.Time
		want   *metav1.Time
	}{
		"nothing seen":        {nil, time.Time{}, nil},
		"the first":           {nil, early, at(early)},
		"a later one":         {at(early), late, at(late)},
		"another saw more":    {at(late), early, at(late)},
		"the very same":       {at(late), late, at(late)},
		"nothing seen, again": {at(late), time.Time{}, at(late)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status := v1alpha1.IdentityProviderSyncStatus{
				LastRequestTime: test.stored, LastChangeTime: test.stored,
				Tokens: []v1alpha1.TokenStatus{{Name: "a", LastUsedTime: test.stored}},
			}
			observe(&status, server.Seen{Request: test.seen, Change: test.seen}, map[string]time.Time{"a": test.seen, "gone": test.seen})
			for _, got := range []*metav1.Time{status.LastRequestTime, status.LastChangeTime, status.Tokens[0].LastUsedTime} {
				if !got.Equal(test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
			}
			if len(status.Tokens) != 1 {
				t.Error("a token appeared that the leader does not know")
			}
		})
	}
}

func TestNotices(t *testing.T) {
	status := func(reason, message string, ready metav1.ConditionStatus, generation, usersSynced, unknownMembers int64) *v1alpha1.IdentityProviderSync {
		s := &v1alpha1.IdentityProviderSync{Status: v1alpha1.IdentityProviderSyncStatus{
			ObservedGeneration: generation,
			Users:              &v1alpha1.UserCounts{Total: 9, Synced: usersSynced},
			Groups:             &v1alpha1.GroupCounts{Total: 2, Synced: 2, UnknownMembers: unknownMembers},
			Conditions:         []metav1.Condition{{Type: "Ready", Status: ready, Reason: reason, Message: message}},
		}}
		return s
	}
	serving := status(ReasonServing, servingMessage, "True", 1, 9, 0)
	tests := map[string]struct {
		before, after *v1alpha1.IdentityProviderSync
		want          []string // type and reason
	}{
		"new":                   {&v1alpha1.IdentityProviderSync{}, serving, []string{"Normal Serving"}},
		"nothing changed":       {serving, serving, nil},
		"more users":            {serving, status(ReasonServing, servingMessage, "True", 1, 10, 0), nil},
		"no token left":         {serving, status(ReasonTokenMissing, "m", "False", 1, 9, 0), []string{"Warning TokenMissing"}},
		"one of two left":       {serving, status(ReasonServing, "1 of 2", "True", 1, 9, 0), []string{"Warning Serving"}},
		"back again":            {status(ReasonTokenMissing, "m", "False", 1, 9, 0), serving, []string{"Normal Serving"}},
		"paused":                {serving, status(ReasonPaused, "m", "False", 2, 9, 0), []string{"Normal Paused"}},
		"a broken expression":   {serving, status(ReasonUsernameExpressionInvalid, "m", "False", 2, 9, 0), []string{"Warning UsernameExpressionInvalid"}},
		"unknown members":       {serving, status(ReasonServing, servingMessage, "True", 1, 9, 3), []string{"Warning UnknownMembers"}},
		"more unknown members":  {status(ReasonServing, servingMessage, "True", 1, 9, 3), status(ReasonServing, servingMessage, "True", 1, 9, 4), nil},
		"no unknown members":    {status(ReasonServing, servingMessage, "True", 1, 9, 3), serving, []string{"Normal UnknownMembersResolved"}},
		"another filter":        {serving, status(ReasonServing, servingMessage, "True", 2, 4, 0), []string{"Normal FiltersChanged"}},
		"a filter of no effect": {serving, status(ReasonServing, servingMessage, "True", 2, 9, 0), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, n := range notices(test.before, test.after, unknown{3, "k8s-admins", "u-1"}) {
				got = append(got, n.kind+" "+n.reason)
				if n.reason == "UnknownMembers" && !strings.Contains(n.message, `"u-1" in group "k8s-admins"`) {
					t.Errorf("the event gives no example: %s", n.message)
				}
			}
			if strings.Join(got, ",") != strings.Join(test.want, ",") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
