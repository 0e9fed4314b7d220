package directory

import (
	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// groupAttributes gives the SCIM attributes of a group, without members.
func groupAttributes(g *v1alpha1.GroupSpec) scim.Object {
	o := scim.Object{}
	put(o, "externalId", g.ExternalID)
	put(o, "displayName", g.DisplayName)
	putExtensions(o, g.Extensions)
	return o
}

// setGroupAttributes replaces all attributes of a group but its members.
func setGroupAttributes(g *v1alpha1.GroupSpec, attributes scim.Object) error {
	r := newReader(attributes)
	g.ExternalID = r.text("externalId")
	g.DisplayName = r.text("displayName")
	r.take("members") // kept by internal/membership
	g.Extensions = r.extensions("")
	r.done()
	return *r.err
}

// memberIDs reads the members that come with a new group.
func memberIDs(attributes scim.Object) ([]string, error) {
	r := newReader(attributes)
	if members, ok := attributes["members"].([]scim.Member); ok {
		ids := make([]string, len(members))
		for i := range members {
			ids[i] = members[i].Value
		}
		return ids, nil
	}
	ids := list(r, "members", func(r *reader) string {
		r.taken = len(r.object) // type, display and $ref are our own to say
		if id := r.text("value"); id != "" {
			r.taken--
			return id
		}
		r.fail("value", "the id of a user or group")
		return ""
	})
	return ids, *r.err
}
