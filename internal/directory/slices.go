package directory

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// byGroup is the index of slices by the Group object they were written for;
// byMember is the index of leaf slices by the ids they list.
const byGroup = "group"

const (
	// maxEarly bounds the slices that are known before the informer delivers them.
	maxEarly = 4096
	// earlyAge is when a slice that was not delivered is doubted, and how often.
	earlyAge = time.Minute
)

// sliceTable is what this replica knows of GroupMemberSlices. The informers of
// roots and slices are not in step: a root often comes before its slices. Such
// slices, written or read here, are kept aside until they are delivered; until
// then the index from members to slices lacks them.
type sliceTable struct {
	informer toolscache.SharedIndexInformer
	handler  toolscache.ResourceEventHandlerRegistration

	now func() time.Time
	// changed is told that what is known of a sync's slices is another.
	changed func(sync types.NamespacedName)

	mu      sync.Mutex
	early   map[types.NamespacedName]earlySlice
	doubted time.Time // when early was last gone through
}

type earlySlice struct {
	*v1alpha1.GroupMemberSlice
	since time.Time
}

func newSliceTable() *sliceTable {
	return &sliceTable{now: time.Now, early: map[types.NamespacedName]earlySlice{}}
}

func sliceIndexers() toolscache.Indexers {
	return toolscache.Indexers{
		byGroup: func(o any) ([]string, error) {
			s := o.(*v1alpha1.GroupMemberSlice)
			return []string{s.Namespace + "/" + s.Spec.Group}, nil
		},
		byMember: func(o any) ([]string, error) { return o.(*v1alpha1.GroupMemberSlice).Spec.Members, nil },
	}
}

func (t *sliceTable) watch(informer toolscache.SharedIndexInformer) (err error) {
	t.informer = informer
	t.handler, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { t.delivered(o.(*v1alpha1.GroupMemberSlice)) },
		DeleteFunc: t.deleted,
	})
	return err
}

func (t *sliceTable) deleted(event any) {
	if unknown, ok := event.(toolscache.DeletedFinalStateUnknown); ok {
		event = unknown.Obj
	}
	if s, ok := event.(*v1alpha1.GroupMemberSlice); ok {
		t.delivered(s)
	}
}

func (t *sliceTable) synced() bool { return t.handler.HasSynced() }

func (t *sliceTable) delivered(s *v1alpha1.GroupMemberSlice) {
	t.mu.Lock()
	delete(t.early, keyOf(s))
	t.mu.Unlock()
	t.changed(sliceSync(s))
}

func sliceSync(s *v1alpha1.GroupMemberSlice) types.NamespacedName {
	return types.NamespacedName{Namespace: s.Namespace, Name: s.Spec.SyncRef.Name}
}

// cached gives a slice as the informer knows it; nil if it does not.
func (t *sliceTable) cached(key types.NamespacedName) *v1alpha1.GroupMemberSlice {
	o, ok, err := t.informer.GetStore().GetByKey(key.String())
	if err != nil || !ok {
		return nil
	}
	return o.(*v1alpha1.GroupMemberSlice)
}

func (t *sliceTable) kept(key types.NamespacedName) *v1alpha1.GroupMemberSlice {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.early[key].GroupMemberSlice
}

// keep remembers a slice until the informer delivers it.
func (t *sliceTable) keep(s *v1alpha1.GroupMemberSlice) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.cached(keyOf(s)) != nil {
		return
	}
	t.forgetGone()
	if len(t.early) >= maxEarly {
		clear(t.early) // the informer is far behind; what is read again is kept again
	}
	t.early[keyOf(s)] = earlySlice{s, t.now()}
	t.changed(sliceSync(s))
}

// forgetGone drops slices that were deleted before the informer saw them, or
// had been delivered and deleted when they were kept: it has long come past
// their version. t.mu is held.
func (t *sliceTable) forgetGone() {
	now := t.now()
	if len(t.early) == 0 || now.Sub(t.doubted) < earlyAge {
		return
	}
	t.doubted = now
	reached := t.informer.LastSyncResourceVersion()
	for key, s := range t.early {
		order, err := resourceversion.CompareResourceVersion(s.ResourceVersion, reached)
		if err == nil && order <= 0 && now.Sub(s.since) >= earlyAge {
			delete(t.early, key)
		}
	}
}

// waiting gives the Group objects of a namespace with slices that are known but
// not delivered.
func (t *sliceTable) waiting(namespace string) map[string]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forgetGone()
	if len(t.early) == 0 {
		return nil
	}
	groups := map[string]bool{}
	for key, s := range t.early {
		if key.Namespace == namespace {
			groups[s.Spec.Group] = true
		}
	}
	return groups
}

// holders gives the leaf slices that list an id, of all groups.
func (t *sliceTable) holders(id string) []*v1alpha1.GroupMemberSlice {
	found, err := t.informer.GetIndexer().ByIndex(byMember, id)
	if err != nil || len(found) == 0 {
		return nil
	}
	slices := make([]*v1alpha1.GroupMemberSlice, len(found))
	for i := range found {
		slices[i] = found[i].(*v1alpha1.GroupMemberSlice)
	}
	return slices
}

// SlicesOf gives the slices that were written for a Group object, as the
// informer knows them.
func (d *Directory) SlicesOf(namespace, group string) []*v1alpha1.GroupMemberSlice {
	found, err := d.slices.informer.GetIndexer().ByIndex(byGroup, namespace+"/"+group)
	if err != nil {
		return nil
	}
	slices := make([]*v1alpha1.GroupMemberSlice, len(found))
	for i := range found {
		slices[i] = found[i].(*v1alpha1.GroupMemberSlice)
	}
	return slices
}
