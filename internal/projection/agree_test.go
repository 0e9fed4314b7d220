package projection

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
)

// What Explain says of each user is what Project does, and it gives a reason
// to everybody who gets nothing.
func TestExplanationsAgreeWithProject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawWorld(t)
		truth := m.access()
		if rapid.Bool().Draw(t, "bound") {
			m.namespaces = slices.DeleteFunc(m.namespaces, func(n Namespace) bool { return n.Terminating })
		}
		r := m.request(nil)
		if rapid.Bool().Draw(t, "exists") {
			r.Current = m.objectsOf(truth)
		}
		got := accessMap{}
		for id, user := range m.company.users {
			e := Explain(r, types.NamespacedName{Namespace: "team", Name: "entra"}, id)
			access := false
			for _, a := range e.Access {
				if a.State != AccessBound && (a.State != AccessPending || len(a.Reasons) > 0) {
					continue
				}
				access = true
				place := a.Namespace
				if place == "" {
					place = "*"
				}
				if key := place + "/" + a.Role; !slices.Contains(got[key], e.Subject) {
					got[key] = append(got[key], e.Subject)
				}
				if e.Subject != strings.ToLower(user.Spec.UserName) {
					t.Fatalf("%s is called %q", id, e.Subject)
				}
			}
			reasons := len(e.Reasons) > 0
			for _, g := range e.Groups {
				reasons = reasons || len(g.Reasons) > 0
			}
			for _, a := range e.Access {
				reasons = reasons || len(a.Reasons) > 0
			}
			if named := m.binding.Grant.GroupSelector == nil; !access && !reasons && named {
				t.Fatalf("%s has no access, and there is no reason: %+v", id, e)
			}
		}
		for _, names := range got {
			slices.Sort(names)
		}
		if diff := cmp.Diff(truth, got); diff != "" {
			t.Fatalf("access as explained (-want +got):\n%s", diff)
		}
	})
}
