package membership

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// TestGroupEqualsSet runs writers, sweepers, readers and a lagging informer on
// one group, in any order and interrupted at any point. The group must equal a
// plain set throughout.
func TestGroupEqualsSet(t *testing.T) {
	for name, layout := range map[string]Layout{
		"tiny":          tiny,
		"few leaves":    {Inline: 3, Reinline: 1, Added: 1, Removed: 3, Leaf: 5, Leaves: 4},
		"wide leaves":   {Inline: 5, Reinline: 0, Added: 3, Removed: 1, Leaf: 8, Leaves: 6},
		"narrow leaves": {Inline: 1, Reinline: 0, Added: 1, Removed: 1, Leaf: 2, Leaves: 20},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				w := &world{store: newStore(), layout: layout}
				w.universe = ids("m", 1, rapid.IntRange(6, 60).Draw(t, "universe"))
				t.Repeat(w.actions())
				w.finish(t)
			})
		})
	}
}

func (w *world) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": func(t *rapid.T) {
			if err := check(w.store, w.layout); err != nil {
				t.Fatal(err)
			}
		},
		"write":   w.write,
		"write+":  w.write, // most writers are alone
		"begin":   w.begin,
		"create":  w.create,
		"commit":  w.commit,
		"crash":   w.crash,
		"sweep":   w.sweep,
		"see":     w.see,
		"judge":   w.judge,
		"delete":  w.delete,
		"touch":   w.touch,
		"drop":    w.drop,
		"deliver": w.deliver,
		"read":    w.read,
	}
}

type world struct {
	*store
	layout   Layout
	universe []string
	writers  []*writer
	sweepers []*sweeper
}

// writer is a request between reading the root and updating it.
type writer struct {
	changes []operation
	base    int
	plan    *Plan
	want    map[string]bool
	created int
}

// sweeper is about one slice, between seeing it and deleting it.
type sweeper struct {
	name   string
	slice  *v1alpha1.GroupMemberSliceSpec
	judged bool
}

// operation is one change of a request.
type operation struct {
	op   string
	ids  []string
	undo bool // rolled back again, as when one request of several fails
}

func (w *world) draw(t *rapid.T) []operation {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) operation {
		op := rapid.SampledFrom([]string{"add", "add", "add", "remove", "remove", "replace", "nearly"}).Draw(t, "op")
		most := 4
		if op == "replace" || rapid.IntRange(0, 5).Draw(t, "bulk") == 0 {
			most = len(w.universe)
		}
		return operation{op, rapid.SliceOfN(rapid.SampledFrom(w.universe), 0, most).Draw(t, "ids"),
			rapid.IntRange(0, 9).Draw(t, "undo") == 0}
	}), 1, 3).Draw(t, "changes")
}

// apply changes a set the plain way.
func apply(want map[string]bool, c operation) map[string]bool {
	want = maps.Clone(want)
	if want == nil || c.op == "replace" {
		want = map[string]bool{}
	}
	for _, id := range c.ids {
		if c.op == "remove" {
			delete(want, id)
		} else if c.op != "nearly" {
			want[id] = true
		}
	}
	return want
}

// prepare plans changes on one version of the root. Nil means that the writer
// has to read a newer one.
func (w *world) prepare(t *rapid.T, changes []operation, base int) *writer {
	start := w.versions[base]
	want := start.want
	p, err := func() (*Plan, error) {
		e, err := w.layout.Edit(start.root, &reader{store: w.store})
		if err != nil {
			return nil, err
		}
		for _, c := range changes {
			mark := e.Mark()
			now := apply(want, c)
			var err error
			switch c.op {
			case "add":
				err = e.Add(c.ids...)
			case "remove":
				err = e.Remove(c.ids...)
			case "replace":
				err = e.Replace(c.ids)
			case "nearly": // replace all but a few
				now = maps.Clone(want)
				maps.DeleteFunc(now, func(id string, _ bool) bool { return slices.Contains(c.ids[:min(2, len(c.ids))], id) })
				err = e.Replace(slices.Sorted(maps.Keys(now)))
			}
			if err != nil {
				return nil, err
			}
			if c.undo {
				e.Rollback(mark)
			} else {
				want = now
			}
			got, err := e.Members()
			if err != nil {
				return nil, err
			}
			if err := equal(got, want); err != nil {
				return nil, fmt.Errorf("after %v: %w", c, err)
			}
			if e.Count() != int64(len(want)) {
				return nil, fmt.Errorf("count is %d, want %d", e.Count(), len(want))
			}
		}
		return e.Plan(w.target(base))
	}()
	switch {
	case errors.Is(err, ErrTooManyMembers):
		if most := w.layout.Leaf * w.layout.Leaves; len(want) <= most {
			t.Fatalf("refused %d members, although %d are allowed", len(want), most)
		}
		return nil
	case errors.Is(err, errNotFound) && (base != w.version || !w.exists):
		return nil // the slices of an old root may be gone
	case err != nil:
		t.Fatalf("planning %v on version %d: %v", changes, base, err)
	}
	if err := differs(start.want, want, p); err != nil {
		t.Fatalf("planning %v: %v", changes, err)
	}
	return &writer{changes: changes, base: base, plan: p, want: want}
}

// differs checks that a plan tells exactly who came and who left, and that
// only then it writes anything.
func differs(before, after map[string]bool, p *Plan) error {
	came, left := maps.Clone(after), maps.Clone(before)
	maps.DeleteFunc(came, func(id string, _ bool) bool { return before[id] })
	maps.DeleteFunc(left, func(id string, _ bool) bool { return after[id] })
	if err := equal(p.Added, came); err != nil {
		return fmt.Errorf("added: %w", err)
	}
	if err := equal(p.Removed, left); err != nil {
		return fmt.Errorf("removed: %w", err)
	}
	if !p.Changed() && len(p.Slices)+len(p.Dropped) > 0 {
		return errors.New("nothing changed, but slices are written")
	}
	return nil
}

func (w *world) write(t *rapid.T) {
	if !w.exists {
		w.put(Root{}, nil)
	}
	if p := w.prepare(t, w.draw(t), w.version); p != nil && p.plan.Changed() {
		before := w.references()
		w.store.commit(p.plan, p.want)
		left := slices.DeleteFunc(before, func(name string) bool { return slices.Contains(w.references(), name) })
		if err := equal(p.plan.Dropped, set(left...)); err != nil {
			t.Fatalf("dropped slices: %v", err)
		}
	}
}

func (w *world) begin(t *rapid.T) {
	base := max(1, w.version-rapid.IntRange(0, 3).Draw(t, "lag"))
	if p := w.prepare(t, w.draw(t), base); p != nil && p.plan.Changed() {
		w.writers = append(w.writers, p)
		if rapid.Bool().Draw(t, "create") {
			w.createAll(p)
		}
	}
}

func (w *world) create(t *rapid.T) {
	p := w.writers[w.pick(t, len(w.writers))]
	if p.created < len(p.plan.Slices) {
		w.store.create(p.plan.Slices[p.created])
		p.created++
	}
}

func (w *world) createAll(p *writer) {
	for ; p.created < len(p.plan.Slices); p.created++ {
		w.store.create(p.plan.Slices[p.created])
	}
}

func (w *world) commit(t *rapid.T) {
	i := w.pick(t, len(w.writers))
	p := w.writers[i]
	w.createAll(p)
	if w.exists && p.base == w.version {
		w.put(p.plan.Root, p.want)
		w.writers = slices.Delete(w.writers, i, i+1)
		return
	}
	// A conflict: once more from the start, or 404 when the group is gone.
	again := (*writer)(nil)
	if w.exists {
		again = w.prepare(t, p.changes, w.version)
	}
	if again == nil || !again.plan.Changed() {
		w.writers = slices.Delete(w.writers, i, i+1)
		return
	}
	w.writers[i] = again
}

func (w *world) crash(t *rapid.T) {
	i := w.pick(t, len(w.writers))
	w.writers = slices.Delete(w.writers, i, i+1)
}

// sweep is by a sweeper that nobody interrupts.
func (w *world) sweep(*rapid.T) {
	used := w.references()
	for name, slice := range w.slices {
		if Sweepable(slice, w.exists, strconv.Itoa(w.version), slices.Contains(used, name)) {
			delete(w.slices, name)
		}
	}
}

func (w *world) see(t *rapid.T) {
	names := slices.Sorted(maps.Keys(w.slices))
	name := names[w.pick(t, len(names))]
	w.sweepers = append(w.sweepers, &sweeper{name: name, slice: w.slices[name]})
}

func (w *world) judge(t *rapid.T) {
	i := w.pick(t, len(w.sweepers))
	s := w.sweepers[i]
	referenced := slices.Contains(w.references(), s.name)
	if s.judged = Sweepable(s.slice, w.exists, strconv.Itoa(w.version), referenced); !s.judged {
		w.sweepers = slices.Delete(w.sweepers, i, i+1)
	}
}

func (w *world) delete(t *rapid.T) {
	i := w.pick(t, len(w.sweepers))
	if s := w.sweepers[i]; s.judged {
		delete(w.slices, s.name)
		w.sweepers = slices.Delete(w.sweepers, i, i+1)
	}
}

// touch is a change of the Group that is not about its members.
func (w *world) touch(t *rapid.T) {
	if !w.exists {
		t.Skip("the group is deleted")
	}
	v := w.live()
	w.put(v.root, v.want)
}

// drop deletes the group; a write makes it anew.
func (w *world) drop(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "really") > 0 {
		t.Skip("not yet")
	}
	w.exists = false
}

func (w *world) deliver(t *rapid.T) {
	names := slices.Sorted(maps.Keys(w.slices))
	for name := range w.cached {
		if w.slices[name] == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if rapid.Bool().Draw(t, "all") {
		w.deliverAll()
		return
	}
	w.store.deliver(names[w.pick(t, len(names))])
}

// read is by somebody with any version of the root, and with a cache that may
// lack its slices or with the API server, where they may be deleted.
func (w *world) read(t *rapid.T) {
	v := w.versions[max(1, w.version-rapid.IntRange(0, 5).Draw(t, "lag"))]
	src := &reader{store: w.store, cacheOnly: rapid.Bool().Draw(t, "cacheOnly")}
	got, err := Members(v.root, src)
	if err := whole(got, err, v.want); err != nil {
		t.Fatal(err)
	}
	id := rapid.SampledFrom(w.universe).Draw(t, "id")
	has, err := Contains(v.root, src, id)
	if has != v.want[id] && !errors.Is(err, errNotFound) {
		t.Fatalf("Contains(%s) = %v, %v", id, has, err)
	}
	w.readLeaves(t, v, id)
}

// readLeaves asks each leaf that lists id: one of them says so if that is what
// makes it a member, and otherwise none.
func (w *world) readLeaves(t *rapid.T, v version, id string) {
	index := w.slices[v.root.Index]
	if index == nil {
		return
	}
	listed := false
	for name, leaf := range w.slices {
		listed = listed || slices.Contains(leaf.Members, id) && Lists(v.root, index, name, leaf, id)
	}
	want := v.want[id] && !slices.Contains(v.root.Members, id)
	complete := !slices.ContainsFunc(index.Leaves, func(ref v1alpha1.LeafReference) bool { return w.slices[ref.Name] == nil })
	if listed && !want || complete && want && !listed {
		t.Fatalf("Lists(%s) = %v, want %v", id, listed, want)
	}
}

// pick chooses one of n things, or gives the action up if there are none.
func (w *world) pick(t *rapid.T, n int) int {
	if n == 0 {
		t.Skip("nothing there")
	}
	return rapid.IntRange(0, n-1).Draw(t, "which")
}

// finish lets the group change once more; then a sweep must leave no garbage.
func (w *world) finish(t *rapid.T) {
	if w.exists {
		w.put(w.live().root, w.live().want)
	}
	w.sweep(nil)
	used := w.references()
	if err := equal(slices.Collect(maps.Keys(w.slices)), set(used...)); err != nil {
		t.Fatalf("after the last sweep: %v", err)
	}
	if err := check(w.store, w.layout); err != nil {
		t.Fatal(err)
	}
}
