package directory

import (
	"slices"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// checkOwners checks, on what the API server has, that each name has one owner
// and that the object in the slot of a name leads to it.
func checkOwners(t testing.TB, s *service) {
	t.Helper()
	live := api
	for _, list := range []client.ObjectList{&v1alpha1.UserList{}, &v1alpha1.GroupList{}} {
		if err := live.List(t.Context(), list, client.InNamespace(s.sync.Namespace)); err != nil {
			t.Fatal(err)
		}
		var objects []client.Object
		switch list := list.(type) {
		case *v1alpha1.UserList:
			for i := range list.Items {
				objects = append(objects, &list.Items[i])
			}
		case *v1alpha1.GroupList:
			for i := range list.Items {
				objects = append(objects, &list.Items[i])
			}
		}
		checkOwnersOf(t, s, objects)
	}
}

func checkOwnersOf(t testing.TB, s *service, objects []client.Object) {
	t.Helper()
	byObjectName, owners := map[string]client.Object{}, map[string]client.Object{}
	for _, o := range objects {
		byObjectName[o.GetName()] = o
	}
	for _, o := range objects {
		if !visible(o) {
			continue
		}
		name := slot(kindOf(o), s.sync.Name, nameOf(o), false)
		if other := owners[name]; other != nil {
			t.Errorf("%s and %s both have the name %q", other.GetName(), o.GetName(), nameOf(o))
		}
		owners[name] = o
		id, inSlot := resourceOf(o).ID, byObjectName[name]
		switch {
		case inSlot == nil:
			t.Errorf("%q is named %q, but nothing is in the slot %s", id, nameOf(o), name)
		case resourceOf(inSlot).ID == id && claimOf(inSlot).ClaimFor == "", claimOf(inSlot).ClaimFor == id:
		default:
			// A writer that stopped half-way may have left the name to itself,
			// but it must have noted whom to fence off.
			if !slices.Contains(claimOf(inSlot).ClaimedFrom, id) && resourceOf(inSlot).ID != id {
				t.Errorf("%q is named %q, but the slot is claimed for %q, from %v", id, nameOf(o),
					claimOf(inSlot).ClaimFor, claimOf(inSlot).ClaimedFrom)
			}
		}
	}
}
