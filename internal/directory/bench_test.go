package directory

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/rollcall-scim/rollcall/internal/scim"
)

// BenchmarkReads reads users who are each in five large groups.
func BenchmarkReads(b *testing.B) {
	const n = 1000
	s := serve(b, newReplica(b), newSync(b))
	users := make([]string, n)
	var made sync.WaitGroup
	for worker := range 16 {
		made.Go(func() {
			for i := worker; i < n; i += 16 {
				users[i] = s.createUser(fmt.Sprintf("user%d", i)).ID
			}
		})
	}
	made.Wait()
	for i := range 5 {
		s.createGroup(fmt.Sprint("group", i), users...)
	}
	eventually(b, "all slices are known", func() bool { return len(s.slices.waiting(s.sync.Namespace)) == 0 })
	byUserName := parse(b, `userName eq "USER500"`)
	for name, read := range map[string]func(i int) error{
		"id": func(i int) error {
			_, err := s.store.Get(context.Background(), s.users, users[i%n], scim.Need{Groups: true})
			return err
		},
		"userName": func(int) error {
			_, err := s.store.List(context.Background(), s.users, scim.Query{Filter: byUserName, StartIndex: 1, Count: 1})
			return err
		},
		"page of 100": func(i int) error {
			_, err := s.store.List(context.Background(), s.users, scim.Query{StartIndex: 1 + 100*(i%10), Count: 100})
			return err
		},
		"id, kept": func(i int) error {
			_, err := s.store.Get(context.Background(), s.users, users[i%n], scim.Need{Groups: true, Encoder: plain{}})
			return err
		},
		"userName, kept": func(int) error {
			_, err := s.store.List(context.Background(), s.users, scim.Query{Filter: byUserName, StartIndex: 1, Count: 1, Need: scim.Need{Groups: true, Encoder: plain{}}})
			return err
		},
		"page of 100, kept": func(i int) error {
			_, err := s.store.List(context.Background(), s.users, scim.Query{StartIndex: 1 + 100*(i%10), Count: 100, Need: scim.Need{Groups: true, Encoder: plain{}}})
			return err
		},
		"page of 100, kept, a group changed": func(i int) error {
			s.turns.next(s.sync)
			_, err := s.store.List(context.Background(), s.users, scim.Query{StartIndex: 1 + 100*(i%10), Count: 100, Need: scim.Need{Groups: true, Encoder: plain{}}})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := read(i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
