package security

import (
	"fmt"
	"slices"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// mayBind asks on which of the roles an actor has `bind` in a namespace.
func (a actor) mayBind(t *testing.T, namespace string, roles ...string) []string {
	t.Helper()
	var allowed []string
	for _, role := range roles {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: a.name, Groups: []string{"system:authenticated"},
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: "bind", Group: rbacv1.GroupName, Resource: "clusterroles", Name: role},
		}}
		if err := admin.Create(t.Context(), review); err != nil {
			t.Fatal(err)
		}
		if review.Status.Allowed {
			allowed = append(allowed, role)
		}
	}
	return allowed
}

// Admins of a namespace may bind what is both bindable and theirs to give, there
// and nowhere else: real aggregation by kube-controller-manager.
func TestAdminsMayBindBindableRoles(t *testing.T) {
	ns, other := namespace(t, nil), namespace(t, nil)
	boss, editor := actor{"aggregated-admin"}.in(t, ns, "admin"), actor{"aggregated-editor"}.in(t, ns, "edit")
	create(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "lets-bind-one-more"}, // as config/samples/bindable_role.yaml does
		Rules: []rbacv1.PolicyRule{allow(rbacv1.GroupName, []string{"clusterroles"}, []string{"bind"}, "one-more")}})
	thief.in(t, ns, "lets-bind-one-more")
	all := []string{"view", "edit", "admin", "cluster-admin", "one-more"}
	want := func(what string, who actor, namespace string, roles ...string) {
		t.Helper()
		within(t, what, func() string {
			if got := who.mayBind(t, namespace, all...); !slices.Equal(got, roles) {
				return fmt.Sprintf("may bind %q, want %q", got, roles)
			}
			return ""
		})
	}
	want("an admin in the namespace", boss, ns, "view", "edit", "admin")
	want("an admin elsewhere", boss, other)
	want("an editor", editor, ns)
	want("the operator", thief, ns, "view", "edit", "admin", "one-more")
	succeeds(t, "a binding to edit", attack{boss, creating(binding(ns, "edit", to("edit")))})

	bindable := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "rollcall-bindable-roles"}}
	list := func(roles ...string) {
		t.Helper()
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(bindable), bindable); err != nil {
			t.Fatal(err)
		}
		bindable.Rules[0].ResourceNames = roles
		if err := admin.Update(t.Context(), bindable); err != nil {
			t.Fatal(err)
		}
	}
	list("view")
	want("an admin, of fewer bindable roles", boss, ns, "view")
	want("the operator, of fewer bindable roles", thief, ns, "view", "one-more")
	within(t, "a binding to edit is refused", func() string {
		return complaint(creating(binding(ns, "again", to("edit")))(t.Context(), client.NewDryRunClient(boss.client(t))), "rollcall-grouprolebinding-authors")
	})
	list("view", "edit", "admin")
	want("an admin, as before", boss, ns, "view", "edit", "admin")
}
