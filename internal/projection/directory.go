package projection

import (
	"iter"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Directory is what one sync holds. Names that only are claimed, and resources
// that are marked as deleted, may be returned; they are never projected.
type Directory interface {
	Memberships
	// Group finds a group by displayName.
	Group(displayName string) (*v1alpha1.Group, bool)
	// GroupByID finds a group by SCIM id.
	GroupByID(id string) (*v1alpha1.Group, bool)
	// Groups gives all groups. It is asked only for a groupSelector.
	Groups() iter.Seq[*v1alpha1.Group]
	// User finds a user by SCIM id.
	User(id string) (*v1alpha1.User, bool)
	// Members gives the SCIM ids of all direct members. An error means that
	// they are not known now, not that there are none.
	Members(group *v1alpha1.Group) ([]string, error)
	// NestedGroups gives the SCIM ids among Members that are of groups. Once it
	// has given them without an error, GroupsOf knows all of the group's members.
	NestedGroups(group *v1alpha1.Group) ([]string, error)
}

// Memberships finds the way up from a member.
type Memberships interface {
	// GroupsOf gives the groups that a user or group is a direct member of. A
	// group whose members are not known now may be among them or not.
	GroupsOf(id string) []*v1alpha1.Group
}

// Active reports whether a user may have access: it exists and its active
// attribute is true. The SCIM server sets active on creation, so an absent
// one has been removed, which must not give access.
func Active(user *v1alpha1.User) bool {
	return isResource(&user.Spec.ResourceSpec) && user.Spec.Active != nil && *user.Spec.Active
}

// isResource tells a resource from a claim of a name and from one that is
// marked as deleted.
func isResource(spec *v1alpha1.ResourceSpec) bool {
	return spec.ID != "" && spec.Deleted == nil
}
