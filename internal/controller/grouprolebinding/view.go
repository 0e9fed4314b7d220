package grouprolebinding

import (
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
	nested *nestedGroups
}

// NestedGroups reads the members of a group once for each version of it.
func (v view) NestedGroups(group *v1alpha1.Group) ([]string, error) {
	if group.Spec.Index == "" {
		return groupsAmong(group.Spec.Members), nil
	}
	if ids, ok := v.nested.get(group); ok {
		return ids, nil
	}
	members, err := v.Members(group)
	if err != nil {
		return nil, err
	}
	ids := groupsAmong(members)
	v.nested.put(group, ids)
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
