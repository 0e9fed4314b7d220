package rolebinding_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// TestNothingStaleAfterChurn changes nested groups and users from several
// writers at once. Whatever the order of events, the RoleBinding ends right.
func TestNothingStaleAfterChurn(t *testing.T) {
	w := newWorld(t)
	const groups, users, rounds = 4, 6, 40
	var userObjects []*v1alpha1.User
	var groupObjects []*v1alpha1.Group
	var ids []string
	for i := range users {
		userObjects = append(userObjects, w.user(fmt.Sprintf("user%d", i)))
		ids = append(ids, userObjects[i].Spec.ID)
	}
	for i := range groups {
		groupObjects = append(groupObjects, w.group(fmt.Sprintf("Group%d", i)))
		ids = append(ids, groupObjects[i].Spec.ID)
	}
	w.bind("pod-reader", "Group0", "Group1")

	var wg sync.WaitGroup
	for i, group := range groupObjects { // each object has one writer, as in a SCIM server's queue
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(i)))
			for range rounds {
				var members []string
				for _, id := range ids {
					if random.IntN(3) == 0 {
						members = append(members, id)
					}
				}
				group.Spec.Members, group.Spec.MemberCount = members, int64(len(members))
				if err := admin.Update(t.Context(), group); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, user := range userObjects {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(i)))
			for range rounds {
				*user.Spec.Active = random.IntN(2) == 0
				user.Spec.Title = fmt.Sprint(random.IntN(100))
				if err := admin.Update(t.Context(), user); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()

	reached := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if reached[id] {
			return
		}
		reached[id] = true
		for _, group := range groupObjects {
			if group.Spec.ID == id {
				for _, member := range group.Spec.Members {
					visit(member)
				}
			}
		}
	}
	visit(groupObjects[0].Spec.ID)
	visit(groupObjects[1].Spec.ID)
	want := []string{}
	for _, user := range userObjects {
		if *user.Spec.Active && reached[user.Spec.ID] {
			want = append(want, user.Spec.UserName)
		}
	}
	slices.Sort(want)
	w.promptly("subjects", want, func() any {
		got := []string{}
		for _, subject := range w.roleBindings(w.namespace)[0].Subjects {
			got = append(got, subject.Name)
		}
		return got
	})
}
