package identityprovidersync

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestHeldRemovals(t *testing.T) {
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	hold := func(id string) *v1alpha1.RemovalGuardStatus {
		return &v1alpha1.RemovalGuardStatus{ID: id, Subjects: 120, Since: metav1.NewTime(since), Until: metav1.NewTime(since.Add(15 * time.Minute))}
	}
	for name, test := range map[string]struct {
		before, after *v1alpha1.RemovalGuardStatus
		wantEvent     string // its reason; empty: none
	}{
		"a hold begins":        {nil, hold("a"), "RemovalsHeld"},
		"a hold goes on":       {hold("a"), hold("a"), ""},
		"another hold follows": {hold("a"), hold("b"), "RemovalsHeld"},
		"a hold ends":          {hold("a"), nil, "RemovalsReleased"},
		"nothing is held":      {nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: "idp", Name: "entra"}}
			applyRemovals(&before.Status, before, test.before)
			after := before.DeepCopy()
			applyRemovals(&after.Status, after, test.after)

			condition := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionRemovalsHeld)
			if (condition != nil) != (test.after != nil) {
				t.Fatalf("condition is %+v", condition)
			}
			if condition != nil {
				command := "kubectl annotate --overwrite -n idp idps/entra scim.rollcall.dev/confirm-removals=" + test.after.ID
				for _, want := range []string{"120 subjects", "2026-01-02T03:19:05Z", command} {
					if !strings.Contains(condition.Message, want) {
						t.Errorf("the message %q does not say %q", condition.Message, want)
					}
				}
			}
			if n, _ := removalNotice(before, after); n.reason != test.wantEvent {
				t.Errorf("event %q, want %q", n.reason, test.wantEvent)
			}
		})
	}
}
