package source

import (
	"iter"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

var _ projection.Directory = view{}

// view is a directory.View that remembers which groups are nested in a large
// one. A userFilter is often a group of everybody, whose members nobody wants
// to read through for each reconcile.
type view struct {
	*directory.View
	sources *Sources
	sync    types.NamespacedName
}

// Groups gives all groups of the sync, in no order. The order that
// directory.View keeps follows events of its own, and may be behind the event
// that led to this reconcile; the informer's store is not.
func (v view) Groups() iter.Seq[*v1alpha1.Group] {
	return func(yield func(*v1alpha1.Group) bool) {
		objects, _ := v.sources.groups.ByIndex(indexSync, v.sync.String()) // the only error is an unknown index
		for _, o := range objects {
			if group := o.(*v1alpha1.Group); group.Spec.ID != "" && group.Spec.Deleted == nil && !yield(group) {
				return
			}
		}
	}
}

// NestedGroups reads the members of a group once for each version of it.
func (v view) NestedGroups(group *v1alpha1.Group) ([]string, error) {
	if group.Spec.Index == "" {
		return groupsAmong(group.Spec.Members), nil
	}
	if ids, ok := v.sources.nested.get(group); ok {
		return ids, nil
	}
	members, err := v.Members(group)
	if err != nil {
		return nil, err
	}
	ids := groupsAmong(members)
	v.sources.nested.put(group, ids)
	return ids, nil
}

func groupsAmong(ids []string) []string {
	var groups []string
	for _, id := range ids {
		if _, kind, ok := directory.ObjectName(id); ok && kind == directory.KindGroup {
			groups = append(groups, id)
		}
	}
	return groups
}

// nestedGroups are ids of nested groups by the UID of the outer one.
type nestedGroups struct {
	mu     sync.Mutex
	groups map[types.UID]nestedIDs
}

type nestedIDs struct {
	resourceVersion string
	ids             []string
}

func (n *nestedGroups) get(group *v1alpha1.Group) ([]string, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	found, ok := n.groups[group.UID]
	return found.ids, ok && found.resourceVersion == group.ResourceVersion
}

func (n *nestedGroups) put(group *v1alpha1.Group, ids []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.groups == nil {
		n.groups = map[types.UID]nestedIDs{}
	}
	n.groups[group.UID] = nestedIDs{resourceVersion: group.ResourceVersion, ids: ids}
}

func (n *nestedGroups) forget(uid types.UID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.groups, uid)
}
