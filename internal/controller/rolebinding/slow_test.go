package rolebinding_test

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// hangs has every write of RoleBindings in a namespace wait for a webhook that
// does not answer, until the function is called.
func (w world) hangs(namespace string) (calls *atomic.Int64, mend func()) {
	w.Helper()
	calls = &atomic.Int64{}
	release := make(chan struct{})
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, rq *http.Request) {
		calls.Add(1)
		select {
		case <-release:
		case <-rq.Context().Done():
		}
	}))
	url, fail, none, seconds := server.URL, admissionv1.Fail, admissionv1.SideEffectClassNone, int32(30)
	webhook := &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "hangs-" + namespace},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name: "hangs.example.com",
			ClientConfig: admissionv1.WebhookClientConfig{
				URL: &url, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
			},
			Rules: []admissionv1.RuleWithOperations{{
				Operations: []admissionv1.OperationType{admissionv1.OperationAll},
				Rule: admissionv1.Rule{APIGroups: []string{"rbac.authorization.k8s.io", "scim.rollcall.dev"}, APIVersions: []string{"*"},
					Resources: []string{"rolebindings", "grouprolebindings/status"}},
			}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
			FailurePolicy:           &fail,
			SideEffects:             &none,
			TimeoutSeconds:          &seconds,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
	w.create(webhook)
	mended := false
	mend = func() {
		if mended {
			return
		}
		mended = true
		w.delete(webhook)
		close(release)
		server.Close()
	}
	w.Cleanup(func() {
		if !mended {
			close(release)
			server.Close()
		}
	})
	return calls, mend
}

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

	calls, mend := w.hangs(slow)
	w.within(10*time.Second, "the webhook is asked", func() bool {
		w.setMembers(devs, ids...)
		w.setMembers(devs, ids[:rounds+1]...)
		return calls.Load() > 0
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
		t.Errorf("it took up to %s; the webhook hangs for 30s", slowest)
	}
	w.within(20*time.Second, "the ClusterGroupRoleBinding tells of the webhook", func() bool {
		status, reason := w.status(both)
		return reason == "APIServerError" && slices.ContainsFunc(status.Problems, func(line string) bool { return strings.Contains(line, slow) })
	})
	mend()
	w.within(60*time.Second, "the namespace catches up", func() bool { return !w.may("user0", "get", "pods", slow) && w.may("user6", "get", "pods", slow) })
	w.within(60*time.Second, "all is told to be well", func() bool {
		_, one := w.status(both)
		_, another := w.status(bindings[11])
		return one == "Bound" && another == "Bound"
	})
}
