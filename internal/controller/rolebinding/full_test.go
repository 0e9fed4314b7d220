package rolebinding_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Whoever may update an object may fill it with finalizers up to what etcd takes,
// for which the API server asks no `bind`, and take our owner off in exchange: then
// it cannot be written with that again.
func TestAnObjectThatIsFullKeepsNoAccess(t *testing.T) {
	w := newWorld(t)
	ann, bob := w.user("ann"), w.user("bob")
	devs := w.group("Devs", ann.Spec.ID, bob.Spec.ID)
	w.bind("pod-reader", "Devs")
	w.wantAccess(access{"ann": true, "bob": true})
	fill(w, &w.roleBindings(w.namespace)[0])
	w.setMembers(devs, bob.Spec.ID)
	w.wantAccess(access{"ann": false, "bob": true})
	w.promptly("owner", 1, func() any { return len(w.roleBindings(w.namespace)[0].OwnerReferences) })
}

// fill leaves no room for an owner in an object that has none any more.
func fill(w world, o *rbacv1.RoleBinding) {
	w.Helper()
	finalizer := func(n int) string { return fmt.Sprintf("%s.example.com/%05d", strings.Repeat("a", 200), n) }
	put := func(change func()) bool {
		if err := admin.Get(w.Context(), client.ObjectKeyFromObject(o), o); err != nil {
			w.Fatal(err)
		}
		change()
		return admin.Update(w.Context(), o) == nil
	}
	most := sort.Search(10_000, func(n int) bool {
		return !put(func() {
			o.Finalizers = nil
			for i := range n {
				o.Finalizers = append(o.Finalizers, finalizer(i))
			}
		})
	})
	if most == 10_000 {
		w.Fatal("it is not full")
	}
	for length := 800; length > 0; length -= 8 {
		if put(func() {
			last := "a.example.com/a"
			for rest := length; rest > 0; rest -= 200 {
				o.Finalizers = append(slices.Clone(o.Finalizers), strings.Repeat("a", min(rest, 200))+"."+last)
			}
			o.OwnerReferences = nil
		}) {
			return
		}
	}
	w.Fatal("it cannot be filled to the end")
}
