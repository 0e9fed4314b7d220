package rolebinding_test

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Somebody changes the owner and finalizers of a RoleBinding faster than anybody
// can read and write it: each write with a resourceVersion comes too late.
func TestAnObjectThatChangesAllTheTimeKeepsNoAccess(t *testing.T) {
	const attackers = 8
	yes := true
	tests := map[string]struct {
		finalizers bool
		revoke     func(w world, b *v1alpha1.GroupRoleBinding, devs *v1alpha1.Group, bob *v1alpha1.User)
		bob        bool
	}{
		"a member leaves": {bob: true, revoke: func(w world, _ *v1alpha1.GroupRoleBinding, devs *v1alpha1.Group, bob *v1alpha1.User) {
			w.setMembers(devs, bob.Spec.ID)
		}},
		"a member leaves and another comes": {bob: true, revoke: func(w world, _ *v1alpha1.GroupRoleBinding, devs *v1alpha1.Group, bob *v1alpha1.User) {
			w.setMembers(devs, bob.Spec.ID, w.user("cid").Spec.ID)
		}},
		"the binding is deleted": {revoke: func(w world, b *v1alpha1.GroupRoleBinding, _ *v1alpha1.Group, _ *v1alpha1.User) {
			w.delete(b)
		}},
		"the binding is deleted, of an object with finalizers": {finalizers: true, revoke: func(w world, b *v1alpha1.GroupRoleBinding, _ *v1alpha1.Group, _ *v1alpha1.User) {
			w.delete(b)
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ann, bob := w.user("ann"), w.user("bob")
			devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
			b := w.bind("pod-reader", "Devs")
			w.wantAccess(access{"ann": true, "bob": true})
			rb := w.roleBindings(w.namespace)[0]
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var all sync.WaitGroup
			for i := range attackers {
				all.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						metadata := map[string]any{"ownerReferences": []metav1.OwnerReference{{
							APIVersion: "v1", Kind: "ConfigMap", Name: "keeper", UID: types.UID(strconv.Itoa(i*1000 + n%1000)), Controller: &yes}}}
						if test.finalizers {
							metadata["finalizers"] = []string{"example.com/keep-" + strconv.Itoa(n%2)}
						}
						patch, err := json.Marshal(map[string]any{"metadata": metadata})
						if err != nil {
							t.Error(err)
							return
						}
						_ = admin.Patch(ctx, rb.DeepCopy(), client.RawPatch(types.MergePatchType, patch)) // it may be gone
					}
				})
			}
			time.Sleep(100 * time.Millisecond)
			test.revoke(w, b, devs, bob)
			w.within(30*time.Second, "ann has lost access", func() bool { return !w.mayRead("ann") })
			if w.mayRead("bob") != test.bob {
				t.Errorf("bob's access is not %v", test.bob)
			}
			stop()
			all.Wait()
			if !test.bob {
				w.within(30*time.Second, "nothing is left", func() bool { return len(w.roleBindings(w.namespace)) == 0 })
			}
		})
	}
}
