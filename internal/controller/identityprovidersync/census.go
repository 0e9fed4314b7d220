package identityprovidersync

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// grace is how long the directory may take to show a change that was noted.
const grace = time.Second

// counts are how many resources a sync has.
type counts struct {
	users   v1alpha1.UserCounts
	groups  v1alpha1.GroupCounts
	example unknown // one of the unknown members
}

// unknown tells about the members of one group that name nothing.
type unknown struct {
	members int64
	group   string // displayName
	id      string // one of them
}

// census counts the resources of each sync: at most once in an interval, only
// when something changed, and looking into the members of those groups only
// that a change may concern.
type census struct {
	mu    sync.Mutex
	syncs map[types.NamespacedName]*tally
}

// tally is the count of one sync and what changed since.
type tally struct {
	changed time.Time            // the latest change since the count; zero: none
	groups  map[string]time.Time // object names of groups to look into, and since when
	ids     map[string]bool      // ids that came or went: their groups are to be looked into

	counted    time.Time
	generation int64 // of the sync that was counted with
	unknown    map[string]unknown
	budget     budget
	counts     counts
}

func newCensus() *census { return &census{syncs: map[types.NamespacedName]*tally{}} }

func (c *census) tally(key types.NamespacedName) *tally {
	t := c.syncs[key]
	if t == nil {
		t = &tally{groups: map[string]time.Time{}, ids: map[string]bool{}, budget: newBudget(time.Now())}
		c.syncs[key] = t
	}
	return t
}

func (c *census) forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.syncs, key)
}

// handler notes what changes. It enqueues nothing: a sync looks at its count
// at every interval.
func (c *census) handler() handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, _ queue) { c.note(nil, e.Object) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, _ queue) { c.note(e.Object, nil) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, _ queue) {
			if e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() || e.ObjectOld.GetUID() != e.ObjectNew.GetUID() {
				c.note(e.ObjectOld, e.ObjectNew)
			}
		},
	}
}

// note takes in one change; before or after is nil when there is none.
func (c *census) note(before, after client.Object) {
	sync, name, wasID := identify(before)
	if after != nil {
		sync, name, _ = identify(after)
	}
	_, _, isID := identify(after)
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tally(sync)
	t.changed = time.Now()
	if name != "" {
		t.lookLater(name, t.changed)
	}
	if wasID != isID {
		for _, id := range []string{wasID, isID} {
			if id != "" {
				t.ids[id] = true
			}
		}
	}
}

// lookLater has a group looked into; what it waits for already counts.
func (t *tally) lookLater(group string, since time.Time) {
	if was, waits := t.groups[group]; !waits || since.Before(was) {
		t.groups[group] = since
	}
}

// identify gives the sync of a resource, the object's name if it is a group,
// and the SCIM id under which members may name it.
func identify(o client.Object) (sync types.NamespacedName, group, id string) {
	var spec *v1alpha1.ResourceSpec
	switch o := o.(type) {
	case *v1alpha1.User:
		spec = &o.Spec.ResourceSpec
	case *v1alpha1.Group:
		spec, group = &o.Spec.ResourceSpec, o.Name
	default:
		return sync, "", ""
	}
	sync = types.NamespacedName{Namespace: o.GetNamespace(), Name: spec.SyncRef.Name}
	if spec.Deleted == nil {
		id = spec.ID
	}
	return sync, group, id
}

// count gives the counts of a sync, no older than an interval and a change of
// its spec.
func (c *census) count(s *v1alpha1.IdentityProviderSync, view *directory.View) counts {
	c.mu.Lock()
	t := c.tally(client.ObjectKeyFromObject(s))
	first := t.unknown == nil
	due := first || t.generation != s.Generation || !t.changed.IsZero() && time.Since(t.counted) >= interval-time.Second
	if !due {
		defer c.mu.Unlock()
		return t.counts
	}
	groups, ids := maps.Clone(t.groups), maps.Clone(t.ids)
	// What changed a moment ago may not be in the view yet, and counts again.
	if time.Since(t.changed) > grace {
		t.changed, t.groups, t.ids = time.Time{}, map[string]time.Time{}, map[string]bool{}
	}
	c.mu.Unlock()
	// From here on only this sync's worker touches unknown, counts and generation.

	if first {
		t.unknown = map[string]unknown{}
	}
	t.budget.earn(time.Now())
	for id := range ids {
		for _, g := range view.GroupsOf(id) {
			if _, waits := groups[g.Name]; !waits {
				groups[g.Name] = time.Now()
			}
		}
	}
	var result counts
	again := t.lookInto(view, first, groups, &result)
	filtered := s.Spec.UserFilter != nil && len(s.Spec.UserFilter.Groups) > 0
	for u := range view.Users() {
		result.users.Total++
		if projection.Active(u) {
			result.users.Active++
		}
		if !filtered || projection.UserSynced(s, view, u) {
			result.users.Synced++
		}
	}
	for g := range view.Groups() {
		if projection.GroupSynced(s, g) {
			result.groups.Synced++
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, since := range again {
		t.lookLater(name, since)
		t.changed = time.Now()
	}
	t.counts, t.generation, t.counted = result, s.Generation, time.Now()
	return result
}

// lookInto counts the unknown members anew in the groups named, those first that
// wait longest, or in all. It gives those that have to wait: because they cannot
// be resolved right now, or because enough was looked at. Their last count stays.
func (t *tally) lookInto(view *directory.View, all bool, named map[string]time.Time, result *counts) (again map[string]time.Time) {
	again = map[string]time.Time{}
	var due []*v1alpha1.Group
	present := map[string]unknown{}
	for g := range view.Groups() {
		result.groups.Total++
		if _, isNamed := named[g.Name]; all || isNamed {
			due = append(due, g)
		}
		if last, ok := t.unknown[g.Name]; ok {
			present[g.Name] = last
		}
	}
	slices.SortStableFunc(due, func(a, b *v1alpha1.Group) int { return named[a.Name].Compare(named[b.Name]) })
	for _, g := range due {
		if !all && !t.budget.any() {
			again[g.Name] = named[g.Name]
			continue
		}
		members, err := view.Members(g)
		if err != nil {
			again[g.Name] = named[g.Name]
			continue
		}
		if !all {
			t.budget.spend(len(members))
		}
		found := unknown{group: g.Spec.DisplayName}
		for _, id := range members {
			if !exists(view, id) {
				found.members, found.id = found.members+1, id
			}
		}
		if delete(present, g.Name); found.members > 0 {
			present[g.Name] = found
		}
	}
	for _, found := range present {
		result.groups.UnknownMembers += found.members
		result.example = found
	}
	t.unknown = present
	return again
}

func exists(view *directory.View, id string) bool {
	if _, ok := view.User(id); ok {
		return true
	}
	_, ok := view.GroupByID(id)
	return ok
}
