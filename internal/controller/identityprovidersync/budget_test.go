package identityprovidersync

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// In an hour in which a group of a size changes all the time, with a look every
// 10 seconds, it is looked into this often.
func TestBudget(t *testing.T) {
	for name, test := range map[string]struct {
		size  int
		looks int
	}{
		"small: every time":       {100, 360},
		"as large as the budget":  {20_000, 360},
		"large: at the budget":    {200_000, 37},
		"larger than a day earns": {4_000_000, 2},
		"empty":                   {0, 360},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(0, 0)
			b := newBudget(now)
			looks := 0
			for range 360 {
				if b.any() {
					b.spend(test.size)
					looks++
				}
				now = now.Add(10 * time.Second)
				b.earn(now)
			}
			if looks != test.looks {
				t.Errorf("got %d looks, want %d", looks, test.looks)
			}
		})
	}
}

func TestBudgetAfterAPause(t *testing.T) {
	now := time.Unix(0, 0)
	b := newBudget(now)
	b.spend(burst + 1)
	if b.any() {
		t.Error("more than the burst is left")
	}
	if b.earn(now.Add(-time.Hour)); b.any() {
		t.Error("a clock that goes back earns something")
	}
	if b.earn(now.Add(time.Hour)); b.left != burst {
		t.Errorf("after a pause %d are left, want %d", b.left, burst)
	}
}

// A group waits from its first change on, so that others that keep changing do
// not go before it.
func TestLookLater(t *testing.T) {
	first := time.Unix(10, 0)
	g := newCensus().tally(types.NamespacedName{Namespace: "ns", Name: "entra"})
	g.lookLater("g", first)
	g.lookLater("g", first.Add(time.Minute))
	if got := g.groups["g"]; !got.Equal(first) {
		t.Errorf("it waits since %v, want %v", got, first)
	}
	if g.lookLater("g", first.Add(-time.Second)); !g.groups["g"].Before(first) {
		t.Error("an earlier change does not count")
	}
}
