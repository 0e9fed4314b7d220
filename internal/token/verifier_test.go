package token

import (
	"errors"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// settle waits until no fetch is under way.
func settle(t *testing.T, v *Verifier, s *v1alpha1.IdentityProviderSync) {
	t.Helper()
	r := v.ring(client.ObjectKeyFromObject(s))
	r.mu.Lock()
	f := r.flight
	r.mu.Unlock()
	if f != nil {
		if err := f.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestManyRequestsShareOneFetch(t *testing.T) {
	c, v := newCluster(map[string]string{"a": good})
	s := syncOf(ref("a"))
	var requests sync.WaitGroup
	for range 200 {
		requests.Go(func() {
			if _, err := v.Verify(t.Context(), s, good); err != nil {
				t.Error(err)
			}
		})
	}
	requests.Wait()
	if reads := c.reads.Load(); reads != 1 {
		t.Errorf("the Secret was read %d times, want once", reads)
	}
}

func TestUnknownTokensFetchOnceASecond(t *testing.T) {
	c, v := newCluster(map[string]string{"a": good})
	s := syncOf(ref("a"))
	for range 30 { // 3 seconds
		for range 20 {
			if _, err := v.Verify(t.Context(), s, "wrong"); !errors.Is(err, ErrRefused) {
				t.Fatal(err)
			}
		}
		c.pass(100 * time.Millisecond)
	}
	if reads := c.reads.Load(); reads != 3 {
		t.Errorf("the Secret was read %d times in 3 s, want 3", reads)
	}
}

func TestARotatedSecretCounts(t *testing.T) {
	const next = "fedcba9876543210fedcba9876543210"
	c, v := newCluster(map[string]string{"a": good})
	s := syncOf(ref("a"))
	if _, err := v.Verify(t.Context(), s, good); err != nil {
		t.Fatal(err)
	}
	if err := c.Update(t.Context(), secret("a", next)); err != nil {
		t.Fatal(err)
	}
	c.pass(missInterval)
	if _, err := v.Verify(t.Context(), s, next); err != nil {
		t.Errorf("the new token was not accepted a second later: %v", err)
	}
	if _, err := v.Verify(t.Context(), s, good); !errors.Is(err, ErrRefused) {
		t.Errorf("the old token: got %v, want it refused", err)
	}
}

func TestARevokedTokenIsRefusedInTime(t *testing.T) {
	c, v := newCluster(map[string]string{"a": good})
	s := syncOf(ref("a"))
	if _, err := v.Verify(t.Context(), s, good); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context(), secret("a", good)); err != nil {
		t.Fatal(err)
	}
	c.pass(MaxAge)
	if _, err := v.Verify(t.Context(), s, good); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want it refused", err)
	}
}

func TestATokenTakenOutOfTheSyncIsRefusedAtOnce(t *testing.T) {
	_, v := newCluster(map[string]string{"a": good, "b": "fedcba9876543210fedcba9876543210"})
	if _, err := v.Verify(t.Context(), syncOf(ref("a"), ref("b")), good); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), syncOf(ref("b")), good); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want it refused", err)
	}
}

func TestATokenAddedToTheSyncIsAcceptedAtOnce(t *testing.T) {
	const next = "fedcba9876543210fedcba9876543210"
	_, v := newCluster(map[string]string{"a": good, "b": next})
	if _, err := v.Verify(t.Context(), syncOf(ref("a")), good); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(t.Context(), syncOf(ref("a"), ref("b")), next); err != nil {
		t.Error(err)
	}
}

func TestTheAPIServerIsAway(t *testing.T) {
	tests := map[string]struct {
		age       time.Duration // since the last read that succeeded
		presented string
		want      error
	}{
		"a known token, young enough": {MaxAge - time.Millisecond, good, nil},
		"a known token, too old":      {MaxAge, good, ErrUnavailable},
		"an unknown token, too old":   {MaxAge, "wrong", ErrUnavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, v := newCluster(map[string]string{"a": good})
			s := syncOf(ref("a"))
			if _, err := v.Verify(t.Context(), s, good); err != nil {
				t.Fatal(err)
			}
			c.down.Store(true)
			c.pass(test.age)
			if _, err := v.Verify(t.Context(), s, test.presented); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			settle(t, v, s)
			c.down.Store(false)
			c.pass(missInterval)
			if _, err := v.Verify(t.Context(), s, good); err != nil {
				t.Errorf("when it is back: %v", err)
			}
		})
	}
}

func TestAnAPIServerThatIsAwayIsTriedOnceASecond(t *testing.T) {
	c, v := newCluster(map[string]string{"a": good})
	c.down.Store(true)
	s := syncOf(ref("a"))
	for range 30 {
		for range 10 {
			if _, err := v.Verify(t.Context(), s, good); !errors.Is(err, ErrUnavailable) {
				t.Fatal(err)
			}
		}
		c.pass(100 * time.Millisecond)
	}
	if reads := c.reads.Load(); reads != 3 {
		t.Errorf("the Secret was asked for %d times in 3 s, want 3", reads)
	}
}

func TestLastUsed(t *testing.T) {
	c, v := newCluster(map[string]string{"a": good, "b": "fedcba9876543210fedcba9876543210"})
	s := syncOf(ref("a"), ref("b"))
	c.pass(time.Minute)
	if _, err := v.Verify(t.Context(), s, good); err != nil {
		t.Fatal(err)
	}
	used := v.LastUsed(client.ObjectKeyFromObject(s))
	if len(used) != 1 || !used["a"].Equal(start.Add(time.Minute)) {
		t.Errorf("got %v, want a alone, used after a minute", used)
	}
	v.Forget(client.ObjectKeyFromObject(s))
	if used := v.LastUsed(client.ObjectKeyFromObject(s)); len(used) != 0 {
		t.Errorf("a forgotten sync still has %v", used)
	}
}

func TestAFailedReadIsTold(t *testing.T) {
	tests := map[string]struct {
		age  time.Duration
		want bool
	}{
		"not while what is known is young": {MaxAge - time.Second, false},
		"when it is too old":               {MaxAge, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, v := newCluster(map[string]string{"a": good})
			s := syncOf(ref("a"))
			if _, err := v.Check(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			c.down.Store(true)
			c.pass(test.age)
			got, err := v.Recheck(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if (got[0].Err != nil) != test.want || got[0].State != v1alpha1.TokenValid {
				t.Errorf("got %+v, want an error: %t", got[0], test.want)
			}
		})
	}
}
