package projection

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// The kinds of bindings.
const (
	KindGroupRoleBinding        = "GroupRoleBinding"
	KindClusterGroupRoleBinding = "ClusterGroupRoleBinding"
)

// Binding is a GroupRoleBinding or ClusterGroupRoleBinding.
type Binding struct {
	Kind      string
	Namespace string // empty for a ClusterGroupRoleBinding
	Name      string
	UID       types.UID
	Grant     v1alpha1.GroupGrant
	// Target is nil when the roles are bound in the binding's own namespace.
	Target *v1alpha1.BindingTarget
	// BoundRoles are what objects exist for, as the status has it.
	BoundRoles []v1alpha1.RoleReference
	// BoundSubjectName is the last subject.name that could be used, as the status has it.
	BoundSubjectName string
}

// OfGroupRoleBinding gives a GroupRoleBinding as a Binding, which shares its slices.
func OfGroupRoleBinding(b *v1alpha1.GroupRoleBinding) Binding {
	return Binding{
		Kind: KindGroupRoleBinding, Namespace: b.Namespace, Name: b.Name, UID: b.UID, Grant: b.Spec.GroupGrant,
		BoundRoles: b.Status.Roles, BoundSubjectName: b.Status.SubjectName,
	}
}

// OfClusterGroupRoleBinding gives a ClusterGroupRoleBinding as a Binding, which shares its slices.
func OfClusterGroupRoleBinding(b *v1alpha1.ClusterGroupRoleBinding) Binding {
	return Binding{
		Kind: KindClusterGroupRoleBinding, Name: b.Name, UID: b.UID, Grant: b.Spec.GroupGrant, Target: &b.Spec.Target,
		BoundRoles: b.Status.Roles, BoundSubjectName: b.Status.SubjectName,
	}
}

// BindingKey tells bindings apart.
type BindingKey struct{ Kind, Namespace, Name string }

// String is GroupRoleBinding/<namespace>/<name> or ClusterGroupRoleBinding/<name>.
func (k BindingKey) String() string {
	if k.Namespace == "" {
		return k.Kind + "/" + k.Name
	}
	return strings.Join([]string{k.Kind, k.Namespace, k.Name}, "/")
}

// Key names the binding.
func (b Binding) Key() BindingKey { return BindingKey{b.Kind, b.Namespace, b.Name} }

// BindingOf gives the binding that controls an object. It goes by name, not by
// UID, so that a binding restored from a backup takes its objects over without
// a gap.
func BindingOf(object metav1.Object) (BindingKey, bool) {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil {
		return BindingKey{}, false
	}
	if group, _, _ := strings.Cut(owner.APIVersion, "/"); group != v1alpha1.GroupVersion.Group {
		return BindingKey{}, false
	}
	switch owner.Kind {
	case KindGroupRoleBinding:
		return BindingKey{owner.Kind, object.GetNamespace(), owner.Name}, object.GetNamespace() != ""
	case KindClusterGroupRoleBinding:
		return BindingKey{owner.Kind, "", owner.Name}, true
	}
	return BindingKey{}, false
}

// GroupKey names a group by its sync and displayName.
type GroupKey struct {
	Sync        types.NamespacedName
	DisplayName string
}

// SyncName is the sync that a groupRef in a namespace means.
func SyncName(namespace string, ref v1alpha1.GroupReference) types.NamespacedName {
	return types.NamespacedName{Namespace: cmp.Or(ref.SyncRef.Namespace, namespace), Name: ref.SyncRef.Name}
}

// Groups gives the groups that the binding names, each once: empty for a groupSelector.
func (b Binding) Groups() []GroupKey {
	var keys []GroupKey
	for _, ref := range b.Grant.GroupRefs {
		if key := (GroupKey{SyncName(b.Namespace, ref), ref.DisplayName}); !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// Pattern gives the sync of the groupSelector, if there is one.
func (b Binding) Pattern() (sync types.NamespacedName, ok bool) {
	selector := b.Grant.GroupSelector
	if selector == nil {
		return types.NamespacedName{}, false
	}
	return types.NamespacedName{Namespace: cmp.Or(selector.SyncRef.Namespace, b.Namespace), Name: selector.SyncRef.Name}, true
}

// Syncs gives the syncs that the binding refers to, each once.
func (b Binding) Syncs() []types.NamespacedName {
	var syncs []types.NamespacedName
	for _, ref := range b.Grant.GroupRefs {
		if sync := SyncName(b.Namespace, ref); !slices.Contains(syncs, sync) {
			syncs = append(syncs, sync)
		}
	}
	if sync, ok := b.Pattern(); ok && !slices.Contains(syncs, sync) {
		syncs = append(syncs, sync)
	}
	return syncs
}

// Concerns reports whether the binding names a group or its pattern matches
// it. A pattern that does not compile concerns every group of its sync.
func (b Binding) Concerns(sync types.NamespacedName, displayName string) bool {
	if of, ok := b.Pattern(); ok && of == sync {
		pattern, err := compilePattern(b.Grant.GroupSelector.Pattern)
		return err != nil || pattern.matches(displayName)
	}
	return slices.ContainsFunc(b.Grant.GroupRefs, func(ref v1alpha1.GroupReference) bool {
		return ref.DisplayName == displayName && SyncName(b.Namespace, ref) == sync
	})
}

// TargetNamespaces gives the namespaces that the binding names literally.
func (b Binding) TargetNamespaces() []string {
	if b.Target == nil {
		return []string{b.Namespace}
	}
	return b.Target.Namespaces
}

// FollowsNamespaces reports whether a change of any namespace may concern the
// binding, by a namespaceSelector or a pattern that captures a namespace.
func (b Binding) FollowsNamespaces() bool {
	if b.Target == nil || b.Target.Scope == v1alpha1.ScopeCluster {
		return false
	}
	return b.Target.NamespaceSelector != nil || (b.Grant.GroupSelector != nil && len(b.Target.Namespaces) == 0)
}

// SubjectKind is the kind of the subjects that are written.
func (b Binding) SubjectKind() v1alpha1.SubjectKind {
	if b.Grant.Subject == nil {
		return v1alpha1.SubjectUser
	}
	return cmp.Or(b.Grant.Subject.Kind, v1alpha1.SubjectUser)
}

// NameExpression gives the expression of the names that a sync's users have in
// the binding's subjects, and the last one that could be used, for as long as
// that one cannot. Both are empty for subjects of kind Group.
func (b Binding) NameExpression(sync *v1alpha1.IdentityProviderSync) (expression, last string) {
	switch {
	case b.SubjectKind() == v1alpha1.SubjectGroup:
		return "", ""
	case b.Grant.Subject != nil && b.Grant.Subject.Name != "":
		return b.Grant.Subject.Name, b.BoundSubjectName
	case sync == nil:
		return "", ""
	}
	return sync.Spec.KubernetesUsername, sync.Status.KubernetesUsername
}

// Roles are those that the spec lets the binding bind.
func (b Binding) Roles() []v1alpha1.RoleReference {
	if b.Grant.RoleRef != nil {
		return []v1alpha1.RoleReference{*b.Grant.RoleRef}
	}
	return b.Grant.Roles
}

// RolesOf gives the roles, sorted, that the binding has bound: those of the
// spec and of BoundRoles for which there are objects. Others are of objects
// that somebody else made in the binding's name.
func (b Binding) RolesOf(objects []CurrentObject) []v1alpha1.RoleReference {
	var roles []v1alpha1.RoleReference
	for _, role := range slices.Concat(b.Roles(), b.BoundRoles) {
		if !slices.Contains(roles, role) && slices.ContainsFunc(objects, func(o CurrentObject) bool { return o.RoleRef == roleRef(role) }) {
			roles = append(roles, role)
		}
	}
	slices.SortFunc(roles, func(a, b v1alpha1.RoleReference) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return roles
}
