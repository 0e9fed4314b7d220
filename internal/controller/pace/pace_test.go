package pace_test

import (
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/controller/pace"
)

func TestRetries(t *testing.T) {
	retries := pace.Retries[string](time.Second)
	for _, want := range []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 40 * time.Millisecond} {
		if got := retries.When("a"); got != want {
			t.Errorf("a failure is tried again after %s, want %s", got, want)
		}
	}
	for range 1000 {
		if got := retries.When("a"); got > time.Second {
			t.Fatalf("a failure is tried again after %s, want a second at most", got)
		}
	}
	if got := retries.When("b"); got != 10*time.Millisecond {
		t.Errorf("the first failure of another is tried again after %s, want 10ms", got)
	}
}

func TestPace(t *testing.T) {
	now := time.Unix(0, 0)
	p := pace.New[string](time.Second, func() time.Time { return now })
	want := func(of string, wait time.Duration) {
		t.Helper()
		if got := p.Wait(of); got != wait {
			t.Errorf("%s waits %s, want %s", of, got, wait)
		}
	}
	want("a", 0)
	p.Wrote("a")
	want("a", time.Second)
	want("b", 0)
	now = now.Add(700 * time.Millisecond)
	want("a", 300*time.Millisecond)
	now = now.Add(time.Second)
	want("a", 0)
	p.Wrote("a")
	p.Forget("a")
	want("a", 0)
}
