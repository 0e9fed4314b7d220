package server

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// crowded is a Store of groups with as many members as their id says, which
// answers when it is let.
type crowded struct{ slow }

func (s crowded) Get(ctx context.Context, _ *schema.ResourceType, id string, need scim.Need) (*scim.Resource, error) {
	if err := need.AffordMembers(ctx, map[string]int{"small": 10, "large": 1_000, "huge": 1_000_000}[id]); err != nil {
		return nil, err
	}
	s.entered <- struct{}{}
	<-s.release
	return &scim.Resource{ID: id}, nil
}

// The bytes of large answers are bounded together, from before they are put
// together until they are written.
func TestLargeAnswersWaitForTheirTurn(t *testing.T) {
	for name, test := range map[string]struct {
		asked string // again and again
		fit   int    // so many at once, in half of 1 MiB
	}{
		"of 256 kB each":                   {"large", 2},
		"of more than there is, one alone": {"huge", 1},
	} {
		t.Run(name, func(t *testing.T) {
			store := crowded{slow{entered: make(chan struct{}, 8), release: make(chan struct{})}}
			f := newFixture(t, entra(nil), func(o *Options) {
				o.MaxAnswerBytes = 1 << 20
				o.Store = func(client.ObjectKey) scim.Store { return store }
			})
			var underWay sync.WaitGroup
			get := func(query string) {
				underWay.Go(func() {
					if got := f.do(t, http.MethodGet, "/identity/entra/scim/v2/Groups/"+query, bearer, ""); got.Status != http.StatusOK {
						t.Errorf("%s: got %d %s", query, got.Status, got.Body)
					}
				})
			}
			for range test.fit {
				get(test.asked)
				<-store.entered
			}
			get(test.asked)
			select {
			case <-store.entered:
				t.Error("more large answers are put together at once than may be")
			case <-time.After(100 * time.Millisecond):
			}
			get("small")
			<-store.entered // has no need to wait
			get("huge?excludedAttributes=members")
			<-store.entered
			close(store.release)
			underWay.Wait()
		})
	}
}
