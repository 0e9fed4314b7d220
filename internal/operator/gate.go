package operator

import (
	"github.com/rollcall-scim/rollcall/internal/admission"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// gate says why nobody may be given access now: nil if all admission policies
// are in force.
func gate(policies *admission.Guard) func() *projection.Problem {
	return func() *projection.Problem {
		missing := policies.Missing()
		if missing == "" {
			return nil
		}
		problem := projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "%s", missing)
		return &problem
	}
}
