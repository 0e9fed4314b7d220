package rolebinding

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// trust is how long what was written is believed against an informer that does
// not show it: by then either it does, or the object was changed unseen.
const trust = 10 * time.Second

// written lays what this operator has written over the informer, which shows it
// a little later. So a reconcile that follows at once neither makes an object
// twice nor works on one that is gone, and the events of own writes, thousands
// for a large group, lead to no reconcile.
type written struct {
	now func() time.Time

	mu      sync.Mutex
	objects map[objectKey]*write
	of      map[projection.BindingKey]map[objectKey]bool
}

// write is the last write of an object.
type write struct {
	binding  projection.BindingKey
	inFlight bool
	object   client.Object // nil until the API server has answered, and when it is deleted
	deleted  types.UID
	at       time.Time
	seen     string // the newest version that an event showed meanwhile
}

func newWritten(now func() time.Time) *written {
	return &written{now: now, objects: map[objectKey]*write{}, of: map[projection.BindingKey]map[objectKey]bool{}}
}

// begin is called before an object is written.
func (w *written) begin(binding projection.BindingKey, key objectKey) {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.objects[key]
	if entry == nil {
		entry = &write{binding: binding}
		w.objects[key] = entry
		if w.of[binding] == nil {
			w.of[binding] = map[objectKey]bool{}
		}
		w.of[binding][key] = true
	}
	entry.inFlight, entry.seen = true, ""
}

// wrote says what the API server answered: the object, or the UID of one that
// was deleted, or neither if the write failed. It tells whether somebody else
// has changed the object meanwhile, of which no reconcile was told.
func (w *written) wrote(key objectKey, object client.Object, deleted types.UID) (changed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	entry := w.objects[key]
	if entry == nil {
		return true
	}
	entry.inFlight, entry.at = false, w.now()
	switch {
	case object != nil:
		entry.object, entry.deleted = object, ""
		changed = newer(entry.seen, object.GetResourceVersion())
		if changed || entry.seen == object.GetResourceVersion() {
			w.drop(key) // the informer shows it already
		}
	case deleted != "":
		entry.object, entry.deleted = nil, deleted
		if entry.seen != "" {
			w.drop(key)
		}
	default:
		changed = entry.seen != ""
		w.drop(key)
	}
	return changed
}

func (w *written) drop(key objectKey) {
	entry := w.objects[key]
	delete(w.objects, key)
	delete(w.of[entry.binding], key)
	if len(w.of[entry.binding]) == 0 {
		delete(w.of, entry.binding)
	}
}

// isOwn tells whether an event shows what this operator has written, or what it
// was written upon. gone is set for the event of a deletion.
func (w *written) isOwn(o client.Object, gone bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := keyOf(o)
	entry := w.objects[key]
	switch {
	case entry == nil:
		return false
	case entry.inFlight:
		if entry.seen == "" || newer(o.GetResourceVersion(), entry.seen) {
			entry.seen = o.GetResourceVersion()
		}
		return true
	case entry.deleted != "":
		own := entry.deleted == o.GetUID()
		if !own || gone {
			w.drop(key)
		}
		return own
	case gone || newer(o.GetResourceVersion(), entry.object.GetResourceVersion()):
		w.drop(key)
		return false
	case o.GetResourceVersion() == entry.object.GetResourceVersion():
		w.drop(key)
	}
	return true
}

// overlay gives the objects of a binding as they are after all own writes.
func (w *written) overlay(binding projection.BindingKey, cached []client.Object) []client.Object {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.of[binding]) == 0 {
		return cached
	}
	result := make([]client.Object, 0, len(cached))
	shown := map[objectKey]bool{}
	for _, o := range cached {
		key := keyOf(o)
		shown[key] = true
		entry := w.objects[key]
		switch {
		case entry == nil:
		case entry.deleted != "":
			if entry.deleted == o.GetUID() {
				continue
			}
			w.drop(key)
		case entry.object != nil && newer(entry.object.GetResourceVersion(), o.GetResourceVersion()):
			o = entry.object
		case !entry.inFlight:
			w.drop(key)
		}
		result = append(result, o)
	}
	for key := range w.of[binding] {
		entry := w.objects[key]
		switch {
		case shown[key] || entry.inFlight:
		case w.now().Sub(entry.at) > trust:
			w.drop(key)
		case entry.object != nil:
			result = append(result, entry.object)
		}
	}
	return result
}

// newer tells whether version a comes after b.
func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && order > 0
}
