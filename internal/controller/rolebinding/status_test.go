package rolebinding_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// A leader whose caches were behind, or one that has ended by now, may write a
// status last.
func TestAStatusOfSomebodyElseIsPutRight(t *testing.T) {
	w := newWorld(t)
	w.group("Devs", w.user("ann").Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantReason(b, "Bound")

	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(b), b); err != nil {
		t.Fatal(err)
	}
	before := b.DeepCopy()
	b.Status.Problems, b.Status.MembersApplied = []string{"SyncNotFound: there is none"}, 0
	meta.SetStatusCondition(&b.Status.Conditions, metav1.Condition{Type: v1alpha1.ConditionReady,
		Status: metav1.ConditionFalse, Reason: "SyncNotFound", ObservedGeneration: b.Generation})
	if err := admin.Status().Patch(t.Context(), b, client.MergeFrom(before)); err != nil {
		t.Fatal(err)
	}
	if got := b.Status.Problems; len(got) != 1 { // as it was stored: it may be right again by now
		t.Fatalf("the status was not written: %q", got)
	}
	w.promptly("problems", []string(nil), func() any {
		status, _ := w.status(b)
		return status.Problems
	})
	w.wantReason(b, "Bound")
	if status, _ := w.status(b); status.MembersApplied != 1 {
		t.Errorf("%d members are applied, want 1", status.MembersApplied)
	}
}
