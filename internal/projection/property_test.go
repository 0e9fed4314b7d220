package projection

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// drawCompany makes a company with cycles, inactive and deleted users, and
// members that name nothing.
func drawCompany(t *rapid.T) (*company, []string) {
	var groups []string
	for i := range rapid.IntRange(1, 6).Draw(t, "groups") {
		groups = append(groups, fmt.Sprintf("%s-g%d", rapid.SampledFrom([]string{"a", "b"}).Draw(t, "prefix"), i))
	}
	return drawCompanyOf(t, groups)
}

func drawCompanyOf(t *rapid.T, groups []string) (*company, []string) {
	c := newCompany()
	now := metav1.NowMicro()
	var ids []string
	for i := range rapid.IntRange(0, 8).Draw(t, "users") {
		// Two letter cases of one name are two users with one subject name.
		name := rapid.SampledFrom([]string{"u%d", "U%d"}).Draw(t, "case")
		user := c.user(fmt.Sprintf(name, i/2) + strings.Repeat("'", i%2*rapid.IntRange(0, 1).Draw(t, "other")))
		active := rapid.IntRange(0, 4).Draw(t, "active") > 0
		user.Spec.Active = &active
		if rapid.IntRange(0, 8).Draw(t, "deleted") == 0 {
			user.Spec.Deleted = &now
		}
		ids = append(ids, user.Spec.ID)
	}
	ids = append(append(ids, groups...), "nothing")
	for _, name := range groups {
		c.group(name, rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 0, 5, rapid.ID).Draw(t, "members")...)
	}
	return c, groups
}

func drawSync(t *rapid.T, groups []string) *v1alpha1.IdentityProviderSync {
	sync := entra()
	if rapid.Bool().Draw(t, "groupFilter") {
		sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"a-"}}
	}
	if rapid.Bool().Draw(t, "userFilter") {
		sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: rapid.SliceOfN(rapid.SampledFrom(groups), 1, 2).Draw(t, "of")}
	}
	return sync
}

// oracle finds the subjects the naive way: by asking for every user whether
// there is a path down from a bound group, and one from a filter group.
func oracle(c *company, sync *v1alpha1.IdentityProviderSync, groups []string) []string {
	prefixed := func(group string) bool { return sync.Spec.GroupFilter == nil || strings.HasPrefix(group, "a-") }
	var within func(group, user string, through func(string) bool, path []string) bool
	within = func(group, user string, through func(string) bool, path []string) bool {
		if slices.Contains(path, group) || !through(group) {
			return false
		}
		for _, member := range c.members[group] {
			if member == user || (c.groups[member] != nil && within(member, user, through, append(slices.Clone(path), group))) {
				return true
			}
		}
		return false
	}
	may := func(u *v1alpha1.User) bool {
		return *u.Spec.Active && (sync.Spec.UserFilter == nil || slices.ContainsFunc(sync.Spec.UserFilter.Groups,
			func(g string) bool { return within(g, u.Spec.ID, func(string) bool { return true }, nil) }))
	}
	names := map[string]bool{}
	for id, u := range c.users {
		if u.Spec.Deleted != nil || !slices.ContainsFunc(groups, func(g string) bool { return within(g, id, prefixed, nil) }) {
			continue
		}
		name := strings.ToLower(u.Spec.UserName)
		names[name] = true
	}
	wanted := []string{}
	for name := range names {
		all := true
		for _, u := range c.users {
			if strings.ToLower(u.Spec.UserName) == name && u.Spec.Deleted == nil {
				all = all && may(u)
			}
		}
		if all {
			wanted = append(wanted, name)
		}
	}
	slices.Sort(wanted)
	return wanted
}

func TestSubjectsAreTheActiveSyncedMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, groups := drawCompany(t)
		sync := drawSync(t, groups)
		refs := rapid.SliceOfN(rapid.SampledFrom(groups), 1, 3).Draw(t, "refs")
		current := rapid.SliceOfN(rapid.SampledFrom([]string{"u0", "u1", "u2", "eve"}), 0, 3).Draw(t, "current")
		got := Project(request(binding(refs...), c.source(sync), current...))
		if diff := cmp.Diff(oracle(c, sync, refs), bound(got)); diff != "" {
			t.Fatalf("subjects (-want +got):\n%s", diff)
		}
	})
}

// While groups cannot be read, the subjects lie between what they are known to
// be and what they were, and are right as soon as the groups can be read.
func TestHoldingNeitherGrowsNorShrinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, groups := drawCompany(t)
		sync := drawSync(t, groups)
		refs := rapid.SliceOfN(rapid.SampledFrom(groups), 1, 3).Draw(t, "refs")
		before := oracle(c, sync, refs)
		for _, group := range rapid.SliceOf(rapid.SampledFrom(groups)).Draw(t, "unreadable") {
			c.unreadable[group] = true
		}
		c.visible = rapid.Bool().Draw(t, "visible")
		disabled := ""
		if users := slices.Sorted(func(yield func(string) bool) {
			for id := range c.users {
				if !yield(id) {
					return
				}
			}
		}); len(users) > 0 && rapid.Bool().Draw(t, "disable") {
			no := false
			user := c.users[rapid.SampledFrom(users).Draw(t, "who")]
			if user.Spec.Deleted == nil {
				user.Spec.Active = &no
				disabled = strings.ToLower(user.Spec.UserName)
			}
		}
		after := bound(Project(request(binding(refs...), c.source(sync), before...)))
		truth := oracle(c, sync, refs) // nobody joined or left but the one disabled
		if diff := cmp.Diff(truth, after); diff != "" {
			t.Fatalf("subjects while some groups are unreadable, %q disabled (-want +got):\n%s", disabled, diff)
		}
		fresh := bound(Project(request(binding(refs...), c.source(sync))))
		for _, name := range fresh {
			if !slices.Contains(truth, name) {
				t.Fatalf("%q was added on a guess; only %v have access", name, truth)
			}
		}
	})
}
