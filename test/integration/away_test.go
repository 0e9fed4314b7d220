package integration

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"

	"github.com/rollcall-scim/rollcall/internal/operator"
	"github.com/rollcall-scim/rollcall/internal/token"
)

func TestTheAPIServerIsAway(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	l, through := newLine(t, restOf)
	r, err := start(operator.Config{REST: through, SyncNamespaces: []string{f.namespace}, LeaderElect: true, Log: logr.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	c := f.at(r.url)
	alice := c.newUser(t, "alice")
	admins := c.newGroup(t, "admins", alice)

	writes := map[string][3]string{
		"POST a user":       {"POST", "/Users", user("carol")},
		"PATCH a user":      {"PATCH", "/Users/" + alice, replace("title", `"x"`)},
		"DELETE a user":     {"DELETE", "/Users/" + alice, ""},
		"POST a group":      {"POST", "/Groups", group("others")},
		"PATCH a group":     {"PATCH", "/Groups/" + admins, removeMember(alice)},
		"a look-up, a miss": {"GET", "/Users" + filter(`userName eq "carol"`), ""},
	}
	requests := slices.Collect(maps.Keys(writes))
	unavailable := func(t *testing.T, why string, soon time.Duration) {
		t.Helper()
		parallel(len(requests), len(requests), func(i int) {
			name, request, began := requests[i], writes[requests[i]], time.Now()
			got, err := c.try(t, request[0], request[1], request[2])
			if err != nil || got.Status != 503 && got.Status != 429 || got.Header.Get("Retry-After") == "" || !strings.Contains(got.Body, `"detail"`) {
				t.Errorf("%s, %s: %v, got %d, Retry-After %q: %s", why, name, err, got.Status, got.Header.Get("Retry-After"), got.Body)
			}
			if took := time.Since(began); took > soon {
				t.Errorf("%s, %s: the answer took %s", why, name, took)
			}
		})
	}
	l.set(cut)
	unavailable(t, "right after it went", 15*time.Second)
	time.Sleep(token.MaxAge)
	unavailable(t, "when no token can be checked", 5*time.Second)
	// Not a 401, which makes an identity provider turn itself off.
	c.with("wrong").want(t, 503, "GET", "/Users", "")
	c.want(t, 503, "GET", "/Users/"+alice, "")

	l.set(whole)
	within(t, "it answers again", statusOf(t, c, 200))
	c.want(t, 200, "PATCH", "/Groups/"+admins, addMembers(c.newUser(t, "bob")))
	if got := c.want(t, 200, "GET", "/Groups/"+admins, "").resource(t); len(got.Members) != 2 {
		t.Errorf("the group has %d members, want the one from before and the new one", len(got.Members))
	}
	if got := c.want(t, 200, "GET", "/Users"+filter(`title pr`), "").resource(t); got.TotalResults != 0 {
		t.Error("a change that was answered 503 took effect later")
	}

	// A connection that is dead without saying so.
	l.set(stuck)
	unavailable(t, "stuck", 45*time.Second)
	l.set(whole)
	within(t, "it answers again", statusOf(t, c, 200))
}
