package rolebinding

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Reasons of the conditions when nothing, or little, is wrong. Otherwise the
// reason is that of the first problem.
const (
	reasonBound       = "Bound"
	reasonPartlyBound = "PartlyBound"
	reasonWriteBudget = "WriteBudget" // additions wait for the write budget
	reasonWriting     = "Writing"     // objects are being written
)

// routine are the reasons of Ready between which a binding goes while members
// come and go: no news.
var routine = []string{reasonBound, reasonWriting}

// setConditions follows kstatus: Ready always has a status; Reconciling and
// Stalled are there only when they are true.
func (s *scope) setConditions(status *v1alpha1.GroupBindingStatus, problems []projection.Problem) {
	set := func(kind string, value metav1.ConditionStatus, reason, message string) {
		meta.SetStatusCondition(&status.Conditions, metav1.Condition{Type: kind, Status: value, Reason: reason,
			Message: message, ObservedGeneration: status.ObservedGeneration})
	}
	bound := fmt.Sprintf("%d of %d members are bound", status.MembersApplied, status.MembersDesired)
	progress := s.progress()
	serious := slices.DeleteFunc(slices.Clone(problems), projection.Problem.Partial)
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionReconciling)
	switch {
	case len(serious) > 0:
		first := serious[0]
		message := first.Message
		if len(problems) > 1 {
			message = fmt.Sprintf("%s (and %d more in status.problems)", message, len(problems)-1)
		}
		set(v1alpha1.ConditionReady, metav1.ConditionFalse, string(first.Reason), message)
		stalled := slices.IndexFunc(serious, func(p projection.Problem) bool { return !p.Waiting() })
		if stalled >= 0 {
			set(v1alpha1.ConditionStalled, metav1.ConditionTrue, string(serious[stalled].Reason), serious[stalled].Message)
			return
		}
		set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, string(first.Reason), first.Message)
	case s.unfinished, s.pending:
		set(v1alpha1.ConditionReady, metav1.ConditionFalse, reasonWriting, bound+"; "+progress)
		set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, reasonWriting, progress)
	case len(s.waiting) > 0:
		set(v1alpha1.ConditionReady, metav1.ConditionTrue, reasonBound, bound)
		set(v1alpha1.ConditionReconciling, metav1.ConditionTrue, reasonWriteBudget, progress)
	case len(problems) > 0:
		set(v1alpha1.ConditionReady, metav1.ConditionTrue, reasonPartlyBound, bound+": "+problems[0].Message)
	default:
		set(v1alpha1.ConditionReady, metav1.ConditionTrue, reasonBound, fmt.Sprintf("%d members are bound", status.MembersApplied))
	}
	meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionStalled)
}

// progress says what is still to be written.
func (s *scope) progress() string {
	if s.unfinished || s.pending {
		return fmt.Sprintf("%d objects exist, more are being written", len(s.exists))
	}
	additions := 0
	for _, n := range s.waiting {
		additions += n
	}
	return fmt.Sprintf("%d additions to %d objects wait for the write budget", additions, len(s.waiting))
}

// isNews tells whether a status has something that people or tools wait for:
// another spec is observed, a problem came or all went, or what keeps the
// binding from being Ready is another.
func isNews(before, after *v1alpha1.GroupBindingStatus) bool {
	if before.ObservedGeneration != after.ObservedGeneration || !slices.Equal(before.Roles, after.Roles) {
		return true
	}
	was, is := readyReason(before), readyReason(after)
	if was != is && (!slices.Contains(routine, was) || !slices.Contains(routine, is)) {
		return true
	}
	had := projection.ReasonsOf(before.Problems)
	for reason := range projection.ReasonsOf(after.Problems) {
		if !had[reason] {
			return true
		}
	}
	return false
}

func readyReason(s *v1alpha1.GroupBindingStatus) string {
	if ready := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReady); ready != nil {
		return ready.Reason
	}
	return ""
}
