package projection

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// What marks the objects that are projected.
const (
	// LabelManagedBy has the value ManagedBy.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is Rollcall's name in LabelManagedBy.
	ManagedBy = "rollcall"
	// LabelBinding is the name of the GroupRoleBinding; of a name over 63
	// characters, its beginning and a hash.
	LabelBinding = "scim.rollcall.dev/binding"
)

const kindGroupRoleBinding = "GroupRoleBinding"

// maxSubjectsSize bounds the subjects of an object, so that it is stored: etcd
// takes 1.5 MiB. It is room for about 10,000 members.
const (
	maxSubjectsSize = 1 << 20
	subjectOverhead = 64 // kind, apiGroup and framing
)

// roleBinding is the index-th object of a binding.
func roleBinding(binding *v1alpha1.GroupRoleBinding, index int, names []string) *rbacv1.RoleBinding {
	controller := true
	role := binding.Spec.RoleRef
	rb := &rbacv1.RoleBinding{
		TypeMeta: metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: binding.Namespace,
			Name: strings.Join([]string{binding.Name,
				hash(kindGroupRoleBinding, binding.Namespace, binding.Name, role.Kind, role.Name), strconv.Itoa(index)}, "-"),
			Labels: map[string]string{LabelManagedBy: ManagedBy, LabelBinding: labelValue(binding.Name)},
			// Without blockOwnerDeletion, which takes a permission of its own on some clusters.
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(),
				Kind:       kindGroupRoleBinding,
				Name:       binding.Name,
				UID:        binding.UID,
				Controller: &controller,
			}},
		},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: role.Kind, Name: role.Name},
	}
	for _, name := range names {
		rb.Subjects = append(rb.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name})
	}
	return rb
}

// OwnerOf gives the name of the GroupRoleBinding, in the same namespace, that
// controls an object. It goes by name, not by UID, so that a binding restored
// from a backup takes its objects over without a gap.
func OwnerOf(object metav1.Object) (name string, ok bool) {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil || owner.Kind != kindGroupRoleBinding {
		return "", false
	}
	group, _, _ := strings.Cut(owner.APIVersion, "/")
	return owner.Name, group == v1alpha1.GroupVersion.Group
}

// subjectNames are the users among subjects, as far as they can be bound.
func subjectNames(subjects []rbacv1.Subject) map[string]bool {
	names := make(map[string]bool, len(subjects))
	for _, s := range subjects {
		if s.Kind == rbacv1.UserKind && s.APIGroup == rbacv1.GroupName && CheckSubjectName(s.Name) == nil {
			names[s.Name] = true
		}
	}
	return names
}

// fit keeps as many names as one object holds, first those that are bound
// already, and says how many are left out. The order stays.
func fit(names []string, current map[string]bool) (kept []string, left int) {
	size := func(name string) int { return len(name) + subjectOverhead }
	total, bound := 0, 0
	for _, name := range names {
		total += size(name)
		if current[name] {
			bound += size(name)
		}
	}
	if total <= maxSubjectsSize {
		return names, 0
	}
	room := [2]int{maxSubjectsSize - min(bound, maxSubjectsSize), maxSubjectsSize} // for new names, for bound ones
	for _, name := range names {
		which := 0
		if current[name] {
			which = 1
		}
		if room[which] -= size(name); room[which] >= 0 {
			kept = append(kept, name)
		}
	}
	return kept, len(names) - len(kept)
}

// hash is 13 base32 characters of a hash of the parts.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:13])
}

func labelValue(name string) string {
	const maxLength = 63
	if len(name) <= maxLength {
		return name
	}
	suffix := "-" + hash(name)
	return name[:maxLength-len(suffix)] + suffix
}
