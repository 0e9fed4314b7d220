package rolebinding_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// TestNothingStaleAfterClusterChurn changes namespaces, groups, memberships and
// users from several writers at once, under one binding that selects namespaces
// and one that captures them. Whatever the order of events, access ends right.
func TestNothingStaleAfterClusterChurn(t *testing.T) {
	w := openWorld(t)
	const places, people, rounds = 5, 5, 30
	var targets, ids []string
	var users []*v1alpha1.User
	for range places {
		targets = append(targets, createNamespace(t, nil))
	}
	for i := range people {
		users = append(users, w.user(fmt.Sprintf("user%d", i)))
		ids = append(ids, users[i].Spec.ID)
	}
	devs := w.group("Devs")
	var writers []*v1alpha1.Group // one for each namespace; renamed away and back
	for i, namespace := range targets {
		g := &v1alpha1.Group{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: objectName(fmt.Sprintf("writers%d", i))}}
		g.Spec.SyncRef.Name, g.Spec.ID, g.Spec.DisplayName = "entra", g.Name+"-gaaaaaa", namespace+"-writers"
		w.create(g)
		writers = append(writers, g)
	}
	w.bindCluster(selected("churn", w.namespace), nil)
	byPattern := &v1alpha1.ClusterGroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "writers-" + w.namespace}}
	byPattern.Spec.Target.Scope = v1alpha1.ScopeNamespaces
	byPattern.Spec.RoleRef = clusterRole("pod-writer")
	byPattern.Spec.GroupSelector = &v1alpha1.GroupSelector{SyncRef: w.syncRef(), Pattern: `(?P<namespace>team-[a-z0-9]+)-writers`}
	w.create(byPattern)

	var all sync.WaitGroup
	churn := func(seed int, change func(*rand.Rand) error) { // each object has one writer
		all.Go(func() {
			random := rand.New(rand.NewPCG(3, uint64(seed)))
			for range rounds {
				if err := change(random); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	some := func(random *rand.Rand) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(string) bool { return random.IntN(2) == 0 })
	}
	labeled := make([]bool, places)
	churn(1, func(random *rand.Rand) error {
		i := random.IntN(places)
		labeled[i] = random.IntN(2) == 0
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: targets[i]}}
		update(w, ns, func(ns *corev1.Namespace) {
			delete(ns.Labels, "churn")
			if labeled[i] {
				ns.Labels["churn"] = w.namespace
			}
		})
		return nil
	})
	churn(2, func(random *rand.Rand) error {
		devs.Spec.Members = some(random)
		devs.Spec.MemberCount = int64(len(devs.Spec.Members))
		return admin.Update(t.Context(), devs)
	})
	churn(3, func(random *rand.Rand) error {
		i := random.IntN(places)
		g := writers[i]
		g.Spec.Members = some(random)
		g.Spec.MemberCount = int64(len(g.Spec.Members))
		g.Spec.DisplayName = []string{targets[i] + "-writers", targets[i] + "-former"}[random.IntN(2)]
		return admin.Update(t.Context(), g)
	})
	churn(4, func(random *rand.Rand) error {
		u := users[random.IntN(people)]
		*u.Spec.Active = random.IntN(3) > 0
		return admin.Update(t.Context(), u)
	})
	all.Wait()

	want, got := map[string]bool{}, map[string]bool{}
	for i, namespace := range targets {
		for j, u := range users {
			reads := labeled[i] && slices.Contains(devs.Spec.Members, u.Spec.ID)
			writes := writers[i].Spec.DisplayName == namespace+"-writers" && slices.Contains(writers[i].Spec.Members, u.Spec.ID)
			name := fmt.Sprintf("user%d in %s", j, namespace)
			want[name+" reads"], want[name+" writes"] = *u.Spec.Active && (reads || writes), *u.Spec.Active && writes
		}
	}
	w.promptly("access as the last change left it", want, func() any {
		for _, namespace := range targets {
			for j := range users {
				user, name := fmt.Sprintf("user%d", j), fmt.Sprintf("user%d in %s", j, namespace)
				got[name+" reads"], got[name+" writes"] = w.may(user, "get", "pods", namespace), w.may(user, "create", "pods", namespace)
			}
		}
		return got
	})
}
