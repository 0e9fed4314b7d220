package pace_test

import (
	"testing"
	"time"

	"github.com/rollcall-scim/rollcall/internal/controller/pace"
)

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
