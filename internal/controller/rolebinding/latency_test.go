package rolebinding_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// BenchmarkChangeToRoleBinding measures from the API server's answer to a
// change of a group until a watcher sees the RoleBinding with it, and compares
// with the bare update of a RoleBinding of the same size:
//
//	go test -run '^$' -bench ChangeToRoleBinding -benchtime 200x ./internal/controller/grouprolebinding
func BenchmarkChangeToRoleBinding(b *testing.B) {
	for _, size := range []int{10, 100} {
		b.Run(fmt.Sprintf("members=%d", size), func(b *testing.B) { measure(b, size) })
	}
}

func measure(b *testing.B, size int) {
	w := newWorld(b)
	ids := make([]string, size)
	for i := range ids {
		name := fmt.Sprintf("user%d", i)
		w.user(name)
		ids[i] = userID(name)
	}
	group := w.group("Devs", ids...)
	w.bind("pod-reader", "Devs")
	w.wantAccess(access{"user0": true, fmt.Sprintf("user%d", size-1): true})
	watcher, err := admin.Watch(b.Context(), &rbacv1.RoleBindingList{}, client.InNamespace(w.namespace))
	if err != nil {
		b.Fatal(err)
	}
	defer watcher.Stop()

	var followed, bare []time.Duration
	free := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: createNamespace(b, nil), Name: "bare"},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "pod-reader"}}
	w.create(free)
	for i := range b.N {
		members := ids[i%2:] // the first member leaves and joins
		update(w, group, func(g *v1alpha1.Group) { g.Spec.Members = members })
		answered := time.Now()
		awaitSubjects(b, watcher, len(members))
		followed = append(followed, time.Since(answered))

		free.Subjects = w.roleBindings(w.namespace)[0].Subjects
		begin := time.Now()
		if err := admin.Update(b.Context(), free); err != nil {
			b.Fatal(err)
		}
		bare = append(bare, time.Since(begin))
	}
	report := func(name string, took []time.Duration) {
		slices.Sort(took)
		for _, percent := range []int{50, 99} {
			b.ReportMetric(float64(took[(len(took)-1)*percent/100])/float64(time.Millisecond), fmt.Sprintf("%s-p%d-ms", name, percent))
		}
	}
	report("followed", followed)
	report("bare", bare)
}

func awaitSubjects(b *testing.B, watcher watch.Interface, count int) {
	b.Helper()
	timeout := time.After(10 * time.Second)
	for {
		select {
		case event := <-watcher.ResultChan():
			if rb, ok := event.Object.(*rbacv1.RoleBinding); ok && len(rb.Subjects) == count {
				return
			}
		case <-timeout:
			b.Fatal("the RoleBinding did not follow within 10 s")
		}
	}
}
