package integration

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// maxRoot is how large a Group object may get, whatever its members.
const maxRoot = 8 << 10

func TestAGroupOf100000(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	c := f.on(0)
	const all, perRound, perRequest, leave = 100_000, 10_000, 100, 1_000
	id := c.newGroup(t, "everybody")
	name := func(i int) string { return fmt.Sprintf("member-%06d", i) }

	largest := 0
	watchSize := func() {
		t.Helper()
		var groups v1alpha1.GroupList
		if err := kube.List(t.Context(), &groups, client.InNamespace(f.namespace)); err != nil {
			t.Fatal(err)
		}
		if len(groups.Items) != 1 {
			t.Fatalf("there are %d groups, want 1", len(groups.Items))
		}
		content, err := json.Marshal(groups.Items[0])
		if err != nil {
			t.Fatal(err)
		}
		largest = max(largest, len(content))
	}
	// isMember asks as Entra does; it costs no list of all members.
	isMember := func(c scimClient, i int) bool {
		t.Helper()
		return c.want(t, 200, "GET", "/Groups"+filter(fmt.Sprintf(`id eq %q and members eq %q`, id, name(i)))+"&attributes=id", "").resource(t).TotalResults == 1
	}
	count := func(want int) {
		t.Helper()
		body := c.want(t, 200, "GET", "/Groups/"+id, "").Body
		if got := strings.Count(body, `"value":"member-`); got != want {
			t.Fatalf("the group shows %d members, want %d", got, want)
		}
	}
	countDistinct := func(want int) {
		t.Helper()
		members := c.want(t, 200, "GET", "/Groups/"+id, "").resource(t).Members
		distinct := map[string]bool{}
		for _, m := range members {
			distinct[m.Value] = true
		}
		if len(members) != want || len(distinct) != want {
			t.Fatalf("the group shows %d members, %d of them distinct, want %d", len(members), len(distinct), want)
		}
	}
	// The first members come one request after the other, as Entra sends them;
	// later several connections add to the group at once.
	for from := 0; from < all; from += perRound {
		parallel(perRound/perRequest, 1+3*min(1, from), func(i int) {
			first := from + i*perRequest
			batch := make([]string, perRequest)
			for i := range batch {
				batch[i] = name(first + i)
			}
			if got := c.do(t, "PATCH", "/Groups/"+id, addMembers(batch...)); got.Status/100 != 2 {
				t.Errorf("adding from %d: %d %s", first, got.Status, got.Body)
			}
			if !isMember(c, first) || !isMember(c, first+perRequest-1) || isMember(c, first+perRound) {
				t.Errorf("after members %d to %d were added others are shown", first, first+perRequest-1)
			}
		})
		if t.Failed() {
			t.FailNow()
		}
		count(from + perRound)
		watchSize()
	}
	countDistinct(all)
	within(t, "the other replica shows all of them", func() string {
		if !isMember(f.on(1), all-1) || !isMember(f.on(1), 0) {
			return "not yet"
		}
		return ""
	})
	const leaveRound = leave / 10
	for left := 0; left < leave; left += leaveRound {
		parallel(leaveRound, 1+3*min(1, left), func(i int) {
			gone := (left + i) * (all / leave)
			if got := c.do(t, "PATCH", "/Groups/"+id, removeMember(name(gone))); got.Status/100 != 2 {
				t.Errorf("removing %d: %d %s", gone, got.Status, got.Body)
			}
			if isMember(c, gone) || !isMember(c, gone+1) {
				t.Errorf("after member %d left others are shown", gone)
			}
		})
		if t.Failed() {
			t.FailNow()
		}
		count(all - left - leaveRound)
		watchSize()
	}
	countDistinct(all - leave)
	watchSize()
	if largest > maxRoot {
		t.Errorf("the Group object grew to %d bytes, want at most %d", largest, maxRoot)
	}
	t.Logf("the Group object never had more than %d bytes", largest)
}
