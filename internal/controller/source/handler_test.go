package source

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// delays is a queue that notes when something is to be looked at.
type delays struct {
	workqueue.TypedRateLimitingInterface[reconcile.Request]
	in []time.Duration
}

func (d *delays) AddAfter(_ reconcile.Request, in time.Duration) { d.in = append(d.in, in) }

func TestOnStatusChange(t *testing.T) {
	given := v1alpha1.GroupNetworkPolicyStatus{
		MembersApplied: 1,
		Conditions:     []metav1.Condition{{Type: "Ready", Status: "False", Reason: "RefusedByAPIServer", Message: "one was refused"}},
		Problems:       []string{"RefusedByAPIServer: one was refused"},
	}
	for name, test := range map[string]struct {
		change func(*v1alpha1.GroupNetworkPolicyStatus)
		want   time.Duration // 0: not at all
	}{
		"nothing":          {func(*v1alpha1.GroupNetworkPolicyStatus) {}, 0},
		"a count":          {func(s *v1alpha1.GroupNetworkPolicyStatus) { s.MembersApplied = 0 }, statusSettleTime},
		"a reason":         {func(s *v1alpha1.GroupNetworkPolicyStatus) { s.Conditions[0].Reason = "SyncNotFound" }, statusSettleTime},
		"another problem":  {func(s *v1alpha1.GroupNetworkPolicyStatus) { s.Problems[0] = "SyncNotFound: one" }, statusSettleTime},
		"one problem less": {func(s *v1alpha1.GroupNetworkPolicyStatus) { s.Problems = nil }, statusSettleTime},
		// Who retries a refused write is told of another object each time.
		"only words": {func(s *v1alpha1.GroupNetworkPolicyStatus) {
			s.Conditions[0].Message, s.Problems[0] = "another was refused", "RefusedByAPIServer: another was refused"
		}, wordsSettleTime},
	} {
		t.Run(name, func(t *testing.T) {
			before := &v1alpha1.GroupNetworkPolicy{Status: given}
			after := before.DeepCopy()
			test.change(&after.Status)
			q := &delays{}
			OnStatusChange(func(p *v1alpha1.GroupNetworkPolicy) Status {
				s := p.Status.DeepCopy()
				return Status{s, s.Conditions, s.Problems}
			}).Update(t.Context(), event.UpdateEvent{ObjectOld: before, ObjectNew: after}, q)
			if len(q.in) > 1 || len(q.in) == 1 && q.in[0] != test.want || len(q.in) == 0 && test.want != 0 {
				t.Errorf("looked at in %v, want %v", q.in, test.want)
			}
		})
	}
}
