package security

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// kube-controller-manager checks the types of every expression against the CRDs.
func TestTypesOfExpressions(t *testing.T) {
	within(t, "the types are checked", func() string {
		var policies admissionv1.ValidatingAdmissionPolicyList
		if err := admin.List(t.Context(), &policies); err != nil {
			return err.Error()
		}
		var wrong []string
		for _, policy := range policies.Items {
			if policy.Status.ObservedGeneration < policy.Generation || policy.Status.TypeChecking == nil {
				return policy.Name + " is not checked yet"
			}
			for _, warning := range policy.Status.TypeChecking.ExpressionWarnings {
				wrong = append(wrong, policy.Name+" "+warning.FieldRef+": "+warning.Warning)
			}
		}
		return strings.Join(wrong, "\n")
	})
}
