package projection

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Request is all that decides what a binding comes to.
type Request struct {
	Binding Binding
	// Source gives the syncs that the binding refers to, with the Usernames of
	// Binding.NameExpression. Each is asked for once.
	Source     func(types.NamespacedName) Source
	Namespaces Namespaces
	// Current are all objects that the binding controls, in whatever namespace
	// and with whatever role: see BindingOf.
	Current []CurrentObject
	// NoAdditions is why nothing may be added now: no subject, no object.
	NoAdditions *Problem
	// Guard may be nil.
	Guard Guard
	// Memory may be nil. It is the binding's own.
	Memory *Memory
}

// Guard says whether removals are held. Of the users of a sync who have access
// by the binding now, so many would lose some of it although they exist and
// are active. It is asked once for each sync that exists, also when nobody would.
type Guard func(sync *v1alpha1.IdentityProviderSync, binding string, subjects, lost int) (held bool)

// CurrentObject is a RoleBinding, or a ClusterRoleBinding if it has no namespace.
type CurrentObject struct {
	Namespace, Name string
	RoleRef         rbacv1.RoleRef
	Subjects        []rbacv1.Subject
}

// Outcome is what a binding comes to.
type Outcome struct {
	// Placements are in order of namespace and role. What fails in one of them
	// is no matter to the others.
	Placements []Placement
	// MembersDesired is how many distinct active, synced members are known; for
	// subjects of kind Group, how many groups.
	MembersDesired int64
	// Namespaces is in how many namespaces they are to be bound.
	Namespaces int64
	// Problems are at most MaxProblems, in order of the spec.
	Problems []Problem
	// Held is true if some members are not known now.
	Held bool
	// Unresolved is true if something could not be read: to be tried again,
	// since no event may say that it can be.
	Unresolved bool
	// Removals are what the Guard was asked about, if anybody would lose access.
	Removals []Removal

	names []string // of each desired member that has one that can be bound
}

// Removal is that active users of a sync lose access.
type Removal struct {
	Sync  types.NamespacedName
	Users []string // SCIM ids, sorted
	Held  bool     // they keep it for now
}

// Placement is one role in one place.
type Placement struct {
	Namespace string // empty: the whole cluster
	RoleRef   rbacv1.RoleRef
	// Objects should exist, in order of their index.
	Objects []Object
	// Obsolete objects are to be deleted once all Objects are as they should be.
	Obsolete []Object

	audience *audience
	absent   []string // names of the audience that no object has
}

// Object is a RoleBinding, or a ClusterRoleBinding if it has no namespace.
type Object struct {
	Namespace, Name string
	RoleRef         rbacv1.RoleRef
	// Subjects are sorted. They may be shared with other objects, so they must
	// not be modified; they are those of Current, the very slice, if nothing changes.
	Subjects []rbacv1.Subject
	// Current is what exists now; nil if the object is to be created.
	Current *CurrentObject
	// Adds is how many subjects come, Revokes how many lose this access, and
	// Moves how many leave for another object of the placement.
	Adds, Revokes, Moves int

	shrunk []rbacv1.Subject
}

// Changed reports whether the subjects are not those that exist.
func (o *Object) Changed() bool {
	return o.Current == nil || !sameSlice(o.Subjects, o.Current.Subjects)
}

// Shrunk gives the subjects that exist without those that are revoked: what
// may be written at once, whatever else has to wait. It must not be modified.
func (o *Object) Shrunk() []rbacv1.Subject { return o.shrunk }
