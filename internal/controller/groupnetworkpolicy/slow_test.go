package groupnetworkpolicy_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/webhook"
	"github.com/rollcall-scim/rollcall/test/world"
)

// within waits for something that may take its time on a busy machine.
func (s shop) within(d time.Duration, what string, is func() bool) time.Duration {
	s.Helper()
	begin := time.Now()
	for !is() {
		if time.Since(begin) > d {
			s.Fatalf("%s: not within %s", what, d)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begin)
}

// While each write in one namespace hangs, of more policies than there are
// workers, who leaves is let through no more elsewhere.
func TestANamespaceThatHangsHoldsUpNoOther(t *testing.T) {
	s := newShop(t, nil)
	ann, bob := s.User("ann"), s.User("bob")
	devs := s.Group("Devs", ann.Spec.ID, bob.Spec.ID)
	p := s.letIn(byPod)
	slow := world.CreateNamespace(t, "slow-", nil)
	for i := range 8 {
		s.Create(&v1alpha1.GroupNetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: slow, Name: fmt.Sprintf("db-%d", i)}, Spec: p.Spec})
	}
	inSlow := shop{s.Company, slow}
	s.within(20*time.Second, "all policies are written", func() bool { return len(inSlow.objects()) == 8 && len(s.pods()) == 2 })
	hook := webhook.Start(t, world.Admin, slow, []string{"networkpolicies", "groupnetworkpolicies/status"}, webhook.Hangs)
	s.within(20*time.Second, "the webhook is asked", func() bool {
		s.SetMembers(devs, bob.Spec.ID)
		s.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
		return hook.Calls.Load() > 0
	})
	s.SetMembers(devs, bob.Spec.ID)
	took := s.within(10*time.Second, "ann is let through no more", func() bool { return len(s.pods()) == 1 })
	t.Logf("while a webhook hangs in another namespace, a member who leaves is let through for %s", took)
	hook.Remove()
	s.within(60*time.Second, "the namespace catches up", func() bool { return len(inSlow.pods()) == 1 })
}

// A removal that was refused for long is tried again within a second.
func TestRemovalsAreRetriedSoon(t *testing.T) {
	s := newShop(t, nil)
	ann, bob := s.User("ann"), s.User("bob")
	devs := s.Group("Devs", ann.Spec.ID, bob.Spec.ID)
	p := s.letIn(byPod)
	s.wantPods("ann", "bob")
	var admits atomic.Bool
	hook := webhook.Start(t, world.Admin, s.namespace, []string{"networkpolicies"}, func(context.Context) bool { return admits.Load() })
	s.within(20*time.Second, "the removal is refused", func() bool {
		s.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
		s.SetMembers(devs, bob.Spec.ID)
		return hook.Calls.Load() > 0
	})
	s.wantCondition(p, v1alpha1.ConditionReady, "False RefusedByAPIServer")
	time.Sleep(8 * time.Second) // a backoff that grows would be longer than a second by now
	admits.Store(true)
	took := s.within(10*time.Second, "ann is let through no more", func() bool { return len(s.pods()) == 1 })
	t.Logf("8 s after it was refused first, a removal is made %s after it may be", took)
	if took > 3*time.Second {
		t.Errorf("it took %s, want a try each second", took)
	}
}
