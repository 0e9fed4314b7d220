package directory

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// BenchmarkUnique looks up and changes a unique value among few users and among
// many: neither looks at all of them.
func BenchmarkUnique(b *testing.B) {
	for _, n := range []int{100, 5000} {
		s := serve(b, newReplica(b), newSync(b))
		s.declare(declared("badge", "string", unique))
		ids := make([]string, n)
		var made sync.WaitGroup
		for worker := range 16 {
			made.Go(func() {
				for i := worker; i < n; i += 16 {
					ids[i] = s.create(s.users, withBadge(fmt.Sprintf("user%d", i), fmt.Sprintf("B-%d", i))).ID
				}
			})
		}
		made.Wait()
		filter := parse(b, hrURN+`:badge eq "b-50"`)
		b.Run(fmt.Sprintf("eq/%d users", n), func(b *testing.B) {
			for b.Loop() {
				page, err := s.store.List(context.Background(), s.users, scim.Query{Filter: filter, StartIndex: 1, Count: 1})
				if err != nil || page.Total != 1 {
					b.Fatal(page, err)
				}
			}
		})
		b.Run(fmt.Sprintf("change/%d users", n), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if err := s.patch(ids[50], hrURN+":badge", []string{"b-50", "B-50"}[i%2]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
