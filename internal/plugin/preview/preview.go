// Package preview says what other filters of a sync would add and remove,
// before they are applied: users, groups, and subjects in bindings.
//
// It is a function of what was read, and asks the same functions as the
// operator: GroupSynced, UserSynced, Project and the removal guard.
package preview

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/access"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/snapshot"
	"github.com/rollcall-scim/rollcall/internal/removalguard"
)

// Preview is what a change of filters does.
type Preview struct {
	Sync     string    `json:"sync"` // namespace/name
	Before   Filters   `json:"before"`
	After    Filters   `json:"after"`
	Groups   Change    `json:"groups"`
	Users    Change    `json:"users"`
	Bindings []Binding `json:"bindings"` // only those that change
	// Guard is set if the sync has a removalGuard.
	Guard *Guard   `json:"removalGuard,omitempty"`
	Notes []string `json:"notes,omitempty"`
}

// Filters are those of a sync. Empty lists let everything through.
type Filters struct {
	Prefixes   []string `json:"prefixes"`
	UserGroups []string `json:"userGroups"`
}

// FiltersOf gives those of a sync.
func FiltersOf(sync *v1alpha1.IdentityProviderSync) Filters {
	f := Filters{Prefixes: []string{}, UserGroups: []string{}}
	if sync.Spec.GroupFilter != nil {
		f.Prefixes = append(f.Prefixes, sync.Spec.GroupFilter.Prefixes...)
	}
	if sync.Spec.UserFilter != nil {
		f.UserGroups = append(f.UserGroups, sync.Spec.UserFilter.Groups...)
	}
	return f
}

// apply gives the sync as it would be.
func (f *Filters) apply(sync *v1alpha1.IdentityProviderSync) *v1alpha1.IdentityProviderSync {
	changed := sync.DeepCopy()
	changed.Spec.GroupFilter, changed.Spec.UserFilter = nil, nil
	if len(f.Prefixes) > 0 {
		changed.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: f.Prefixes}
	}
	if len(f.UserGroups) > 0 {
		changed.Spec.UserFilter = &v1alpha1.UserFilter{Groups: f.UserGroups}
	}
	return changed
}

// Change is by displayName or userName, sorted.
type Change struct {
	Before  int      `json:"before"` // how many are synced
	After   int      `json:"after"`
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

// Binding is what changes at one role in one place.
type Binding struct {
	Binding   string   `json:"binding"`             // Kind/namespace/name
	Namespace string   `json:"namespace,omitempty"` // empty: the whole cluster
	Role      string   `json:"role"`                // "ClusterRole view"
	Added     []string `json:"added"`               // names of subjects
	Removed   []string `json:"removed"`
}

// Guard is what the removalGuard would say.
type Guard struct {
	Subjects int  `json:"subjects"` // of the sync, in all bindings
	Lost     int  `json:"lost"`     // of them
	Held     bool `json:"held"`
}

// Of works a change out. What was read must be about the sync.
func Of(world *access.World, sync *v1alpha1.IdentityProviderSync, after Filters) *Preview {
	changed := after.apply(sync)
	objects := world.Objects
	objects.Syncs = slices.Clone(objects.Syncs)
	for i := range objects.Syncs {
		if client.ObjectKeyFromObject(&objects.Syncs[i]) == client.ObjectKeyFromObject(sync) {
			objects.Syncs[i] = *changed
		}
	}
	was, will := snapshot.New(world.Objects), snapshot.New(objects)
	p := &Preview{Sync: cluster.Name(sync), Before: FiltersOf(sync), After: FiltersOf(changed), Bindings: []Binding{}, Notes: world.Notes}
	p.synced(was, will, sync, changed, world)
	p.bindings(was, will, world)
	p.guard(will, world, changed)
	return p
}

// synced compares who is let through.
func (p *Preview) synced(was, will *snapshot.Snapshot, sync, changed *v1alpha1.IdentityProviderSync, world *access.World) {
	key := client.ObjectKeyFromObject(sync)
	groups := tally{}
	for i := range world.Objects.Groups {
		if g := &world.Objects.Groups[i]; isOf(g, &g.Spec.ResourceSpec, key) {
			groups.add(g.Spec.DisplayName, projection.GroupSynced(sync, g), projection.GroupSynced(changed, g))
		}
	}
	users := tally{}
	before, after := was.Directory(key), will.Directory(key)
	for i := range world.Objects.Users {
		if u := &world.Objects.Users[i]; isOf(u, &u.Spec.ResourceSpec, key) {
			users.add(u.Spec.UserName, projection.UserSynced(sync, before, u), projection.UserSynced(changed, after, u))
		}
	}
	p.Groups, p.Users = groups.change(), users.change()
}

func isOf(o client.Object, spec *v1alpha1.ResourceSpec, sync types.NamespacedName) bool {
	return o.GetNamespace() == sync.Namespace && spec.SyncRef.Name == sync.Name && spec.ID != ""
}

// tally compares two sets.
type tally struct {
	before, after  int
	added, removed []string
}

func (t *tally) add(name string, before, after bool) {
	if before {
		t.before++
	}
	if after {
		t.after++
	}
	switch {
	case after && !before:
		t.added = append(t.added, name)
	case before && !after:
		t.removed = append(t.removed, name)
	}
}

func (t *tally) change() Change {
	slices.Sort(t.added)
	slices.Sort(t.removed)
	return Change{t.before, t.after, append([]string{}, t.added...), append([]string{}, t.removed...)}
}

// site is one role in one place.
type site struct{ namespace, role string }

// subjects gives who is to be bound, by site.
func subjects(o *projection.Outcome) map[site]map[string]bool {
	all := map[site]map[string]bool{}
	for i := range o.Placements {
		placement := &o.Placements[i]
		at := site{placement.Namespace, placement.RoleRef.Kind + " " + placement.RoleRef.Name}
		if all[at] == nil {
			all[at] = map[string]bool{}
		}
		for j := range placement.Objects {
			for _, subject := range placement.Objects[j].Subjects {
				all[at][subject.Name] = true
			}
		}
	}
	return all
}

// bindings compares who is to be bound.
func (p *Preview) bindings(was, will *snapshot.Snapshot, world *access.World) {
	for _, b := range world.Bindings {
		before := subjects(projection.Project(unguarded(world.Request(was, b))))
		after := subjects(projection.Project(unguarded(world.Request(will, b))))
		sites := maps.Clone(before)
		maps.Copy(sites, after)
		for _, at := range slices.SortedFunc(maps.Keys(sites), func(a, b site) int {
			return strings.Compare(a.namespace+"\x00"+a.role, b.namespace+"\x00"+b.role)
		}) {
			change := tally{}
			for name := range before[at] {
				change.add(name, true, after[at][name])
			}
			for name := range after[at] {
				if !before[at][name] {
					change.add(name, false, true)
				}
			}
			if c := change.change(); len(c.Added)+len(c.Removed) > 0 {
				p.Bindings = append(p.Bindings, Binding{b.Key().String(), at.namespace, at.role, c.Added, c.Removed})
			}
		}
	}
}

func unguarded(r projection.Request) projection.Request {
	r.Guard = nil
	return r
}

// guard asks the removalGuard, as the operator will: what each binding has, and
// then what each would lose.
func (p *Preview) guard(will *snapshot.Snapshot, world *access.World, changed *v1alpha1.IdentityProviderSync) {
	if changed.Spec.RemovalGuard == nil {
		return
	}
	changed = changed.DeepCopy()
	changed.Status.RemovalGuard = nil
	key, now := client.ObjectKeyFromObject(changed), time.Now()
	guard := removalguard.New(func() time.Time { return now })
	p.Guard = &Guard{}
	type proposal struct {
		binding        string
		subjects, lost int
	}
	var proposals []proposal
	for _, b := range world.Bindings {
		request := world.Request(will, b)
		request.Guard = func(sync *v1alpha1.IdentityProviderSync, binding string, subjects, lost int) bool {
			if client.ObjectKeyFromObject(sync) == key {
				proposals = append(proposals, proposal{binding, subjects, lost})
			}
			return false
		}
		projection.Project(request)
	}
	for _, proposed := range proposals {
		guard.Propose(changed, proposed.binding, proposed.subjects, 0)
		p.Guard.Subjects, p.Guard.Lost = p.Guard.Subjects+proposed.subjects, p.Guard.Lost+proposed.lost
	}
	for _, proposed := range proposals {
		p.Guard.Held = guard.Propose(changed, proposed.binding, proposed.subjects, proposed.lost) || p.Guard.Held
	}
}

// Patch is the change as a merge patch of the sync.
func (p *Preview) Patch() (string, error) {
	type spec struct {
		GroupFilter *v1alpha1.GroupFilter `json:"groupFilter"`
		UserFilter  *v1alpha1.UserFilter  `json:"userFilter"`
	}
	changed := p.After.apply(&v1alpha1.IdentityProviderSync{})
	patch, err := json.Marshal(map[string]spec{"spec": {changed.Spec.GroupFilter, changed.Spec.UserFilter}})
	return string(patch), err
}
