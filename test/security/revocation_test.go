package security

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// quickly is how soon access must end, whatever else is wrong.
const quickly = 5 * time.Second

// loses takes a member out of a group, and wants the access gone quickly.
func (p provider) loses(t *testing.T, group, member, user, namespace string) {
	t.Helper()
	p.member(t, "remove", group, member)
	begin := time.Now()
	wantPods(t, user, namespace, false)
	if took := time.Since(begin); took > quickly {
		t.Errorf("%s kept access for %s", user, took)
	}
}

func TestAPolicyIsMissing(t *testing.T) {
	ns := namespace(t, nil)
	p := newProvider(t, served, "missing", nil).serves(t)
	ann, bob, cid := p.user(t, "missing-ann"), p.user(t, "missing-bob"), p.user(t, "missing-cid")
	devs := p.group(t, "devs", ann, bob)
	b := binding(ns, "devs", p.grant("devs", "view"))
	create(t, b)
	wantPods(t, "missing-ann", ns, true)
	wantReason(t, b, "Bound", "")
	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: served, Name: p.name}}
	wantReason(t, sync, "Serving", "")

	t.Run("and nobody new gets access", func(t *testing.T) {
		const policy = "rollcall-grouprolebinding-authors"
		disarm(t, policy)
		wantReason(t, sync, "AdmissionPolicyMissing", policy)
		p.member(t, "add", devs, cid)
		wantReason(t, b, "AdmissionPolicyMissing", policy)
		late := binding(ns, "late", p.grant("devs", "edit"))
		create(t, late)
		wantReason(t, late, "AdmissionPolicyMissing", policy)
		p.loses(t, devs, bob, "missing-bob", ns)
		if may(t, "missing-cid", "list", ns) || may(t, "missing-ann", "create", ns) {
			t.Error("somebody got access while a policy was missing")
		}
		if !may(t, "missing-ann", "list", ns) {
			t.Error("somebody lost access since a policy is missing")
		}

		restart(t) // the next leader looks before it projects
		p.serves(t).loses(t, devs, ann, "missing-ann", ns)
		if may(t, "missing-cid", "list", ns) {
			t.Error("somebody got access from a leader that had just begun")
		}
	})
	wantPods(t, "missing-cid", ns, true) // by itself, once it is back
	wantReason(t, b, "Bound", "")
	wantReason(t, sync, "Serving", "")
}

func TestBindIsWithdrawn(t *testing.T) {
	ns := namespace(t, nil)
	p := newProvider(t, served, "withdrawn", nil).serves(t)
	ann, bob := p.user(t, "withdrawn-ann"), p.user(t, "withdrawn-bob")
	devs := p.group(t, "devs", ann, bob)
	create(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "pod-lister"}, Rules: []rbacv1.PolicyRule{allow("", []string{"pods"}, []string{"list"})}})
	lets := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "lets-bind-pod-lister"},
		Rules: []rbacv1.PolicyRule{allow(rbacv1.GroupName, []string{"clusterroles"}, []string{"bind"}, "pod-lister")}}
	create(t, lets)
	thief.in(t, ns, lets.Name)
	b := binding(ns, "devs", p.grant("devs", "pod-lister"))
	create(t, b)
	wantPods(t, "withdrawn-ann", ns, true)

	if err := admin.Delete(t.Context(), lets); err != nil {
		t.Fatal(err)
	}
	within(t, "the API server knows that bind is withdrawn", func() string {
		return complaintUnlessForbidden(thief.client(t), ns)
	})
	p.loses(t, devs, ann, "withdrawn-ann", ns)
	wantReason(t, b, "BindPermissionMissing", "pod-lister")

	create(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: lets.Name}, Rules: lets.Rules})
	wantPods(t, "withdrawn-bob", ns, true) // by itself, once it may again
	wantPods(t, "withdrawn-ann", ns, false)
}

func TestAQuotaDeletesNothing(t *testing.T) {
	ns := namespace(t, nil)
	p := newProvider(t, served, "quota", nil).serves(t)
	ann, bob := p.user(t, "quota-ann"), p.user(t, "quota-bob")
	devs := p.group(t, "devs", ann, bob)
	b := binding(ns, "devs", p.grant("devs", "view"))
	create(t, b)
	wantPods(t, "quota-bob", ns, true)
	const count = "count/rolebindings.rbac.authorization.k8s.io"
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "one"},
		Spec: corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{count: resource.MustParse("1")}}}
	create(t, quota)
	within(t, "the quota is counted", func() string {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(quota), quota); err != nil {
			return err.Error()
		}
		if used := quota.Status.Used[count]; used.Value() != 1 {
			return "used: " + used.String()
		}
		return ""
	})

	// The RoleBinding to the new role is refused: the old one must stay.
	if err := changing(b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "edit" })(t.Context(), admin); err != nil {
		t.Fatal(err)
	}
	wantReason(t, b, "RefusedByAPIServer", "exceeded quota")
	p.loses(t, devs, bob, "quota-bob", ns)
	if !may(t, "quota-ann", "list", ns) {
		t.Error("a quota took access away")
	}
	if err := admin.Delete(t.Context(), quota); err != nil {
		t.Fatal(err)
	}
	within(t, "the new role is bound once there is room", func() string {
		if !may(t, "quota-ann", "create", ns) {
			return "it is not"
		}
		return ""
	})
}

// complaintUnlessForbidden tries to bind the role as the operator would.
func complaintUnlessForbidden(operator client.Client, namespace string) string {
	err := creating(&rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe", Labels: map[string]string{projection.LabelManagedBy: projection.ManagedBy},
			OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "GroupRoleBinding", Name: "probe", UID: "1"}}},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "pod-lister"},
	})(context.Background(), client.NewDryRunClient(operator))
	if err == nil || !strings.Contains(err.Error(), "attempting to grant RBAC permissions not currently held") {
		return fmt.Sprintf("a dry run gives %v", err)
	}
	return ""
}
