// Package overview says how syncs and bindings are doing, and what to do about
// what is not fine. It is a function of the objects.
package overview

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/guide"
	"github.com/rollcall-scim/rollcall/internal/plugin/tokens"
)

// Overview is all that is shown.
type Overview struct {
	Syncs []Sync `json:"syncs"`
	// Bindings are those that have problems.
	Bindings []Binding `json:"bindings"`
	// Notes say what could not be looked at.
	Notes []string `json:"notes,omitempty"`
}

// Sync is one sync.
type Sync struct {
	Name        string                `json:"name"` // namespace/name
	Provider    v1alpha1.Provider     `json:"provider"`
	State       v1alpha1.SyncState    `json:"state"`
	Ready       bool                  `json:"ready"`
	Reason      string                `json:"reason,omitempty"`
	Endpoint    string                `json:"endpoint,omitempty"`
	Users       *v1alpha1.UserCounts  `json:"users,omitempty"`
	Groups      *v1alpha1.GroupCounts `json:"groups,omitempty"`
	LastRequest *metav1.Time          `json:"lastRequestTime,omitempty"`
	LastChange  *metav1.Time          `json:"lastChangeTime,omitempty"`
	Tokens      []tokens.Token        `json:"tokens"`
	Held        *Held                 `json:"heldRemovals,omitempty"`
	// Problems are what is wrong, and what to do.
	Problems []Problem `json:"problems"`
}

// Held are removals that wait for a confirmation.
type Held struct {
	Subjects int64       `json:"subjects"`
	Since    metav1.Time `json:"since"`
	Until    metav1.Time `json:"until"`
	Confirm  string      `json:"confirm"` // the command
}

// Problem is one thing that is not fine.
type Problem struct {
	// Severity is error (something does not work) or warning.
	Severity string `json:"severity"`
	Reason   string `json:"reason"`
	Message  string `json:"message"`
}

// The severities.
const (
	Error   = "error"
	Warning = "warning"
)

// silence is after how long without a request Entra ID must have missed three cycles.
const silence = 2*time.Hour + 10*time.Minute

// Of looks at one sync.
func Of(sync *v1alpha1.IdentityProviderSync, now time.Time) Sync {
	s := Sync{
		Name: cluster.Name(sync), Provider: sync.Spec.Provider, State: sync.Spec.State, Endpoint: sync.Status.Endpoint,
		Users: sync.Status.Users, Groups: sync.Status.Groups, Tokens: tokens.List(sync),
		LastRequest: sync.Status.LastRequestTime, LastChange: sync.Status.LastChangeTime, Problems: []Problem{},
	}
	s.conditions(sync, now)
	s.held(sync)
	s.tokenProblems(now)
	s.traffic(sync, now)
	return s
}

func (s *Sync) problem(severity, reason, format string, args ...any) {
	s.Problems = append(s.Problems, Problem{severity, reason, fmt.Sprintf(format, args...)})
}

// unseen is how long the operator may take to look at a change.
const unseen = 30 * time.Second

func (s *Sync) conditions(sync *v1alpha1.IdentityProviderSync, now time.Time) {
	ready := meta.FindStatusCondition(sync.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil {
		if now.Sub(sync.CreationTimestamp.Time) > unseen {
			s.problem(Error, "NotSeen", "no operator has looked at this sync yet: is Rollcall running? kubectl get pods -A -l app.kubernetes.io/name=rollcall")
		}
		return
	}
	s.Ready, s.Reason = ready.Status == metav1.ConditionTrue, ready.Reason
	switch {
	case !s.Ready && ready.Reason == "Paused":
		s.problem(Warning, ready.Reason, "requests are answered 503 and nothing changes; to go on: kubectl patch -n %s idps/%s --type merge -p '{\"spec\":{\"state\":\"Active\"}}'",
			sync.Namespace, sync.Name)
	case !s.Ready:
		s.problem(Error, ready.Reason, "%s", ready.Message)
	case ready.Reason != "Serving" || ready.Message != servingMessage:
		s.problem(Warning, ready.Reason, "%s", ready.Message)
	}
	if c := meta.FindStatusCondition(sync.Status.Conditions, v1alpha1.ConditionMappingsValid); c != nil && c.Status != metav1.ConditionTrue {
		s.problem(Warning, c.Reason, "%s", c.Message)
	}
	if sync.Status.LabelNamespaces != nil {
		for _, line := range sync.Status.LabelNamespaces.Problems {
			s.problem(Warning, "LabelNamespaces", "%s", line)
		}
	}
}

// servingMessage is what Ready says when there is nothing to say.
const servingMessage = "the endpoint answers"

func (s *Sync) held(sync *v1alpha1.IdentityProviderSync) {
	guard := sync.Status.RemovalGuard
	if guard == nil {
		return
	}
	s.Held = &Held{
		Subjects: guard.Subjects, Since: guard.Since, Until: guard.Until,
		Confirm: fmt.Sprintf("kubectl annotate --overwrite -n %s idps/%s %s=%s", sync.Namespace, sync.Name, v1alpha1.AnnotationConfirmRemovals, guard.ID),
	}
	s.problem(Warning, v1alpha1.ConditionRemovalsHeld, "%d subjects would lose access at once and keep it until %s. If that is right: %s. If not, mend the groups or filters",
		guard.Subjects, guard.Until.UTC().Format(time.RFC3339), s.Held.Confirm)
}

func (s *Sync) tokenProblems(now time.Time) {
	for i := range s.Tokens {
		t := &s.Tokens[i]
		if t.State == v1alpha1.TokenValid && t.ExpiresSoon(now) {
			s.problem(Warning, "TokenExpiresSoon", "token %q expires in %s, and is then refused: kubectl rollcall tokens rotate %s",
				t.Name, duration.HumanDuration(t.Expires.Sub(now)), s.Name)
		}
	}
}

func (s *Sync) traffic(sync *v1alpha1.IdentityProviderSync, now time.Time) {
	switch {
	case !s.Ready:
	case sync.Status.LastRequestTime == nil:
		s.problem(Warning, "NoRequests", "the identity provider has not been heard of (a first request shows within 10 seconds): kubectl rollcall connect %s %s -n %s shows the steps",
			guide.Argument(sync.Spec.Provider), sync.Name, sync.Namespace)
	case sync.Spec.Provider == v1alpha1.ProviderEntraID && now.Sub(sync.Status.LastRequestTime.Time) > silence:
		s.problem(Warning, "Silent", "Entra ID comes every 40 minutes and was last heard of %s ago: look at Provisioning in its application, it may be stopped or in quarantine",
			duration.HumanDuration(now.Sub(sync.Status.LastRequestTime.Time)))
	}
	if sync.Status.Groups != nil && sync.Status.Groups.UnknownMembers > 0 {
		s.problem(Warning, "UnknownMembers", "%d memberships name users or groups that do not exist in this sync and give nobody access: assign these people at the identity provider too (kubectl rollcall members GROUP shows which)",
			sync.Status.Groups.UnknownMembers)
	}
}
