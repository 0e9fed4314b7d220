package security

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The API server lets whoever may update a RoleBinding change its owners and
// finalizers, without `bind` on its role. Who leaves loses access all the same.
func TestCustodyOfRoleBindings(t *testing.T) {
	yes := true
	tests := map[string]struct {
		change func(rb *rbacv1.RoleBinding, keeper *corev1.ConfigMap)
		leave  func(t *testing.T, p provider, group, member string, b client.Object)
	}{
		"another owner": {
			change: func(rb *rbacv1.RoleBinding, keeper *corev1.ConfigMap) {
				rb.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: keeper.Name, UID: keeper.UID, Controller: &yes}}
			},
			leave: func(t *testing.T, p provider, group, member string, _ client.Object) {
				p.member(t, "remove", group, member)
			},
		},
		"a finalizer": {
			change: func(rb *rbacv1.RoleBinding, _ *corev1.ConfigMap) { rb.Finalizers = []string{"example.com/keep"} },
			leave: func(t *testing.T, _ provider, _, _ string, b client.Object) {
				if err := deleting(b)(t.Context(), admin); err != nil {
					t.Fatal(err)
				}
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ns := namespace(t, nil)
			p := newProvider(t, served, "custody-"+hashOf(name), nil).serves(t)
			ann := p.user(t, "custody-ann-"+hashOf(name))
			devs := p.group(t, "devs", ann)
			b := binding(ns, "devs", p.grant("devs", "view"))
			create(t, b)
			wantPods(t, "custody-ann-"+hashOf(name), ns, true)
			tenant := actor{"custodian-" + ns}.may(t, ns, allow(rbacv1.GroupName, []string{"rolebindings"}, []string{"get", "list", "update", "patch"}))
			keeper := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "keeper"}}
			create(t, keeper)
			var list rbacv1.RoleBindingList
			if err := admin.List(t.Context(), &list, client.InNamespace(ns), client.MatchingLabels{"app.kubernetes.io/managed-by": "rollcall"}); err != nil {
				t.Fatal(err)
			}
			succeeds(t, name, attack{by: tenant, try: func(ctx context.Context, as client.Client) error {
				return changing(&list.Items[0], func(rb *rbacv1.RoleBinding) { test.change(rb, keeper) })(ctx, as)
			}})
			test.leave(t, p, devs, ann, b)
			wantPods(t, "custody-ann-"+hashOf(name), ns, false)
		})
	}
}

// A tenant gave a RoleBinding another owner and a finalizer while the operator was
// away, and its binding was deleted: the admission policies let the operator take
// the finalizer off all the same.
func TestCustodyOfWhatABindingLeft(t *testing.T) {
	ns := namespace(t, nil)
	p := newProvider(t, served, "custody-left", nil).serves(t)
	b := binding(ns, "devs", p.grant("devs", "view"))
	p.group(t, "devs", p.user(t, "custody-left"))
	create(t, b)
	wantPods(t, "custody-left", ns, true)
	var list rbacv1.RoleBindingList
	if err := admin.List(t.Context(), &list, client.InNamespace(ns), client.MatchingLabels{"app.kubernetes.io/managed-by": "rollcall"}); err != nil {
		t.Fatal(err)
	}
	if err := deleting(b)(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	wantPods(t, "custody-left", ns, false)
	keeper := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "keeper"}}
	create(t, keeper)
	yes, left := true, list.Items[0]
	left.ObjectMeta = metav1.ObjectMeta{Namespace: ns, Name: left.Name, Labels: left.Labels, Finalizers: []string{"example.com/keep"},
		OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: keeper.Name, UID: keeper.UID, Controller: &yes}}}
	create(t, &left)
	within(t, "nothing is left of the binding", func() string {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(&left), &left); !apierrors.IsNotFound(err) {
			return fmt.Sprint("reading its RoleBinding gives ", err)
		}
		return ""
	})
	wantPods(t, "custody-left", ns, false)
}
