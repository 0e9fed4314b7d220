package rolebinding_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/webhook"
)

// While each write in one namespace hangs, of more bindings than there are
// workers, access elsewhere ends at once: by bindings of other namespaces, and
// by the ClusterGroupRoleBinding that is to be written in both.
func TestANamespaceThatHangsHoldsUpNoOther(t *testing.T) {
	w := openWorld(t)
	slow, fast := createNamespace(t, nil), createNamespace(t, nil)
	const rounds = 6
	var ids []string
	users := access{}
	for i := range rounds + 2 {
		name := fmt.Sprintf("user%d", i)
		ids = append(ids, w.user(name).Spec.ID)
		users[name] = true
	}
	devs := w.group("Devs", ids[:rounds+1]...)
	delete(users, fmt.Sprintf("user%d", rounds+1))
	both := w.bindCluster(namespaces(slow, fast), nil)
	other := w.bindIn(w.namespace, "pod-reader", "Devs")
	var bindings []*v1alpha1.GroupRoleBinding
	for i := range 12 {
		b := &v1alpha1.GroupRoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: slow, Name: fmt.Sprintf("devs-%d", i)}, Spec: other.Spec}
		w.create(b)
		bindings = append(bindings, b)
	}
	w.within(10*time.Second, "RoleBindings in the namespace", func() bool { return len(w.roleBindings(slow)) == len(bindings)+1 })
	w.within(10*time.Second, "everybody is bound", func() bool {
		for user := range users {
			if !w.mayRead(user) || !w.may(user, "get", "pods", fast) || !w.may(user, "get", "pods", slow) {
				return false
			}
		}
		_, reason := w.status(both)
		return reason == "Bound"
	})

	hook := webhook.Start(t, admin, slow, []string{"rolebindings", "grouprolebindings/status"}, webhook.Hangs)
	w.within(10*time.Second, "the webhook is asked", func() bool {
		w.setMembers(devs, ids...)
		w.setMembers(devs, ids[:rounds+1]...)
		return hook.Calls.Load() > 0
	})
	var took []time.Duration
	for i := range rounds {
		name, begin := fmt.Sprintf("user%d", i), time.Now()
		w.setMembers(devs, ids[i+1:rounds+1]...)
		w.within(10*time.Second, name+" loses access in two namespaces", func() bool {
			return !w.may(name, "get", "pods", fast) && !w.may(name, "get", "pods", w.namespace)
		})
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	t.Logf("while a webhook hangs in another namespace, access ends after %s (median), %s (slowest of %d)", took[rounds/2], took[rounds-1], rounds)
	if slowest := took[rounds-1]; slowest > 5*time.Second {
		t.Errorf("it took up to %s; the webhook hangs for %d s", slowest, webhook.Timeout)
	}
	w.within(20*time.Second, "the ClusterGroupRoleBinding tells of the webhook", func() bool {
		status, reason := w.status(both)
		return reason == "APIServerError" && slices.ContainsFunc(status.Problems, func(line string) bool { return strings.Contains(line, slow) })
	})
	hook.Remove()
	w.within(60*time.Second, "the namespace catches up", func() bool { return !w.may("user0", "get", "pods", slow) && w.may("user6", "get", "pods", slow) })
	w.within(60*time.Second, "all is told to be well", func() bool {
		_, one := w.status(both)
		_, another := w.status(bindings[11])
		return one == "Bound" && another == "Bound"
	})
}
