package directory

import (
	"slices"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// maxChunk bounds what one insertion moves.
const maxChunk = 512

// order holds the visible resources of one kind in one sync, sorted: by object
// name, the order of lists, or by a key and then the object name. Chunks keep
// both a change and access by position cheap with 100,000 resources.
type order struct {
	key func(client.Object) string // nil: by object name only

	mu     sync.RWMutex
	chunks [][]client.Object // none is empty
	count  int
}

// place is where an object is in the order, or would be.
func (o *order) place(obj client.Object) scim.Place {
	p := scim.Place{Name: obj.GetName()}
	if o.key != nil {
		p.Key = o.key(obj)
	}
	return p
}

func (o *order) len() int {
	if o == nil {
		return 0
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.count
}

// find gives the position of a place: the chunk it is or would be in, and where.
func (o *order) find(place scim.Place) (chunk, at int, found bool) {
	compare := func(obj client.Object, place scim.Place) int { return o.place(obj).Compare(place, false) }
	chunk, found = slices.BinarySearchFunc(o.chunks, place, func(c []client.Object, place scim.Place) int {
		return compare(c[0], place)
	})
	if !found && chunk > 0 {
		chunk--
	}
	if chunk == len(o.chunks) {
		return chunk, 0, false
	}
	at, found = slices.BinarySearchFunc(o.chunks[chunk], place, compare)
	return chunk, at, found
}

// put adds an object or replaces the one in its place, which it gives.
func (o *order) put(obj client.Object) (previous client.Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	chunk, at, found := o.find(o.place(obj))
	switch {
	case found:
		previous, o.chunks[chunk][at] = o.chunks[chunk][at], obj
		return previous
	case len(o.chunks) == 0:
		o.chunks = [][]client.Object{{obj}}
	default:
		c := slices.Insert(o.chunks[chunk], at, obj)
		o.chunks[chunk] = c
		if len(c) > maxChunk {
			o.chunks[chunk] = slices.Clone(c[:len(c)/2])
			o.chunks = slices.Insert(o.chunks, chunk+1, slices.Clone(c[len(c)/2:]))
		}
	}
	o.count++
	return nil
}

// remove takes out the object in a place and gives it; nil if there is none.
func (o *order) remove(place scim.Place) (removed client.Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	chunk, at, found := o.find(place)
	if !found {
		return nil
	}
	o.count--
	removed = o.chunks[chunk][at]
	if c := slices.Delete(o.chunks[chunk], at, at+1); len(c) > 0 {
		o.chunks[chunk] = c
	} else {
		o.chunks = slices.Delete(o.chunks, chunk, chunk+1)
	}
	return removed
}

// page gives up to count objects from a position on, or behind a place, and
// how many there are in all and before them.
func (o *order) page(after *scim.Place, descending bool, skip, count int) (objects []client.Object, before, total int) {
	if o == nil {
		return nil, 0, 0
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	if after != nil {
		before, found := o.rank(*after)
		switch {
		case descending:
			skip = o.count - before
		case found:
			skip = before + 1
		default:
			skip = before
		}
	}
	skip = min(skip, o.count)
	count = min(count, o.count-skip)
	if descending {
		objects = o.slice(o.count-skip-count, count)
		slices.Reverse(objects)
	} else {
		objects = o.slice(skip, count)
	}
	return objects, skip, o.count
}

// rank counts the objects before a place.
func (o *order) rank(place scim.Place) (before int, found bool) {
	chunk, at, found := o.find(place)
	for _, c := range o.chunks[:chunk] {
		before += len(c)
	}
	return before + at, found
}

// slice copies count objects from a position on.
func (o *order) slice(skip, count int) []client.Object {
	result := make([]client.Object, 0, count)
	for _, c := range o.chunks {
		if len(result) == count {
			break
		}
		if skip >= len(c) {
			skip -= len(c)
			continue
		}
		take := min(len(c)-skip, count-len(result))
		result = append(result, c[skip:skip+take]...)
		skip = 0
	}
	return result
}

// each calls visit for every object until it answers false. The order is not
// locked meanwhile: what changes behind the current position is not seen.
func (o *order) each(visit func(client.Object) bool) {
	if o == nil {
		return
	}
	var last *scim.Place
	buffer := make([]client.Object, 0, maxChunk)
	for {
		buffer = o.after(last, buffer[:0])
		for _, obj := range buffer {
			if !visit(obj) {
				return
			}
		}
		if len(buffer) == 0 {
			return
		}
		place := o.place(buffer[len(buffer)-1])
		last = &place
	}
}

// after appends the rest of the chunk that follows a place; nil is before all.
func (o *order) after(place *scim.Place, buffer []client.Object) []client.Object {
	o.mu.RLock()
	defer o.mu.RUnlock()
	chunk, at, found := 0, 0, false
	if place != nil {
		chunk, at, found = o.find(*place)
	}
	if found {
		at++
	}
	if chunk < len(o.chunks) && at == len(o.chunks[chunk]) {
		chunk, at = chunk+1, 0
	}
	if chunk >= len(o.chunks) {
		return buffer
	}
	return append(buffer, o.chunks[chunk][at:]...)
}
