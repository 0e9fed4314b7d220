// Package webhook is an admission webhook for tests, which refuses or hangs for
// what is written in one namespace.
package webhook

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Webhook is asked about every write of some resources in one namespace.
type Webhook struct {
	// Calls is how often it was asked.
	Calls atomic.Int64

	server *httptest.Server
	end    sync.Once
	ended  chan struct{}
	admin  client.Client
	config *registrationv1.ValidatingWebhookConfiguration
}

// Timeout is how long the API server waits for an answer, in seconds: the
// longest that it allows.
const Timeout = 30

// Start has the API server ask about resources, such as rolebindings, of a
// namespace, or about that namespace itself. The answer is that of admits; it
// hangs for as long as that does not return. The test's end removes it, and so
// does Remove.
func Start(t testing.TB, admin client.Client, namespace string, resources []string, admits func(ctx context.Context) bool) *Webhook {
	t.Helper()
	w := &Webhook{ended: make(chan struct{}), admin: admin}
	w.server = httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, rq *http.Request) {
		w.Calls.Add(1)
		review := admissionv1.AdmissionReview{}
		if err := json.NewDecoder(rq.Body).Decode(&review); err != nil || review.Request == nil {
			http.Error(rw, "no AdmissionReview", http.StatusBadRequest)
			return
		}
		ctx, cancel := context.WithCancel(rq.Context())
		defer cancel()
		go func() {
			select {
			case <-w.ended:
				cancel()
			case <-ctx.Done():
			}
		}()
		review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: admits(ctx)}
		review.Request = nil
		rw.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(rw).Encode(review) // nobody may be there any more
	}))
	url, fail, none, seconds := w.server.URL, registrationv1.Fail, registrationv1.SideEffectClassNone, int32(Timeout)
	w.config = &registrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
		Webhooks: []registrationv1.ValidatingWebhook{{
			Name: "test.example.com",
			ClientConfig: registrationv1.WebhookClientConfig{
				URL: &url, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.server.Certificate().Raw}),
			},
			Rules: []registrationv1.RuleWithOperations{{
				Operations: []registrationv1.OperationType{registrationv1.OperationAll},
				Rule:       registrationv1.Rule{APIGroups: []string{"*"}, APIVersions: []string{"*"}, Resources: resources},
			}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
			FailurePolicy:           &fail,
			SideEffects:             &none,
			TimeoutSeconds:          &seconds,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
	if err := admin.Create(t.Context(), w.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Remove)
	return w
}

// Hangs answers nobody before the webhook is removed.
func Hangs(ctx context.Context) bool {
	<-ctx.Done()
	return false
}

// Remove ends the webhook; what hangs is refused.
func (w *Webhook) Remove() {
	w.end.Do(func() {
		_ = w.admin.Delete(context.Background(), w.config) // with its control plane, it may be gone
		close(w.ended)
		w.server.Close()
	})
}
