package rolebinding

import (
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

func TestBudget(t *testing.T) {
	now := time.Now()
	b := newBudget(func() time.Time { return now })
	devs, ops := projection.BindingKey{Kind: "GroupRoleBinding", Name: "devs"}, projection.BindingKey{Kind: "GroupRoleBinding", Name: "ops"}
	key := func(name string) objectKey { return objectKey{"team", name} }
	want := func(what string, got, want time.Duration) {
		t.Helper()
		if diff := got - want; diff < -time.Millisecond || diff > time.Millisecond {
			t.Errorf("%s: waits %s, want %s", what, got, want)
		}
	}
	want("nobody has used it", b.ask(devs, key("0"), WriteBudget), 0)
	want("used up", b.ask(devs, key("0"), WriteBudget/4), time.Second/4)
	want("behind the first", b.ask(ops, key("0"), WriteBudget/4), time.Second/2)
	now = now.Add(100 * time.Millisecond)
	want("keeps its turn", b.ask(devs, key("0"), WriteBudget/4), 150*time.Millisecond)
	b.keep(ops, map[objectKey]bool{key("0"): true})
	now = now.Add(150 * time.Millisecond)
	want("its turn has come", b.ask(devs, key("0"), WriteBudget/4), 0)
	want("back in the line", b.ask(devs, key("0"), WriteBudget/4), time.Second/2)
	b.keep(devs, nil) // a removal wrote the object, so the turn is given back
	want("in the place of the turn given back", b.ask(devs, key("1"), WriteBudget/4), time.Second/2)
	b.keep(devs, nil)
	b.keep(ops, nil)
	now = now.Add(time.Minute)
	want("an object larger than a second's budget", b.ask(devs, key("0"), 10*WriteBudget), 0)
	b.keep(devs, nil)
	if len(b.turns) != 0 {
		t.Errorf("turns left behind: %v", b.turns)
	}
}

func TestTelling(t *testing.T) {
	now := time.Now()
	tell := newTelling(func() time.Time { return now })
	steps := []struct {
		sync   string
		reason projection.Reason
		after  time.Duration
		want   bool
	}{
		{"entra", projection.ReasonUsernameNotUsable, 0, true},
		{"entra", projection.ReasonUsernameNotUsable, time.Minute, false},
		{"entra", projection.ReasonUsernameNotUnique, 0, true},
		{"okta", projection.ReasonUsernameNotUsable, 0, true},
		{"entra", projection.ReasonUsernameNotUsable, toldInterval, true},
	}
	for i, step := range steps {
		now = now.Add(step.after)
		if got := tell.may(syncName(step.sync), step.reason); got != step.want {
			t.Errorf("step %d: told %t, want %t", i, got, step.want)
		}
	}
}
