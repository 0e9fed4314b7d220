package idpsim

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	pageSize       = 200 // users per page when everything is read back
	groupPageSize  = 50
	maxDifferences = 20 // that are reported in full
	sampleSize     = 50 // users and groups that are also read one by one
)

// Difference is one attribute that is not as the identity provider sent it.
type Difference struct {
	Resource  string `json:"resource"` // "User anna.li@example.com"
	Attribute string `json:"attribute"`
	Want      string `json:"want"`
	Got       string `json:"got"`
}

// Verification is what reading everything back has found.
type Verification struct {
	Users       int          `json:"users"`       // compared
	Groups      int          `json:"groups"`      // compared
	Memberships int          `json:"memberships"` // compared
	Differences int          `json:"differences"`
	First       []Difference `json:"first,omitempty"`

	seen map[Difference]bool
}

// maxRemembered bounds the memory for what was counted already: reading a user
// in a list and by its id finds the same.
const maxRemembered = 100_000

func (v *Verification) differ(resource, attribute string, want, got any) {
	d := Difference{resource, attribute, show(want), show(got)}
	if v.seen[d] {
		return
	}
	if v.seen == nil {
		v.seen = map[Difference]bool{}
	}
	if len(v.seen) < maxRemembered {
		v.seen[d] = true
	}
	v.Differences++
	if len(v.First) < maxDifferences {
		v.First = append(v.First, d)
	}
}

func show(value any) string {
	switch v := value.(type) {
	case nil:
		return "absent"
	case string:
		return quote(shorten(v, 200))
	default:
		return shorten(fmt.Sprint(v), 200)
	}
}

// baseline is what was there before the run.
type baseline struct{ users, groups map[string]bool }

// readBaseline notes what is there, so that it is not taken for the run's.
func (r *runner) readBaseline(ctx context.Context) error {
	r.baseline = baseline{map[string]bool{}, map[string]bool{}}
	own := 0
	err := r.list(ctx, "/Users", pageSize, func(user object) {
		id, _ := user["id"].(string)
		r.baseline.users[id] = true
		if externalID, _ := user["externalId"].(string); strings.HasPrefix(externalID, r.userPrefix) {
			own++
		}
	})
	if err == nil {
		err = r.list(ctx, "/Groups", groupPageSize, func(group object) {
			id, _ := group["id"].(string)
			r.baseline.groups[id] = true
		})
	}
	if own > 0 && r.Phase != PhaseDeltas {
		r.progress.note("%d users of an earlier run with this profile and seed are there and will be adopted; idpsim --cleanup removes them", own)
	}
	return err
}

// list reads all resources of a type, page by page (RFC 7644 §3.4.2.4).
func (r *runner) list(ctx context.Context, path string, count int, visit func(object)) error {
	for start, total := 1, 1; start <= total; {
		req := request{kind: "list " + strings.ToLower(path[1:]), method: http.MethodGet, want: ok,
			path:  fmt.Sprintf("%s?startIndex=%d&count=%d", path, start, count),
			check: func(a *answer) string { return checkPage(a, start, count) }}
		a := r.send(ctx, req)
		if a == nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s could not be listed, see the failed requests", path)
		}
		l, _ := a.list()
		if l.TotalResults == nil || len(l.Resources) == 0 {
			return nil
		}
		for _, resource := range l.Resources {
			visit(resource)
		}
		start, total = start+len(l.Resources), *l.TotalResults
	}
	return nil
}

// checkPage also says when a page is not the one that was asked for.
func checkPage(a *answer, start, count int) string {
	l, problem := a.list()
	switch {
	case problem != "" && l.TotalResults != nil && *l.TotalResults < start:
		return "" // nothing is left: resources were deleted while they were listed
	case len(l.Resources) > count:
		return fmt.Sprintf("%d resources in a page of %d: count was ignored", len(l.Resources), count)
	default:
		return problem
	}
}

// verify reads everything back and compares it with the directory.
func (r *runner) verify(ctx context.Context) error {
	c := newComparison(r)
	r.report.Verification = &c.result
	r.progress.begin("verify", len(c.users)+len(c.groups))
	defer r.progress.end()
	if err := r.list(ctx, "/Users", pageSize, c.user); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(c.users)) {
		if !c.seenUsers[id] {
			c.result.differ(userTitle(c.users[id]), "", "present", nil)
		}
	}
	if err := r.list(ctx, "/Groups", groupPageSize, c.group); err != nil {
		return err
	}
	for _, id := range slices.Sorted(maps.Keys(c.groups)) {
		if !c.seenGroups[id] {
			c.result.differ(groupTitle(c.groups[id]), "", "present", nil)
		}
	}
	return c.sample(ctx)
}

func userTitle(p *Person) string { return "User " + p.UserName }
func groupTitle(t *Team) string  { return "Group " + t.DisplayName }
