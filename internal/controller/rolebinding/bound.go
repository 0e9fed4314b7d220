package rolebinding

import (
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// boundRoles remember which roles were bound for a binding, from before its status
// says so. A role that is changed right then would else count as somebody else's,
// which goes before the new one stands.
type boundRoles struct {
	mu sync.Mutex
	of map[request]bound
}

type bound struct {
	uid   types.UID // of the binding; another one of its name has bound nothing
	roles []v1alpha1.RoleReference
}

// add is called before a role is bound.
func (b *boundRoles) add(rq request, uid types.UID, role rbacv1.RoleRef) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.of == nil {
		b.of = map[request]bound{}
	}
	entry := b.of[rq]
	if entry.uid != uid {
		entry = bound{uid: uid}
	}
	entry.roles = unite(entry.roles, v1alpha1.RoleReference{Kind: role.Kind, Name: role.Name})
	b.of[rq] = entry
}

// with gives those of the status and those that are remembered.
func (b *boundRoles) with(rq request, uid types.UID, status []v1alpha1.RoleReference) []v1alpha1.RoleReference {
	b.mu.Lock()
	defer b.mu.Unlock()
	if entry := b.of[rq]; entry.uid == uid {
		return unite(status, entry.roles...)
	}
	return status
}

// keep forgets all others.
func (b *boundRoles) keep(rq request, roles []v1alpha1.RoleReference) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if entry, ok := b.of[rq]; ok {
		entry.roles = slices.DeleteFunc(slices.Clone(entry.roles), func(role v1alpha1.RoleReference) bool { return !slices.Contains(roles, role) })
		b.of[rq] = entry
	}
}

func (b *boundRoles) forget(rq request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.of, rq)
}

func unite(roles []v1alpha1.RoleReference, more ...v1alpha1.RoleReference) []v1alpha1.RoleReference {
	for _, role := range more {
		if !slices.Contains(roles, role) {
			roles = append(slices.Clip(roles), role)
		}
	}
	return roles
}
