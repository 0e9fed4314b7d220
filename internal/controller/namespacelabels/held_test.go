package namespacelabels_test

import (
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/test/world"
)

func TestBrokenExpression(t *testing.T) {
	c := newCompany(t)
	ann, bob := c.User("ann"), c.User("bob")
	c.home("ann", nil)
	c.home("bob", nil)
	devs := c.Group("Devs", ann.Spec.ID)
	c.want("Devs", "ann")
	world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) { s.Spec.LabelNamespaces.Namespace = "user.username" })
	c.wantReasons("InvalidExpression:", "GroupNotFound:")
	c.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
	c.Stays("labels", []string{"ann"}, func() any { return c.labeled("Devs") })
	c.SetActive(ann, false)
	c.want("Devs")
	world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.LabelNamespaces.Namespace = "'" + c.prefix + "' + user.userName"
	})
	c.want("Devs", "bob")
}

func TestUnreadableGroupIsHeld(t *testing.T) {
	c := newCompany(t)
	ann, bob := c.User("ann"), c.User("bob")
	c.home("ann", nil)
	c.home("bob", nil)
	devs := c.Group("Devs", ann.Spec.ID, bob.Spec.ID)
	c.want("Devs", "ann", "bob")
	world.Update(c.Company, devs, func(g *v1alpha1.Group) { // its index is not there
		g.Spec.Members, g.Spec.Index = nil, "missing-0123456789abc"
	})
	c.wantReasons("GroupUnresolved:", "GroupNotFound:")
	c.Stays("labels", []string{"ann", "bob"}, func() any { return c.labeled("Devs") })
	c.SetActive(ann, false)
	c.want("Devs", "bob")
	world.Update(c.Company, devs, func(g *v1alpha1.Group) { g.Spec.Index, g.Spec.MemberCount = "", 0 })
	c.want("Devs")
}

func TestGate(t *testing.T) {
	c := newCompany(t)
	ann, bob := c.User("ann"), c.User("bob")
	c.home("ann", nil)
	c.home("bob", nil)
	devs := c.Group("Devs", ann.Spec.ID)
	c.want("Devs", "ann")
	problem := projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "a policy is missing")
	closed.Store(&problem)
	defer closed.Store(nil)
	c.SetMembers(devs, ann.Spec.ID, bob.Spec.ID)
	c.wantReasons("AdmissionPolicyMissing:", "GroupNotFound:")
	c.Stays("labels", []string{"ann"}, func() any { return c.labeled("Devs") })
	c.SetMembers(devs, bob.Spec.ID)
	c.want("Devs")
	closed.Store(nil)
	deadline := time.Now().Add(10 * time.Second) // it is asked again every five
	for len(c.labeled("Devs")) == 0 && time.Now().Before(deadline) {
		time.Sleep(50 * time.Millisecond)
	}
	c.want("Devs", "bob")
}

// The removalGuard holds whom a slip would shut out; not who is disabled.
func TestRemovalGuard(t *testing.T) {
	none := int32(0)
	c := newCompany(t)
	world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.RemovalGuard = &v1alpha1.RemovalGuard{Percent: &none, Subjects: &none}
	})
	ann, bob := c.User("ann"), c.User("bob")
	c.home("ann", nil)
	c.home("bob", nil)
	devs := c.Group("Devs", ann.Spec.ID, bob.Spec.ID)
	c.want("Devs", "ann", "bob")
	c.SetMembers(devs)
	c.wantReasons("RemovalsHeld:", "GroupNotFound:")
	c.Stays("labels", []string{"ann", "bob"}, func() any { return c.labeled("Devs") })
	c.SetActive(bob, false)
	c.want("Devs", "ann")
	world.Update(c.Company, c.Sync, func(s *v1alpha1.IdentityProviderSync) { s.Spec.RemovalGuard = nil })
	c.want("Devs")
}
