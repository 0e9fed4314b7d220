package projection

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// names gives so many names, sorted.
func names(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("u%05d", i)
	}
	return all
}

// crowd is a company with one group of active users.
func crowd(users ...string) *company {
	c := newCompany()
	for _, name := range users {
		c.user(name)
	}
	c.group("devs", users...)
	return c
}

// large spares large tests the search for users of one name.
func (c *company) large() Source {
	s := c.source(entra())
	s.Usernames = lookup{c}
	return s
}

// lookup are usernames that are ids, as quick as an index.
type lookup struct{ *company }

func (l lookup) Name(u *v1alpha1.User) (string, error) { return u.Spec.UserName, nil }

func (l lookup) Users(name string) []string {
	if l.users[name] == nil {
		return nil
	}
	return []string{name}
}

// exist gives what exists once an outcome was applied.
func exist(o *Outcome) []CurrentObject {
	var objects []CurrentObject
	for _, p := range o.Placements {
		for _, object := range p.Objects {
			objects = append(objects, CurrentObject{object.Namespace, object.Name, object.RoleRef, object.Subjects})
		}
	}
	return objects
}

// sizes gives how many subjects each object has.
func sizes(objects []CurrentObject) []int {
	var counts []int
	for _, o := range objects {
		counts = append(counts, len(o.Subjects))
	}
	return counts
}

func TestShards(t *testing.T) {
	// Objects of these sizes, each of them full of the next names.
	have := func(sizes ...int) []CurrentObject {
		b := binding("devs")
		var objects []CurrentObject
		next := names(20_000)
		for i, n := range sizes {
			o := current(b, next[:n]...)[0]
			o.Name = OfGroupRoleBinding(b).objectName(*b.Spec.RoleRef, i)
			objects, next = append(objects, o), next[n:]
		}
		return objects
	}
	tests := map[string]struct {
		members  []string
		have     []CurrentObject
		want     []int // subjects of each object
		obsolete []int // subjects of each that goes
		changed  int   // how many of the objects
	}{
		"nobody, and no object":                 {},
		"nobody any more leaves one object":     {have: have(3), want: []int{0}, changed: 1},
		"nobody any more leaves only one":       {have: have(100, 3), want: []int{0}, obsolete: []int{3}, changed: 1},
		"one object for 100":                    {members: names(100), want: []int{100}, changed: 1},
		"and two for 101":                       {members: names(101), want: []int{100, 1}, changed: 2},
		"up to 2,000 in objects of 100":         {members: names(2000), want: slices.Repeat([]int{100}, 20), changed: 20},
		"and more in objects of 500":            {members: names(2001), want: []int{500, 500, 500, 500, 1}, changed: 5},
		"nothing changes":                       {members: names(150), have: have(100, 50), want: []int{100, 50}},
		"one more goes where there is room":     {members: names(151), have: have(100, 50), want: []int{100, 51}, changed: 1},
		"a gap is filled first":                 {members: names(21), have: have(10, 10), want: []int{11, 10}, changed: 1},
		"one less leaves the others":            {members: names(150)[1:], have: have(100, 50), want: []int{99, 50}, changed: 1},
		"an object that is empty goes":          {members: names(150)[:100], have: have(100, 50), want: []int{100}, obsolete: []int{50}},
		"few in two objects come into one":      {members: names(50), have: have(20, 30), want: []int{50}, obsolete: []int{20}, changed: 1},
		"but not while somebody comes":          {members: names(51), have: have(20, 30), want: []int{21, 30}, changed: 1},
		"one object goes at a time":             {members: names(40), have: have(10, 10, 10, 10), want: []int{10, 10, 20}, obsolete: []int{10}, changed: 1},
		"half full is full enough":              {members: names(101), have: have(51, 50), want: []int{51, 50}},
		"fewer than 2,000 again stay as large":  {members: names(900), have: have(500, 400), want: []int{500, 400}},
		"one more then finds no room":           {members: names(901), have: have(500, 400), want: []int{500, 400, 1}, changed: 1},
		"what is too large is split":            {members: names(700), have: have(700), want: []int{500, 100, 100}, changed: 3},
		"of 2,001 in objects of 100 some unite": {members: names(2100), have: have(slices.Repeat([]int{100}, 21)...), want: append(slices.Repeat([]int{100}, 19), 200), obsolete: []int{100}, changed: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := request(binding("devs"), crowd(test.members...).large())
			r.Current = test.have
			o := Project(r)
			if diff := cmp.Diff(test.want, sizes(exist(o))); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.members, bound(o), cmp.Transformer("sorted", sorted)); diff != "" {
				t.Errorf("subjects (-want +got):\n%s", diff)
			}
			changed := 0
			var obsolete []int
			for _, p := range o.Placements {
				for _, object := range p.Objects {
					if object.Changed() {
						changed++
					}
				}
				for _, object := range p.Obsolete {
					obsolete = append(obsolete, len(object.Current.Subjects))
				}
			}
			if changed != test.changed {
				t.Errorf("%d objects change, want %d", changed, test.changed)
			}
			if diff := cmp.Diff(test.obsolete, obsolete); diff != "" {
				t.Errorf("obsolete (-want +got):\n%s", diff)
			}
		})
	}
}

func sorted(names []string) []string {
	return append([]string{}, slices.Sorted(slices.Values(names))...)
}

// An object that holds long names has fewer of them.
func TestShardsAreBoundedInBytes(t *testing.T) {
	var members []string
	for i := range 3000 {
		members = append(members, fmt.Sprintf("%05d%s", i, strings.Repeat("x", 1000)))
	}
	for _, o := range exist(Project(request(binding("devs"), crowd(members...).large()))) {
		bytes := 0
		for _, s := range o.Subjects {
			bytes += len(s.Name)
		}
		if bytes > 512<<10 || len(o.Subjects) > 500 {
			t.Errorf("object %s has %d subjects of %d bytes", o.Name, len(o.Subjects), bytes)
		}
	}
}

// What hand or another version left is brought in order: nobody twice, sorted,
// and names that nobody generated are given up when the others are complete.
func TestDisorder(t *testing.T) {
	b := binding("devs")
	r := request(b, crowd("ann", "bob", "cid", "dan").source(entra()), "cid", "ann", "ann", "eve")
	second := current(b, "ann", "dan")[0]
	second.Name = OfGroupRoleBinding(b).objectName(*b.Spec.RoleRef, 7)
	other := current(b, "bob", "eve")[0]
	other.Name = "devs-by-hand"
	r.Current = append(r.Current, second, other)
	p := Project(r).Placements[0]
	type object struct {
		Name     string
		Subjects []string
		Shrunk   []string
		A, R, M  int
	}
	var got []object
	for _, o := range append(slices.Clone(p.Objects), p.Obsolete...) {
		got = append(got, object{o.Name[strings.LastIndex(o.Name, "-")+1:], nameList(o.Subjects), nameList(o.Shrunk()), o.Adds, o.Revokes, o.Moves})
	}
	want := []object{
		{"0", []string{"ann", "bob", "cid"}, []string{"cid", "ann", "ann"}, 1, 1, 1},
		{"7", []string{"dan"}, []string{"ann", "dan"}, 0, 0, 1},
		{"hand", nil, []string{"bob"}, 0, 1, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// Whatever happens to a group, its objects stay within bounds, one member more
// or less changes one object, and the objects settle.
func TestShardsOfAChangingGroup(t *testing.T) {
	everybody := names(2600)
	rapid.Check(t, func(t *rapid.T) {
		c := crowd(everybody...)
		r := request(binding("devs"), c.large())
		settle := func() {
			for range 60 {
				o := Project(r)
				r.Current = exist(o)
				if changes(o) == 0 {
					return
				}
			}
			t.Fatal("the objects do not settle")
		}
		for range rapid.IntRange(1, 6).Draw(t, "steps") {
			from := rapid.IntRange(0, len(everybody)).Draw(t, "from")
			to := rapid.IntRange(from, len(everybody)).Draw(t, "to")
			c.group("devs", everybody[from:to]...)
			checkShards(t, Project(r), everybody[from:to])
			if rapid.Bool().Draw(t, "settle") {
				settle()
			} else {
				r.Current = exist(Project(r))
			}
		}
		settle()
		i := rapid.IntRange(0, len(everybody)-1).Draw(t, "who")
		members := slices.Clone(c.members["devs"])
		if at := slices.Index(members, everybody[i]); at >= 0 {
			members = slices.Delete(members, at, at+1)
		} else {
			members = append(members, everybody[i])
		}
		c.group("devs", members...)
		o := Project(r)
		checkShards(t, o, members)
		if n := changes(o); n != 1 {
			t.Fatalf("one member more or less changes %d objects", n)
		}
	})
}

// changes is how many objects have to be written.
func changes(o *Outcome) int {
	n := 0
	for _, p := range o.Placements {
		n += len(p.Obsolete)
		for _, object := range p.Objects {
			if object.Changed() {
				n++
			}
		}
	}
	return n
}

func checkShards(t *rapid.T, o *Outcome, members []string) {
	t.Helper()
	if diff := cmp.Diff(sorted(members), bound(o)); diff != "" {
		t.Fatalf("subjects (-want +got):\n%s", diff)
	}
	for _, object := range o.Placements[0].Objects {
		limit := 100
		if len(members) > 2000 {
			limit = 500
		}
		if n := len(object.Subjects); n > 500 || (n > limit && object.Adds > 0) {
			t.Fatalf("object %s has %d subjects", object.Name, n)
		}
		if !slices.IsSortedFunc(object.Subjects, compareSubjects) {
			t.Fatalf("object %s is not in order", object.Name)
		}
	}
}
