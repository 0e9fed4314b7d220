package projection

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// brief is an Explanation without its texts.
type brief struct {
	Subject string
	Why     []Reason
	Groups  map[string]string // displayName: path or reasons
	Access  map[string]string // place/role: state, objects, reasons
}

func briefly(e *Explanation) brief {
	why := func(causes []Cause) []Reason {
		var all []Reason
		for _, c := range causes {
			all = append(all, c.Reason)
		}
		return all
	}
	text := func(v ...any) string {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(data)
	}
	b := brief{e.Subject, why(e.Reasons), map[string]string{}, map[string]string{}}
	for _, g := range e.Groups {
		b.Groups[g.DisplayName] = text(g.Member, g.Path, why(g.Reasons))
	}
	for _, a := range e.Access {
		place := a.Namespace
		if place == "" {
			place = "*"
		}
		b.Access[place+"/"+a.Role] = text(a.State, len(a.Objects), a.Groups, why(a.Reasons))
	}
	return b
}

func TestExplain(t *testing.T) {
	no := false
	now := metav1.NowMicro()
	anywhere := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces}
	type given struct {
		company *company
		sync    *v1alpha1.IdentityProviderSync
		source  *Source
		request *Request
	}
	direct := map[string]string{"devs": `[true,["devs"],null]`}
	tests := map[string]struct {
		given func(given)
		user  string // default: ann
		want  brief
	}{
		"a direct member who is bound": {
			want: brief{"ann", nil, direct, map[string]string{"team/edit": `["Bound",1,["devs"],null]`}},
		},
		"a member through nested groups": {
			given: func(g given) {
				g.company.group("devs", "bob", "inner")
				g.company.group("inner", "devs", "core")
				g.company.group("core", "ann")
			},
			want: brief{"ann", nil, map[string]string{"devs": `[true,["devs","inner","core"],null]`}, map[string]string{"team/edit": `["Bound",1,["devs"],null]`}},
		},
		"a member who is not bound yet": {
			user: "bob", want: brief{"bob", nil, direct, map[string]string{"team/edit": `["Pending",0,["devs"],null]`}},
		},
		"a member who cannot be bound now": {
			given: func(g given) { g.request.NoAdditions = &Problem{Reason: ReasonAdmissionPolicyMissing} }, user: "bob",
			want: brief{"bob", nil, direct, map[string]string{"team/edit": `["Pending",0,["devs"],["AdmissionPolicyMissing"]]`}},
		},
		"somebody else": {
			user: "cid", want: brief{"cid", nil, map[string]string{"devs": `[false,null,["NotAMember"]]`}, map[string]string{}},
		},
		"who has left and is still bound": {
			given: func(g given) { g.company.group("devs", "bob") },
			want:  brief{"ann", nil, map[string]string{"devs": `[false,null,["NotAMember"]]`}, map[string]string{"team/edit": `["Removing",1,null,null]`}},
		},
		"who has left while removals are held": {
			given: func(g given) {
				g.company.group("devs", "bob")
				g.sync.Spec.RemovalGuard, g.sync.Status.RemovalGuard = &v1alpha1.RemovalGuard{}, &v1alpha1.RemovalGuardStatus{}
			},
			want: brief{"ann", nil, map[string]string{"devs": `[false,null,["NotAMember"]]`}, map[string]string{"team/edit": `["Held",1,null,["RemovalsHeld"]]`}},
		},
		"a member through a group out of the filter": {
			given: func(g given) {
				g.sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"dev"}}
				g.company.group("devs", "bob", "inner")
				g.company.group("inner", "cid")
			},
			user: "cid", want: brief{"cid", nil, map[string]string{"devs": `[false,null,["NestedGroupNotSynced","NestedGroupNotSynced"]]`}, map[string]string{}},
		},
		"an inactive member": {
			given: func(g given) { g.company.users["bob"].Spec.Active = &no }, user: "bob",
			want: brief{"bob", []Reason{ReasonUserInactive}, direct, map[string]string{"team/edit": `["None",0,["devs"],["UserInactive"]]`}},
		},
		"a deleted member": {
			given: func(g given) { g.company.users["bob"].Spec.Deleted = &now }, user: "bob",
			want: brief{"", []Reason{ReasonUserDeleted}, direct, map[string]string{"team/edit": `["None",0,["devs"],["UserDeleted"]]`}},
		},
		"a member out of the userFilter": {
			given: func(g given) {
				g.sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"staff"}}
				g.company.group("staff", "ann")
			},
			user: "bob", want: brief{"bob", []Reason{ReasonUserNotSynced}, direct, map[string]string{"team/edit": `["None",0,["devs"],["UserNotSynced"]]`}},
		},
		"nobody": {
			user: "nobody", want: brief{"", []Reason{ReasonUserNotFound}, map[string]string{"devs": `[false,null,["NotAMember"]]`}, map[string]string{}},
		},
		"a name that cannot be bound": {
			given: func(g given) { g.company.users["bob"].Spec.UserName = "system:admin" }, user: "bob",
			want: brief{"", []Reason{ReasonUsernameNotUsable}, direct, map[string]string{"team/edit": `["None",0,["devs"],["UsernameNotUsable"]]`}},
		},
		"a name that an inactive user has, too": {
			given: func(g given) { g.company.user("BOB").Spec.Active = &no }, user: "bob",
			want: brief{"bob", []Reason{ReasonUsernameNotUnique}, direct, map[string]string{"team/edit": `["None",0,["devs"],["UsernameNotUnique"]]`}},
		},
		"an expression that cannot be used": {
			given: func(g given) { g.source.UsernamesError = errors.New("syntax") },
			want: brief{"ann", []Reason{ReasonUsernameExpression}, map[string]string{"devs": `[true,["devs"],["InvalidUsernameExpression"]]`},
				map[string]string{"team/edit": `["Held",1,["devs"],["InvalidUsernameExpression"]]`}},
		},
		"a group that cannot be read": {
			given: func(g given) { g.company.unreadable["devs"] = true },
			want: brief{"ann", nil, map[string]string{"devs": `[false,null,["GroupUnresolved","GroupUnresolved"]]`},
				map[string]string{"team/edit": `["Held",1,null,["GroupUnresolved"]]`}},
		},
		"a group that does not exist": {
			given: func(g given) { delete(g.company.groups, "devs") }, user: "bob",
			want: brief{"bob", nil, map[string]string{"devs": `[false,null,["GroupNotFound"]]`}, map[string]string{}},
		},
		"a group out of the filter": {
			given: func(g given) { g.sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}} }, user: "bob",
			want: brief{"bob", nil, map[string]string{"devs": `[true,["devs"],["GroupNotSynced"]]`}, map[string]string{}},
		},
		"a namespace that the sync does not let in": {
			given: func(g given) { g.sync.Namespace = "elsewhere" }, user: "bob",
			want: brief{"bob", nil, map[string]string{"devs": `[true,["devs"],["NamespaceNotAllowed"]]`}, map[string]string{}},
		},
		"a convention: of the user's groups only": {
			given: func(g given) {
				g.company.group("k8s-team-admin", "bob")
				g.company.group("k8s-team-edit", "bob", "ann")
				g.company.group("k8s-team-view", "cid")
				g.company.group("k8s-gone-edit", "bob")
				g.company.group("no-k8s-team-edit", "bob")
				g.sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
				g.sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s"}}
				g.request.Binding = OfClusterGroupRoleBinding(byPattern(anywhere, `(no-)?k8s-(?P<namespace>[a-z]+)-(?P<role>[a-z]+)`, "edit", "view"))
				g.request.Current = nil
			},
			user: "bob", want: brief{"bob", nil, map[string]string{
				"k8s-team-edit": `[true,["k8s-team-edit"],null]`, "k8s-team-admin": `[true,["k8s-team-admin"],["RoleNotListed"]]`,
				"k8s-gone-edit": `[true,["k8s-gone-edit"],["NamespaceNotTarget"]]`, "no-k8s-team-edit": `[true,null,["GroupNotSynced"]]`,
			}, map[string]string{"team/edit": `["Pending",0,["k8s-team-edit"],null]`}},
		},
		"a namespace that is no target any more": {
			given: func(g given) {
				g.request.Binding.Target = &v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces, Namespaces: []string{"nowhere"}}
			},
			want: brief{"ann", nil, map[string]string{"devs": `[true,["devs"],["NamespaceNotTarget"]]`}, map[string]string{"team/edit": `["Removing",1,null,["NamespaceNotTarget"]]`}},
		},
		"a subject of kind Group": {
			given: func(g given) {
				g.request.Binding.Grant.Subject = &v1alpha1.SubjectTemplate{Kind: v1alpha1.SubjectGroup}
				g.request.Current[0].Subjects = []rbacv1.Subject{{APIGroup: "rbac.authorization.k8s.io", Kind: "Group", Name: "devs"}}
			},
			want: brief{"", nil, direct, map[string]string{"team/edit": `["Bound",1,["devs"],null]`}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, sync := crowd("ann", "bob"), entra()
			c.user("cid")
			source := c.source(sync)
			r := request(binding("devs"), source, "ann")
			if test.given != nil {
				test.given(given{c, sync, &source, &r})
			}
			r.Source = only(source)
			if test.user == "" {
				test.user = "ann"
			}
			e := Explain(r, types.NamespacedName{Namespace: "team", Name: "entra"}, test.user)
			if diff := cmp.Diff(test.want, briefly(e)); diff != "" {
				text, _ := json.MarshalIndent(e, "", " ")
				t.Errorf("explanation (-want +got):\n%s\n%s", diff, text)
			}
		})
	}
}

func TestExplainAnotherSync(t *testing.T) {
	e := Explain(request(binding("devs"), crowd("ann").source(entra())), types.NamespacedName{Namespace: "team", Name: "okta"}, "ann")
	if len(e.Reasons) != 1 || e.Reasons[0].Reason != ReasonNotAMember || len(e.Access) != 0 {
		t.Errorf("explanation = %+v", e)
	}
}
