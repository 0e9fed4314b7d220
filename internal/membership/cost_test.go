package membership

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// longIDs gives ids of the given length.
func longIDs(n, length int) []string {
	out := make([]string, n)
	for i := range out {
		tail := fmt.Sprintf("-%07d-u7k3mzq", i)
		out[i] = "firstname.lastname.department.example.company.com.of.the.group"[:length-len(tail)] + tail
	}
	return out
}

// large is a group of n members with ids of 50 characters, filled by 100.
func large(t testing.TB, n int) (*store, []string) {
	t.Helper()
	s, all := newStore(), longIDs(n, 50)
	for batch := range slices.Chunk(all, 100) {
		edit(t, s, &reader{store: s}, func(e *Edit) error { return e.Add(batch...) })
	}
	return s, all
}

// edit commits one edit in the default layout and sweeps up after it.
func edit(t testing.TB, s *store, src *reader, change func(*Edit) error) *Plan {
	t.Helper()
	e, err := Default.Edit(s.live().root, src)
	if err != nil {
		t.Fatal(err)
	}
	if err := change(e); err != nil {
		t.Fatal(err)
	}
	p, err := e.Plan(s.target(s.version))
	if err != nil {
		t.Fatal(err)
	}
	delete(s.versions, s.version)
	s.commit(p, nil)
	for _, slice := range p.Slices {
		s.deliver(slice.Name)
	}
	for _, name := range p.Dropped {
		delete(s.slices, name)
		s.deliver(name)
	}
	return p
}

// sizes gives the bytes of a plan's Group and of its slices, as JSON.
func sizes(t testing.TB, p *Plan) (root, sliced int) {
	t.Helper()
	meta := metav1.ObjectMeta{
		Name: "k8s-platform-engineering-emea-3gq7x2kd9mzpa", Namespace: "identity-provider-sync",
		UID: "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0", ResourceVersion: "123456789", Generation: 4711,
		CreationTimestamp: metav1.NewTime(time.Unix(1_800_000_000, 0)),
		Labels:            map[string]string{v1alpha1.LabelSync: "entra", v1alpha1.LabelSynced: "true"},
	}
	group := v1alpha1.Group{ObjectMeta: meta, Spec: v1alpha1.GroupSpec{DisplayName: "k8s-platform-engineering-emea"}}
	p.Root.Apply(&group.Spec)
	for _, slice := range p.Slices {
		meta.Name = "k8s-platform-engineering-emea-3gq7x2kd9mzpa-x7k2mq9" // as long as real ones
		sliced += jsonSize(t, v1alpha1.GroupMemberSlice{ObjectMeta: meta, Spec: slice.Spec})
		// References in an index carry such names too.
		sliced += len(slice.Spec.Leaves) * (len(meta.Name) - len(slice.Name))
	}
	return jsonSize(t, group), sliced
}

func jsonSize(t testing.TB, v any) int {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return len(data)
}

// TestBytesPerChange prints what a change of one member writes on average, and
// holds it to 8 KiB.
func TestBytesPerChange(t *testing.T) {
	const changes, most = 2000, 8 << 10
	t.Logf("%9s %12s %12s %12s %12s %12s", "members", "add", "remove", "both", "largest root", "slices/write")
	for _, n := range []int{10, 1_000, 10_000, 100_000} {
		s, members := large(t, n)
		random := rand.New(rand.NewPCG(1, uint64(n)))
		fresh := longIDs(3_000_000, 50)[2_900_000:]
		largest, written := 0, 0
		run := func(times int, one func(i int, e *Edit) error) int {
			bytes := 0
			for i := range times {
				p := edit(t, s, &reader{store: s}, func(e *Edit) error { return one(i, e) })
				root, sliced := sizes(t, p)
				bytes, largest, written = bytes+root+sliced, max(largest, root), written+len(p.Slices)
			}
			return bytes / times
		}
		add := func(_ int, e *Edit) error {
			id := fresh[0]
			fresh, members = fresh[1:], append(members, id)
			return e.Add(id)
		}
		remove := func(_ int, e *Edit) error {
			i := random.IntN(len(members))
			id := members[i]
			members[i] = members[len(members)-1]
			members = members[:len(members)-1]
			return e.Remove(id)
		}
		times := min(changes, n) // the group keeps about its size
		adds := run(times, add)
		removes := run(times, remove)
		both := run(changes, func(i int, e *Edit) error {
			if i%2 == 0 {
				return add(i, e)
			}
			return remove(i, e)
		})
		t.Logf("%9d %12d %12d %12d %12d %12.3f", n, adds, removes, both, largest, float64(written)/float64(changes+2*times))
		if max(adds, removes, both) > most {
			t.Errorf("with %d members a change writes more than %d bytes", n, most)
		}
	}
}

func TestRootStaysSmall(t *testing.T) {
	const most = 8 << 10
	all := longIDs(200, 54)
	for name, root := range map[string]Root{
		"inline":  {MemberCount: 100, Members: all[:100]},
		"indexed": {MemberCount: 4_000_000, Members: all[:32], Removed: all[32:64], Index: "k8s-platform-engineering-emea-3gq7x2kd9mzpa-x7k2mq9"},
	} {
		size, _ := sizes(t, &Plan{Root: root})
		t.Logf("%s: %d bytes", name, size)
		if size > most {
			t.Errorf("%s root has %d bytes, more than %d", name, size, most)
		}
	}
}

func TestReadsOnlyWhatItTouches(t *testing.T) {
	s, all := large(t, 100_000)
	root := s.live().root
	leaves := len(s.slices[root.Index].Leaves)
	if most := 110; leaves > most {
		t.Errorf("%d leaves, want at most %d", leaves, most)
	}
	fresh := longIDs(200_000, 50)[150_000:]
	most := slices.Clone(all)
	most[777] = fresh[0]
	tests := map[string]struct {
		change          func(*Edit) error
		reads, writes   int
		added, departed int
	}{
		"add one":           {func(e *Edit) error { return e.Add(fresh[0]) }, 1, 0, 1, 0},
		"add one again":     {func(e *Edit) error { return e.Add(all[5]) }, 2, 0, 0, 0},
		"add 100":           {func(e *Edit) error { return e.Add(fresh[:100]...) }, 2, 2, 100, 0},
		"remove one":        {func(e *Edit) error { return e.Remove(all[70_000]) }, 2, 0, 0, 1},
		"remove 40 of one":  {func(e *Edit) error { return e.Remove(all[:40]...) }, 2, 2, 0, 40},
		"replace all but 1": {func(e *Edit) error { return e.Replace(most) }, 1 + leaves, 0, 1, 1},
		"replace by nobody": {func(e *Edit) error { return e.Replace(nil) }, 1 + leaves, 0, 0, len(all)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			src := &reader{store: s}
			e, err := Default.Edit(root, src)
			if err != nil {
				t.Fatal(err)
			}
			if err := tc.change(e); err != nil {
				t.Fatal(err)
			}
			p, err := e.Plan(s.target(s.version))
			if err != nil {
				t.Fatal(err)
			}
			if len(src.reads) > tc.reads || len(p.Slices) > tc.writes {
				t.Errorf("%d slices read and %d written, want at most %d and %d", len(src.reads), len(p.Slices), tc.reads, tc.writes)
			}
			if len(p.Added) != tc.added || len(p.Removed) != tc.departed {
				t.Errorf("%d added and %d removed, want %d and %d", len(p.Added), len(p.Removed), tc.added, tc.departed)
			}
		})
	}
	src := &reader{store: s}
	if has, err := Contains(root, src, all[99_000]); err != nil || !has || len(src.reads) > 2 {
		t.Errorf("Contains = %v, %v with %d slices read, want at most 2", has, err, len(src.reads))
	}
}

func BenchmarkAddOne(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, _ := large(b, n)
			root := s.live().root
			src := &reader{store: s}
			for b.Loop() {
				e, err := Default.Edit(root, src)
				if err != nil {
					b.Fatal(err)
				}
				if err := e.Add("somebody-new"); err != nil {
					b.Fatal(err)
				}
				if _, err := e.Plan(s.target(s.version)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
