package identityprovidersync

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/mapping"
)

const (
	reasonMappingsUsed   = "Used"
	reasonMappingInvalid = "MappingInvalid"
)

// applyMappings says in a status which mappings cannot be used, and why.
func applyMappings(status *v1alpha1.IdentityProviderSyncStatus, s *v1alpha1.IdentityProviderSync, mappings *mapping.Mappings) {
	total := 0
	if spec := s.Spec.Mappings; spec != nil {
		total = len(spec.Users) + len(spec.Groups)
	}
	if total == 0 {
		meta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionMappingsValid)
		return
	}
	condition := metav1.Condition{
		Type: v1alpha1.ConditionMappingsValid, Status: metav1.ConditionTrue, Reason: reasonMappingsUsed,
		ObservedGeneration: s.Generation, Message: fmt.Sprintf("mappings in use: %d", total),
	}
	if broken := mappings.Problems; len(broken) > 0 {
		problems := make([]string, len(broken))
		for i, p := range broken {
			problems[i] = strings.Join(strings.Fields(p.String()), " ")
		}
		message := fmt.Sprintf("%d of %d mappings cannot be used; what they have set stays, and the others go on: %s", len(broken), total, strings.Join(problems, "; "))
		if len(message) > maxMessage {
			message = strings.ToValidUTF8(message[:maxMessage-3], "") + "..."
		}
		condition.Status, condition.Reason, condition.Message = metav1.ConditionFalse, reasonMappingInvalid, message
	}
	meta.SetStatusCondition(&status.Conditions, condition)
}

// mappingNotice tells when mappings cannot be used, and when they can again.
func mappingNotice(before, after *v1alpha1.IdentityProviderSync) (notice, bool) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionMappingsValid)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionMappingsValid)
	switch {
	case is != nil && is.Status == metav1.ConditionFalse && (was == nil || was.Message != is.Message):
		return notice{corev1.EventTypeWarning, is.Reason, is.Message}, true
	case is != nil && is.Status == metav1.ConditionTrue && was != nil && was.Status == metav1.ConditionFalse:
		return notice{corev1.EventTypeNormal, "MappingsUsed", is.Message}, true
	}
	return notice{}, false
}
