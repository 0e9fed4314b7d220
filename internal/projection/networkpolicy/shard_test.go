package networkpolicy

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"pgregory.net/rapid"
)

// tiny makes many objects of few entries.
var tiny = Limits{EntriesPerObject: 4, ManyEntries: 20, EntriesPerLargeObject: 8, Objects: 50, ValuesPerPeer: 2, PeersPerRule: 2}

var (
	podSet       = set{direction: networkingv1.PolicyTypeIngress, kind: pods, labelKey: "user"}
	namespaceSet = set{direction: networkingv1.PolicyTypeEgress, kind: namespaces, labelKey: "user"}
)

func wantedOf(entries ...entry) map[entry]int {
	wanted := map[entry]int{}
	for _, e := range entries {
		wanted[e] = len(wanted)
	}
	return wanted
}

func drawWanted(t *rapid.T, most int) map[entry]int {
	return wantedOf(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
		return entry{rapid.SampledFrom([]set{podSet, namespaceSet}).Draw(t, "set"), fmt.Sprintf("v%d", rapid.IntRange(0, 40).Draw(t, "value"))}
	}), 0, most).Draw(t, "wanted")...)
}

// settle assigns until nothing changes, as the events of the operator's own
// writes do.
func settle(t *rapid.T, current shards, wanted map[entry]int) shards {
	for range 100 {
		next, left := assign(current, wanted, tiny)
		if left > 0 {
			t.Fatalf("%d do not fit", left)
		}
		if changed(current, next) == 0 {
			return next
		}
		current = next
	}
	t.Fatal("it never comes to rest")
	return nil
}

func changed(before, after shards) int {
	n := 0
	for i := range max(len(before), len(after)) + 100 {
		old, was := before[i]
		new, is := after[i]
		if was != is || !slices.Equal(old, new) {
			n++
		}
	}
	return n
}

func all(s shards) []entry {
	return slices.SortedFunc(maps.Keys(wantedOf(slices.Concat(slices.Collect(maps.Values(s))...)...)), compareEntries)
}

func TestAssignHasWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		current := shards{}
		for range 4 {
			wanted := drawWanted(t, 60)
			next, left := assign(current, wanted, tiny)
			if left > 0 {
				t.Fatalf("%d of %d do not fit", left, len(wanted))
			}
			if diff := cmp.Diff(slices.SortedFunc(maps.Keys(wanted), compareEntries), all(next), cmp.AllowUnexported(entry{}, set{})); diff != "" {
				t.Fatalf("entries (-want +got):\n%s", diff)
			}
			for i, entries := range next {
				if len(entries) > tiny.EntriesPerLargeObject || len(entries) == 0 && i > 0 {
					t.Fatalf("object %d has %d entries", i, len(entries))
				}
				if !slices.IsSortedFunc(entries, compareEntries) {
					t.Fatalf("object %d is not sorted", i)
				}
			}
			if _, ok := next[0]; !ok {
				t.Fatal("there is no object 0")
			}
			current = next
		}
		// At rest nothing is there twice, and there are not many more objects than needed.
		wanted := wantedOf(all(current)...)
		current = settle(t, current, wanted)
		total := 0
		for _, entries := range current {
			total += len(entries)
		}
		if total != len(wanted) {
			t.Fatalf("%d entries for %d values", total, len(wanted))
		}
		limit := tiny.perObject(len(wanted))
		if most := max(1, len(wanted)*4/limit+1); len(current) > most {
			t.Fatalf("%d objects for %d entries of at most %d", len(current), len(wanted), limit)
		}
	})
}

func TestOneMemberChangesOneObject(t *testing.T) {
	// Each member has a value in each of two sets.
	both := func(values map[int]bool) map[entry]int {
		wanted := map[entry]int{}
		for v := range values {
			wanted[entry{podSet, fmt.Sprintf("p%d", v)}] = v
			wanted[entry{namespaceSet, fmt.Sprintf("n%d", 100-v)}] = v
		}
		return wanted
	}
	member := rapid.IntRange(0, 40)
	rapid.Check(t, func(t *rapid.T) {
		members := map[int]bool{}
		for _, v := range rapid.SliceOfN(member, 0, 40).Draw(t, "members") {
			members[v] = true
		}
		current := settle(t, shards{}, both(members))
		for range 5 {
			one := member.Draw(t, "changed")
			if members[one] {
				delete(members, one)
			} else {
				members[one] = true
			}
			next, _ := assign(current, both(members), tiny)
			if n := changed(current, next); n != 1 {
				t.Fatalf("%d objects changed:\nbefore %v\nafter  %v", n, current, next)
			}
			current = settle(t, next, both(members))
		}
	})
}

// Compaction never takes an entry out of one object before it is in another.
func TestCompactionLeavesNoGap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		current := settle(t, shards{}, drawWanted(t, 60))
		wanted := map[entry]int{}
		for _, e := range all(current) {
			if rapid.IntRange(0, 3).Draw(t, "stays") == 0 {
				wanted[e] = 0
			}
		}
		for {
			next, _ := assign(current, wanted, tiny)
			if changed(current, next) == 0 {
				return
			}
			for e := range wanted {
				for i := range current {
					if slices.Contains(current[i], e) && !slices.Contains(next[i], e) &&
						!slices.ContainsFunc(slices.Collect(maps.Keys(current)), func(j int) bool {
							return j != i && slices.Contains(current[j], e) && slices.Contains(next[j], e)
						}) {
						t.Fatalf("%v leaves object %d before it is in another", e, i)
					}
				}
			}
			current = next
		}
	})
}

func TestTooManyEntries(t *testing.T) {
	limits := Limits{EntriesPerObject: 2, ManyEntries: 100, EntriesPerLargeObject: 2, Objects: 2, ValuesPerPeer: 2, PeersPerRule: 2}
	first, left := assign(nil, wantedOf(entry{podSet, "c"}, entry{podSet, "d"}, entry{podSet, "e"}, entry{podSet, "f"}), limits)
	if left != 0 {
		t.Fatalf("%d left", left)
	}
	next, left := assign(first, wantedOf(entry{podSet, "a"}, entry{podSet, "c"}, entry{podSet, "d"}, entry{podSet, "e"}, entry{podSet, "f"}), limits)
	if left != 1 || changed(first, next) != 0 {
		t.Errorf("left %d, now %v: who is let through already should stay", left, next)
	}
}
