package security

import (
	"net/http"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// subjects are the names that a namespace's RoleBindings of Rollcall bind.
func subjects(t *testing.T, namespace string) (names []string) {
	t.Helper()
	var list rbacv1.RoleBindingList
	if err := admin.List(t.Context(), &list, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/managed-by": "rollcall"}); err != nil {
		t.Fatal(err)
	}
	for _, rb := range list.Items {
		for _, s := range rb.Subjects {
			names = append(names, s.Kind+" "+s.Name)
		}
	}
	slices.Sort(names)
	return names
}

// The same group, under names that are the API server's own and under others.
func TestReservedNames(t *testing.T) {
	tests := map[string]struct {
		kind            v1alpha1.SubjectKind
		reserved, taken string // expressions
		want            string
	}{
		"kubernetesUsername": {"", "'system:anonymous'", "'anonymous-' + user.userName", "User anonymous-ann"},
		"subject.name":       {v1alpha1.SubjectUser, "'system:' + user.userName", "'oidc:' + user.userName", "User oidc:ann"},
		"a Group":            {v1alpha1.SubjectGroup, "'system:authenticated'", "'oidc:' + group.displayName", "Group oidc:devs"},
		"nobody":             {v1alpha1.SubjectUser, "''", "user.userName", "User ann"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t, nil)
			bind := func(expression string) *v1alpha1.GroupRoleBinding {
				p := newProvider(t, served, "reserved-"+hashOf(name, expression), func(s *v1alpha1.IdentityProviderSyncSpec) {
					if test.kind == "" {
						s.KubernetesUsername = expression
					}
				}).serves(t)
				p.group(t, "devs", p.user(t, "ann"))
				b := binding(ns, p.name, p.grant("devs", "view"))
				if test.kind != "" {
					b.Spec.Subject = &v1alpha1.SubjectTemplate{Kind: test.kind, Name: expression}
				}
				create(t, b)
				return b
			}
			refused := bind(test.reserved)
			wantReason(t, bind(test.taken), "Bound", "") // without the prefix nothing else stops it
			wantProblem(t, refused, "UsernameNotUsable")
			if got := subjects(t, ns); !slices.Equal(got, []string{test.want}) {
				t.Errorf("bound are %q, want %q", got, test.want)
			}
			for _, user := range []string{"system:anonymous", "system:ann", "somebody"} {
				wantPods(t, user, ns, false)
			}
		})
	}
}

// The operator gives no role that it was not allowed to give, whoever asks.
func TestBindableRoles(t *testing.T) {
	ns := namespace(t, nil)
	p := newProvider(t, served, "bindable", nil).serves(t)
	p.group(t, "owners", p.user(t, "bindable-ann"))
	b := binding(ns, "owners", p.grant("owners", "cluster-admin"))
	create(t, b)
	wantReason(t, b, "BindPermissionMissing", "cluster-admin")
	wantPods(t, "bindable-ann", ns, false)
	thief.may(t, ns, allow(rbacv1.GroupName, []string{"clusterroles"}, []string{"bind"}, "cluster-admin"))
	wantPods(t, "bindable-ann", ns, true)
}

// A selector chooses no namespace from where the cluster could be taken over.
func TestProtectedNamespaces(t *testing.T) {
	labels := map[string]string{"tier": "protected-test"}
	p := newProvider(t, served, "protected", nil).serves(t)
	p.group(t, "devs", p.user(t, "protected-ann"))
	ordinary := namespace(t, labels)
	protected := []string{"kube-system", "kube-public", "rollcall-system", served}
	for _, name := range protected {
		n := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if err := changing(n, func(n *corev1.Namespace) { n.Labels["tier"] = labels["tier"] })(t.Context(), admin); err != nil {
			t.Fatal(err)
		}
	}
	create(t, clusterBinding("protected-selector", p.grant("devs", "view"),
		v1alpha1.BindingTarget{Scope: v1alpha1.ScopeNamespaces, NamespaceSelector: &metav1.LabelSelector{MatchLabels: labels}}))
	wantPods(t, "protected-ann", ordinary, true)
	for _, name := range protected {
		wantPods(t, "protected-ann", name, false)
	}
	create(t, clusterBinding("protected-named", p.grant("devs", "view"), inNamespaces("kube-public")))
	wantPods(t, "protected-ann", "kube-public", true)
}

// A tenant binds the groups of a sync that lets only its own namespace.
func TestAllowedNamespaces(t *testing.T) {
	ns := namespace(t, nil)
	p := newProvider(t, served, "allowed", func(s *v1alpha1.IdentityProviderSyncSpec) { s.AllowedNamespaces = nil }).serves(t)
	p.group(t, "devs", p.user(t, "allowed-ann"))
	b := binding(ns, "devs", p.grant("devs", "view"))
	create(t, b)
	wantReason(t, b, "NamespaceNotAllowed", "")
	wantPods(t, "allowed-ann", ns, false)
	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: served, Name: p.name}}
	if err := changing(sync, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	})(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	wantPods(t, "allowed-ann", ns, true)
}

// A tenant with all verbs makes a sync in a namespace of their own.
func TestSyncNamespaces(t *testing.T) {
	ns := namespace(t, nil)
	own := newProvider(t, ns, "own", nil)
	wantReason(t, &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "own"}}, "NamespaceNotServed", "--sync-namespaces")
	if status, body := own.do(t, http.MethodGet, "/Users", ""); status != http.StatusUnauthorized {
		t.Errorf("a sync outside of --sync-namespaces answers %d %s", status, body)
	}
	newProvider(t, served, "own", nil).serves(t)
}

// Somebody without the token of a sync, and somebody with another's.
func TestTokens(t *testing.T) {
	mine, other := newProvider(t, served, "mine", nil).serves(t), newProvider(t, served, "others", nil).serves(t)
	for name, bearer := range map[string]string{"none": "", "wrong": mine.bearer + "x", "another sync's": other.bearer} {
		thief := provider{namespace: served, name: mine.name, bearer: bearer}
		if status, body := thief.do(t, http.MethodPost, "/Users", `{"userName":"mallory"}`); status != http.StatusUnauthorized {
			t.Errorf("with a token that is %s: %d %s", name, status, body)
		}
	}
}
