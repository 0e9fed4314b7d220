package networkpolicy

import (
	"cmp"
	"maps"
	"slices"
)

// Limits bound what is written. See DefaultLimits.
type Limits struct {
	// EntriesPerObject is how many entries an object gets.
	EntriesPerObject int
	// ManyEntries is how many entries in all make objects as large as EntriesPerLargeObject.
	ManyEntries           int
	EntriesPerLargeObject int
	// Objects is how many objects there may be.
	Objects int
	// ValuesPerPeer is how many values a requirement of a selector has.
	ValuesPerPeer int
	// PeersPerRule is how many peers a rule has.
	PeersPerRule int
}

// DefaultLimits keep an object below about 100 KiB: one more member rewrites it.
var DefaultLimits = Limits{
	EntriesPerObject: 100, ManyEntries: 2000, EntriesPerLargeObject: 500, Objects: 200,
	ValuesPerPeer: 100, PeersPerRule: 100,
}

func (l Limits) perObject(entries int) int {
	if entries > l.ManyEntries {
		return l.EntriesPerLargeObject
	}
	return l.EntriesPerObject
}

// shards are the entries of objects, by the objects' index.
type shards map[int][]entry

// assign spreads the entries that are wanted over objects; what they map to is
// the rank of a member who has them. What is in an object already stays there;
// what is new goes into the first object with room, that of one member together,
// so that a member who comes or goes changes one object. There always is an
// object 0. It gives how many entries do not fit.
//
// When nothing else changes, an object that is mostly empty is copied into
// another one; the next call finds its entries there and gives the object up.
// So nobody is without access in between, whichever is written first.
func assign(current shards, wanted map[entry]int, limits Limits) (_ shards, left int) {
	limit := limits.perObject(len(wanted))
	result, placed := shards{0: nil}, map[entry]bool{}
	moved := false
	for _, i := range slices.Sorted(maps.Keys(current)) {
		var kept []entry
		for _, e := range current[i] {
			if _, ok := wanted[e]; ok && !placed[e] && len(kept) < limits.EntriesPerLargeObject {
				placed[e] = true
				kept = append(kept, e)
			}
		}
		moved = moved || len(kept) != len(current[i])
		if len(kept) > 0 {
			result[i] = kept
		}
	}
	var added []entry
	for e := range wanted {
		if !placed[e] {
			added = append(added, e)
		}
	}
	slices.SortFunc(added, func(a, b entry) int { return cmp.Or(cmp.Compare(wanted[a], wanted[b]), compareEntries(a, b)) })
	next := 0 // no object before it has room
	for len(added) > 0 {
		if next == limits.Objects {
			left = len(added)
			break
		}
		together := 1
		for together < len(added) && wanted[added[together]] == wanted[added[0]] {
			together++
		}
		if room := limit - len(result[next]); room < together && (room <= 0 || len(result[next]) > 0) {
			next++
			continue
		}
		take := min(together, limit)
		result[next] = append(result[next], added[:take]...)
		added, moved = added[take:], true
	}
	if !moved {
		compact(result, limit)
	}
	for i := range result {
		slices.SortFunc(result[i], compareEntries)
	}
	return result, left
}

// compact copies the last object with few entries into an earlier one.
func compact(objects shards, limit int) {
	indexes := slices.Sorted(maps.Keys(objects))
	for _, i := range slices.Backward(indexes) {
		if i == 0 || len(objects[i]) > limit/4 {
			continue
		}
		for _, j := range indexes[:slices.Index(indexes, i)] {
			// Room is left, so that the next member does not need an object again.
			if len(objects[j])+len(objects[i]) <= limit-limit/4 {
				objects[j] = append(objects[j], objects[i]...)
				return
			}
		}
	}
}
