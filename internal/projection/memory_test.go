package projection

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// journal is a company that tells who has changed. Names are those of users in
// lower case.
type journal struct {
	*company
	entries []string
	kept    int // of entries, the last
	byName  map[string][]string
}

func (j *journal) Since(position uint64) ([]string, uint64, bool) {
	now := uint64(len(j.entries))
	if position+uint64(j.kept) < now || position > now {
		return nil, now, false
	}
	return j.entries[position:], now, true
}

func (j *journal) changed(id string) {
	j.entries, j.byName = append(j.entries, id), nil
}

func (j *journal) Name(u *v1alpha1.User) (string, error) {
	name := strings.ToLower(u.Spec.UserName)
	return name, CheckSubjectName(name)
}

func (j *journal) Users(name string) []string {
	if j.byName == nil {
		j.byName = map[string][]string{}
		for id, u := range j.users {
			if name, err := j.Name(u); err == nil {
				j.byName[name] = append(j.byName[name], id)
			}
		}
		for _, ids := range j.byName {
			slices.Sort(ids)
		}
	}
	return j.byName[name]
}

func (j *journal) GroupsOf(string) []*v1alpha1.Group { return nil }

func numbered(n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("u%03d", i))
	}
	return names
}

func newJournal(members int) *journal {
	j := &journal{company: crowd(numbered(members)...), kept: 1 << 20}
	return j
}

// visible is an outcome as far as anybody can see.
func visible(o *Outcome) any {
	type seen struct {
		Placement Placement
		Shrunk    [][]rbacv1.Subject
	}
	var all []seen
	for _, p := range o.Placements {
		var shrunk [][]rbacv1.Subject
		for _, list := range [][]Object{p.Objects, p.Obsolete} {
			for i := range list {
				shrunk = append(shrunk, list[i].Shrunk())
			}
		}
		all = append(all, seen{p, shrunk})
	}
	return []any{all, o.MembersDesired, o.Namespaces, o.Problems, o.Held, o.Unresolved, o.Removals, o.MembersApplied(exist(o))}
}

var visibly = cmp.FilterPath(func(p cmp.Path) bool {
	field, ok := p.Last().(cmp.StructField)
	return ok && strings.ToLower(field.Name()[:1]) == field.Name()[:1]
}, cmp.Ignore())

// Whatever happens, a projection with a memory is that without.
func TestMemoryChangesNothing(t *testing.T) {
	recalled, relaid := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		j := newJournal(rapid.SampledFrom([]int{3, 130, 230}).Draw(t, "members"))
		sync := entra()
		members := func() []string { return slices.Clone(j.members["devs"]) }
		user := func() *v1alpha1.User {
			ids := slices.Sorted(func(yield func(string) bool) {
				for id := range j.users {
					if !yield(id) {
						return
					}
				}
			})
			return j.users[ids[rapid.IntRange(0, len(ids)-1).Draw(t, "user")]]
		}
		some := func(what string, n int) int { return rapid.IntRange(0, max(0, n-1)).Draw(t, what) }
		r := request(binding("devs"), Source{Sync: sync, Directory: j, Usernames: j, Log: j})
		r.Current = nil
		memory, created := &Memory{least: 2}, 0
		step := map[string]func(){
			"join": func() {
				if u := user(); !slices.Contains(members(), u.Spec.ID) {
					j.members["devs"] = append(members(), u.Spec.ID)
				}
			},
			"leave": func() {
				if ids := members(); len(ids) > 0 {
					i := some("leaver", len(ids))
					j.members["devs"] = slices.Delete(ids, i, i+1)
				}
			},
			"move": func() {
				if ids := members(); len(ids) > 0 {
					i := some("mover", len(ids))
					j.members["devs"] = append(slices.Delete(slices.Clone(ids), i, i+1), ids[i])
				}
			},
			"create and join": func() {
				created++
				u := j.user(fmt.Sprintf("new%03d", rapid.IntRange(0, 900).Draw(t, "number")))
				j.changed(u.Spec.ID)
				if !slices.Contains(members(), u.Spec.ID) {
					j.members["devs"] = append(members(), u.Spec.ID)
				}
			},
			"join before it exists": func() { j.members["devs"] = append(members(), fmt.Sprintf("soon%d", len(j.entries))) },
			"come to exist": func() {
				if ids := members(); len(ids) > 0 {
					if id := ids[len(ids)-1]; j.users[id] == nil && j.groups[id] == nil {
						if rapid.IntRange(0, 3).Draw(t, "group") == 0 {
							j.group(id, "u000")
						} else {
							j.user(id)
							j.changed(id)
						}
					}
				}
			},
			"toggle": func() {
				u, active := user().DeepCopy(), rapid.Bool().Draw(t, "active")
				u.Spec.Active = &active
				j.users[u.Spec.ID] = u
				j.changed(u.Spec.ID)
			},
			"delete": func() {
				if id := user().Spec.ID; len(j.users) > 1 {
					delete(j.users, id)
					j.changed(id)
				}
			},
			"rename": func() {
				u := user().DeepCopy()
				u.Spec.UserName = rapid.SampledFrom([]string{"x" + u.Spec.ID, user().Spec.UserName, strings.ToUpper(user().Spec.UserName), u.Spec.ID, "system:x"}).Draw(t, "name")
				j.users[u.Spec.ID] = u
				j.changed(u.Spec.ID)
			},
			"swap names": func() {
				a, b := user().DeepCopy(), user().DeepCopy()
				if a.Spec.ID != b.Spec.ID {
					a.Spec.UserName, b.Spec.UserName = b.Spec.UserName, a.Spec.UserName
					j.users[a.Spec.ID], j.users[b.Spec.ID] = a, b
					j.changed(a.Spec.ID)
					j.changed(b.Spec.ID)
				}
			},
			"forget the log":      func() { j.kept = 0 },
			"keep the log":        func() { j.kept = 1 << 20 },
			"another spec":        func() { sync.Generation++ },
			"unreadable":          func() { j.unreadable["devs"] = !j.unreadable["devs"] },
			"gate":                func() { r.NoAdditions = map[bool]*Problem{true: {Reason: "Gate"}}[r.NoAdditions == nil] },
			"an object goes":      func() { r.Current = r.Current[:some("objects", len(r.Current)+1)] },
			"an object is reread": func() { r.Current = copied(r.Current) },
			"drift": func() {
				if len(r.Current) == 0 {
					return
				}
				o := &r.Current[some("object", len(r.Current))]
				o.Subjects = slices.Clone(o.Subjects)
				switch rapid.IntRange(0, 3).Draw(t, "kind of drift") {
				case 0:
					o.Subjects = append(o.Subjects, subjects("eve")...)
				case 1:
					o.Subjects = append(o.Subjects, subjects(user().Spec.UserName)...)
				case 2:
					slices.Reverse(o.Subjects)
				case 3:
					if len(o.Subjects) > 0 {
						i := some("subject", len(o.Subjects))
						o.Subjects[i].Kind = "Group"
						o.Subjects = slices.Delete(o.Subjects, i, i+rapid.IntRange(0, 1).Draw(t, "gone"))
					}
				}
			},
		}
		kinds := slices.Sorted(func(yield func(string) bool) {
			for kind := range step {
				if !yield(kind) {
					return
				}
			}
		})
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			for range rapid.IntRange(0, 2).Draw(t, "changes") {
				step[rapid.SampledFrom(kinds).Draw(t, "change")]()
			}
			r.Source = only(Source{Sync: sync, Directory: j, Usernames: j, Log: j})
			r.Memory = nil
			want := Project(r)
			r.Memory = memory
			run := project(r)
			if diff := cmp.Diff(visible(want), visible(run.outcome), visibly); diff != "" {
				t.Fatalf("with a memory (-without +with):\n%s", diff)
			}
			if run.recalled {
				recalled++
			}
			if run.recalled && run.only != nil && run.order[0].audience.position == nil {
				relaid++
			}
			// What is to be written may be, or not, and what is read back may be the same
			// slice or another.
			before := map[string]CurrentObject{}
			for _, o := range r.Current {
				before[o.Name] = o
			}
			r.Current = slices.DeleteFunc(exist(run.outcome), func(o CurrentObject) bool {
				_, was := before[o.Name]
				return !was && rapid.IntRange(0, 5).Draw(t, "not created") == 0
			})
			for i := range r.Current {
				if was, ok := before[r.Current[i].Name]; ok && rapid.IntRange(0, 5).Draw(t, "not written") == 0 {
					r.Current[i] = was
				}
			}
		}
	})
	if recalled < 100 || relaid < 50 {
		t.Errorf("the memory was of use %d times, and for the layout %d times: too few to tell", recalled, relaid)
	}
}

func TestDifferenceOfMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.IntRange(0, 40), 0, 30, rapid.ID)
		text := func(numbers []int) []string {
			var all []string
			for _, n := range numbers {
				all = append(all, fmt.Sprint(n))
			}
			return all
		}
		before, after := text(ids.Draw(t, "before")), text(ids.Draw(t, "after"))
		joined, left, ok := difference(before, after)
		only := func(a, b []string) []string {
			return slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(a), func(id string) bool { return slices.Contains(b, id) })))
		}
		slices.Sort(joined)
		slices.Sort(left)
		if !ok || !slices.Equal(joined, only(after, before)) || !slices.Equal(left, only(before, after)) {
			t.Fatalf("from %v to %v: joined %v, left %v, %v", before, after, joined, left, ok)
		}
	})
	many := numbered(5000)
	if _, _, ok := difference(many, many[4000:]); ok {
		t.Error("so many were compared")
	}
}

func TestMerge(t *testing.T) {
	for name, test := range map[string]struct {
		names, come, gone, want string
		plain                   bool
	}{
		"nothing":            {names: "b d", want: "b d", plain: true},
		"come":               {names: "b d", come: "e a c", want: "a b c d e", plain: true},
		"go":                 {names: "b d", gone: "d b", want: "", plain: true},
		"handed over":        {names: "b d", come: "b", gone: "b", want: "b d", plain: true},
		"comes and is there": {names: "b d", come: "d"},
		"comes twice":        {names: "b d", come: "c c"},
		"goes and is not":    {names: "b d", gone: "c"},
		"goes twice":         {names: "b d", gone: "b b"},
	} {
		t.Run(name, func(t *testing.T) {
			got, plain := merge(strings.Fields(test.names), strings.Fields(test.come), strings.Fields(test.gone))
			if plain != test.plain || strings.Join(got, " ") != test.want {
				t.Errorf("%v, %v; want %s, %v", got, plain, test.want, test.plain)
			}
		})
	}
}

// Changes that look small from the members' side.
func TestMemoryNotices(t *testing.T) {
	type state struct {
		*journal
		*Request
	}
	off := func(s state, name string, active bool) {
		u := s.users[name].DeepCopy()
		u.Spec.Active = &active
		s.users[name] = u
		s.changed(name)
	}
	for name, test := range map[string]struct {
		before, change func(state)
		recalls        bool
	}{
		"nothing":  {change: func(state) {}, recalls: true},
		"disabled": {change: func(s state) { off(s, "u007", false) }, recalls: true},
		"enabled":  {before: func(s state) { off(s, "u007", false) }, change: func(s state) { off(s, "u007", true) }, recalls: true},
		"a stranger with the name of a member": {change: func(s state) {
			s.user("stranger").Spec.UserName = "U007"
			s.changed("stranger")
		}},
		"a stranger who was disabled, with the name of a member": {
			before: func(s state) { s.user("stranger"); off(s, "stranger", false) },
			change: func(s state) { s.users["stranger"].Spec.UserName = "U007"; s.changed("stranger") },
		},
		"a member takes the name of a stranger": {
			before: func(s state) { s.user("stranger") },
			change: func(s state) { s.users["u007"].Spec.UserName = "stranger"; s.changed("u007") },
		},
		"a member that did not exist is a group": {
			before: func(s state) { s.members["devs"] = append(s.members["devs"], "late"); s.user("eve") },
			change: func(s state) { s.group("late", "eve") },
		},
		"a member that did not exist is a user": {
			before:  func(s state) { s.members["devs"] = append(s.members["devs"], "late") },
			change:  func(s state) { s.user("late") },
			recalls: true,
		},
		"a new user joins": {
			change: func(s state) {
				s.user("new")
				s.changed("new")
				s.members["devs"] = append(slices.Clone(s.members["devs"]), "new")
			},
			recalls: true,
		},
		"a member is disabled and leaves": {
			change: func(s state) {
				off(s, "u007", false)
				s.members["devs"] = slices.Delete(slices.Clone(s.members["devs"]), 7, 8)
			},
			recalls: true,
		},
		"many strangers change": {
			change: func(s state) {
				for i := range 2 * mostRecalled {
					s.user(fmt.Sprint("stranger", i))
					s.changed(fmt.Sprint("stranger", i))
				}
			},
			recalls: true,
		},
		"a group joins": {
			before: func(s state) { s.user("eve"); s.group("nested", "eve") },
			change: func(s state) { s.members["devs"] = append(slices.Clone(s.members["devs"]), "nested") },
		},
		"a member is gone": {change: func(s state) { delete(s.users, "u007"); s.changed("u007") }, recalls: true},
		"a name that cannot be bound": {
			change: func(s state) { s.users["u007"].Spec.UserName = "system:x"; s.changed("u007") },
		},
		"names are handed on": {change: func(s state) {
			s.users["u007"].Spec.UserName, s.users["u008"].Spec.UserName, s.users["u009"].Spec.UserName = "u008", "u009", "other"
			for _, id := range []string{"u007", "u008", "u009"} {
				s.changed(id)
			}
		}, recalls: true},
		"the log is lost":      {change: func(s state) { off(s, "u007", false); s.kept = 0 }},
		"unreadable":           {change: func(s state) { s.unreadable["devs"] = true }},
		"a guard":              {change: func(s state) { s.Source(types.NamespacedName{}).Sync.Spec.RemovalGuard = &v1alpha1.RemovalGuard{} }},
		"an object is emptied": {change: func(s state) { s.Current[0].Subjects = nil }, recalls: true},
		"an object has somebody of another": {change: func(s state) {
			s.Current[0].Subjects = append(slices.Clone(s.Current[0].Subjects), s.Current[1].Subjects[0])
		}, recalls: true},
		"the answer to a write is decoded into what was written": {
			before: func(s state) { off(s, "u007", false) },
			change: func(s state) {
				for i := range s.Current {
					for j := range s.Current[i].Subjects {
						if s.Current[i].Subjects[j].Name == "u008" {
							s.Current[i].Subjects[j].Name = "eve" // by a webhook
						}
					}
				}
			},
			recalls: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJournal(230)
			sync := entra()
			r := request(binding("devs"), Source{Sync: sync, Directory: j, Usernames: j, Log: j})
			r.Current, r.Memory = nil, &Memory{least: 2}
			s := state{j, &r}
			r.Current = exist(Project(r))
			if test.before != nil {
				test.before(s)
				r.Current = exist(Project(r))
			}
			test.change(s)
			run := project(r)
			r.Memory = nil
			if diff := cmp.Diff(visible(Project(r)), visible(run.outcome), visibly); diff != "" {
				t.Errorf("with a memory (-without +with):\n%s", diff)
			}
			if run.recalled != test.recalls {
				t.Errorf("recalled %t, want %t", run.recalled, test.recalls)
			}
		})
	}
}

// Whatever a memory might have missed does not last.
func TestMemoryIsMadeAnewNowAndThen(t *testing.T) {
	j := newJournal(30)
	r := request(binding("devs"), Source{Sync: entra(), Directory: j, Usernames: j, Log: j})
	r.Current, r.Memory = nil, &Memory{least: 2}
	var anew []int
	for i := range 2*mostRecalls + 3 {
		run := project(r)
		r.Current = exist(run.outcome)
		if !run.recalled {
			anew = append(anew, i)
		}
	}
	if diff := cmp.Diff([]int{0, mostRecalls + 1, 2*mostRecalls + 2}, anew); diff != "" {
		t.Errorf("worked out anew (-want +got):\n%s", diff)
	}
}
