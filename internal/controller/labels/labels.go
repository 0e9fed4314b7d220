package labels

import (
	"strconv"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/mapping"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Write sets the labels and annotations of a resource that SCIM is about to
// write, so that they cost no write of their own. What cannot be told from the
// resource alone is left to the controller.
func Write(m *mapping.Mappings, s *v1alpha1.IdentityProviderSync, o client.Object) {
	c := changes(m, s, o, func(u *v1alpha1.User) string {
		if u.UID == "" {
			return "false" // a new user is in no group yet, so not in one of the filter
		}
		return ""
	})
	c.Apply(o)
}

// changes gives what is to be changed on a resource. filtered says whether a
// user passes the userFilter of the sync: "true", "false", or "" if that is
// not known. What is deleted keeps what it has, but is not synced.
func changes(m *mapping.Mappings, s *v1alpha1.IdentityProviderSync, o client.Object, filtered func(*v1alpha1.User) string) mapping.Changes {
	var c mapping.Changes
	synced := "false"
	switch o := o.(type) {
	case *v1alpha1.User:
		if o.Spec.Deleted != nil {
			break
		}
		c, synced = m.User(o), "true"
		if filtersUsers(s) {
			synced = filtered(o)
		}
	case *v1alpha1.Group:
		if o.Spec.Deleted != nil {
			break
		}
		c, synced = m.Group(o), strconv.FormatBool(projection.GroupSynced(s, o))
	}
	if synced != "" && o.GetLabels()[v1alpha1.LabelSynced] != synced {
		c.SetLabel(v1alpha1.LabelSynced, synced)
	}
	return c
}

func filtersUsers(s *v1alpha1.IdentityProviderSync) bool {
	return s.Spec.UserFilter != nil && len(s.Spec.UserFilter.Groups) > 0
}
