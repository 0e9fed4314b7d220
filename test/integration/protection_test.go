package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/operator"
)

// latencies are how long requests took.
type latencies []time.Duration

func (l latencies) at(quantile float64) time.Duration {
	sorted := slices.Sorted(slices.Values(l))
	return sorted[min(len(sorted)-1, int(quantile*float64(len(sorted))))].Round(10 * time.Microsecond)
}

// measure sends requests one after the other, of which none may fail.
func measure(t *testing.T, n int, request func(i int) (answer, error)) latencies {
	t.Helper()
	took := make(latencies, 0, n)
	for i := range n {
		began := time.Now()
		got, err := request(i)
		if err != nil || got.Status/100 != 2 {
			t.Errorf("request %d: %v, got %d %s", i, err, got.Status, got.Body)
			return append(took, time.Since(began))
		}
		took = append(took, time.Since(began))
	}
	return took
}

// flood sends requests on n connections as fast as it can until it is stopped,
// and gives how many got each status.
func flood(t *testing.T, n int, request func(connection, i int) (answer, error)) (stop func() map[int]int64) {
	var counts [600]atomic.Int64
	done := make(chan struct{})
	var all sync.WaitGroup
	for connection := range n {
		all.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				got, err := request(connection, i)
				if err != nil {
					t.Errorf("a request of the flood: %v", err)
					return
				}
				if (got.Status == 429 || got.Status == 503) && got.Header.Get("Retry-After") == "" {
					t.Errorf("%d without Retry-After: %s", got.Status, got.Body)
				}
				counts[got.Status].Add(1)
			}
		})
	}
	return func() map[int]int64 {
		close(done)
		all.Wait()
		statuses := map[int]int64{}
		for status := range counts {
			if n := counts[status].Load(); n > 0 {
				statuses[status] = n
			}
		}
		return statuses
	}
}

// TestANoisySyncBesideAQuietOne prints what the quiet one notices.
func TestANoisySyncBesideAQuietOne(t *testing.T) {
	quiet, noisy := newSync(t, nil), newSync(t, nil)
	one := quiet.on(0)
	alice, bob := one.newUser(t, "alice"), one.newUser(t, "bob")
	admins := one.newGroup(t, "admins", alice)
	requests := map[string]func(i int) (answer, error){
		"GET a user": func(int) (answer, error) { return one.try(t, "GET", "/Users/"+alice, "") },
		"PATCH a member": func(i int) (answer, error) {
			if i%2 == 0 {
				return one.try(t, "PATCH", "/Groups/"+admins, addMembers(bob))
			}
			return one.try(t, "PATCH", "/Groups/"+admins, removeMember(bob))
		},
	}
	alone := map[string]latencies{}
	for name, request := range requests {
		alone[name] = measure(t, 50, request)
	}
	loud := noisy.on(0)
	known := loud.newUser(t, "known")
	stop := flood(t, 64, func(connection, i int) (answer, error) {
		if i%4 == 0 {
			return loud.try(t, "POST", "/Users", user(fmt.Sprintf("noisy-%d-%d", connection, i)))
		}
		return loud.try(t, "GET", "/Users/"+known, "")
	})
	beside := map[string]latencies{}
	for name, request := range requests {
		beside[name] = measure(t, 50, request)
	}
	statuses := stop()
	for status := range statuses {
		if !slices.Contains([]int{200, 201, 429, 503}, status) {
			t.Errorf("the noisy sync got %d", status)
		}
	}
	for name := range requests {
		t.Logf("PROTECTION noisy=64 request=%q alone_p50=%s alone_p99=%s beside_p50=%s beside_p99=%s noisy_answers=%v",
			name, alone[name].at(.5), alone[name].at(.99), beside[name].at(.5), beside[name].at(.99), statuses)
	}
}

// TestAFloodOfWrongTokens prints what the holder of a right one notices: none of
// its requests fails while the flood lasts.
func TestAFloodOfWrongTokens(t *testing.T) {
	f := newSync(t, nil)
	right := f.on(0)
	alice := right.newUser(t, "alice")
	get := func(int) (answer, error) { return right.try(t, "GET", "/Users/"+alice, "") }
	alone := measure(t, 200, get)
	unknown := right.with("wrong")
	unknown.base = strings.Replace(right.base, "/idp/", "/nobody/", 1)
	stop := flood(t, 64, func(connection, i int) (answer, error) {
		if connection%2 == 0 {
			return unknown.try(t, "GET", "/Users", "")
		}
		return right.with(fmt.Sprintf("wrong-%d-%d", connection, i)).try(t, "GET", "/Users", "")
	})
	// The right token is looked up again at least once meanwhile.
	var beside latencies
	for began := time.Now(); time.Since(began) < 7*time.Second && !t.Failed(); {
		beside = append(beside, measure(t, 50, get)...)
	}
	statuses := stop()
	if statuses[401] == 0 {
		t.Errorf("no wrong token was refused: %v", statuses)
	}
	for status := range statuses {
		if status != 401 && status != 503 {
			t.Errorf("a wrong token got %d", status)
		}
	}
	t.Logf("PROTECTION wrong_tokens=64 alone_p50=%s alone_p99=%s beside_p50=%s beside_p99=%s refused=%v",
		alone.at(.5), alone.at(.99), beside.at(.5), beside.at(.99), statuses)
}

// spaces are n bytes of white space that count how many of them were sent.
type spaces struct{ n, sent atomic.Int64 }

func (s *spaces) Read(p []byte) (int, error) {
	left := s.n.Load() - s.sent.Load()
	if left <= 0 {
		return 0, io.EOF
	}
	n := int(min(left, int64(len(p))))
	for i := range n {
		p[i] = ' '
	}
	s.sent.Add(int64(n))
	return n, nil
}

func TestWhatIsTooMuch(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	c := f.on(0)
	const fifty = 50 << 20
	for name, length := range map[string]int64{"50 MB": fifty, "50 MB of unknown length": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got *http.Response
			body := &spaces{}
			// A server that answers before it has read all ends the connection, and
			// a client that still writes may learn of the end before the answer.
			for tries := 0; got == nil; tries++ {
				body = &spaces{}
				body.n.Store(fifty)
				rq, err := http.NewRequestWithContext(t.Context(), "POST", c.base+"/Groups", io.NopCloser(body))
				if err != nil {
					t.Fatal(err)
				}
				rq.ContentLength = length
				rq.Header.Set("Authorization", "Bearer "+c.bearer)
				rq.Header.Set("Expect", "100-continue")
				got, err = (&http.Client{Transport: &http.Transport{DisableKeepAlives: true, ExpectContinueTimeout: eventually}}).Do(rq)
				if err != nil && tries == 20 {
					t.Fatal(err)
				}
			}
			defer func() { _ = got.Body.Close() }()
			text, _ := io.ReadAll(got.Body)
			if got.StatusCode != 413 || !strings.Contains(string(text), `"detail"`) {
				t.Errorf("got %s %s, want a 413 with a SCIM error", got.Status, text)
			}
			if sent := body.sent.Load(); sent > 40<<20 {
				t.Errorf("%d bytes of the body were taken before the answer", sent)
			}
		})
	}
	deep := strings.Repeat("(", 100_000) + "userName pr" + strings.Repeat(")", 100_000)
	search, err := json.Marshal(map[string]any{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:SearchRequest"}, "filter": deep})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.want(t, 400, "POST", "/Users/.search", string(search)).resource(t); got.SCIMType != "invalidFilter" {
		t.Errorf("a filter 100,000 deep: scimType %q, want invalidFilter", got.SCIMType)
	}
	c.want(t, 414, "GET", "/Users"+filter(deep[80_000:120_000]), "")
}

func TestTheRateOfASync(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	limit := func(l *v1alpha1.RateLimit) {
		update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) { s.Spec.RateLimit = l })
	}
	c, other := f.on(0), f.on(1)
	limit(&v1alpha1.RateLimit{RequestsPerSecond: 1, Burst: 1})
	within(t, "the rate counts", statusOf(t, c, 429))
	got := c.do(t, "GET", "/Users", "")
	if r := got.resource(t); got.Status == 429 && (got.Header.Get("Retry-After") != "1" || r.StatusText != "429" || r.Detail == "") {
		t.Errorf("a 429 without Retry-After or a SCIM error: %v %s", got.Header, got.Body)
	}
	// Each replica has a rate of its own.
	within(t, "another replica answers within its own", statusOf(t, other, 200))
	limit(&v1alpha1.RateLimit{RequestsPerSecond: 100, Burst: 1000})
	within(t, "a higher rate counts", func() string {
		for range 100 {
			if got := c.do(t, "GET", "/Users", ""); got.Status != 200 {
				return got.Body
			}
		}
		return ""
	})
	limit(nil)
	within(t, "no rate counts", func() string {
		for range 200 {
			if got := c.do(t, "GET", "/Users", ""); got.Status != 200 {
				return got.Body
			}
		}
		return ""
	})
}

// TestAnUnknownSyncAnswersAsAWrongTokenWithoutSecrets holds also when the
// Secrets cannot be read.
func TestAnUnknownSyncAnswersAsAWrongTokenWithoutSecrets(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	l, through := newLine(t, restOf)
	r, err := start(operator.Config{REST: through, SyncNamespaces: []string{f.namespace}, LeaderElect: true, Log: logr.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	known := f.at(r.url).with("wrong")
	unknown := known
	unknown.base = strings.Replace(known.base, "/idp/", "/nobody/", 1)
	same := func(want int) func() string {
		return func() string {
			a, b := known.do(t, "GET", "/Users", ""), unknown.do(t, "GET", "/Users", "")
			for _, got := range []answer{a, b} {
				got.Header.Del("Date")
				got.Header.Del("X-Request-Id")
			}
			if diff := cmp.Diff(a, b); diff != "" || a.Status != want {
				return fmt.Sprintf("got %d and %d: %s", a.Status, b.Status, diff)
			}
			return ""
		}
	}
	within(t, "both are refused", same(401))
	l.set(cut)
	within(t, "neither can be checked", same(503))
	for range 3 { // each may wait for two look-ups that end after 2 s
		if complaint := same(503)(); complaint != "" {
			t.Error(complaint)
		}
	}
	l.set(whole)
	within(t, "both are refused again", same(401))
}
