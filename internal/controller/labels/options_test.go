package labels

import (
	"testing"
	"time"
)

// TestAnOutageDoesNotLast: controller-runtime would wait up to 1,000 s more.
func TestAnOutageDoesNotLast(t *testing.T) {
	limiter := options().RateLimiter
	if limiter == nil {
		t.Fatal("failures are spaced by controller-runtime, up to 1,000 s")
	}
	for range 100 {
		if wait := limiter.When(request{}); wait > time.Minute {
			t.Fatalf("a failure is tried again after %s, want a minute at most", wait)
		}
	}
}
