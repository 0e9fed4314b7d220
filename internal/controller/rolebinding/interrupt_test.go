package rolebinding_test

import (
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Somebody is disabled while a large group is still being bound for the first
// time: that does not wait until all others are.
func TestRemovalDuringAFill(t *testing.T) {
	const members, places = 1000, 40 // 400 objects
	w := openWorld(t)
	ids := w.users(members)
	var targets []string
	for range places {
		targets = append(targets, createNamespace(t, map[string]string{"fill": w.namespace}))
	}
	w.largeGroup("Devs", ids)
	b := w.bindCluster(selected("fill", w.namespace), nil)
	bound := func() (n int) {
		for _, namespace := range targets {
			if w.may("user1", "get", "pods", namespace) {
				n++
			}
		}
		return n
	}
	w.within(20*time.Second, "the first namespaces", func() bool { return bound() > 0 })
	no := false
	user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: objectName("user1")}}
	update(w, user, func(u *v1alpha1.User) { u.Spec.Active = &no })
	begun := time.Now()
	w.within(5*prompt, "the disabled user out of all namespaces", func() bool { return bound() == 0 })
	took := time.Since(begun)
	objects := len(w.everyObject(b))
	t.Logf("disabled and out after %s, with %d of %d objects written", took.Round(time.Millisecond), objects, members/100*places)
	w.within(time.Minute, "all others in place", func() bool {
		status, reason := w.status(b)
		return reason == "Bound" && status.MembersApplied == members-1
	})
	if n := bound(); n > 0 {
		t.Errorf("the disabled user is bound in %d namespaces again", n)
	}
}

// An addition that is refused does not keep a removal from being made, although
// both would be one write.
func TestRefusedAdditionKeepsNoRemoval(t *testing.T) {
	w := newWorld(t)
	ann, bob, eve := w.user("ann"), w.user("bob"), w.user("eve")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true, "bob": true})
	fail, name := admissionregistrationv1.Fail, "no-eve-"+w.namespace
	w.create(&admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionregistrationv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": w.namespace}},
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{"CREATE", "UPDATE"},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{"rbac.authorization.k8s.io"}, APIVersions: []string{"v1"}, Resources: []string{"rolebindings"}},
				}}},
			},
			Validations: []admissionregistrationv1.Validation{{Expression: "!has(object.subjects) || object.subjects.all(s, !s.name.startsWith('eve@'))", Message: "not eve"}},
		}})
	w.create(&admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{PolicyName: name,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny}}})
	forbidden := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "probe"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "pod-reader"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "eve@probe"}}}
	w.within(20*time.Second, "the policy in force", func() bool {
		err := admin.Create(t.Context(), forbidden.DeepCopy())
		if err == nil {
			w.delete(forbidden)
		}
		return err != nil
	})
	w.setMembers(devs, bob.Spec.ID, eve.Spec.ID)
	w.wantAccess(access{"ann": false, "bob": true, "eve": false})
	w.wantReason(b, "RefusedByAPIServer")
}
