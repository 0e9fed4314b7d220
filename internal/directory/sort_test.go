package directory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/filter"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

func sortBy(t testing.TB, attribute string, descending bool) *scim.Sort {
	t.Helper()
	path, err := filter.ParseAttribute(attribute)
	if err != nil {
		t.Fatal(err)
	}
	return &scim.Sort{Path: path, Descending: descending}
}

// walk reads every page of a query and gives what name shows of each resource.
func (s *service) walk(rt *schema.ResourceType, query scim.Query, between func()) []string {
	s.t.Helper()
	query.StartIndex = 1
	var seen []string
	for {
		page, err := s.store.List(context.Background(), rt, query)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range page.Resources {
			name, _ := r.Attributes["userName"].(string)
			if rt == s.group {
				name, _ = r.Attributes["displayName"].(string)
			}
			seen = append(seen, name)
		}
		if page.Next == "" {
			return seen
		}
		query.After = page.Next
		if between != nil {
			between()
		}
	}
}

func TestSorting(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	zoe := s.create(s.users, scim.Object{"userName": "Zoë", "title": "b", "active": true}).ID
	s.create(s.users, scim.Object{"userName": "ada", "title": "B", "active": false})
	s.create(s.users, scim.Object{"userName": "Bob", "emails": []any{scim.Object{"value": "x"}, scim.Object{"value": "a", "primary": true}}})
	s.createGroup("b", zoe)
	s.createGroup("A")
	if err := s.rename(s.users, zoe, "Émile"); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		rt   *schema.ResourceType
		by   string
		text string
		want []string
	}{
		"kept: userName":           {s.users, "userName", "", []string{"ada", "Bob", "Émile"}},
		"filtered: userName":       {s.users, "userName", `userName ne "bob"`, []string{"ada", "Émile"}},
		"kept: displayName":        {s.group, "displayName", "", []string{"A", "b"}},
		"title, the rest last":     {s.users, "title", `title pr`, []string{"ada", "Émile"}},
		"booleans":                 {s.users, "active", `active pr`, []string{"ada", "Émile"}},
		"created":                  {s.users, "meta.created", "", []string{"Émile", "ada", "Bob"}},
		"the primary e-mail":       {s.users, "emails", `not (emails pr and title pr)`, nil},
		"groups of a user":         {s.users, "groups.display", `userName eq "émile"`, []string{"Émile"}},
		"members of a group first": {s.group, "members", "", []string{"b", "A"}},
		"version":                  {s.group, "meta.version", `displayName eq "b"`, []string{"b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			query := scim.Query{Sort: sortBy(t, test.by, false), Count: 10}
			if test.text != "" {
				query.Filter = parse(t, test.text)
			}
			got := s.walk(test.rt, query, nil)
			if test.want != nil && !slices.Equal(got, test.want) {
				t.Errorf("ascending %v, want %v", got, test.want)
			}
			query.Sort.Descending, query.Count = true, 1
			slices.Reverse(got)
			if down := s.walk(test.rt, query, nil); !slices.Equal(down, got) {
				t.Errorf("descending, page by page %v, want %v", down, got)
			}
		})
	}
	if got := s.walk(s.users, scim.Query{Sort: sortBy(t, "emails", false), Count: 10}, nil); got[0] != "Bob" {
		t.Errorf("by e-mail: %v", got)
	}
	if _, err := s.store.List(t.Context(), s.users, scim.Query{Sort: sortBy(t, "password", false), Count: 1}); status(err) != 400 {
		t.Errorf("sorted by password: %v", err)
	}
	if _, err := s.store.List(t.Context(), s.users, scim.Query{After: "nowhere", Count: 1}); status(err) != 400 {
		t.Errorf("a place that is none: %v", err)
	}
}

// What is there all the time is seen exactly once, whatever comes and goes
// between two pages.
func TestPagesUnderChange(t *testing.T) {
	d := newReplica(t)
	for _, by := range []string{"", "userName", "title"} {
		for _, descending := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v", by, descending), func(t *testing.T) {
				s := serve(t, d, newSync(t))
				var stay, gone []string
				for i := range 12 {
					name := fmt.Sprintf("stay-%02d", i)
					s.create(s.users, scim.Object{"userName": name, "title": fmt.Sprint(i % 3)})
					stay = append(stay, name)
					gone = append(gone, s.createUser(fmt.Sprintf("gone-%02d", i)).ID)
				}
				query := scim.Query{Count: 3}
				if by != "" {
					query.Sort = sortBy(t, by, descending)
				}
				made := 0
				seen := s.walk(s.users, query, func() {
					if len(gone) > 0 {
						s.delete(s.users, gone[0])
						gone = gone[1:]
						s.createUser(fmt.Sprintf("new-%02d", made))
						made++
					}
				})
				slices.Sort(seen)
				if len(slices.Compact(slices.Clone(seen))) != len(seen) {
					t.Errorf("seen twice: %v", seen)
				}
				for _, name := range stay {
					if !slices.Contains(seen, name) {
						t.Errorf("%s was missed", name)
					}
				}
			})
		}
	}
}

// TestOrdersByNameFollow compares the kept order of names with a sorted map
// through changes of names.
func TestOrdersByNameFollow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := &orders{order: &order{}, named: &order{key: nameKey}}
		model := map[string]string{} // object name → userName
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range rapid.IntRange(0, 2000).Draw(t, "steps") {
			name := fmt.Sprint(random.IntN(900))
			if random.IntN(4) == 0 {
				o.remove(name)
				delete(model, name)
				continue
			}
			user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: name}}
			user.Spec.UserName = fmt.Sprint("User", random.IntN(500))
			o.put(user)
			model[name] = user.Spec.UserName
		}
		want := make([]scim.Place, 0, len(model))
		for name, userName := range model {
			want = append(want, scim.Place{Key: schema.Fold(userName), Name: name})
		}
		descending := rapid.Bool().Draw(t, "descending")
		slices.SortFunc(want, func(a, b scim.Place) int { return a.Compare(b, descending) })
		var got []scim.Place
		var after *scim.Place
		for {
			objects, before, total := o.named.page(after, descending, 0, rapid.IntRange(1, 300).Draw(t, "count"))
			if before != len(got) || total != len(want) {
				t.Fatalf("%d before of %d, want %d of %d", before, total, len(got), len(want))
			}
			for _, obj := range objects {
				got = append(got, o.named.place(obj))
			}
			if len(objects) == 0 {
				break
			}
			after = &got[len(got)-1]
		}
		if diff := cmp.Diff(want, got); len(want) > 0 && diff != "" {
			t.Fatal(diff)
		}
	})
}

// BenchmarkSorting shows what sorting 100,000 users costs.
func BenchmarkSorting(b *testing.B) {
	const n = 100_000
	sync := newSync(b)
	d := newReplica(b)
	kept := d.users.ordersFor(sync)
	for i := range n {
		u := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: sync.Namespace, Name: fmt.Sprintf("user%06d", i)}}
		u.Spec.SyncRef.Name, u.Spec.ID = sync.Name, u.Name+"-uaaaaaa"
		u.Spec.UserName, u.Spec.Title = fmt.Sprintf("User%06d@example.com", n-i), fmt.Sprint("Title ", i*7919%n)
		u.Spec.Created = &metav1.MicroTime{Time: time.Unix(int64(i), 0)}
		kept.put(client.Object(u))
	}
	s := serve(b, d, sync)
	for _, by := range []string{"userName", "title", "meta.created"} {
		b.Run(by, func(b *testing.B) {
			query := scim.Query{Sort: sortBy(b, by, true), StartIndex: 50_000, Count: 100}
			for b.Loop() {
				if _, err := s.store.List(context.Background(), s.users, query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
