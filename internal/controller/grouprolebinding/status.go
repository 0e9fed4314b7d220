package grouprolebinding

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Reasons of the Ready condition when nothing, or little, is wrong. Otherwise
// its reason is that of the first problem.
const (
	reasonBound       = "Bound"
	reasonPartlyBound = "PartlyBound"
)

// report writes the status and events, both only when something changed.
func (c *Controller) report(ctx context.Context, binding *v1alpha1.GroupRoleBinding, result *projection.Result, applied []rbacv1.RoleBinding) error {
	after := binding.DeepCopy()
	after.Status = status(binding, result, applied)
	if apiequality.Semantic.DeepEqual(binding.Status, after.Status) {
		return nil
	}
	if err := c.client.Status().Patch(ctx, after, client.MergeFrom(binding)); err != nil {
		return client.IgnoreNotFound(err)
	}
	c.announce(binding, after, result.Problems)
	return nil
}

// status is what a result and the objects that exist come to.
func status(binding *v1alpha1.GroupRoleBinding, result *projection.Result, applied []rbacv1.RoleBinding) v1alpha1.GroupRoleBindingStatus {
	s := *binding.Status.DeepCopy()
	s.ObservedGeneration = binding.Generation
	s.MembersDesired = result.MembersDesired
	s.Objects, s.Problems = nil, nil
	var subjects []rbacv1.Subject
	for i := range applied {
		s.Objects = append(s.Objects, applied[i].Name)
		if applied[i].RoleRef.Kind == binding.Spec.RoleRef.Kind && applied[i].RoleRef.Name == binding.Spec.RoleRef.Name {
			subjects = append(subjects, applied[i].Subjects...)
		}
	}
	s.MembersApplied = result.MembersApplied(subjects)
	for _, problem := range result.Problems {
		s.Problems = append(s.Problems, problem.String())
	}
	setConditions(&s, result.Problems)
	return s
}

// setConditions follows kstatus: Ready always has a status; Reconciling and
// Stalled are there only when they are true.
func setConditions(s *v1alpha1.GroupRoleBindingStatus, problems []projection.Problem) {
	set := func(kind string, status metav1.ConditionStatus, reason, message string) {
		meta.SetStatusCondition(&s.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason,
			Message: message, ObservedGeneration: s.ObservedGeneration})
	}
	serious := slices.DeleteFunc(slices.Clone(problems), projection.Problem.Partial)
	if len(serious) == 0 {
		meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionReconciling)
		meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionStalled)
		reason, message := reasonBound, fmt.Sprintf("%d members are bound", s.MembersApplied)
		if len(problems) > 0 {
			reason, message = reasonPartlyBound, fmt.Sprintf("%d of %d members are bound: %s", s.MembersApplied, s.MembersDesired, problems[0].Message)
		}
		set(v1alpha1.ConditionReady, metav1.ConditionTrue, reason, message)
		return
	}
	first := serious[0]
	message := first.Message
	if len(problems) > 1 {
		message = fmt.Sprintf("%s (and %d more in status.problems)", message, len(problems)-1)
	}
	set(v1alpha1.ConditionReady, metav1.ConditionFalse, string(first.Reason), message)
	kind, other := v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled
	if slices.ContainsFunc(serious, func(p projection.Problem) bool { return !p.Waiting() }) {
		kind, other = other, kind
	}
	meta.RemoveStatusCondition(&s.Conditions, other)
	set(kind, metav1.ConditionTrue, string(first.Reason), first.Message)
}

// announce tells of problems that are new in kind, and of becoming Ready; not
// of each member that comes or goes.
func (c *Controller) announce(before, after *v1alpha1.GroupRoleBinding, problems []projection.Problem) {
	had := map[string]bool{}
	for _, line := range before.Status.Problems {
		reason, _, _ := strings.Cut(line, ": ")
		had[reason] = true
	}
	for _, problem := range problems {
		if reason := string(problem.Reason); !had[reason] {
			had[reason] = true
			c.recorder.Eventf(after, nil, corev1.EventTypeWarning, reason, "Project", "%s", problem.Message)
		}
	}
	ready := func(b *v1alpha1.GroupRoleBinding) bool {
		return meta.IsStatusConditionTrue(b.Status.Conditions, v1alpha1.ConditionReady)
	}
	if ready(after) && !ready(before) {
		c.recorder.Eventf(after, nil, corev1.EventTypeNormal, reasonBound, "Project", "%d members are bound to %s %q",
			after.Status.MembersApplied, after.Spec.RoleRef.Kind, after.Spec.RoleRef.Name)
	}
}
