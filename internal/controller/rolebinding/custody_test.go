package rolebinding_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Owners and finalizers of a RoleBinding are changed by whoever may update it:
// the API server asks for no `bind` then. Neither keeps anybody's access.
func TestAnotherOwnerKeepsNoAccess(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true, "bob": true})
	keeper := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "keeper"}}
	w.create(keeper)
	yes := true
	update(w, &w.roleBindings(w.namespace)[0], func(rb *rbacv1.RoleBinding) {
		rb.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: keeper.Name, UID: keeper.UID, Controller: &yes}}
	})
	w.setMembers(devs, bob.Spec.ID)
	w.wantAccess(access{"ann": false, "bob": true})
	w.promptly("owner", "GroupRoleBinding devs", func() any {
		owner := metav1.GetControllerOf(&w.roleBindings(w.namespace)[0])
		return owner.Kind + " " + owner.Name
	})
}

func TestAFinalizerKeepsNoAccess(t *testing.T) {
	tests := map[string]struct {
		deleted bool // by somebody else, already
		revoke  func(w world, b *v1alpha1.GroupRoleBinding)
		left    int // RoleBindings
	}{
		"the binding is deleted": {revoke: func(w world, b *v1alpha1.GroupRoleBinding) { w.delete(b) }},
		"the binding and its object are deleted": {deleted: true,
			revoke: func(w world, b *v1alpha1.GroupRoleBinding) { w.delete(b) }},
		"the role is another": {left: 1, revoke: func(w world, b *v1alpha1.GroupRoleBinding) {
			update(w, b, func(b *v1alpha1.GroupRoleBinding) { b.Spec.RoleRef.Name = "not-yet" })
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.group("Devs", w.user("ann").Spec.ID)
			b := w.bind("pod-reader", "Devs")
			w.wantAccess(access{"ann": true})
			rb := &w.roleBindings(w.namespace)[0]
			update(w, rb, func(rb *rbacv1.RoleBinding) { rb.Finalizers = []string{"example.com/keep"} })
			if test.deleted {
				w.delete(rb)
			}
			test.revoke(w, b)
			w.wantAccess(access{"ann": false})
			w.promptly("RoleBindings", test.left, func() any { return len(w.roleBindings(w.namespace)) })
		})
	}
}

// Somebody takes the owner away over and over, until the binding is deleted:
// nothing is left behind. What is deleted with orphans stays.
func TestDeletedBindingLeavesNothingWithoutOwner(t *testing.T) {
	yes := true
	tests := map[string][]metav1.OwnerReference{
		"no owner":          nil,
		"another of a kind": {{APIVersion: "v1", Kind: "ConfigMap", Name: "keeper", UID: "1", Controller: &yes}},
	}
	for name, owners := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.group("Devs", w.user("ann").Spec.ID)
			b := w.bind("pod-reader", "Devs")
			w.wantAccess(access{"ann": true})
			rb := w.roleBindings(w.namespace)[0]
			patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"ownerReferences": owners}})
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var attackers sync.WaitGroup
			attackers.Go(func() {
				for ctx.Err() == nil { // until it is gone there is nothing to check
					_ = admin.Patch(ctx, rb.DeepCopy(), client.RawPatch(types.MergePatchType, patch))
				}
			})
			time.Sleep(100 * time.Millisecond)
			w.delete(b)
			w.wantAccess(access{"ann": false})
			w.promptly("RoleBindings", 0, func() any { return len(w.roleBindings(w.namespace)) })
			stop()
			attackers.Wait()
		})
	}
}

// An operator that starts finds objects that somebody gave another controller
// while nobody looked, and whose binding was deleted meanwhile. What is without
// any controller may have been left behind on purpose.
func TestObjectsOfABindingThatIsLongGone(t *testing.T) {
	yes := true
	tests := map[string]struct {
		owners []metav1.OwnerReference
		name   func(b *v1alpha1.GroupRoleBinding) string
		stays  bool
	}{
		"another controller":                 {owners: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "keeper", UID: "1", Controller: &yes}}},
		"no controller":                      {stays: true},
		"another controller and name":        {owners: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "keeper", UID: "1", Controller: &yes}}, name: func(*v1alpha1.GroupRoleBinding) string { return "devs-aaaaaaaaaaaaa-0" }, stays: true},
		"another controller, of a ConfigMap": {owners: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "keeper", UID: "1", Controller: &yes}}, name: func(*v1alpha1.GroupRoleBinding) string { return "devs" }, stays: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			gone := &v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "devs"}}
			gone.Spec.RoleRef = clusterRole("pod-reader")
			object := generatedName(gone, 0)
			if test.name != nil {
				object = test.name(gone)
			}
			w.create(&rbacv1.RoleBinding{
				ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: object, OwnerReferences: test.owners,
					Labels: map[string]string{"app.kubernetes.io/managed-by": "rollcall", "scim.rollcall.dev/binding": "devs"}},
				RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "pod-reader"},
				Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: w.name("ann")}},
			})
			if test.stays {
				w.wantAccess(access{"ann": true}) // once the API server's authorizer has seen it
				stays(t, "the RoleBinding", func() bool { return w.mayRead("ann") })
				return
			}
			w.wantAccess(access{"ann": false})
			w.promptly("RoleBindings", 0, func() any { return len(w.roleBindings(w.namespace)) })
		})
	}
}
