package projection

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// access gives the subjects by place and role, as "team/edit" or "*/edit".
func access(objects []CurrentObject) map[string][]string {
	all := map[string][]string{}
	for _, o := range objects {
		place := o.Namespace
		if place == "" {
			place = "*"
		}
		key := place + "/" + o.RoleRef.Name
		all[key] = append(all[key], nameList(o.Subjects)...)
	}
	return all
}

// going gives what is obsolete, with those who stay until the rest is complete.
func going(o *Outcome) []CurrentObject {
	var objects []CurrentObject
	for _, p := range o.Placements {
		for _, object := range p.Obsolete {
			objects = append(objects, CurrentObject{object.Namespace, object.Name, object.RoleRef, object.Shrunk()})
		}
	}
	return objects
}

// objects are the first objects of a binding in several places.
func objects(b Binding, role string, places []string, names ...string) []CurrentObject {
	ref := v1alpha1.RoleReference{Kind: "ClusterRole", Name: role}
	var all []CurrentObject
	for _, place := range places {
		all = append(all, CurrentObject{place, b.objectName(ref, 0), roleRef(ref), subjects(names...)})
	}
	return all
}

type accessMap = map[string][]string

// world is what the tests of targets have: groups and namespaces.
func world() (*company, cluster) {
	c := newCompany()
	for _, user := range []string{"ann", "bob", "cid"} {
		c.user(user)
	}
	c.group("devs", "ann", "bob")
	c.group("k8s-a-view", "ann")
	c.group("k8s-b-view", "bob")
	c.group("k8s-b-admin", "cid")
	c.group("k8s-gone-view", "cid")
	c.group("k8s-kube-system-view", "cid")
	prod := map[string]string{"tier": "prod"}
	return c, cluster{
		{Name: "a", Labels: prod}, {Name: "b", Labels: prod}, {Name: "c"},
		{Name: "kube-system", Labels: prod, Protected: true}, {Name: "team", Labels: prod, Protected: true},
		{Name: "ending", Labels: prod, Terminating: true},
	}
}

func TestTargets(t *testing.T) {
	everywhere := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster}
	anywhere := v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces}
	const convention = `^k8s-(?P<namespace>[a-z0-9-]+)-(?P<role>view|edit|admin)$`
	own := func(namespace, pattern string) Binding {
		b := OfClusterGroupRoleBinding(byPattern(anywhere, pattern, "view"))
		b.Kind, b.Namespace, b.Target = KindGroupRoleBinding, namespace, nil
		return b
	}
	malformed := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "tier", Operator: "Like"}}}
	of := OfClusterGroupRoleBinding
	tests := map[string]struct {
		binding        Binding
		allowed        v1alpha1.AllowedNamespaces // default: All
		current        []string                   // namespaces where ann and cid have the first of the roles
		want           accessMap
		wantGoing      accessMap
		wantReasons    []Reason
		wantNamespaces int64
	}{
		"the whole cluster": {binding: of(clusterBinding(everywhere, "devs")), want: accessMap{"*/edit": {"ann", "bob"}}},
		"the whole cluster needs a sync that allows all namespaces": {
			binding: of(clusterBinding(everywhere, "devs")),
			allowed: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector, Selector: &metav1.LabelSelector{}},
			current: []string{""}, wantGoing: accessMap{"*/edit": nil}, wantReasons: []Reason{ReasonNamespaceNotAllowed},
		},
		"only a ClusterRole goes with the whole cluster": {
			binding: func() Binding {
				b := clusterBinding(everywhere, "devs")
				b.Spec.RoleRef.Kind = "Role"
				return of(b)
			}(),
			wantReasons: []Reason{ReasonRoleNotUsable},
		},
		"namespaces by name, protected ones too": {
			binding: of(clusterBinding(named("a", "kube-system"), "devs")),
			want:    accessMap{"a/edit": {"ann", "bob"}, "kube-system/edit": {"ann", "bob"}}, wantNamespaces: 2,
		},
		"a namespace that is no target any more": {
			binding: of(clusterBinding(named("a"), "devs")), current: []string{"a", "b", ""},
			want: accessMap{"a/edit": {"ann", "bob"}}, wantGoing: accessMap{"b/edit": nil, "*/edit": nil}, wantNamespaces: 1,
		},
		"one that does not exist blocks no other": {
			binding: of(clusterBinding(named("nowhere", "a"), "devs")),
			want:    accessMap{"a/edit": {"ann", "bob"}}, wantReasons: []Reason{ReasonNamespaceNotFound}, wantNamespaces: 1,
		},
		"one that is being deleted only shrinks": {
			binding: of(clusterBinding(named("ending"), "devs")), current: []string{"ending"},
			want: accessMap{"ending/edit": {"ann"}}, wantReasons: []Reason{ReasonNamespaceTerminating}, wantNamespaces: 1,
		},
		"and nothing is created there": {
			binding:     of(clusterBinding(named("ending"), "devs")),
			wantReasons: []Reason{ReasonNamespaceTerminating}, wantNamespaces: 1,
		},
		"a namespaceSelector chooses no protected one": {
			binding: of(clusterBinding(production(), "devs")),
			want:    accessMap{"a/edit": {"ann", "bob"}, "b/edit": {"ann", "bob"}}, wantNamespaces: 3, // with the one that ends
		},
		"a namespace that was relabeled": {
			binding: of(clusterBinding(production(), "devs")), current: []string{"a", "c"},
			want: accessMap{"a/edit": {"ann", "bob"}, "b/edit": {"ann", "bob"}}, wantGoing: accessMap{"c/edit": nil}, wantNamespaces: 3,
		},
		"a malformed namespaceSelector only shrinks": {
			binding: of(clusterBinding(v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces, NamespaceSelector: malformed}, "devs")),
			current: []string{"a"}, // bob is not added, and cid has left
			want:    accessMap{"a/edit": {"ann"}}, wantReasons: []Reason{ReasonInvalidNamespaceSelector}, wantNamespaces: 1,
		},
		"the sync decides for each namespace": {
			binding: of(clusterBinding(named("a", "c"), "devs")),
			allowed: v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSelector, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"tier": "prod"}}},
			want:    accessMap{"a/edit": {"ann", "bob"}}, wantReasons: []Reason{ReasonNamespaceNotAllowed}, wantNamespaces: 1,
		},
		"a convention": {
			binding: of(byPattern(anywhere, convention, "view", "admin")), // not kube-system, not one that does not exist
			want:    accessMap{"a/view": {"ann"}, "b/view": {"bob"}, "b/admin": {"cid"}}, wantNamespaces: 2,
		},
		"a captured role that is not listed gives nothing": {
			binding: of(byPattern(anywhere, convention, "view")),
			want:    accessMap{"a/view": {"ann"}, "b/view": {"bob"}}, wantNamespaces: 2,
		},
		"a captured namespace must be listed, if any are": {
			binding: of(byPattern(named("a", "kube-system", "nowhere"), convention, "view")),
			want:    accessMap{"a/view": {"ann"}, "kube-system/view": {"cid"}}, wantReasons: []Reason{ReasonNamespaceNotFound}, wantNamespaces: 2,
		},
		"a list of which none exists lets no other in": {
			binding: of(byPattern(named("nowhere"), convention, "view")), wantReasons: []Reason{ReasonNamespaceNotFound},
		},
		"or be selected": {
			binding: of(byPattern(production(), convention, "view")),
			want:    accessMap{"a/view": {"ann"}, "b/view": {"bob"}}, wantNamespaces: 2,
		},
		"a captured namespace never means the whole cluster": {
			binding: of(byPattern(everywhere, `k8s-(?P<namespace>a|b)?.*-view`)), current: []string{""}, wantGoing: accessMap{"*/edit": nil},
		},
		"nor does one that is empty": {
			binding: of(byPattern(anywhere, `k8s-(?P<namespace>[0-9]*)a-view`)), current: []string{""}, wantGoing: accessMap{"*/edit": nil},
		},
		"a group whose name does not match any more": {
			binding: of(byPattern(anywhere, `k8s-(?P<namespace>a)-view`)), current: []string{"a", "b"},
			want: accessMap{"a/edit": {"ann"}}, wantGoing: accessMap{"b/edit": nil}, wantNamespaces: 1,
		},
		"a pattern must match the whole displayName": {
			binding: of(byPattern(named("a"), `dev|evs`)), wantReasons: []Reason{ReasonGroupNotFound},
		},
		"without captures every group is bound everywhere": {
			binding: of(byPattern(named("a", "b"), `k8s-.-view`)),
			want:    accessMap{"a/edit": {"ann", "bob"}, "b/edit": {"ann", "bob"}}, wantNamespaces: 2,
		},
		"a GroupRoleBinding binds in no other namespace": {
			binding: own("b", convention), want: accessMap{"b/view": {"bob"}}, wantNamespaces: 1,
		},
		"but in its own, also when that is protected": {
			binding: own("kube-system", convention), want: accessMap{"kube-system/view": {"cid"}}, wantNamespaces: 1,
		},
		"a pattern that does not compile holds": {
			binding: of(byPattern(anywhere, `k8s-(`)), current: []string{"a", "nowhere"},
			want: accessMap{"a/edit": {"ann", "cid"}}, wantGoing: accessMap{"nowhere/edit": nil}, wantReasons: []Reason{ReasonInvalidPattern}, wantNamespaces: 1,
		},
		"a capture without a meaning": {
			binding: of(byPattern(anywhere, `(?P<nmespace>k8s-a)`)), wantReasons: []Reason{ReasonInvalidPattern},
		},
		"a pattern that is too costly": {
			binding: of(byPattern(anywhere, `(k8s-[a-z]{1,500}){2}`)), wantReasons: []Reason{ReasonInvalidPattern},
		},
		"a pattern that closes more than it opens": {
			binding: of(byPattern(anywhere, `k8s-a-view)|(.*`)), wantReasons: []Reason{ReasonInvalidPattern},
		},
		"two captures of one meaning": {
			binding: of(byPattern(anywhere, `k8s-(?P<namespace>a)-view|k8s-(?P<namespace>b)-view`)), wantReasons: []Reason{ReasonInvalidPattern},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, namespaces := world()
			sync := entra()
			if sync.Spec.AllowedNamespaces = &test.allowed; test.allowed.From == "" {
				test.allowed.From = v1alpha1.NamespacesAll
			}
			o := Project(Request{
				Binding: test.binding, Namespaces: namespaces,
				Source:  func(types.NamespacedName) Source { return c.source(sync) },
				Current: objects(test.binding, test.binding.Roles()[0].Name, test.current, "ann", "cid"),
			})
			if test.want == nil {
				test.want = accessMap{}
			}
			if test.wantGoing == nil {
				test.wantGoing = accessMap{}
			}
			if test.wantReasons == nil {
				test.wantReasons = []Reason{}
			}
			for what, diff := range map[string]string{
				"access": cmp.Diff(test.want, access(exist(o))), "obsolete": cmp.Diff(test.wantGoing, access(going(o))),
				"problems": cmp.Diff(test.wantReasons, reasons(o)), "namespaces": cmp.Diff(test.wantNamespaces, o.Namespaces),
			} {
				if diff != "" {
					t.Errorf("%s (-want +got):\n%s\n%v", what, diff, o.Problems)
				}
			}
			slices.Reverse(namespaces)
			again := Project(Request{Binding: test.binding, Namespaces: namespaces,
				Source:  func(types.NamespacedName) Source { return c.source(sync) },
				Current: objects(test.binding, test.binding.Roles()[0].Name, test.current, "ann", "cid")})
			if diff := cmp.Diff(exist(o), exist(again)); diff != "" {
				t.Errorf("the order of the namespaces changes the outcome:\n%s", diff)
			}
		})
	}
}

func TestProtectedNamespace(t *testing.T) {
	tests := map[string]struct {
		holdsSync, want bool
	}{
		"kube-system": {false, true}, "kube-": {false, true}, "rollcall": {false, true}, "idp": {true, true},
		"default": {false, false}, "team": {false, false}, "my-kube-system": {false, false},
	}
	for name, test := range tests {
		if got := ProtectedNamespace(name, "rollcall", test.holdsSync); got != test.want {
			t.Errorf("ProtectedNamespace(%q) = %v, want %v", name, got, test.want)
		}
	}
}

// An informer gives namespaces in any order; a status is written when its words change.
func TestTheSameIsToldInWhateverOrderNamespacesCome(t *testing.T) {
	all := cluster{{Name: "a"}, {Name: "b"}, {Name: "c"}, {Name: "d"}, {Name: "e"}}
	tell := func(namespaces cluster) string {
		b := &v1alpha1.ClusterGroupRoleBinding{}
		b.Spec.GroupGrant = binding("devs").Spec.GroupGrant
		b.Spec.GroupRefs[0].SyncRef.Namespace = "team"
		b.Spec.Target = v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces, NamespaceSelector: &metav1.LabelSelector{}}
		r := request(binding("devs"), crowd("ann").source(entra()))
		r.Binding, r.Namespaces, r.Current = OfClusterGroupRoleBinding(b), namespaces, nil
		o := Project(r)
		if !slices.Equal(reasons(o), []Reason{ReasonNamespaceNotAllowed}) {
			t.Fatalf("problems: %v", o.Problems)
		}
		return o.Problems[0].Message
	}
	backwards := slices.Clone(all)
	slices.Reverse(backwards)
	if one, other := tell(all), tell(backwards); one != other {
		t.Errorf("told once %q and once %q", one, other)
	}
}
