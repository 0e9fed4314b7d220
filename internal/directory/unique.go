package directory

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/resource"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// uniques knows which resources of one sync have which values of the attributes
// that its extension schemas declare unique. A sync that declares none has none.
//
// Two replicas that write one value at the same moment do not see each other:
// unlike names, values have no slot at the API server that only one can take.
type uniques struct {
	rt      *schema.ResourceType
	targets []schema.Target

	mu      sync.RWMutex
	holders map[string][]string // names of objects, by key of the value
	keys    map[string][]string // keys, by name of the object
}

// uniquesFor gives the index for a resource type, nil if nothing is unique.
// It is made when the declarations have changed, from what the informer knows,
// and kept up to date by its events. built says for which type.
func (t *table) uniquesFor(sync types.NamespacedName, rt *schema.ResourceType) *uniques {
	if !rt.Declares() && !t.hasUniques.Load() {
		return nil
	}
	t.mu.RLock()
	u, built := t.uniques[sync], t.uniquesOf[sync]
	t.mu.RUnlock()
	if built == rt {
		return u
	}
	t.mu.Lock()
	u, targets := t.uniques[sync], rt.Unique()
	t.uniquesOf[sync] = rt
	switch {
	case len(targets) == 0:
		delete(t.uniques, sync)
		t.mu.Unlock()
		return nil
	case u != nil && slices.EqualFunc(u.targets, targets, sameUnique):
		t.mu.Unlock()
		return u
	}
	u = &uniques{rt: rt, targets: targets, holders: map[string][]string{}, keys: map[string][]string{}}
	t.uniques[sync] = u
	t.hasUniques.Store(true)
	// Events wait until all that came before them is in the index.
	u.mu.Lock()
	defer u.mu.Unlock()
	t.mu.Unlock()
	t.order(sync).each(func(o client.Object) bool {
		u.replace(o.GetName(), u.keysOf(o))
		return true
	})
	return u
}

func sameUnique(a, b schema.Target) bool {
	return a.String() == b.String() && a.Attribute.CaseExact == b.Attribute.CaseExact
}

// indexUnique is called by the informer for every event, with the keys of what
// is gone or hidden being none.
func (t *table) indexUnique(o client.Object, shown bool) {
	if !t.hasUniques.Load() {
		return
	}
	t.mu.RLock()
	u := t.uniques[syncOf(o)]
	t.mu.RUnlock()
	if u == nil {
		return
	}
	var keys []string
	if shown {
		keys = u.keysOf(o)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.replace(o.GetName(), keys)
}

// replace puts an object under its keys, and under no others.
func (u *uniques) replace(name string, keys []string) {
	if slices.Equal(u.keys[name], keys) {
		return
	}
	for _, key := range u.keys[name] {
		rest := slices.DeleteFunc(u.holders[key], func(other string) bool { return other == name })
		if len(rest) == 0 {
			delete(u.holders, key)
		} else {
			u.holders[key] = rest
		}
	}
	delete(u.keys, name)
	for _, key := range keys {
		u.holders[key] = append(u.holders[key], name)
	}
	if len(keys) > 0 {
		u.keys[name] = keys
	}
}

func (u *uniques) names(key string) []string {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return slices.Clone(u.holders[key])
}

// keysOf gives the keys of the values of an object.
func (u *uniques) keysOf(o client.Object) []string {
	extensions := resourceOf(o).Extensions
	if len(extensions) == 0 {
		return nil
	}
	attributes := scim.Object{}
	putExtensions(attributes, extensions)
	resource.Conform(u.rt, attributes)
	return u.keysIn(attributes)
}

// keysIn gives the keys of the values in attributes, in order.
func (u *uniques) keysIn(attributes scim.Object) []string {
	var keys []string
	for _, target := range u.targets {
		if key := uniqueKey(target, target.Value(attributes)); key != "" {
			keys = append(keys, key)
		}
	}
	return keys
}

// uniqueKey is equal for values that are the same; empty for no value.
func uniqueKey(target schema.Target, value any) string {
	text, ok := value.(string)
	if number, isNumber := value.(json.Number); isNumber {
		text, ok = number.String(), true
	}
	if !ok || text == "" {
		return ""
	}
	if !target.Attribute.CaseExact {
		text = schema.Fold(text)
	}
	return target.String() + "\x00" + text
}

// reserve refuses the values of after that another resource has and before has
// not. The requests of this replica for a value wait for one another until
// release is called.
func (s scope) reserve(ctx context.Context, name string, before, after scim.Object) (release func(), err error) {
	u := s.uniquesFor(s.sync, s.rt)
	if u == nil {
		return func() {}, nil
	}
	known := u.keysIn(before)
	wanted := slices.DeleteFunc(u.keysIn(after), func(key string) bool { return slices.Contains(known, key) })
	slices.Sort(wanted)
	var unlocks []func()
	release = func() {
		for _, unlock := range unlocks {
			unlock()
		}
	}
	for _, key := range wanted {
		unlock, err := s.locks.lock(ctx, "value/"+s.lockKey("")+key)
		if err == nil {
			unlocks = append(unlocks, unlock)
			err = s.checkUnique(ctx, u, name, key)
		}
		if err != nil {
			release()
			return nil, err
		}
	}
	return release, nil
}

// checkUnique asks those who have a value, as far as this replica knows,
// whether that is still so.
func (s scope) checkUnique(ctx context.Context, u *uniques, name, key string) error {
	newer, err := s.newer(ctx)
	if err != nil {
		return err
	}
	for _, o := range newer {
		if o != nil && o.GetName() != name && slices.Contains(u.keysOf(o), key) {
			return valueTaken(s.kind, key, o)
		}
	}
	for _, other := range u.names(key) {
		if other == name {
			continue
		}
		o, err := s.live(ctx, other)
		if err != nil {
			return err
		}
		if o != nil && visible(o) && syncOf(o) == s.sync && slices.Contains(u.keysOf(o), key) {
			return valueTaken(s.kind, key, o)
		}
	}
	return nil
}

func valueTaken(kind, key string, holder client.Object) error {
	attribute, value, _ := strings.Cut(key, "\x00")
	return scim.Conflict("a %s with %s %q exists already (id %s)", kind, attribute, value, resourceOf(holder).ID)
}

// byUnique gives the resources that can match a filter by a unique attribute.
func (s scope) byUnique(m *matcher) (objects []client.Object, known bool) {
	u := s.uniquesFor(s.sync, s.rt)
	if u == nil {
		return nil, false
	}
	for _, target := range u.targets {
		value, ok := m.equal[target.String()]
		if !ok {
			continue
		}
		for _, name := range u.names(uniqueKey(target, value)) {
			if o := s.cached(s.key(name)); o != nil && visible(o) {
				objects = append(objects, o)
			}
		}
		return objects, true
	}
	return nil, false
}

// attributes gives the SCIM attributes of an object by the names that the
// resource type has for them; without members and groups.
func (s scope) attributes(o client.Object) scim.Object {
	attributes := attributesOf(o)
	resource.Conform(s.rt, attributes)
	return attributes
}

// Declare makes ready what the extensions of a sync need, so that no request
// has to: the index of what they declare unique. It is not required.
func (d *Directory) Declare(sync types.NamespacedName, rts ...*schema.ResourceType) {
	for _, rt := range rts {
		d.table(rt.Name).uniquesFor(sync, rt)
	}
}
