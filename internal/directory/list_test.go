package directory

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

func TestFilters(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	jane := s.create(s.users, scim.Object{"userName": "Jane", "externalId": "X1", "active": true, "title": "Dr.",
		"emails": []any{scim.Object{"value": "jane@example.com", "type": "work"}, scim.Object{"value": "J@home.example"}}}).ID
	john := s.create(s.users, scim.Object{"userName": "John", "externalId": "x1", "active": false,
		"emails": []any{scim.Object{"value": "john@example.com", "type": "home"}}}).ID
	staff := s.createGroup("Staff", jane, john).ID
	admins := s.createGroup("Admins", jane, staff).ID
	tests := map[string]struct {
		users, groups string
		want          []string
	}{
		"userName ignores case":        {users: `userName eq "jANE"`, want: []string{jane}},
		"userName of nobody":           {users: `userName eq "nobody"`},
		"externalId is exact":          {users: `externalId eq "X1"`, want: []string{jane}},
		"externalId in another case":   {users: `externalId eq "x1"`, want: []string{john}},
		"e-mail":                       {users: `emails eq "JANE@example.com"`, want: []string{jane}},
		"second e-mail":                {users: `emails.value eq "j@HOME.example"`, want: []string{jane}},
		"e-mail of a type":             {users: `emails[type eq "work"].value eq "jane@example.com"`, want: []string{jane}},
		"e-mail of another type":       {users: `emails[type eq "work" and value eq "john@example.com"]`},
		"id":                           {users: fmt.Sprintf(`id eq "%s"`, john), want: []string{john}},
		"id is exact":                  {users: fmt.Sprintf(`id eq "%s"`, "X"+john[1:])},
		"id and more":                  {users: fmt.Sprintf(`id eq "%s" and active eq true`, john)},
		"name and more":                {users: `userName eq "john" and active eq false`, want: []string{john}},
		"no index":                     {users: `title pr`, want: []string{jane}},
		"either":                       {users: `userName eq "jane" or userName eq "john"`, want: []string{jane, john}},
		"neither":                      {users: `not (userName sw "j")`},
		"groups of a user":             {users: fmt.Sprintf(`groups.value eq "%s"`, admins), want: []string{jane}},
		"groups by name":               {users: `groups.display eq "staff"`, want: []string{jane, john}},
		"displayName":                  {groups: `displayName eq "staff"`, want: []string{staff}},
		"members":                      {groups: fmt.Sprintf(`members eq "%s"`, jane), want: []string{admins, staff}},
		"members in brackets":          {groups: fmt.Sprintf(`members[value eq "%s"]`, staff), want: []string{admins}},
		"members are exact":            {groups: fmt.Sprintf(`members eq "%s"`, "X"+jane[1:])},
		"a group and a member":         {groups: fmt.Sprintf(`id eq "%s" and members eq "%s"`, staff, john), want: []string{staff}},
		"a group and no member":        {groups: fmt.Sprintf(`id eq "%s" and members eq "%s"`, admins, john)},
		"two members":                  {groups: fmt.Sprintf(`members eq "%s" and members eq "%s"`, jane, john), want: []string{staff}},
		"members otherwise":            {groups: `members.display eq "john"`, want: []string{staff}},
		"members by type":              {groups: `members.type eq "Group"`, want: []string{admins}},
		"groups without such a member": {groups: fmt.Sprintf(`not (members eq "%s")`, john), want: []string{admins}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			rt, text := s.users, test.users
			if test.groups != "" {
				rt, text = s.group, test.groups
			}
			got := s.find(rt, text)
			slices.Sort(test.want)
			if len(got)+len(test.want) > 0 && !slices.Equal(got, test.want) {
				t.Errorf("%s finds %v, want %v", text, got, test.want)
			}
		})
	}
}

func TestPages(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	var want []string
	for i := range 7 {
		want = append(want, s.createUser(fmt.Sprintf("user%d", i)).ID)
	}
	tests := map[string]struct {
		start, count int
		want         []string
	}{
		"all":         {1, 100, want},
		"first":       {1, 3, want[:3]},
		"middle":      {4, 3, want[3:6]},
		"rest":        {7, 3, want[6:]},
		"behind":      {8, 3, nil},
		"only total":  {1, 0, nil},
		"before them": {0, 2, want[:2]},
	}
	for name, test := range tests {
		for _, text := range []string{"", `userName sw "user"`} {
			t.Run(name+text, func(t *testing.T) {
				query := scim.Query{StartIndex: test.start, Count: test.count}
				if text != "" {
					query.Filter = parse(t, text)
				}
				page, err := s.store.List(context.Background(), s.users, query)
				if err != nil {
					t.Fatal(err)
				}
				var got []string
				for _, r := range page.Resources {
					got = append(got, r.ID)
				}
				if page.Total != len(want) || !slices.Equal(got, test.want) {
					t.Errorf("%d in all, page %v, want %v", page.Total, got, test.want)
				}
			})
		}
	}
}

func TestObjectsThatAreNoResourcesStayHidden(t *testing.T) {
	d, sync := newReplica(t), newSync(t)
	s := serve(t, d, sync)
	s.policy.RetainUsers = true
	jane, john := s.createUser("jane"), s.createUser("john")
	if err := s.rename(s.users, jane.ID, "jenny"); err != nil { // leaves a claim
		t.Fatal(err)
	}
	s.delete(s.users, john.ID) // leaves a deleted object
	if got := s.find(s.users, `userName pr`); !slices.Equal(got, []string{jane.ID}) {
		t.Errorf("listed are %v, want %s", got, jane.ID)
	}
	v := d.View(t.Context(), sync)
	if n := v.CountUsers(); n != 1 {
		t.Errorf("%d users are counted", n)
	}
	for u := range v.Users() {
		if u.Spec.ID != jane.ID {
			t.Errorf("the view shows %s", u.Name)
		}
	}
	users := &v1alpha1.UserList{}
	if err := api.List(t.Context(), users, client.InNamespace(sync.Namespace)); err != nil || len(users.Items) != 3 {
		t.Errorf("%d objects, error %v; want the user, the claim and the deleted one", len(users.Items), err)
	}
}

// TestOrderIsASortedSet compares order with a map.
func TestOrderIsASortedSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, model := &order{}, map[string]bool{}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range rapid.IntRange(0, 3000).Draw(t, "steps") {
			name := fmt.Sprint(random.IntN(1500))
			if random.IntN(3) == 0 {
				o.remove(scim.Place{Name: name})
				delete(model, name)
			} else {
				o.put(&v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Name: name}})
				model[name] = true
			}
		}
		want := make([]string, 0, len(model))
		for name := range model {
			want = append(want, name)
		}
		slices.Sort(want)
		var got []string
		o.each(func(obj client.Object) bool { got = append(got, obj.GetName()); return true })
		if !slices.Equal(got, want) || o.len() != len(want) {
			t.Fatalf("order has %d, want %d: %s", o.len(), len(want), cmp.Diff(got, want))
		}
		skip, count := rapid.IntRange(0, 1500).Draw(t, "skip"), rapid.IntRange(0, 1500).Draw(t, "count")
		page, _, total := o.page(nil, false, skip, count)
		wantPage := want[min(skip, len(want)):]
		wantPage = wantPage[:min(count, len(wantPage))]
		if total != len(want) || len(page) != len(wantPage) || len(page) > 0 && page[0].GetName() != wantPage[0] {
			t.Fatalf("page %d+%d has %d of %d", skip, count, len(page), total)
		}
	})
}

// A page of groups with their members ends before there are too many of them,
// and the next goes on from there.
func TestAPageOfGroupsHasSoManyMembers(t *testing.T) {
	s := serve(t, newReplica(t), newSync(t))
	for i, members := range []int{3, 4, 5, 0, 300, 0} { // one is in slices
		s.createGroup(fmt.Sprint("group", i), ids("m", members)...)
	}
	for name, test := range map[string]struct {
		most int
		need scim.Need
		want []int // groups on each page
	}{
		"as many as there are":       {312, scim.Need{Members: true}, []int{6}},
		"one too many":               {311, scim.Need{Members: true}, []int{4, 2}},
		"a few":                      {7, scim.Need{Members: true}, []int{2, 2, 1, 1}},
		"one group is always shown":  {1, scim.Need{Members: true}, []int{1, 1, 1, 1, 1, 1}},
		"no bound":                   {0, scim.Need{Members: true}, []int{6}},
		"where no members are shown": {1, scim.Need{}, []int{6}},
	} {
		t.Run(name, func(t *testing.T) {
			query := scim.Query{StartIndex: 1, Count: 100, Need: test.need, MaxMembers: test.most}
			var got []int
			for {
				page, err := s.store.List(t.Context(), s.group, query)
				if err != nil {
					t.Fatal(err)
				}
				if page.Total != 6 {
					t.Errorf("the total is %d", page.Total)
				}
				got = append(got, len(page.Resources))
				if query.After = page.Next; query.After == "" {
					break
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("pages of %v groups, want %v", got, test.want)
			}
		})
	}
}
