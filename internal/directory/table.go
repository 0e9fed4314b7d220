package directory

import (
	"strings"
	"sync"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// The indexes of a table. But for claims and members their values begin with
// the sync.
const (
	byName       = "name"
	byExternalID = "externalId"
	byEmail      = "email"
	byClaim      = "claim"  // ids in claimFor
	byMember     = "member" // ids in the members of a root
)

// table is what this replica knows of one kind: the informer's store with its
// indexes, and the order of lists.
type table struct {
	kind     string
	informer toolscache.SharedIndexInformer
	handler  toolscache.ResourceEventHandlerRegistration
	tracker  tracker
	// changed is told of every event once it can be read here, before the tracker
	// tells who waits for it. previous was shown in its place before, or is nil.
	changed func(previous, o client.Object, shown bool)

	mu     sync.RWMutex
	orders map[types.NamespacedName]*orders

	// Of syncs that declare unique attributes, and for which resource type.
	uniques    map[types.NamespacedName]*uniques
	uniquesOf  map[types.NamespacedName]*schema.ResourceType
	hasUniques atomic.Bool // whether there ever was one
}

// orders are the resources of one sync in the orders that lists mostly ask for.
type orders struct {
	*order        // by object name
	named  *order // by userName or displayName
}

func newTable(kind string) *table {
	return &table{
		kind:      kind,
		orders:    map[types.NamespacedName]*orders{},
		uniques:   map[types.NamespacedName]*uniques{},
		uniquesOf: map[types.NamespacedName]*schema.ResourceType{},
	}
}

func (t *table) watch(informer toolscache.SharedIndexInformer) (err error) {
	t.informer = informer
	t.handler, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { t.stored(o.(client.Object)) },
		UpdateFunc: func(_, o any) { t.stored(o.(client.Object)) },
		DeleteFunc: t.removed,
	})
	return err
}

func (t *table) synced() bool { return t.handler.HasSynced() }

func (t *table) stored(o client.Object) {
	var previous client.Object
	if visible(o) {
		previous = t.ordersFor(syncOf(o)).put(o)
	} else {
		previous = t.ordersOf(syncOf(o)).remove(o.GetName())
	}
	t.indexUnique(o, visible(o))
	t.changed(previous, o, visible(o))
	t.tracker.seen(keyOf(o), sight{uid: o.GetUID(), version: o.GetResourceVersion()})
}

func (t *table) removed(event any) {
	if unknown, ok := event.(toolscache.DeletedFinalStateUnknown); ok {
		event = unknown.Obj
	}
	o, ok := event.(client.Object)
	if !ok {
		return
	}
	previous := t.ordersOf(syncOf(o)).remove(o.GetName())
	t.indexUnique(o, false)
	t.changed(previous, o, false)
	t.tracker.seen(keyOf(o), sight{uid: o.GetUID(), version: o.GetResourceVersion(), gone: true})
}

// order gives the visible resources of a sync by object name; nil if there
// never were any.
func (t *table) order(sync types.NamespacedName) *order {
	if o := t.ordersOf(sync); o != nil {
		return o.order
	}
	return nil
}

func (t *table) ordersOf(sync types.NamespacedName) *orders {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.orders[sync]
}

func (t *table) ordersFor(sync types.NamespacedName) *orders {
	if o := t.ordersOf(sync); o != nil {
		return o
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.orders[sync] == nil {
		t.orders[sync] = &orders{order: &order{}, named: &order{key: nameKey}}
	}
	return t.orders[sync]
}

// nameKey is what a resource is sorted by in the order of names.
func nameKey(o client.Object) string { return filter.TextKey(nameOf(o), false) }

// put is called by the informer alone, one event at a time. It gives the object
// that was there before.
func (o *orders) put(obj client.Object) (previous client.Object) {
	if previous = o.order.put(obj); previous != nil && nameKey(previous) != nameKey(obj) {
		o.named.remove(o.named.place(previous))
	}
	o.named.put(obj)
	return previous
}

func (o *orders) remove(name string) (removed client.Object) {
	if o == nil {
		return nil
	}
	if removed = o.order.remove(scim.Place{Name: name}); removed != nil {
		o.named.remove(o.named.place(removed))
	}
	return removed
}

// cached gives an object as the informer knows it; nil if it does not.
func (t *table) cached(key types.NamespacedName) client.Object {
	o, ok, err := t.informer.GetStore().GetByKey(key.String())
	if err != nil || !ok {
		return nil
	}
	return o.(client.Object)
}

// indexed gives the objects with a value in an index.
func (t *table) indexed(index, value string) []client.Object {
	found, err := t.informer.GetIndexer().ByIndex(index, value)
	if err != nil || len(found) == 0 { // the only error is an unknown index
		return nil
	}
	result := make([]client.Object, len(found))
	for i := range found {
		result[i] = found[i].(client.Object)
	}
	return result
}

// indexValue is the value of an index for one sync.
func indexValue(sync types.NamespacedName, value string) string {
	return strings.Join([]string{sync.Namespace, sync.Name, value}, "/")
}

func (t *table) indexers() toolscache.Indexers {
	one := func(value func(client.Object) string) toolscache.IndexFunc {
		return func(object any) ([]string, error) {
			o := object.(client.Object)
			if v := value(o); v != "" && visible(o) {
				return []string{indexValue(syncOf(o), v)}, nil
			}
			return nil, nil
		}
	}
	indexers := toolscache.Indexers{
		byName:       one(func(o client.Object) string { return schema.Fold(nameOf(o)) }),
		byExternalID: one(func(o client.Object) string { return resourceOf(o).ExternalID }),
		byClaim: func(o any) ([]string, error) {
			if id := claimOf(o.(client.Object)).ClaimFor; id != "" {
				return []string{id}, nil
			}
			return nil, nil
		},
	}
	if t.kind == KindUser {
		indexers[byEmail] = indexEmails
	} else {
		indexers[byMember] = indexMembers
	}
	return indexers
}

func indexEmails(o any) ([]string, error) {
	u := o.(*v1alpha1.User)
	if !visible(u) || len(u.Spec.Emails) == 0 {
		return nil, nil
	}
	values := make([]string, 0, len(u.Spec.Emails))
	for i := range u.Spec.Emails {
		values = append(values, indexValue(syncOf(u), schema.Fold(u.Spec.Emails[i].Value)))
	}
	return values, nil
}

// indexMembers is not by sync: ids differ anyway, and are not copied so.
func indexMembers(o any) ([]string, error) {
	if g := o.(*v1alpha1.Group); visible(g) {
		return g.Spec.Members, nil
	}
	return nil, nil
}
