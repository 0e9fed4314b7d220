package projection

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestGuard(t *testing.T) {
	no := false
	now := metav1.NowMicro()
	type given struct {
		company *company
		sync    *v1alpha1.IdentityProviderSync
		request *Request
	}
	tests := map[string]struct {
		given     func(given)
		current   []string // default: ann, bob, cid
		wantAsked string   // subjects, lost
		want      []string // while removals are held
		wantUsers []string
	}{
		"nobody goes":                    {current: []string{"ann", "bob"}, wantAsked: "2 1", want: []string{"ann", "bob"}, wantUsers: []string{"bob"}},
		"who left the group stays":       {wantAsked: "3 2", want: []string{"ann", "bob", "cid"}, wantUsers: []string{"bob", "cid"}},
		"a group that was deleted":       {given: func(g given) { delete(g.company.groups, "devs") }, wantAsked: "3 3", want: []string{"ann", "bob", "cid"}, wantUsers: []string{"ann", "bob", "cid"}},
		"somebody who is added is added": {current: []string{"bob"}, wantAsked: "1 1", want: []string{"ann", "bob"}, wantUsers: []string{"bob"}},
		"who is disabled goes at once": {
			given: func(g given) { g.company.users["bob"].Spec.Active = &no }, wantAsked: "3 1", want: []string{"ann", "cid"}, wantUsers: []string{"cid"},
		},
		"who is deleted goes at once": {
			given: func(g given) { delete(g.company.users, "bob") }, wantAsked: "2 1", want: []string{"ann", "cid"}, wantUsers: []string{"cid"},
		},
		"who is marked as deleted goes at once": {
			given: func(g given) { g.company.users["bob"].Spec.Deleted = &now }, wantAsked: "2 1", want: []string{"ann", "cid"}, wantUsers: []string{"cid"},
		},
		"who is renamed loses the old name at once": {
			given: func(g given) { g.company.users["bob"].Spec.UserName = "robert" }, wantAsked: "2 1", want: []string{"ann", "cid"}, wantUsers: []string{"cid"},
		},
		"a name that an inactive user has as well goes at once": {
			given: func(g given) { g.company.user("BOB").Spec.Active = &no }, wantAsked: "4 1", want: []string{"ann", "cid"}, wantUsers: []string{"cid"},
		},
		"a userFilter that was changed": {
			given:     func(g given) { g.sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"nobody"}} },
			wantAsked: "3 3", want: []string{"ann", "bob", "cid"}, wantUsers: []string{"ann", "bob", "cid"},
		},
		"allowedNamespaces that were changed": {
			given:     func(g given) { g.sync.Namespace = "elsewhere" },
			wantAsked: "3 3", want: []string{"ann", "bob", "cid"}, wantUsers: []string{"ann", "bob", "cid"},
		},
		"a role that the author changed is not asked about": {
			given: func(g given) {
				g.request.Binding.Grant.RoleRef = &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"}
			},
			wantAsked: "0 0", want: []string{"ann"},
		},
		"a sync without a removalGuard": {
			given: func(g given) { g.sync.Spec.RemovalGuard = nil }, wantAsked: "0 0", want: []string{"ann"},
		},
		"a sync that is being deleted is not asked": {
			given: func(g given) { g.sync.DeletionTimestamp = &metav1.Time{Time: now.Time} }, want: []string{"ann"},
		},
	}
	for name, test := range tests {
		for _, held := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, held: %v", name, held), func(t *testing.T) {
				c, sync := crowd("ann"), entra()
				c.user("bob")
				c.user("cid")
				sync.Spec.RemovalGuard = &v1alpha1.RemovalGuard{}
				if test.current == nil {
					test.current = []string{"ann", "bob", "cid", "system:x", "nobody"}
				}
				r := request(binding("devs"), c.source(sync), test.current...)
				asked := ""
				r.Guard = func(of *v1alpha1.IdentityProviderSync, binding string, subjects, lost int) bool {
					if of != sync || binding != "GroupRoleBinding/team/devs" || asked != "" {
						t.Errorf("asked about %s of %s", binding, of.Name)
					}
					asked = fmt.Sprintf("%d %d", subjects, lost)
					return held
				}
				if test.given != nil {
					test.given(given{c, sync, &r})
				}
				o := Project(r)
				want := test.want
				var removals []Removal
				if test.wantUsers != nil {
					removals = []Removal{{Sync: r.Binding.Syncs()[0], Users: test.wantUsers, Held: held}}
				}
				if !held {
					r.Guard = nil
					want = bound(Project(r))
				}
				for what, diff := range map[string]string{
					"asked": cmp.Diff(test.wantAsked, asked), "subjects": cmp.Diff(want, bound(o)), "removals": cmp.Diff(removals, o.Removals),
				} {
					if diff != "" {
						t.Errorf("%s (-want +got):\n%s\n%v", what, diff, o.Problems)
					}
				}
			})
		}
	}
}

// A convention whose groups are gone by mistake is held where they were.
func TestGuardOfVanishedGroups(t *testing.T) {
	c, namespaces := world()
	sync := entra()
	sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	sync.Spec.RemovalGuard = &v1alpha1.RemovalGuard{}
	sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"K8S-"}}
	anywhere := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces}
	b := OfClusterGroupRoleBinding(byPattern(anywhere, `k8s-(?P<namespace>[a-z-]+)-(?P<role>[a-z]+)`, "view", "admin"))
	r := Request{Binding: b, Namespaces: namespaces, Source: only(c.source(sync)),
		Current: append(objects(b, "view", []string{"a", "kube-system"}, "ann"), objects(b, "admin", []string{"b"}, "cid", "bob")...)}
	for held, want := range map[bool]accessMap{true: {"a/view": {"ann"}, "b/admin": {"bob", "cid"}}, false: {}} {
		r.Guard = func(*v1alpha1.IdentityProviderSync, string, int, int) bool { return held }
		if diff := cmp.Diff(want, access(exist(Project(r)))); diff != "" {
			t.Errorf("held %v: access (-want +got):\n%s", held, diff)
		}
	}
}
