package groupnetworkpolicy_test

import (
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/test/world"
)

func TestBrokenSpec(t *testing.T) {
	for reason, breaks := range map[string]func(*v1alpha1.GroupNetworkPolicy){
		"InvalidExpression": func(p *v1alpha1.GroupNetworkPolicy) { p.Spec.Ingress.Peers[0].Pods.Value = "user.username" },
		"InvalidSpec":       func(p *v1alpha1.GroupNetworkPolicy) { p.Spec.Ingress.Peers[0].Pods.LabelKey = "no key" },
	} {
		t.Run(reason, func(t *testing.T) {
			s := newShop(t, nil)
			ann, bob := s.User("ann"), s.User("bob")
			devs := s.Group("Devs", ann.Spec.ID)
			p := s.letIn(byPod)
			s.wantPods("ann")
			s.wantCondition(p, "Ready", "True Applied")
			world.Update(s.Company, p, breaks)
			s.wantCondition(p, "Ready", "False "+reason)
			s.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
			s.Stays("pods", []string{"ann"}, func() any { return s.pods() })
			s.SetActive(ann, false)
			s.wantPods()
			world.Update(s.Company, p, func(p *v1alpha1.GroupNetworkPolicy) { p.Spec.Ingress.Peers = []v1alpha1.GroupNetworkPolicyPeer{byPod} })
			s.wantPods("bob")
		})
	}
}

func TestUnreadableGroupIsHeld(t *testing.T) {
	s := newShop(t, nil)
	ann, bob := s.User("ann"), s.User("bob")
	devs := s.Group("Devs", ann.Spec.ID, bob.Spec.ID)
	p := s.letIn(byPod)
	s.wantPods("ann", "bob")
	world.Update(s.Company, devs, func(g *v1alpha1.Group) { // its index is not there
		g.Spec.Members, g.Spec.Index = nil, "missing-0123456789abc"
	})
	s.wantCondition(p, "Ready", "False GroupUnresolved")
	s.Stays("pods", []string{"ann", "bob"}, func() any { return s.pods() })
	s.SetActive(ann, false)
	s.wantPods("bob")
	world.Update(s.Company, devs, func(g *v1alpha1.Group) { g.Spec.Index, g.Spec.MemberCount = "", 0 })
	s.wantPods()
}

func TestSyncRetained(t *testing.T) {
	s := newShop(t, nil)
	ann, bob := s.User("ann"), s.User("bob")
	s.Group("Devs", ann.Spec.ID, bob.Spec.ID)
	p := s.letIn(byPod)
	s.wantPods("ann", "bob")
	s.Delete(s.Sync)
	s.wantCondition(p, "Ready", "False SyncNotFound")
	s.wantPods("ann", "bob")
	s.Delete(bob)
	s.wantPods("ann")
}

func TestGate(t *testing.T) {
	s := newShop(t, nil)
	ann, bob := s.User("ann"), s.User("bob")
	devs := s.Group("Devs", ann.Spec.ID)
	p := s.letIn(byPod)
	s.wantPods("ann")
	problem := projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "a policy is missing")
	closed.Store(&problem)
	defer closed.Store(nil)
	s.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
	s.wantCondition(p, "Ready", "False AdmissionPolicyMissing")
	s.Stays("pods", []string{"ann"}, func() any { return s.pods() })
	s.SetMembers(devs, bob.Spec.ID)
	s.wantPods()
	closed.Store(nil)
	for deadline := time.Now().Add(10 * time.Second); len(s.pods()) == 0 && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond) // the gate is asked again every five seconds
	}
	s.wantPods("bob")
}

// The removalGuard holds whom a slip would shut out; not who is disabled.
func TestRemovalGuard(t *testing.T) {
	none := int32(0)
	s := newShop(t, func(spec *v1alpha1.IdentityProviderSyncSpec) {
		spec.RemovalGuard = &v1alpha1.RemovalGuard{Percent: &none, Subjects: &none}
	})
	ann, bob := s.User("ann"), s.User("bob")
	devs := s.Group("Devs", ann.Spec.ID, bob.Spec.ID)
	p := s.letIn(byPod)
	s.wantPods("ann", "bob")
	s.SetMembers(devs)
	s.wantCondition(p, "Ready", "False RemovalsHeld")
	s.Stays("pods", []string{"ann", "bob"}, func() any { return s.pods() })
	s.SetActive(bob, false)
	s.wantPods("ann")
	world.Update(s.Company, s.Sync, func(sync *v1alpha1.IdentityProviderSync) { sync.Spec.RemovalGuard = nil })
	s.wantPods()
}
