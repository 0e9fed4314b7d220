package admission

import (
	"fmt"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// maxListed bounds what a message lists: it becomes part of conditions.
const maxListed = 3

// missing says what of the wanted is not in the cluster as it should be, and
// what to do; "" if nothing is.
func missing(wanted []client.Object, have func(client.Object) client.Object) string {
	var faults []string
	for _, want := range wanted {
		if fault := faultOf(want, have(want)); fault != "" {
			faults = append(faults, fmt.Sprintf("%s %s %s", kindOf(want), want.GetName(), fault))
		}
	}
	if len(faults) == 0 {
		return ""
	}
	list := strings.Join(faults[:min(len(faults), maxListed)], ", ")
	if more := len(faults) - maxListed; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return list + ": nobody is given access until config/admission is applied, in the version of the operator;" +
		" look first at what was written meanwhile, since nothing checked its authors"
}

// faultOf compares one object with what the cluster has, nil if nothing.
func faultOf(want, have client.Object) string {
	switch {
	case have == nil:
		return "is missing, or lacks the label " + LabelName + "=" + Name
	case have.GetDeletionTimestamp() != nil:
		return "is being deleted"
	case !sameSpec(want, have):
		return "is not that of this version"
	}
	return ""
}

func sameSpec(want, have client.Object) bool {
	switch want := want.(type) {
	case *admissionv1.ValidatingAdmissionPolicy:
		have, ok := have.(*admissionv1.ValidatingAdmissionPolicy)
		return ok && equality.Semantic.DeepEqual(want.Spec, have.Spec)
	case *admissionv1.ValidatingAdmissionPolicyBinding:
		have, ok := have.(*admissionv1.ValidatingAdmissionPolicyBinding)
		if !ok || !slices.Contains(have.Spec.ValidationActions, admissionv1.Deny) {
			return false
		}
		spec := have.Spec // it may audit as well
		spec.ValidationActions = want.Spec.ValidationActions
		return equality.Semantic.DeepEqual(want.Spec, spec)
	}
	return false
}

func kindOf(o client.Object) string { return o.GetObjectKind().GroupVersionKind().Kind }
