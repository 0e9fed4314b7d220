package removalguard_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
)

// clock is a time that a test moves.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func (c *clock) pass(d time.Duration) { c.Time = c.Add(d) }

// guarded is a sync that holds more than 10 subjects and 20 percent in 15 minutes.
func guarded() *v1alpha1.IdentityProviderSync {
	return &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: "idp", Name: "entra", UID: "1"},
		Spec:       v1alpha1.IdentityProviderSyncSpec{RemovalGuard: &v1alpha1.RemovalGuard{}},
	}
}

// begin makes a guard that has seen every binding: each has so many subjects.
func begin(sync *v1alpha1.IdentityProviderSync, subjects map[string]int) (*removalguard.Guard, *clock) {
	c := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	g := removalguard.New(c.now)
	for binding, n := range subjects {
		g.Propose(sync, binding, n, 0)
	}
	c.pass(time.Hour)
	return g, c
}

func ptr[T any](v T) *T { return &v }

func TestPropose(t *testing.T) {
	t.Parallel()
	type proposal struct {
		binding        string
		subjects, lost int
		after          time.Duration
		want           bool
	}
	for name, test := range map[string]struct {
		guard     v1alpha1.RemovalGuard
		subjects  map[string]int
		proposals []proposal
	}{
		"as many as may always go": {
			subjects:  map[string]int{"a": 20},
			proposals: []proposal{{"a", 20, 10, 0, false}},
		},
		"more in number, less in percent": {
			subjects:  map[string]int{"a": 100},
			proposals: []proposal{{"a", 100, 20, 0, false}},
		},
		"more in number and in percent": {
			subjects:  map[string]int{"a": 100},
			proposals: []proposal{{"a", 100, 21, 0, true}},
		},
		"the percentage is of all bindings": {
			subjects:  map[string]int{"a": 20, "b": 200},
			proposals: []proposal{{"a", 20, 20, 0, false}},
		},
		"several bindings add up": {
			subjects:  map[string]int{"a": 15, "b": 15, "c": 15},
			proposals: []proposal{{"a", 15, 8, 0, false}, {"b", 15, 8, 0, true}, {"c", 15, 1, 0, true}},
		},
		"what went counts within the window": {
			subjects: map[string]int{"a": 50},
			proposals: []proposal{
				{"a", 50, 10, 0, false}, {"a", 40, 0, time.Second, false},
				{"a", 40, 10, 14 * time.Minute, true},
			},
		},
		"what went before the window does not count": {
			subjects: map[string]int{"a": 50},
			proposals: []proposal{
				{"a", 50, 10, 0, false}, {"a", 40, 0, time.Second, false},
				{"a", 40, 10, 16 * time.Minute, false},
			},
		},
		"a removal that is tried again counts once": {
			subjects:  map[string]int{"a": 100},
			proposals: []proposal{{"a", 100, 15, 0, false}, {"a", 100, 15, time.Second, false}, {"a", 100, 15, time.Second, false}},
		},
		"a hold lasts": {
			subjects:  map[string]int{"a": 100},
			proposals: []proposal{{"a", 100, 50, 0, true}, {"a", 100, 50, 14 * time.Minute, true}},
		},
		"a hold runs out, and does not begin anew": {
			subjects:  map[string]int{"a": 100},
			proposals: []proposal{{"a", 100, 50, 0, true}, {"a", 100, 50, 15 * time.Minute, false}, {"a", 50, 0, time.Second, false}},
		},
		"a hold ends when the mistake is mended": {
			subjects:  map[string]int{"a": 100, "b": 100},
			proposals: []proposal{{"a", 100, 100, 0, true}, {"a", 100, 0, time.Minute, false}, {"b", 100, 5, time.Second, false}},
		},
		"when some come back, the few others go": {
			subjects:  map[string]int{"a": 100},
			proposals: []proposal{{"a", 100, 100, 0, true}, {"a", 100, 5, time.Minute, false}},
		},
		"bounds of its own": {
			guard:     v1alpha1.RemovalGuard{Percent: ptr(int32(50)), Subjects: ptr(int32(0)), Window: &metav1.Duration{Duration: time.Minute}},
			subjects:  map[string]int{"a": 4},
			proposals: []proposal{{"a", 4, 2, 0, false}, {"a", 2, 0, time.Second, false}, {"a", 2, 1, time.Second, true}, {"a", 2, 1, time.Minute, false}},
		},
		"percent 0 and subjects 0 hold everything": {
			guard:     v1alpha1.RemovalGuard{Percent: ptr(int32(0)), Subjects: ptr(int32(0))},
			subjects:  map[string]int{"a": 1000},
			proposals: []proposal{{"a", 1000, 1, 0, true}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sync := guarded()
			sync.Spec.RemovalGuard = &test.guard
			g, c := begin(sync, test.subjects)
			for i, p := range test.proposals {
				c.pass(p.after)
				if got := g.Propose(sync, p.binding, p.subjects, p.lost); got != p.want {
					t.Fatalf("proposal %d: held %v, want %v", i, got, p.want)
				}
			}
		})
	}
}

// Whoever takes a large group out of a binding and back again begins hold after
// hold; what was held since the first is held no longer for that.
func TestHoldsInSuccessionKeepNothingLonger(t *testing.T) {
	t.Parallel()
	sync := guarded()
	g, c := begin(sync, map[string]int{"a": 100, "b": 100})
	g.Propose(sync, "a", 100, 100)
	if !g.Propose(sync, "b", 100, 1) {
		t.Fatal("nothing is held")
	}
	first := g.Status(sync)
	c.pass(14 * time.Minute)
	g.Propose(sync, "a", 100, 0)
	g.Propose(sync, "a", 100, 100)
	second := g.Status(sync)
	if second == nil || second.ID == first.ID {
		t.Fatalf("status is %+v, want a hold of its own", second)
	}
	if !second.Until.Equal(&first.Until) {
		t.Errorf("the second hold lasts until %s, want that of the first, %s", second.Until, first.Until)
	}
	if !g.Propose(sync, "b", 100, 1) {
		t.Error("what was held is let go before its time")
	}
	c.pass(time.Minute)
	if g.Propose(sync, "b", 100, 1) {
		t.Error("what was held since the first hold is held longer than the window")
	}
}

func TestWithoutGuardNothingIsHeld(t *testing.T) {
	t.Parallel()
	sync := guarded()
	g, _ := begin(sync, map[string]int{"a": 100})
	if !g.Propose(sync, "a", 100, 100) {
		t.Fatal("not held with a guard")
	}
	sync.Spec.RemovalGuard = nil
	if g.Propose(sync, "a", 100, 100) || g.Status(sync) != nil {
		t.Error("held after the guard was taken from the spec")
	}
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	sync := guarded()
	g, c := begin(sync, map[string]int{"a": 100, "b": 100})
	g.Propose(sync, "a", 100, 60)
	g.Propose(sync, "b", 100, 60)
	status := g.Status(sync)
	if status == nil || status.Subjects != 120 || status.Until.Sub(status.Since.Time) != 15*time.Minute {
		t.Fatalf("status is %+v", status)
	}
	sync.Annotations = map[string]string{v1alpha1.AnnotationConfirmRemovals: "yes"}
	if !g.Propose(sync, "a", 100, 60) {
		t.Fatal("another value than the id confirmed it")
	}
	sync.Annotations[v1alpha1.AnnotationConfirmRemovals] = status.ID
	if g.Propose(sync, "a", 100, 60) || g.Propose(sync, "b", 100, 60) || g.Status(sync) != nil {
		t.Fatal("still held after it was confirmed")
	}
	g.Propose(sync, "a", 40, 0)
	g.Propose(sync, "b", 40, 0)
	c.pass(time.Hour)
	if !g.Propose(sync, "a", 40, 40) || g.Status(sync).ID == status.ID {
		t.Error("the annotation of an earlier hold confirmed a later one")
	}
}

func TestNewLeaderGoesOn(t *testing.T) {
	t.Parallel()
	sync := guarded()
	before, c := begin(sync, map[string]int{"a": 100, "b": 100})
	before.Propose(sync, "a", 100, 60)
	sync.Status.RemovalGuard = before.Status(sync)

	g := removalguard.New(c.now)
	if got := g.Status(sync); got == nil || got.ID != sync.Status.RemovalGuard.ID || got.Subjects != 60 {
		t.Fatalf("status is %+v, want that of the leader before", got)
	}
	// The first binding it sees has few to lose: alone no reason for a hold.
	if !g.Propose(sync, "b", 100, 1) {
		t.Error("the hold was forgotten")
	}
	if got := g.Status(sync); got.Subjects != 60 {
		t.Errorf("status says %d subjects are held before all bindings were looked at", got.Subjects)
	}
	c.pass(14 * time.Minute)
	if !g.Propose(sync, "a", 100, 60) {
		t.Error("the hold ended before its time")
	}
	c.pass(time.Minute)
	if g.Propose(sync, "a", 100, 60) {
		t.Error("the hold of the leader before did not run out")
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	sync := guarded()
	g, _ := begin(sync, map[string]int{"a": 100, "b": 100})
	g.Propose(sync, "a", 100, 100)
	g.Forget("a")
	if g.Propose(sync, "b", 100, 0); g.Status(sync) != nil {
		t.Error("a binding that was deleted keeps removals held")
	}
}

func TestAnotherSyncOfTheName(t *testing.T) {
	t.Parallel()
	sync := guarded()
	g, _ := begin(sync, map[string]int{"a": 100})
	g.Propose(sync, "a", 100, 100)
	sync.UID = "2"
	if got := g.Status(sync); got != nil {
		t.Errorf("a sync that was made again has the hold %+v of the one before", got)
	}
}

func TestManyDeparturesInOneWindow(t *testing.T) {
	t.Parallel()
	sync := guarded()
	sync.Spec.RemovalGuard = &v1alpha1.RemovalGuard{Percent: ptr(int32(50)), Window: &metav1.Duration{Duration: 100 * time.Minute}}
	g, c := begin(sync, map[string]int{"a": 1000})
	held := 0
	for left := 1000; left > 0 && held == 0; left-- {
		c.pass(time.Second)
		if g.Propose(sync, "a", left, 1) {
			held = left
		}
		g.Propose(sync, "a", left-1, 0)
	}
	// 500 of 1,000 may go one by one; the next is held.
	if held != 500 {
		t.Errorf("held when %d were left, want 500", held)
	}
}

// A binding that stops naming a sync loses its say about it.
func TestConcerns(t *testing.T) {
	t.Parallel()
	entra, okta := guarded(), guarded()
	okta.Name = "okta"
	g, _ := begin(entra, map[string]int{"a": 50, "b": 50})
	g.Propose(okta, "a", 50, 0)
	if !g.Propose(entra, "a", 50, 40) {
		t.Fatal("nothing is held")
	}
	g.Concerns("a", []types.NamespacedName{{Namespace: "idp", Name: "okta"}})
	if g.Propose(entra, "b", 50, 10) {
		t.Error("the other binding's removals are held for those of one that no longer names the sync")
	}
	if status := g.Status(entra); status != nil {
		t.Errorf("status %+v, want none", status)
	}
	if !g.Propose(okta, "a", 50, 40) {
		t.Error("of the sync that it still names nothing is held")
	}
}
