package directory

import (
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// maxChunk bounds what one insertion moves.
const maxChunk = 512

// order holds the visible resources of one kind in one sync, sorted by object
// name: the order of lists. Chunks keep both a change and access by position
// cheap with 100,000 resources.
type order struct {
	mu     sync.RWMutex
	chunks [][]client.Object // none is empty
	count  int
}

func (o *order) len() int {
	if o == nil {
		return 0
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.count
}

// find gives the place of a name: the chunk it is or would be in, and where.
func (o *order) find(name string) (chunk, at int, found bool) {
	chunk, found = slices.BinarySearchFunc(o.chunks, name, func(c []client.Object, name string) int {
		return strings.Compare(c[0].GetName(), name)
	})
	if !found && chunk > 0 {
		chunk--
	}
	if chunk == len(o.chunks) {
		return chunk, 0, false
	}
	at, found = slices.BinarySearchFunc(o.chunks[chunk], name, func(obj client.Object, name string) int {
		return strings.Compare(obj.GetName(), name)
	})
	return chunk, at, found
}

// put adds an object or replaces the one of its name.
func (o *order) put(obj client.Object) {
	o.mu.Lock()
	defer o.mu.Unlock()
	chunk, at, found := o.find(obj.GetName())
	switch {
	case found:
		o.chunks[chunk][at] = obj
		return
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
}

func (o *order) remove(name string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	chunk, at, found := o.find(name)
	if !found {
		return
	}
	o.count--
	if c := slices.Delete(o.chunks[chunk], at, at+1); len(c) > 0 {
		o.chunks[chunk] = c
	} else {
		o.chunks = slices.Delete(o.chunks, chunk, chunk+1)
	}
}

// page gives up to count objects from a position on, and how many there are in all.
func (o *order) page(skip, count int) ([]client.Object, int) {
	if o == nil {
		return nil, 0
	}
	o.mu.RLock()
	defer o.mu.RUnlock()
	var result []client.Object
	for _, c := range o.chunks {
		if skip >= len(c) {
			skip -= len(c)
			continue
		}
		take := min(len(c)-skip, count-len(result))
		result = append(result, c[skip:skip+take]...)
		if skip = 0; len(result) == count {
			break
		}
	}
	return result, o.count
}

// each calls visit for every object until it answers false. The order is not
// locked meanwhile: what changes behind the current position is not seen.
func (o *order) each(visit func(client.Object) bool) {
	if o == nil {
		return
	}
	last, buffer := "", make([]client.Object, 0, maxChunk)
	for {
		buffer = o.after(last, buffer[:0])
		for _, obj := range buffer {
			if !visit(obj) {
				return
			}
			last = obj.GetName()
		}
		if len(buffer) == 0 {
			return
		}
	}
}

// after appends the rest of the chunk that follows a name.
func (o *order) after(name string, buffer []client.Object) []client.Object {
	o.mu.RLock()
	defer o.mu.RUnlock()
	chunk, at, found := o.find(name)
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
