package projection

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestMembersApplied(t *testing.T) {
	users := rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "User"}
	tests := map[string]struct {
		exists func(objects []CurrentObject) []CurrentObject // of ann, bob and cid in a and b
		want   int64
	}{
		"all that is wanted":   {func(o []CurrentObject) []CurrentObject { return o }, 3},
		"a copy of it":         {copied, 3},
		"nothing":              {func([]CurrentObject) []CurrentObject { return nil }, 0},
		"an object is missing": {func(o []CurrentObject) []CurrentObject { return o[:1] }, 0},
		"nobody new in one":    {func(o []CurrentObject) []CurrentObject { o[1].Subjects = o[1].Subjects[:1]; return o }, 1},
		"somebody else in one": {func(o []CurrentObject) []CurrentObject {
			o[1].Subjects = slices.Concat(o[1].Subjects, []rbacv1.Subject{users})
			return o
		}, 3},
		"another role":          {func(o []CurrentObject) []CurrentObject { o[1].RoleRef.Name = "view"; return o }, 0},
		"groups of their names": {func(o []CurrentObject) []CurrentObject { o = copied(o); o[1].Subjects[0].Kind = "Group"; return o }, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := Project(everywhere(crowd("ann", "bob", "cid"), 2))
			if got := o.MembersApplied(test.exists(exist(o))); got != test.want || o.MembersDesired != 3 {
				t.Errorf("%d of %d members applied, want %d", got, o.MembersDesired, test.want)
			}
		})
	}
}

// A name that may not be bound is not applied, and neither is a member of
// whom it is not known whether the filter lets him through.
func TestMembersNotApplied(t *testing.T) {
	c, sync := crowd("ann", "bob", "System:x"), entra()
	sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"staff"}}
	c.group("staff", "ann", "bob", "System:x")
	o := Project(request(binding("devs"), c.source(sync)))
	if got := o.MembersApplied(exist(o)); got != 2 || o.MembersDesired != 3 {
		t.Errorf("%d of %d members applied, want 2 of 3", got, o.MembersDesired)
	}
}

// Placements of the same groups share the work, and each keeps what it has.
func TestManyNamespaces(t *testing.T) {
	members := names(250)
	c := crowd(members...)
	r := everywhere(c, 4)
	r.Current = copied(exist(Project(r)))
	drift := r.Current[4].Subjects // the second object of the second namespace
	r.Current[4].Subjects = drift[1:]
	c.group("devs", members[1:]...)
	o := Project(r)
	type change struct{ Adds, Revokes int }
	var got [][]change
	for _, p := range o.Placements {
		var changes []change
		for _, object := range p.Objects {
			changes = append(changes, change{object.Adds, object.Revokes})
			if object.Changed() != (object.Adds+object.Revokes > 0) {
				t.Errorf("%s/%s: changed %v with %d added, %d revoked", object.Namespace, object.Name, object.Changed(), object.Adds, object.Revokes)
			}
			i := slices.IndexFunc(r.Current, func(c CurrentObject) bool { return c.Namespace == object.Namespace && c.Name == object.Name })
			if object.Current != &r.Current[i] {
				t.Errorf("%s/%s is compared with %s/%s", object.Namespace, object.Name, object.Current.Namespace, object.Current.Name)
			}
			if object.Revokes == 0 && !sameSlice(object.Shrunk(), r.Current[i].Subjects) {
				t.Errorf("%s/%s: nobody is revoked, but what may be written at once is not what exists", object.Namespace, object.Name)
			}
		}
		got = append(got, changes)
	}
	less := []change{{0, 1}, {0, 0}, {0, 0}}
	want := [][]change{less, {{1, 1}, {0, 0}, {0, 0}}, less, less} // who is missing comes where there is room
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}
