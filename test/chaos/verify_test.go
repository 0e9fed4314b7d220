package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func userObject(id, userName, token string) v1alpha1.User {
	var u v1alpha1.User
	u.Spec.ID, u.Spec.UserName, u.Spec.ExternalID, u.Spec.Title, u.Spec.NickName = id, userName, token, token, token
	u.Spec.Enterprise = &v1alpha1.EnterpriseUser{Department: token}
	return u
}

func groupObject(id, displayName, token string) v1alpha1.Group {
	var g v1alpha1.Group
	g.Spec.ID, g.Spec.DisplayName, g.Spec.ExternalID = id, displayName, token
	return g
}

// story is a worker with a user ann and a group of hers, both created and then
// changed once, and a share of a group that all change.
func story(t *testing.T) (r *run, ann, staff, part *owned) {
	t.Helper()
	ann, staff = newOwned(user, "w0.u00", "ann"), newOwned(group, "w0.g0", "staff")
	staff.parts = [][]string{{"a", "b"}, {"c", "d"}}
	for _, o := range []*owned{ann, staff} {
		c := o.next(create, "")
		c.name = o.names[0]
		second := o.next(alter, c.token)
		if o == staff {
			second.add = 1
		}
		if !o.acknowledged(c) || !o.acknowledged(second) {
			t.Fatal("the story is wrong")
		}
		o.ids[c.token] = "id-of-" + o.key
	}
	part = newShare("w0.s0", "shared", [][]string{{"a", "b"}, {"c"}})
	if !part.acknowledged(change{kind: alter, on: shareBorn, add: 1}) {
		t.Fatal("the story is wrong")
	}
	r = &run{workers: []*worker{{owned: []*owned{ann, staff, part}}}}
	return r, ann, staff, part
}

func good() *snapshot {
	return &snapshot{
		users:   []v1alpha1.User{userObject("id-of-w0.u00", "ann", "w0.u00.2")},
		groups:  []v1alpha1.Group{groupObject("id-of-w0.g0", "staff", "w0.g0.2"), groupObject("shared", "shared", "")},
		members: map[string][]string{"id-of-w0.g0": {"a", "b"}, "shared": {"x", "b", "a"}},
	}
}

func TestCompare(t *testing.T) {
	tests := map[string]struct {
		before func(ann, staff, part *owned)
		change func(*snapshot)
		found  []string // kinds
	}{
		"all is well":                {},
		"a user is gone":             {change: func(s *snapshot) { s.users = nil }, found: []string{kindLost}},
		"a user is as it was before": {change: func(s *snapshot) { s.users[0] = userObject("id-of-w0.u00", "ann", "w0.u00.1") }, found: []string{kindLost}},
		"a user is another":          {change: func(s *snapshot) { s.users[0].Spec.ID = "other" }, found: []string{kindLost}},
		"a user is changed in part":  {change: func(s *snapshot) { s.users[0].Spec.Title = "w0.u00.1" }, found: []string{kindHalf}},
		"a user has another name":    {change: func(s *snapshot) { s.users[0].Spec.UserName = "bob" }, found: []string{kindHalf}},
		"a user is there twice": {change: func(s *snapshot) { s.users = append(s.users, userObject("x", "bob", "w0.u00.2")) },
			found: []string{kindDuplicate}},
		"a user whom nobody made": {change: func(s *snapshot) { s.users = append(s.users, userObject("x", "bob", "w7.u00.2")) },
			found: []string{kindLost}},
		"a member is missing":              {change: func(s *snapshot) { s.members["id-of-w0.g0"] = []string{"a"} }, found: []string{kindHalf}},
		"all members are missing":          {change: func(s *snapshot) { s.members["id-of-w0.g0"] = nil }, found: []string{kindHalf}},
		"a member whom nobody added":       {change: func(s *snapshot) { s.members["id-of-w0.g0"] = []string{"a", "b", "x"} }, found: []string{kindHalf}},
		"a member is there twice":          {change: func(s *snapshot) { s.members["shared"] = []string{"a", "b", "x", "x"} }, found: []string{kindHalf}},
		"members of a share are lost":      {change: func(s *snapshot) { s.members["shared"] = []string{"x"} }, found: []string{kindLost}},
		"half of a share is lost":          {change: func(s *snapshot) { s.members["shared"] = []string{"a", "x"} }, found: []string{kindHalf}},
		"the shared group is gone":         {change: func(s *snapshot) { s.groups = s.groups[:1] }, found: []string{kindLost}},
		"an unclear change may be missing": {before: func(ann, _, _ *owned) { ann.unknown(ann.next(alter, "w0.u00.1"), time.Now()) }},
		"an unclear change may be there": {
			before: func(ann, _, _ *owned) { ann.unknown(ann.next(alter, "w0.u00.1"), time.Now()) },
			change: func(s *snapshot) { s.users[0] = userObject("id-of-w0.u00", "ann", "w0.u00.3") }},
		"an unclear deletion may be there": {
			before: func(ann, _, _ *owned) { ann.unknown(ann.next(remove, "w0.u00.1"), time.Now()) },
			change: func(s *snapshot) { s.users = nil }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, ann, staff, part := story(t)
			s := good()
			if test.before != nil {
				test.before(ann, staff, part)
			}
			if test.change != nil {
				test.change(s)
			}
			r.compare(s)
			var kinds []string
			for _, f := range r.tally.all() {
				kinds = append(kinds, f.kind)
			}
			if !slices.Equal(kinds, test.found) {
				t.Errorf("found %v, want %v", r.tally.all(), test.found)
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	s := good()
	if got := s.duplicates(); len(got) != 0 {
		t.Errorf("there are none: %v", got)
	}
	s.users = append(s.users, userObject("other", "ANN", "x"))
	if got := s.duplicates(); len(got) != 1 || !strings.Contains(got[0], "user ann") {
		t.Errorf("got %v", got)
	}
}

func TestWronglyBound(t *testing.T) {
	yes, no := true, false
	binding := func(team, kind, owner string, names ...string) rbacv1.RoleBinding {
		b := rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: fmt.Sprintf("%s-%d", owner, len(names))}}
		b.OwnerReferences = []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: kind, Name: owner}}
		for _, name := range names {
			b.Subjects = append(b.Subjects, rbacv1.Subject{Name: name})
		}
		return b
	}
	tests := map[string]struct {
		active   *bool
		subjects []string
		says     string
	}{
		"bound":              {&yes, []string{"ann"}, ""},
		"active by default":  {nil, []string{"ann"}, ""},
		"not bound":          {&yes, nil, "binds ann 0 times"},
		"bound twice":        {&yes, []string{"ann", "ann"}, "binds ann 2 times"},
		"inactive and bound": {&no, []string{"ann"}, "binds ann, who is no active member"},
		"inactive":           {&no, nil, ""},
		"somebody else":      {&yes, []string{"ann", "mallory"}, "binds mallory, who is no active member"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := &run{Options: Options{Workers: 1}}
			s := &snapshot{users: []v1alpha1.User{userObject("1", "ann", "")}, groups: []v1alpha1.Group{groupObject("g", sharedName(0), "")},
				members: map[string][]string{"g": {"1", "nobody"}}}
			s.users[0].Spec.Active = test.active
			s.bindings = []rbacv1.RoleBinding{
				binding("team-0", "GroupRoleBinding", "chaos-0", test.subjects...), binding("team-0", "GroupRoleBinding", "chaos-1", test.subjects...),
				binding("team-0", "Other", "chaos-0", "eve"), binding("team-9", "GroupRoleBinding", "chaos-0", "eve"),
			}
			stray := binding("team-1", "GroupRoleBinding", "gone", "eve")
			stray.Labels = map[string]string{"app.kubernetes.io/managed-by": "rollcall"}
			if wrong := (&snapshot{bindings: []rbacv1.RoleBinding{stray}}).wronglyBound(r); len(wrong) != 1 || !strings.Contains(wrong[0], "is of no binding") {
				t.Errorf("of a RoleBinding that was left behind it says %q", wrong)
			}
			wrong := s.wronglyBound(r)
			if test.says == "" && len(wrong) > 0 || test.says != "" && (len(wrong) != 2 || !strings.Contains(wrong[0], test.says)) {
				t.Errorf("got %q, want %q for both bindings", wrong, test.says)
			}
		})
	}
}

func TestMembersOf(t *testing.T) {
	leaf := &v1alpha1.GroupMemberSlice{Spec: v1alpha1.GroupMemberSliceSpec{Members: []string{"a", "b", "c", "d"}}}
	index := &v1alpha1.GroupMemberSlice{Spec: v1alpha1.GroupMemberSliceSpec{Leaves: []v1alpha1.LeafReference{{Name: "leaf", Removed: []byte{0b0010}}}}}
	slice := func(name string) (*v1alpha1.GroupMemberSlice, error) {
		return map[string]*v1alpha1.GroupMemberSlice{"leaf": leaf, "index": index}[name], nil
	}
	g := &v1alpha1.Group{Spec: v1alpha1.GroupSpec{Index: "index", Members: []string{"e"}, Removed: []string{"d"}, MemberCount: 3}}
	if got, err := membersOf(g, slice); err != nil || !slices.Equal(got, []string{"a", "c", "e"}) {
		t.Errorf("got %v, %v", got, err)
	}
	g.Spec.MemberCount = 4
	if _, err := membersOf(g, slice); err == nil {
		t.Error("a count that is wrong is an error")
	}
}

func TestDifferences(t *testing.T) {
	want := map[string]string{"1": "ann", "2": "bob"}
	if got := differences("replica", want, map[string]string{"1": "ann", "2": "bob"}); got != nil {
		t.Errorf("got %v", got)
	}
	got := differences("replica", want, map[string]string{"1": "eve", "3": "eve"})
	if slices.Sort(got); len(got) != 3 || !strings.HasPrefix(got[0], "replica does not show 2") {
		t.Errorf("got %q", got)
	}
}

func TestComplaint(t *testing.T) {
	const scimBody = `{"schemas":["urn:ietf:params:scim:api:messages:2.0:Error"],"status":"503","detail":"later"}`
	tests := map[string]struct {
		a    answer
		says string
	}{
		"a success":            {answer{status: 200}, ""},
		"a refusal":            {answer{status: 409}, ""},
		"unavailable":          {answer{status: 503, retryAfter: "1", body: []byte(scimBody)}, ""},
		"without a time":       {answer{status: 503, body: []byte(scimBody)}, "no Retry-After"},
		"without a SCIM error": {answer{status: 503, retryAfter: "1", body: []byte("Service Unavailable")}, "no SCIM error"},
		"another status in it": {answer{status: 429, retryAfter: "1", body: []byte(scimBody)}, "no SCIM error"},
		"a fault of ours":      {answer{status: 500, retryAfter: "1", body: []byte(scimBody)}, "neither 429 nor 503"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.a.complaint(); test.says == "" && got != "" || !strings.Contains(got, test.says) {
				t.Errorf("got %q, want %q", got, test.says)
			}
		})
	}
}
