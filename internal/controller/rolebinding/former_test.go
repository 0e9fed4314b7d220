package rolebinding_test

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/webhook"
)

// Whoever changes the roleRef does not want the former role any more. Where the
// new one is refused for good, the former one goes at once.
func TestFormerRoleEndsWithTheRefusalOfTheNewOne(t *testing.T) {
	tests := map[string]struct{ role, reason string }{
		"without bind":   {"secret-reader", "BindPermissionMissing"},
		"does not exist": {"never", "RoleNotFound"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.group("Devs", w.user("ann").Spec.ID)
			b := w.bind("pod-reader", "Devs")
			w.wantAccess(access{"ann": true})
			update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = test.role })
			w.wantAccess(access{"ann": false})
			w.wantReason(b, test.reason)
			w.promptly("RoleBindings", 0, func() any { return len(w.roleBindings(w.namespace)) })
			w.promptly("an event that tells", true, func() any { return w.hasEvent(b, "FormerRoleRemoved") })

			update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "pod-writer" })
			w.promptly("the role that may be bound", true, func() any { return w.may("ann", "create", "pods", w.namespace) })
		})
	}
}

// The role may change before any status says which one was bound.
func TestFormerRoleIsKnownBeforeTheStatusIs(t *testing.T) {
	w := newWorld(t)
	w.group("Devs", w.user("ann").Spec.ID)
	hook := webhook.Start(t, admin, w.namespace, []string{"grouprolebindings/status"}, func(context.Context) bool { return false })
	b := w.bind("pod-writer", "Devs")
	w.within(10*time.Second, "no status can be written", func() bool {
		_ = admin.Status().Patch(w.Context(), b.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"status":{"objectCount":7}}`)), client.DryRunAll)
		return hook.Calls.Load() > 0
	})
	update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "pod-reader" })
	w.promptly("the role of writers", false, func() any { return w.may("ann", "create", "pods", w.namespace) })
	w.wantAccess(access{"ann": true})
	update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "never" })
	w.wantAccess(access{"ann": false})
	w.promptly("an event that tells", true, func() any { return w.hasEvent(b, "FormerRoleRemoved") })
}

// The event comes also when the API server takes longer to remove the former
// role than the reconcile waits.
func TestFormerRoleIsToldOfWhenItsRemovalIsSlow(t *testing.T) {
	w := newWorld(t)
	w.group("Devs", w.user("ann").Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true})
	hook := webhook.Start(t, admin, w.namespace, []string{"rolebindings"}, func(context.Context) bool {
		time.Sleep(time.Second)
		return true
	})
	w.within(10*time.Second, "the webhook is asked", func() bool {
		probe := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "probe"},
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "pod-reader"}}
		_ = admin.Create(w.Context(), probe, client.DryRunAll)
		return hook.Calls.Load() > 0
	})
	update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "secret-reader" })
	w.within(10*time.Second, "ann has lost access", func() bool { return !w.mayRead("ann") })
	w.promptly("an event that tells", true, func() any { return w.hasEvent(b, "FormerRoleRemoved") })
}

// A quota may pass: until then, but for a bounded time, the former role stays
// instead of a gap. Who leaves meanwhile loses it at once.
func TestFormerRoleStaysForABoundedTime(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	b := w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true, "bob": true})
	w.fillQuota(w.namespace)
	changed := time.Now()
	update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "pod-writer" })
	w.wantReason(b, "RefusedByAPIServer")
	w.promptly("an event that tells how long", true, func() any { return w.hasEvent(b, "FormerRoleKept") })
	w.setMembers(devs, ann.Spec.ID)
	w.wantAccess(access{"ann": true, "bob": false})

	w.within(formerRoleTime+10*time.Second, "the former role is gone", func() bool { return !w.mayRead("ann") })
	if stayed := time.Since(changed); stayed < formerRoleTime {
		t.Errorf("it was gone after %s, want it to stay for %s", stayed, formerRoleTime)
	}
	w.promptly("an event that tells", true, func() any { return w.hasEvent(b, "FormerRoleRemoved") })
}

// fillQuota refuses any more RoleBindings in a namespace that has one.
func (w world) fillQuota(namespace string) *corev1.ResourceQuota {
	w.Helper()
	one := corev1.ResourceList{"count/rolebindings.rbac.authorization.k8s.io": resource.MustParse("1")}
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "full"}, Spec: corev1.ResourceQuotaSpec{Hard: one}}
	w.create(quota)
	quota.Status = corev1.ResourceQuotaStatus{Hard: one, Used: one} // as the quota controller would say
	if err := admin.Status().Update(w.Context(), quota); err != nil {
		w.Fatal(err)
	}
	return quota
}

func (w world) hasEvent(o client.Object, reason string) bool {
	w.Helper()
	var list eventsv1.EventList
	if err := admin.List(w.Context(), &list, client.InNamespace(o.GetNamespace())); err != nil {
		w.Fatal(err)
	}
	for _, e := range list.Items {
		if e.Regarding.Name == o.GetName() && e.Reason == reason {
			return true
		}
	}
	return false
}
