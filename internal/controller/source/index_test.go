package source

import (
	"errors"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

var entra = types.NamespacedName{Namespace: "team", Name: "entra"}

// department is a kind whose expressions are taken as the value of everybody
// without a department.
var department = Kind{Name: "department", Compile: func(text string) (Values, error) {
	if text == "?" {
		return nil, errors.New("a question is no department")
	}
	return func(user *v1alpha1.User) ([]string, error) {
		if user.Spec.Title != "" {
			return []string{user.Spec.Title}, nil
		}
		return []string{text}, nil
	}, nil
}}

func user(id, title, version string) *v1alpha1.User {
	u := &v1alpha1.User{Spec: v1alpha1.UserSpec{Title: title}}
	u.Namespace, u.Name, u.ResourceVersion = "team", id, version
	u.Generation, _ = strconv.ParseInt(version, 10, 64)
	u.Spec.SyncRef.Name, u.Spec.ID = "entra", id
	return u
}

func newSources(t *testing.T, users ...*v1alpha1.User) *Sources {
	t.Helper()
	s := New(nil, nil)
	s.users = toolscache.NewIndexer(toolscache.MetaNamespaceKeyFunc, toolscache.Indexers{toolscache.NamespaceIndex: toolscache.MetaNamespaceIndexFunc})
	for _, u := range users {
		if err := s.users.Add(u); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *Sources) now(id string) (*v1alpha1.User, bool) {
	o, ok, _ := s.users.GetByKey("team/" + id)
	if !ok {
		return nil, false
	}
	return o.(*v1alpha1.User), true
}

func consumer(name string) Consumer {
	return Consumer{Controller: "test", NamespacedName: types.NamespacedName{Namespace: "team", Name: name}}
}

func TestIndex(t *testing.T) {
	other := user("eve", "Sales", "1")
	other.Spec.SyncRef.Name = "okta"
	s := newSources(t, user("ann", "Sales", "1"), user("bob", "Sales", "2"), user("cid", "", "3"), other)
	index, err := s.Reader(consumer("a")).Index(entra, department, "Staff")
	if err != nil {
		t.Fatal(err)
	}
	want := func(value string, ids ...string) {
		t.Helper()
		got := index.Users(value)
		slices.Sort(got)
		if diff := cmp.Diff(ids, got); diff != "" {
			t.Errorf("users of %s (-want +got):\n%s", value, diff)
		}
	}
	want("Sales", "ann", "bob")
	want("Staff", "cid")

	// Two controllers see two changes of ann, the second only after the first
	// has seen both, and a third controller none yet.
	v1, v2, v3 := user("ann", "Sales", "1"), user("ann", "Research", "4"), user("ann", "Staff", "5")
	if err := s.users.Update(v3); err != nil {
		t.Fatal(err)
	}
	for i, versions := range [][]*v1alpha1.User{{v1, v2}, {v2, v3}, {v1, v2}, {v2, v3}} {
		values := index.changed("ann", s.now, versions...)
		for _, version := range versions {
			if !slices.Contains(values, version.Spec.Title) {
				t.Errorf("event %d concerns the values %v, not %s", i, values, version.Spec.Title)
			}
		}
		want("Sales", "bob")
		want("Staff", "ann", "cid")
		if index.Users("Research") != nil {
			t.Errorf("event %d set the index back", i)
		}
	}
	if err := s.users.Delete(v3); err != nil {
		t.Fatal(err)
	}
	index.changed("ann", s.now, v3)
	want("Staff", "cid")
	if values, err := index.Values(user("cid", "Boss", "9")); err != nil || !slices.Equal(values, []string{"Boss"}) {
		t.Errorf("values of a version that the index has not seen = %v, %v", values, err)
	}
}

func TestCompileError(t *testing.T) {
	_, err := newSources(t).Reader(consumer("a")).Index(entra, department, "?")
	if _, ok := errors.AsType[*CompileError](err); !ok {
		t.Errorf("error = %v, want a CompileError", err)
	}
}

func TestIndexesAreDroppedWithTheirLastConsumer(t *testing.T) {
	s := newSources(t)
	use := func(name string, texts ...string) {
		t.Helper()
		r := s.Reader(consumer(name))
		for _, text := range texts {
			if _, err := r.Index(entra, department, text); err != nil {
				t.Fatal(err)
			}
		}
		r.Done()
	}
	want := func(n int) {
		t.Helper()
		if got := len(s.of(entra)); got != n {
			t.Errorf("%d indexes, want %d", got, n)
		}
	}
	use("a", "Staff", "Crew")
	use("b", "Crew")
	want(2)
	use("a", "Staff") // Crew is still used by b
	want(2)
	use("b", "Staff")
	want(1)
	s.Forget(consumer("a"))
	want(1)
	s.Forget(consumer("b"))
	want(0)
	if len(s.uses)+len(s.indexes) != 0 {
		t.Errorf("left behind: %v, %v", s.uses, s.indexes)
	}
}

func TestChangedUsers(t *testing.T) {
	group := func(change func(*v1alpha1.Group)) *v1alpha1.Group {
		g := &v1alpha1.Group{Spec: v1alpha1.GroupSpec{DisplayName: "Staff", Index: "i", Members: []string{"ann-u", "bob-u"}, Removed: []string{"cid-u"}}}
		g.Spec.ID = "staff-g"
		if change != nil {
			change(g)
		}
		return g
	}
	tests := map[string]struct {
		after *v1alpha1.Group
		known bool
		want  []string
	}{
		"nothing":           {group(nil), true, nil},
		"one joins":         {group(func(g *v1alpha1.Group) { g.Spec.Members = append(g.Spec.Members, "eve-u") }), true, []string{"eve-u"}},
		"one leaves":        {group(func(g *v1alpha1.Group) { g.Spec.Removed = append(g.Spec.Removed, "eve-u") }), true, []string{"eve-u"}},
		"one is back":       {group(func(g *v1alpha1.Group) { g.Spec.Removed = nil }), true, []string{"cid-u"}},
		"another index":     {group(func(g *v1alpha1.Group) { g.Spec.Index = "j" }), false, nil},
		"renamed":           {group(func(g *v1alpha1.Group) { g.Spec.DisplayName = "Crew" }), false, nil},
		"a group joins":     {group(func(g *v1alpha1.Group) { g.Spec.Members = append(g.Spec.Members, "crew-0123456789abc-gaaaaaa") }), false, nil},
		"deleted":           {nil, false, nil},
		"made again":        {group(func(g *v1alpha1.Group) { g.UID = "2" }), false, nil},
		"marked as deleted": {group(func(g *v1alpha1.Group) { now := metav1.NowMicro(); g.Spec.Deleted = &now }), false, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ids, known := changedUsers(group(nil), test.after)
			if known != test.known || known && !slices.Equal(ids, test.want) {
				t.Errorf("got %v, %t; want %v, %t", ids, known, test.want, test.known)
			}
		})
	}
}

func TestIndexTellsWhoHasChanged(t *testing.T) {
	s := newSources(t, user("ann", "Sales", "1"))
	index, err := s.Reader(consumer("a")).Index(entra, department, "Staff")
	if err != nil {
		t.Fatal(err)
	}
	want := func(position uint64, now uint64, ok bool, ids ...string) {
		t.Helper()
		got, gotNow, gotOK := index.Since(position)
		if !slices.Equal(got, ids) || gotNow != now || gotOK != ok {
			t.Errorf("since %d: %d ids, now %d, %t; want %d, now %d, %t", position, len(got), gotNow, gotOK, len(ids), now, ok)
		}
	}
	want(0, 0, true)
	index.changed("ann", s.now)
	index.changed("bob", s.now)
	want(0, 2, true, "ann", "bob")
	want(1, 2, true, "bob")
	want(2, 2, true)
	want(3, 2, false)
	for range 2*maxLogged - 1 {
		index.changed("cid", s.now)
	}
	want(1, 2*maxLogged+1, false)
	want(2*maxLogged-1, 2*maxLogged+1, true, "cid", "cid")
}

func TestIndexComputesEachSpecOnce(t *testing.T) {
	computed := 0
	counting := Kind{Name: "counting", Compile: func(string) (Values, error) {
		return func(user *v1alpha1.User) ([]string, error) {
			computed++
			return []string{user.Spec.Title}, nil
		}, nil
	}}
	s := newSources(t, user("ann", "Sales", "1"))
	index, err := s.Reader(consumer("a")).Index(entra, counting, "x")
	if err != nil {
		t.Fatal(err)
	}
	labeled := user("ann", "Sales", "1")
	labeled.ResourceVersion, labeled.Labels = "2", map[string]string{"a": "b"}
	if values, err := index.Values(labeled); err != nil || !slices.Equal(values, []string{"Sales"}) || computed != 1 {
		t.Errorf("values %v, %v, computed %d times; want once", values, err, computed)
	}
}

// What the change of a user costs must not grow with how many have its name.
func TestNamesakes(t *testing.T) {
	var users []*v1alpha1.User
	for i := range manyNamesakes + 1 {
		users = append(users, user("u"+strconv.Itoa(i), "Staff", "1"))
	}
	s := newSources(t, append(users, user("ann", "Sales", "1"), user("bob", "Sales", "1"))...)
	index, err := s.Reader(consumer("a")).Index(entra, department, "?!")
	if err != nil {
		t.Fatal(err)
	}
	ids, consumers := s.namesakes(index, "Sales")
	if slices.Sort(ids); !slices.Equal(ids, []string{"ann", "bob"}) || consumers != nil {
		t.Errorf("of two: %q, %v", ids, consumers)
	}
	if ids, consumers := s.namesakes(index, "Staff"); ids != nil || !slices.Equal(consumers, []Consumer{consumer("a")}) {
		t.Errorf("of very many: %d users, %v", len(ids), consumers)
	}
}
