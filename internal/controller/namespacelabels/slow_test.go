package namespacelabels_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/test/webhook"
	"github.com/rollcall-scim/rollcall/test/world"
)

// within waits for something that may take its time on a busy machine.
func (c company) within(d time.Duration, what string, is func() bool) time.Duration {
	c.Helper()
	begin := time.Now()
	for !is() {
		if time.Since(begin) > d {
			c.Fatalf("%s: not within %s", what, d)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begin)
}

// A namespace that cannot be patched, since a webhook hangs, keeps no other
// waiting, and is told of.
func TestANamespaceThatHangsHoldsUpNoOther(t *testing.T) {
	c := newCompany(t)
	ann, bob := c.User("ann"), c.User("bob")
	home := c.home("ann", nil)
	c.home("bob", nil)
	devs := c.Group("Devs", ann.Spec.ID, bob.Spec.ID)
	c.want("Devs", "ann", "bob")
	hook := webhook.Start(t, world.Admin, home.Name, []string{"namespaces"}, webhook.Hangs)
	time.Sleep(2 * time.Second) // the API server asks it from then on
	c.SetMembers(devs)
	took := c.within(10*time.Second, "bob's namespace has lost the label", func() bool { return slices.Equal(c.labeled("Devs"), []string{"ann"}) })
	t.Logf("while a webhook hangs for another namespace, a label goes after %s", took)
	c.within(20*time.Second, "it is told", func() bool { return slices.Contains(c.reasons(), "APIServerError:") })
	if hook.Calls.Load() == 0 {
		t.Error("the webhook was not asked")
	}
	hook.Remove()
	c.within(60*time.Second, "ann's namespace has lost it, too", func() bool { return len(c.labeled("Devs")) == 0 })
	c.Promptly("problems", []string{"GroupNotFound:"}, func() any { return c.reasons() }) // of Ops
}

// A removal that was refused for long is tried again within a second.
func TestRemovalsAreRetriedSoon(t *testing.T) {
	c := newCompany(t)
	ann := c.User("ann")
	home := c.home("ann", nil)
	devs := c.Group("Devs", ann.Spec.ID)
	c.want("Devs", "ann")
	var admits atomic.Bool
	hook := webhook.Start(t, world.Admin, home.Name, []string{"namespaces"}, func(context.Context) bool { return admits.Load() })
	time.Sleep(2 * time.Second) // the API server asks it from then on
	c.SetMembers(devs)
	c.within(20*time.Second, "the removal is refused", func() bool { return hook.Calls.Load() > 0 })
	time.Sleep(8 * time.Second) // a backoff that grows would be longer than a second by now
	admits.Store(true)
	took := c.within(10*time.Second, "the label is gone", func() bool { return len(c.labeled("Devs")) == 0 })
	t.Logf("8 s after it was refused first, a removal is made %s after it may be", took)
	if took > 3*time.Second {
		t.Errorf("it took %s, want a try each second", took)
	}
}
