package projection

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestProject(t *testing.T) {
	now := metav1.NowMicro()
	deleting := metav1.Now()
	no := false
	type given struct {
		company *company
		sync    *v1alpha1.IdentityProviderSync
		request *Request
		source  *Source
	}
	tests := map[string]struct {
		given       func(given)
		groups      []string // default: devs
		current     []string
		want        []string
		wantReasons []Reason
		wantHeld    bool
		wantDesired int64
	}{
		"members of a group": {want: []string{"ann", "bob"}, wantDesired: 2},
		"somebody who left": {
			current: []string{"ann", "bob", "cid"},
			want:    []string{"ann", "bob"}, wantDesired: 2,
		},
		"an inactive member": {
			given: func(g given) { g.company.users["bob"].Spec.Active = &no },
			want:  []string{"ann"}, wantDesired: 1,
		},
		"a member whose active attribute was removed": {
			given: func(g given) { g.company.users["bob"].Spec.Active = nil },
			want:  []string{"ann"}, wantDesired: 1,
		},
		"a member marked as deleted": {
			given: func(g given) { g.company.users["bob"].Spec.Deleted = &now },
			want:  []string{"ann"}, wantDesired: 1,
		},
		"a member that is only a claim": {
			given: func(g given) { g.company.users["bob"].Spec.ID = "" },
			want:  []string{"ann"}, wantDesired: 1,
		},
		"a member that names nothing": {
			given: func(g given) { g.company.group("devs", "ann", "nobody") },
			want:  []string{"ann"}, wantDesired: 1,
		},
		"nested groups with a cycle": {
			given: func(g given) {
				g.company.group("devs", "ann", "inner")
				g.company.group("inner", "bob", "devs", "inner")
			},
			want: []string{"ann", "bob"}, wantDesired: 2,
		},
		"a member of two groups is one subject": {
			given:  func(g given) { g.company.group("ops", "bob", "cid") },
			groups: []string{"devs", "ops"},
			want:   []string{"ann", "bob", "cid"}, wantDesired: 3,
		},
		"no such group revokes": {
			groups: []string{"gone"}, current: []string{"ann"},
			want: []string{}, wantReasons: []Reason{ReasonGroupNotFound},
		},
		"a group marked as deleted revokes": {
			given:   func(g given) { g.company.groups["devs"].Spec.Deleted = &now },
			current: []string{"ann"},
			want:    []string{}, wantReasons: []Reason{ReasonGroupNotFound},
		},
		"a displayName in another letter case is another group": {
			groups: []string{"Devs"}, want: []string{}, wantReasons: []Reason{ReasonGroupNotFound},
		},
		"a missing group does not keep others from changing": {
			groups: []string{"gone", "devs"}, current: []string{"ann", "cid"},
			want: []string{"ann", "bob"}, wantReasons: []Reason{ReasonGroupNotFound}, wantDesired: 2,
		},
		"a group out of the filter": {
			given:   func(g given) { g.sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}} },
			current: []string{"ann"},
			want:    []string{}, wantReasons: []Reason{ReasonGroupNotSynced},
		},
		"a nested group out of the filter": {
			given: func(g given) {
				g.sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"dev"}}
				g.company.group("devs", "ann", "inner")
				g.company.group("inner", "bob")
			},
			want: []string{"ann"}, wantReasons: []Reason{ReasonNestedGroupNotSynced}, wantDesired: 1,
		},
		"users out of the filter": {
			given: func(g given) {
				g.sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"staff"}}
				g.company.group("staff", "berlin")
				g.company.group("berlin", "bob", "cid")
			},
			current: []string{"ann"},
			want:    []string{"bob"}, wantDesired: 1,
		},
		"a group of the userFilter that cannot be read": {
			given: func(g given) {
				g.sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{"staff", "guests"}}
				g.company.group("devs", "ann", "bob", "cid")
				g.company.group("guests", "cid")
				g.company.group("staff", "ann", "bob")
				g.company.unreadable["staff"] = true
			},
			current: []string{"ann"}, // stays; bob is not added, since he may not be staff
			want:    []string{"ann", "cid"}, wantReasons: []Reason{ReasonGroupUnresolved}, wantDesired: 1,
		},
		"another namespace": {
			given:   func(g given) { g.sync.Namespace = "idp" },
			current: []string{"ann"},
			want:    []string{}, wantReasons: []Reason{ReasonNamespaceNotAllowed},
		},
		"another namespace that is let in": {
			given: func(g given) {
				g.sync.Namespace = "idp"
				g.sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
			},
			want: []string{"ann", "bob"}, wantDesired: 2,
		},
		"another namespace that is selected": {
			given: func(g given) {
				g.sync.Namespace = "idp"
				g.sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector,
					Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "prod"}}}
				g.request.Namespaces = cluster{{Name: "team", Labels: map[string]string{"tier": "prod"}}}
			},
			want: []string{"ann", "bob"}, wantDesired: 2,
		},
		"another namespace that is not selected": {
			given: func(g given) {
				g.sync.Namespace = "idp"
				g.sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector,
					Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "prod"}}}
			},
			want: []string{}, wantReasons: []Reason{ReasonNamespaceNotAllowed},
		},
		"a malformed selector of namespaces holds": {
			given: func(g given) {
				g.sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector,
					Selector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: "Like"}}}}
			},
			current: []string{"ann", "cid"}, // cid has left, and bob is not added
			want:    []string{"ann"}, wantReasons: []Reason{ReasonInvalidNamespaceSelector}, wantDesired: 2,
		},
		"and so does one that is too large": {
			given: func(g given) {
				g.sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector,
					Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": strings.Repeat("x", 5000)}}}
			},
			current: []string{"ann"},
			want:    []string{"ann"}, wantReasons: []Reason{ReasonInvalidNamespaceSelector}, wantDesired: 2,
		},
		"a paused sync": {
			given: func(g given) { g.sync.Spec.State = v1alpha1.SyncPaused },
			want:  []string{"ann", "bob"}, wantDesired: 2,
		},
		"a group that cannot be read holds those who are bound": {
			given:   func(g given) { g.company.unreadable["devs"] = true },
			current: []string{"ann"},
			want:    []string{"ann"}, wantReasons: []Reason{ReasonGroupUnresolved}, wantHeld: true,
		},
		"while held, disabling, renaming and deleting still revoke": {
			given: func(g given) {
				g.company.unreadable["devs"] = true
				g.company.users["ann"].Spec.Active = &no
				g.company.users["bob"].Spec.UserName = "robert"
				delete(g.company.users, "cid")
			},
			current: []string{"ann", "bob", "cid", "eve"},
			want:    []string{"eve"}, wantReasons: []Reason{ReasonGroupUnresolved}, wantHeld: true,
		},
		"while held, other groups still add": {
			given: func(g given) {
				g.company.unreadable["devs"] = true
				g.company.group("ops", "cid")
			},
			groups: []string{"devs", "ops"}, current: []string{"bob"},
			want: []string{"bob", "cid"}, wantReasons: []Reason{ReasonGroupUnresolved}, wantHeld: true, wantDesired: 1,
		},
		"a nested group that cannot be read": {
			given: func(g given) {
				g.company.group("devs", "ann", "inner")
				g.company.group("inner", "bob")
				g.company.unreadable["inner"] = true
			},
			current: []string{"bob"},
			want:    []string{"ann", "bob"}, wantReasons: []Reason{ReasonGroupUnresolved}, wantHeld: true, wantDesired: 1,
		},
		"a sync that is gone and retained its groups holds": {
			given:   func(g given) { g.source.Sync = nil },
			current: []string{"bob"}, // ann is not added
			want:    []string{"bob"}, wantReasons: []Reason{ReasonSyncNotFound}, wantHeld: true,
		},
		"a sync that is gone: who left, or is of a groupRef that was removed, does not stay": {
			given:   func(g given) { g.source.Sync = nil; g.company.group("ops", "cid") },
			current: []string{"bob", "cid"},
			want:    []string{"bob"}, wantReasons: []Reason{ReasonSyncNotFound}, wantHeld: true,
		},
		"a sync that is gone, with a nested group": {
			given: func(g given) {
				g.source.Sync = nil
				g.company.group("devs", "ann", "inner")
				g.company.group("inner", "bob")
			},
			current: []string{"bob", "cid"},
			want:    []string{"bob"}, wantReasons: []Reason{ReasonSyncNotFound}, wantHeld: true,
		},
		"a sync that is gone, with a group that cannot be read": {
			given:   func(g given) { g.source.Sync = nil; g.company.unreadable["devs"] = true },
			current: []string{"bob", "cid"},
			want:    []string{"bob", "cid"}, wantReasons: []Reason{ReasonSyncNotFound}, wantHeld: true,
		},
		"a sync that is gone, and nobody knows its usernames": {
			given:   func(g given) { g.source.Sync, g.source.Usernames = nil, nil },
			current: []string{"bob", "oidc:someone"},
			want:    []string{"bob", "oidc:someone"}, wantReasons: []Reason{ReasonSyncNotFound}, wantHeld: true,
		},
		"a sync that is gone with its groups": {
			given:   func(g given) { g.source.Sync = nil; delete(g.company.groups, "devs") },
			current: []string{"bob"},
			want:    []string{}, wantReasons: []Reason{ReasonSyncNotFound},
		},
		"a sync that is being deleted and retains": {
			given: func(g given) { g.sync.DeletionTimestamp = &deleting },
			want:  []string{"ann", "bob"}, wantDesired: 2,
		},
		"a sync that is being deleted with everything": {
			given: func(g given) {
				g.sync.DeletionTimestamp = &deleting
				g.sync.Spec.Deletion = &v1alpha1.DeletionPolicy{OnSyncDelete: v1alpha1.DeletionDelete}
			},
			current: []string{"ann"},
			want:    []string{}, wantReasons: []Reason{ReasonSyncDeleted},
		},
		"an expression that does not compile holds and adds nobody": {
			given: func(g given) {
				g.source.UsernamesError = errors.New("syntax error")
				g.company.users["ann"].Spec.Active = &no
			},
			current: []string{"ann", "bob", "cid"}, // names are those of the last expression; cid has left
			want:    []string{"bob"}, wantReasons: []Reason{ReasonUsernameExpression}, wantHeld: true, wantDesired: 1,
		},
		"a name of Kubernetes": {
			given: func(g given) { g.company.users["bob"].Spec.UserName = "System:Anonymous" },
			want:  []string{"ann"}, wantReasons: []Reason{ReasonUsernameNotUsable}, wantDesired: 2,
		},
		"two active users with one name": {
			given: func(g given) { g.company.user("ANN") },
			want:  []string{"ann", "bob"}, wantReasons: []Reason{ReasonUsernameNotUnique}, wantDesired: 2,
		},
		"two users with one name, one inactive and no member": {
			given:   func(g given) { g.company.user("ANN").Spec.Active = &no },
			current: []string{"ann"},
			want:    []string{"bob"}, wantReasons: []Reason{ReasonUsernameNotUnique}, wantDesired: 2,
		},
		"subjects that were not ours are not held": {
			given: func(g given) {
				g.company.unreadable["devs"] = true
				g.source.Usernames = nil
				g.request.Current[0].Subjects = append(g.request.Current[0].Subjects, rbacv1.Subject{Kind: "Group", APIGroup: rbacv1.GroupName, Name: "everybody"},
					rbacv1.Subject{Kind: "User", APIGroup: rbacv1.GroupName, Name: "system:anonymous"})
			},
			current: []string{"ann"},
			want:    []string{"ann"}, wantReasons: []Reason{ReasonGroupUnresolved, ReasonUsernameExpression}, wantHeld: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, sync := newCompany(), entra()
			for _, user := range []string{"ann", "bob", "cid", "eve"} {
				c.user(user)
			}
			c.group("devs", "ann", "bob")
			if test.groups == nil {
				test.groups = []string{"devs"}
			}
			b := binding(test.groups...)
			source := c.source(sync)
			request := Request{Namespaces: cluster{{Name: "team"}}, Current: current(b, test.current...)}
			if test.given != nil {
				test.given(given{c, sync, &request, &source})
			}
			for i := range b.Spec.GroupRefs {
				b.Spec.GroupRefs[i].SyncRef.Namespace = sync.Namespace
			}
			request.Binding = OfGroupRoleBinding(b)
			request.Source = func(name types.NamespacedName) Source {
				if want := (types.NamespacedName{Namespace: sync.Namespace, Name: "entra"}); name != want {
					t.Errorf("asked for the sync %s, want %s", name, want)
				}
				return source
			}
			got := Project(request)
			if diff := cmp.Diff(test.want, bound(got)); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
			if test.wantReasons == nil {
				test.wantReasons = []Reason{}
			}
			if diff := cmp.Diff(test.wantReasons, reasons(got)); diff != "" {
				t.Errorf("problems (-want +got):\n%s\n%v", diff, got.Problems)
			}
			if got.Held != test.wantHeld || got.MembersDesired != test.wantDesired {
				t.Errorf("held %v, desired %d; want %v, %d", got.Held, got.MembersDesired, test.wantHeld, test.wantDesired)
			}
		})
	}
}

// A sync of which no usernames are known holds every subject, but not against
// another sync that knows better.
func TestDisablingBesideASyncThatIsGone(t *testing.T) {
	okta, gone := newCompany(), newCompany()
	for _, name := range []string{"ann", "bob", "cid"} {
		okta.user(name)
	}
	okta.group("devs", "ann")
	no := false
	okta.users["cid"].Spec.Active = &no
	gone.group("devs", "x", "y")
	b := binding("devs", "devs")
	b.Spec.GroupRefs[1].SyncRef.Name = "okta"
	sources := map[string]Source{"entra": {Directory: gone}, "okta": okta.source(entra())}
	got := Project(Request{
		Binding: OfGroupRoleBinding(b), Current: current(b, "ann", "bob", "cid", "dan"), Namespaces: cluster{{Name: "team"}},
		Source: func(name types.NamespacedName) Source { return sources[name.Name] },
	})
	if diff := cmp.Diff([]string{"ann", "bob", "dan"}, bound(got)); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
}

// More problems than a status holds must not hide that a group has to be read again.
func TestUnresolvedIsNotCutOff(t *testing.T) {
	c := newCompany()
	c.group("devs", "ann")
	c.unreadable["devs"] = true
	var groups []string
	for range MaxProblems {
		groups = append(groups, "gone")
	}
	got := Project(request(binding(append(groups, "devs")...), c.source(entra())))
	if len(got.Problems) != MaxProblems || !got.Unresolved {
		t.Errorf("%d problems, unresolved: %v", len(got.Problems), got.Unresolved)
	}
}

// asked counts how many users were looked at by their name.
type asked struct {
	lookup
	users int
}

func (a *asked) Name(*v1alpha1.User) (string, error) { return "everybody", nil }

func (a *asked) Users(string) []string {
	ids := slices.Collect(maps.Keys(a.lookup.users))
	a.users += len(ids)
	return ids
}

// An author's subject.name may give all users one name.
func TestWhatIsLookedAtGrowsWithUsersNotWithTheirSquare(t *testing.T) {
	c := crowd(names(300)...)
	a := &asked{lookup: lookup{c}}
	r := request(binding("devs"), Source{Sync: entra(), Directory: c, Usernames: a})
	told := map[string]bool{}
	for range 5 {
		o := Project(r)
		if got := bound(o); !slices.Equal(got, []string{"everybody"}) || !slices.Equal(reasons(o), []Reason{ReasonUsernameNotUnique}) {
			t.Fatalf("bound %q, problems %v", got, o.Problems)
		}
		told[o.Problems[0].Message] = true
	}
	if most := 5 * 5 * 300; a.users > most {
		t.Errorf("%d users were looked at, want at most %d", a.users, most)
	}
	if len(told) != 1 {
		t.Errorf("the same is told in different words: %v", told)
	}
}
