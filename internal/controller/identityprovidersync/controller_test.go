package identityprovidersync

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// TestASyncDoesNotWaitLongAfterAnOutage: after an hour without an API server, what
// was deleted with a sync must lose its access soon, and not after a quarter more.
func TestASyncDoesNotWaitLongAfterAnOutage(t *testing.T) {
	limiter := options().RateLimiter
	if limiter == nil {
		t.Fatal("failures are spaced by controller-runtime, up to 1,000 s")
	}
	rq := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "identity", Name: "entra"}}
	for range 1000 {
		if wait := limiter.When(rq); wait > lastRetry {
			t.Fatalf("a failure is tried again after %s, want %s at most", wait, lastRetry)
		}
	}
}
