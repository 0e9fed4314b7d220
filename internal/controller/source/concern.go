package source

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Concern is what a change of a user or group concerns. One that concerns too
// much costs a reconcile that writes nothing, one that is missed would be a
// leak, so in doubt it is more.
type Concern struct {
	Sync types.NamespacedName
	// All is set when every binding of the sync is concerned.
	All bool
	// Groups are displayNames otherwise: of the groups that changed, under old
	// names and new ones, and of the groups above them. Each once, in order.
	Groups []string
	// Consumers are concerned as well, whatever their groups: they use a value that
	// very many users have.
	Consumers []Consumer
}

// SameSpec tells whether an update left the spec alone. What was deleted and
// made again while the watch was broken also comes as an update, and both may
// be of the first generation.
func SameSpec(before, after client.Object) bool {
	return before.GetGeneration() == after.GetGeneration() && before.GetUID() == after.GetUID()
}

// SyncChanged tells whether an update of a sync concerns its bindings.
func SyncChanged(before, after *v1alpha1.IdentityProviderSync) bool {
	return before == nil || after == nil || !SameSpec(before, after) ||
		before.DeletionTimestamp.IsZero() != after.DeletionTimestamp.IsZero()
}

// GroupChanged gives what the change of a group concerns; nil if nothing.
// Either group may be nil.
func (s *Sources) GroupChanged(ctx context.Context, before, after *v1alpha1.Group) *Concern {
	if before != nil && after != nil && SameSpec(before, after) {
		return nil
	}
	if before != nil && (after == nil || after.UID != before.UID) {
		s.nested.forget(before.UID)
	}
	var ids, names []string
	var sync types.NamespacedName
	for _, group := range []*v1alpha1.Group{before, after} {
		if group == nil || group.Spec.ID == "" {
			continue
		}
		sync = types.NamespacedName{Namespace: group.Namespace, Name: group.Spec.SyncRef.Name}
		ids, names = append(ids, group.Spec.ID), append(names, group.Spec.DisplayName)
	}
	if len(ids) == 0 {
		return nil // claims
	}
	names = append(names, s.above(ctx, sync, ids)...)
	if s.inUserFilter(ctx, sync, names) {
		users, known := changedUsers(before, after)
		if !known {
			return &Concern{Sync: sync, All: true}
		}
		all, consumers := s.withNamesakes(ctx, sync, users)
		names = append(names, s.above(ctx, sync, all)...)
		return concern(sync, names, consumers)
	}
	return concern(sync, names, nil)
}

func concern(sync types.NamespacedName, names []string, consumers []Consumer) *Concern {
	slices.Sort(names)
	return &Concern{Sync: sync, Groups: slices.Compact(names), Consumers: consumers}
}

// changedUsers gives the users among the members of a group that may have come
// or gone, if that can be told from its root and none of them is a group.
func changedUsers(before, after *v1alpha1.Group) (ids []string, known bool) {
	if before == nil || after == nil || before.UID != after.UID || before.Spec.Index != after.Spec.Index ||
		before.Spec.ID != after.Spec.ID || before.Spec.DisplayName != after.Spec.DisplayName ||
		(before.Spec.Deleted == nil) != (after.Spec.Deleted == nil) {
		return nil, false
	}
	ids = append(difference(before.Spec.Members, after.Spec.Members), difference(before.Spec.Removed, after.Spec.Removed)...)
	return ids, len(groupsAmong(ids)) == 0
}

// difference gives what is in one of two lists only.
func difference(a, b []string) []string {
	in := make(map[string]int, len(a)+len(b))
	for _, id := range a {
		in[id] |= 1
	}
	for _, id := range b {
		in[id] |= 2
	}
	var ids []string
	for id, where := range in {
		if where != 3 {
			ids = append(ids, id)
		}
	}
	return ids
}

// UserChanged gives what the change of a user concerns: the groups that the
// user, or another user of the same value in some index, is a member of. What
// is Held of the sync is concerned too. Either user may be nil.
func (s *Sources) UserChanged(ctx context.Context, before, after *v1alpha1.User) *Concern {
	if before != nil && after != nil && SameSpec(before, after) {
		return nil
	}
	user := after
	if user == nil {
		user = before
	}
	sync := types.NamespacedName{Namespace: user.Namespace, Name: user.Spec.SyncRef.Name}
	versions := map[string][]*v1alpha1.User{} // by id
	for _, version := range []*v1alpha1.User{before, after} {
		if version != nil && version.Spec.ID != "" {
			versions[version.Spec.ID] = append(versions[version.Spec.ID], version)
		}
	}
	view := s.directory.View(ctx, sync)
	var ids []string
	var consumers []Consumer
	for id, versions := range versions {
		ids = append(ids, id)
		for _, index := range s.of(sync) {
			for _, value := range index.changed(id, view.User, versions...) {
				some, many := s.namesakes(index, value)
				ids, consumers = append(ids, some...), append(consumers, many...)
			}
		}
	}
	return concern(sync, s.above(ctx, sync, ids), consumers)
}

// namesakes gives the users of a value that the change of one of them concerns; if
// they are very many, what uses the value instead.
func (s *Sources) namesakes(index *Index, value string) (users []string, consumers []Consumer) {
	if index.isCrowded(value) {
		return nil, s.usedBy(index)
	}
	return index.namesakes(value), nil
}

// withNamesakes adds the users that share a value with one of ids, or what uses it.
func (s *Sources) withNamesakes(ctx context.Context, sync types.NamespacedName, ids []string) (all []string, consumers []Consumer) {
	view := s.directory.View(ctx, sync)
	all = slices.Clone(ids)
	for _, id := range ids {
		user, ok := view.User(id)
		if !ok {
			continue
		}
		for _, index := range s.of(sync) {
			values, _ := index.Values(user) // without a value there is no namesake
			for _, value := range values {
				some, many := s.namesakes(index, value)
				all, consumers = append(all, some...), append(consumers, many...)
			}
		}
	}
	return all, consumers
}

// above gives the displayNames of the groups above.
func (s *Sources) above(ctx context.Context, sync types.NamespacedName, ids []string) []string {
	var names []string
	projection.Ancestors(s.directory.View(ctx, sync), ids, func(group *v1alpha1.Group) bool {
		names = append(names, group.Spec.DisplayName)
		return true
	})
	return names
}

// inUserFilter tells whether one of the groups decides which users are synced.
func (s *Sources) inUserFilter(ctx context.Context, name types.NamespacedName, groups []string) bool {
	var sync v1alpha1.IdentityProviderSync
	if err := s.cache.Get(ctx, name, &sync); err != nil || sync.Spec.UserFilter == nil {
		return false // a sync that comes later brings an event of its own
	}
	return slices.ContainsFunc(sync.Spec.UserFilter.Groups, func(group string) bool { return slices.Contains(groups, group) })
}
