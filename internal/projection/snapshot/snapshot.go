// Package snapshot gives projection what it reads from lists of objects: for
// programs that have no informers, such as the kubectl plugin.
//
// A snapshot is read once and does not change. It costs time and memory in
// proportion to what was listed.
package snapshot

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

// Objects are what was listed. Whatever is left out counts as not there; a group
// whose Slices are missing cannot be resolved.
type Objects struct {
	Syncs      []v1alpha1.IdentityProviderSync
	Users      []v1alpha1.User
	Groups     []v1alpha1.Group
	Slices     []v1alpha1.GroupMemberSlice
	Namespaces []corev1.Namespace
	// OperatorNamespace is one of those that no selector chooses.
	OperatorNamespace string
}

// Snapshot is a cluster as it was when Objects were listed. It shares them. It
// is for one goroutine.
type Snapshot struct {
	syncs       map[types.NamespacedName]*v1alpha1.IdentityProviderSync
	directories map[types.NamespacedName]*directory
	namespaces  map[string]projection.Namespace
}

// New makes a Snapshot.
func New(o Objects) *Snapshot {
	s := &Snapshot{
		syncs:       map[types.NamespacedName]*v1alpha1.IdentityProviderSync{},
		directories: map[types.NamespacedName]*directory{},
		namespaces:  map[string]projection.Namespace{},
	}
	holdsSync := map[string]bool{}
	for i := range o.Syncs {
		sync := &o.Syncs[i]
		s.syncs[types.NamespacedName{Namespace: sync.Namespace, Name: sync.Name}] = sync
		holdsSync[sync.Namespace] = true
	}
	for i := range o.Users {
		if user := &o.Users[i]; isResource(&user.Spec.ResourceSpec) {
			s.directory(types.NamespacedName{Namespace: user.Namespace, Name: user.Spec.SyncRef.Name}).addUser(user)
		}
	}
	for i := range o.Groups {
		if group := &o.Groups[i]; isResource(&group.Spec.ResourceSpec) {
			s.directory(types.NamespacedName{Namespace: group.Namespace, Name: group.Spec.SyncRef.Name}).addGroup(group)
		}
	}
	for i := range o.Slices {
		slice := &o.Slices[i]
		s.directory(types.NamespacedName{Namespace: slice.Namespace, Name: slice.Spec.SyncRef.Name}).slices[slice.Name] = &slice.Spec
	}
	for i := range o.Namespaces {
		ns := &o.Namespaces[i]
		s.namespaces[ns.Name] = projection.Namespace{
			Name: ns.Name, Labels: ns.Labels,
			Terminating: ns.DeletionTimestamp != nil || ns.Status.Phase == corev1.NamespaceTerminating,
			Protected:   projection.ProtectedNamespace(ns.Name, o.OperatorNamespace, holdsSync[ns.Name]),
		}
	}
	return s
}

// isResource leaves out claims of names and what is marked as deleted.
func isResource(spec *v1alpha1.ResourceSpec) bool { return spec.ID != "" && spec.Deleted == nil }

func (s *Snapshot) directory(sync types.NamespacedName) *directory {
	if s.directories[sync] == nil {
		s.directories[sync] = newDirectory()
	}
	return s.directories[sync]
}

// Directory is what a sync holds, also one that is gone.
func (s *Snapshot) Directory(sync types.NamespacedName) projection.Directory {
	return s.directory(sync)
}

// Syncs gives the syncs that exist, or of which there are users or groups, in
// order of their names.
func (s *Snapshot) Syncs() []types.NamespacedName {
	names := map[types.NamespacedName]bool{}
	for name := range s.syncs {
		names[name] = true
	}
	for name, d := range s.directories {
		names[name] = names[name] || len(d.users)+len(d.groups) > 0
	}
	var sorted []types.NamespacedName
	for name, exists := range names {
		if exists {
			sorted = append(sorted, name)
		}
	}
	slices.SortFunc(sorted, compareNames)
	return sorted
}

func compareNames(a, b types.NamespacedName) int {
	return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
}

// Users gives the users of all syncs that match, in order of sync and userName.
// Claims of names, and users that are marked as deleted, are not among them.
func (s *Snapshot) Users(match func(*v1alpha1.User) bool) []*v1alpha1.User {
	var users []*v1alpha1.User
	for _, sync := range s.Syncs() {
		first := len(users)
		for _, user := range s.directory(sync).users {
			if match(user) {
				users = append(users, user)
			}
		}
		slices.SortFunc(users[first:], func(a, b *v1alpha1.User) int {
			return cmp.Or(strings.Compare(a.Spec.UserName, b.Spec.UserName), strings.Compare(a.Name, b.Name))
		})
	}
	return users
}

// Request is for projection.Project and projection.Explain. Of the current
// objects, those of the binding count.
func (s *Snapshot) Request(b projection.Binding, current []projection.CurrentObject) projection.Request {
	sources := map[types.NamespacedName]projection.Source{}
	for _, name := range b.Syncs() {
		sources[name] = s.source(b, name)
	}
	return projection.Request{
		Binding: b, Current: current, Namespaces: s,
		Source: func(name types.NamespacedName) projection.Source { return sources[name] },
	}
}

// source names users as the operator does; but for a sync that is gone, of which
// the operator may remember how.
func (s *Snapshot) source(b projection.Binding, name types.NamespacedName) projection.Source {
	source := projection.Source{Sync: s.syncs[name], Directory: s.directory(name)}
	expression, last := b.NameExpression(source.Sync)
	for i, text := range []string{expression, last} {
		if text == "" {
			continue
		}
		found, err := s.directory(name).index("username", text, func() (values, error) {
			compiled, err := projection.CompileUsername(text)
			if err != nil {
				return nil, err
			}
			return compiled.Names, nil
		})
		if err == nil {
			source.Usernames = usernames{found}
			break
		}
		if i == 0 {
			source.UsernamesError = err
		}
	}
	return source
}

// NetworkInput is for networkpolicy.Wanted and networkpolicy.Explain. Of the
// NetworkPolicies, those of the policy count.
func (s *Snapshot) NetworkInput(policy *v1alpha1.GroupNetworkPolicy, current []networkingv1.NetworkPolicy) networkpolicy.Input {
	in := networkpolicy.Input{
		Policy: policy, NamespaceLabels: s.namespaces[policy.Namespace].Labels, Limits: networkpolicy.DefaultLimits,
		Source: func(name types.NamespacedName) networkpolicy.Source {
			return networkpolicy.Source{Sync: s.syncs[name], Directory: s.directory(name),
				Values: func(e networkpolicy.Expression) (networkpolicy.Index, error) {
					found, err := s.directory(name).index(string(e.Kind), e.Text, func() (values, error) {
						compiled, err := networkpolicy.Compile(e.Kind, e.Text)
						return values(compiled), err
					})
					if err != nil {
						return nil, err
					}
					return found, nil
				}}
		},
	}
	for i := range current {
		if owner, ok := networkpolicy.OwnerOf(&current[i]); ok && owner == policy.Name && current[i].Namespace == policy.Namespace {
			in.Current = append(in.Current, current[i])
		}
	}
	return in
}

// RoleBindings gives those of a binding as projection sees them.
func RoleBindings(b projection.Binding, roleBindings []rbacv1.RoleBinding, clusterRoleBindings []rbacv1.ClusterRoleBinding) []projection.CurrentObject {
	var current []projection.CurrentObject
	for i := range roleBindings {
		if o := &roleBindings[i]; isOf(b, o) {
			current = append(current, projection.CurrentObject{Namespace: o.Namespace, Name: o.Name, RoleRef: o.RoleRef, Subjects: o.Subjects})
		}
	}
	for i := range clusterRoleBindings {
		if o := &clusterRoleBindings[i]; isOf(b, o) {
			current = append(current, projection.CurrentObject{Name: o.Name, RoleRef: o.RoleRef, Subjects: o.Subjects})
		}
	}
	return current
}

// Namespace implements projection.Namespaces.
func (s *Snapshot) Namespace(name string) (projection.Namespace, bool) {
	ns, ok := s.namespaces[name]
	return ns, ok
}

// Namespaces implements projection.Namespaces.
func (s *Snapshot) Namespaces() iter.Seq[projection.Namespace] {
	return func(yield func(projection.Namespace) bool) {
		for _, ns := range s.namespaces {
			if !yield(ns) {
				return
			}
		}
	}
}
