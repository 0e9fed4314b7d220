package projection

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// What exists counts as far as it is the binding's: with a role of the spec, or
// one that was bound last.
func TestCurrentObjects(t *testing.T) {
	noPolicy := NewProblem(ReasonAdmissionPolicyMissing, "the policy is missing")
	type given struct {
		company *company
		request *Request
	}
	unreadable := func(g given) { g.company.unreadable["devs"] = true }
	gated := func(g given) { g.request.NoAdditions = &noPolicy }
	bound := func(roles ...string) func(given) {
		return func(g given) {
			for _, role := range roles {
				g.request.Binding.BoundRoles = append(g.request.Binding.BoundRoles, v1alpha1.RoleReference{Kind: "ClusterRole", Name: role})
			}
		}
	}
	tests := map[string]struct {
		given       []func(given)
		role        string   // of the objects that exist
		current     []string // default: none exist
		want        accessMap
		wantGoing   accessMap
		wantReasons []Reason
		wantApplied int64 // once that exists
	}{
		"a changed roleRef: those who are still wanted stay until the new one exists": {
			given: []func(given){bound("view")}, role: "view", current: []string{"ann", "cid"},
			want: accessMap{"team/edit": {"ann", "bob"}}, wantGoing: accessMap{"team/view": {"ann"}}, wantApplied: 2,
		},
		"a changed roleRef while held: who is held gets the new role": {
			given: []func(given){bound("view"), unreadable}, role: "view", current: []string{"ann", "gone"},
			want: accessMap{"team/edit": {"ann"}}, wantGoing: accessMap{"team/view": {"ann"}}, wantReasons: []Reason{ReasonGroupUnresolved},
		},
		"an object with a role that was never bound is nobody's hold": {
			given: []func(given){unreadable}, role: "view", current: []string{"ann", "eve"},
			want: accessMap{}, wantGoing: accessMap{"team/view": nil}, wantReasons: []Reason{ReasonGroupUnresolved},
		},
		"with a role of the spec it is": {
			given: []func(given){unreadable}, role: "edit", current: []string{"ann", "eve"},
			want: accessMap{"team/edit": {"ann", "eve"}}, wantReasons: []Reason{ReasonGroupUnresolved},
		},
		"a role that is listed no more goes at once": {
			given: []func(given){bound("view"), func(g given) {
				g.request.Binding.Grant.RoleRef = nil
				g.request.Binding.Grant.Roles = []v1alpha1.RoleReference{{Kind: "ClusterRole", Name: "edit"}}
				g.request.Binding.Grant.GroupRefs = nil
				g.request.Binding.Grant.GroupSelector = &v1alpha1.GroupSelector{
					SyncRef: v1alpha1.NamespacedSyncReference{Name: "entra"}, Pattern: `devs|ops-(?P<role>edit)`}
			}},
			role: "view", current: []string{"ann"},
			want: accessMap{}, wantGoing: accessMap{"team/view": nil},
		},
		"while nothing may be added, what exists shrinks": {
			given: []func(given){gated}, role: "edit", current: []string{"ann", "cid"},
			want: accessMap{"team/edit": {"ann"}}, wantReasons: []Reason{ReasonAdmissionPolicyMissing}, wantApplied: 1,
		},
		"while nothing may be added, nothing is created": {
			given: []func(given){gated}, want: accessMap{}, wantReasons: []Reason{ReasonAdmissionPolicyMissing},
		},
		"while nothing may be added, the last role remains": {
			given: []func(given){gated, bound("view")}, role: "view", current: []string{"ann", "cid"},
			want: accessMap{"team/view": {"ann"}}, wantReasons: []Reason{ReasonAdmissionPolicyMissing},
		},
		"while nothing may be added, nobody is held in another role": {
			given: []func(given){gated, unreadable}, role: "admin", current: []string{"ann"},
			want: accessMap{}, wantGoing: accessMap{"team/admin": nil}, wantReasons: []Reason{ReasonAdmissionPolicyMissing, ReasonGroupUnresolved},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := crowd("ann", "bob")
			c.user("cid")
			c.user("eve")
			r := request(binding("devs"), c.source(entra()))
			if r.Current = nil; test.current != nil {
				r.Current = objects(r.Binding, test.role, []string{"team"}, test.current...)
			}
			for _, f := range test.given {
				f(given{c, &r})
			}
			o := Project(r)
			for what, diff := range map[string]string{
				"access": cmp.Diff(test.want, access(exist(o))), "obsolete": cmp.Diff(orEmpty(test.wantGoing), access(going(o))),
				"problems": cmp.Diff(append([]Reason{}, test.wantReasons...), reasons(o)),
				"applied":  cmp.Diff(test.wantApplied, o.MembersApplied(exist(o))),
			} {
				if diff != "" {
					t.Errorf("%s (-want +got):\n%s\n%v", what, diff, o.Problems)
				}
			}
		})
	}
}

func orEmpty(m accessMap) accessMap {
	if m == nil {
		return accessMap{}
	}
	return m
}

func TestGroupSubjects(t *testing.T) {
	type given struct {
		company *company
		sync    *v1alpha1.IdentityProviderSync
		source  *Source
		subject *v1alpha1.SubjectTemplate
		binding *Binding
	}
	tests := map[string]struct {
		given       func(given)
		current     []string
		want        []string
		wantReasons []Reason
		wantDesired int64
	}{
		"one subject for each group, by displayName": {want: []string{"devs", "ops"}, wantDesired: 2},
		"by an expression": {
			given: func(g given) { g.subject.Name = "'oidc:' + group.id" },
			want:  []string{"oidc:devs", "oidc:ops"}, wantDesired: 2,
		},
		"members do not matter": {
			given: func(g given) { g.company.unreadable["devs"] = true }, want: []string{"devs", "ops"}, wantDesired: 2,
		},
		"a group that was deleted": {
			given: func(g given) { delete(g.company.groups, "ops") }, current: []string{"devs", "ops"},
			want: []string{"devs"}, wantReasons: []Reason{ReasonGroupNotFound}, wantDesired: 1,
		},
		"a group out of the filter": {
			given:   func(g given) { g.sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"d"}} },
			current: []string{"devs", "ops"},
			want:    []string{"devs"}, wantReasons: []Reason{ReasonGroupNotSynced}, wantDesired: 1,
		},
		"a name of Kubernetes": {
			given: func(g given) { g.subject.Name = "'system:' + (group.displayName == 'ops' ? 'masters' : 'x')" },
			want:  []string{}, wantReasons: []Reason{ReasonUsernameNotUsable, ReasonUsernameNotUsable}, wantDesired: 2,
		},
		"an attribute that a group lacks": {
			given: func(g given) {
				g.subject.Name = "group.externalId"
				g.company.groups["ops"].Spec.ExternalID = "guid"
			},
			want: []string{"guid"}, wantReasons: []Reason{ReasonUsernameNotUsable}, wantDesired: 2,
		},
		"a sync that is gone holds": {
			given: func(g given) { g.source.Sync = nil }, current: []string{"devs", "other"},
			want: []string{"devs"}, wantReasons: []Reason{ReasonSyncNotFound, ReasonSyncNotFound},
		},
		"an expression that does not compile holds by the last one": {
			given: func(g given) {
				g.subject.Name, g.binding.BoundSubjectName = "group.", "'oidc:' + group.id"
			},
			current: []string{"oidc:devs", "oidc:other"},
			want:    []string{"oidc:devs"}, wantReasons: []Reason{ReasonUsernameExpression, ReasonUsernameExpression}, wantDesired: 2,
		},
		"or everybody, if none is known": {
			given: func(g given) { g.subject.Name = "group." }, current: []string{"a", "system:masters"},
			want: []string{"a"}, wantReasons: []Reason{ReasonUsernameExpression, ReasonUsernameExpression}, wantDesired: 2,
		},
		"a pattern that does not compile holds the names of groups there are": {
			given: func(g given) {
				g.binding.Grant.GroupRefs = nil
				g.binding.Grant.GroupSelector = &v1alpha1.GroupSelector{SyncRef: v1alpha1.NamespacedSyncReference{Name: "entra"}, Pattern: "("}
			},
			current: []string{"devs", "other"},
			want:    []string{"devs"}, wantReasons: []Reason{ReasonInvalidPattern},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, sync := crowd("ann", "bob"), entra()
			c.group("ops", "ann")
			source := c.source(sync)
			subject := &v1alpha1.SubjectTemplate{Kind: v1alpha1.SubjectGroup}
			r := request(binding("devs", "ops"), source)
			r.Binding.Grant.Subject = subject
			r.Current[0].Subjects = nil
			for _, name := range test.current {
				r.Current[0].Subjects = append(r.Current[0].Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: "Group", Name: name})
			}
			if test.given != nil {
				test.given(given{c, sync, &source, subject, &r.Binding})
			}
			r.Source = only(source)
			o := Project(r)
			for what, diff := range map[string]string{
				"subjects": cmp.Diff(test.want, bound(o)), "problems": cmp.Diff(append([]Reason{}, test.wantReasons...), reasons(o)),
				"desired": cmp.Diff(test.wantDesired, o.MembersDesired),
			} {
				if diff != "" {
					t.Errorf("%s (-want +got):\n%s\n%v", what, diff, o.Problems)
				}
			}
			for _, object := range exist(o) {
				for _, s := range object.Subjects {
					if s.Kind != "Group" {
						t.Errorf("subject %v is no group", s)
					}
				}
			}
		})
	}
}

func TestSubjectsOfAnotherKindGo(t *testing.T) {
	r := request(binding("devs"), crowd("ann").source(entra()), "ann", "devs")
	r.Binding.Grant.Subject = &v1alpha1.SubjectTemplate{Kind: v1alpha1.SubjectGroup}
	o := Project(r)
	want := []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "devs"}}
	if diff := cmp.Diff(want, o.Placements[0].Objects[0].Subjects); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
}
