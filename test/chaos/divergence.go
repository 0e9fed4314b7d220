package chaos

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

const pageSize = 100

// divergences compares what each replica answers, in lists and about each by its
// id, with what the API server has.
func (r *run) divergences(ctx context.Context, s *snapshot) []string {
	var found []string
	users, groups := map[string]string{}, map[string]string{}
	groupsOf := map[string][]string{}
	for i := range s.groups {
		g := &s.groups[i].Spec
		groups[g.ID] = fmt.Sprintf("%q %q %v", g.DisplayName, g.ExternalID, sorted(s.members[g.ID]))
		for _, id := range s.members[g.ID] {
			groupsOf[id] = append(groupsOf[id], g.ID)
		}
	}
	for i := range s.users {
		u := &s.users[i].Spec
		department := ""
		if u.Enterprise != nil {
			department = u.Enterprise.Department
		}
		active := u.Active == nil || *u.Active
		users[u.ID] = fmt.Sprintf("%q %q %q %q %q %t in %v", u.UserName, u.ExternalID, u.Title, u.NickName, department, active, sorted(groupsOf[u.ID]))
	}
	for _, p := range r.replicas {
		c := newSCIMClient(endpoint(p.scim), &r.bearer, &tally{})
		for path, want := range map[string]map[string]string{"/Users": users, "/Groups": groups} {
			got, err := c.listAll(ctx, path)
			if err != nil {
				found = append(found, fmt.Sprintf("%s cannot list %s: %v", p.name, path, err))
				continue
			}
			found = append(found, differences(p.name+path, want, got)...)
			if got, err = c.getEach(ctx, path, want); err != nil {
				found = append(found, fmt.Sprintf("%s cannot read each of %s: %v", p.name, path, err))
				continue
			}
			found = append(found, differences(p.name+path+"/{id}", want, got)...)
		}
	}
	return found
}

// listAll gives all resources at path, page by page, by their id.
func (c *scimClient) listAll(ctx context.Context, path string) (map[string]string, error) {
	got := map[string]string{}
	for start := 1; ; {
		a := c.do(ctx, "GET", fmt.Sprintf("%s?startIndex=%d&count=%d", path, start, pageSize), "")
		page, err := a.resource()
		if !a.succeeded() || err != nil {
			return nil, fmt.Errorf("status %d: %s %w", a.status, a.body, a.err)
		}
		for i := range page.Resources {
			o := &page.Resources[i]
			if _, twice := got[o.ID]; twice {
				return nil, fmt.Errorf("%s is listed twice", o.ID)
			}
			got[o.ID] = o.text(path)
		}
		start += len(page.Resources)
		if len(page.Resources) == 0 || start > page.TotalResults {
			return got, nil
		}
	}
}

// getEach gives the resources with these ids, but for those that are not found.
func (c *scimClient) getEach(ctx context.Context, path string, ids map[string]string) (map[string]string, error) {
	got := map[string]string{}
	for id := range ids {
		a := c.do(ctx, "GET", path+"/"+id, "")
		o, err := a.resource()
		switch {
		case a.err == nil && a.status == http.StatusNotFound:
		case !a.succeeded() || err != nil:
			return nil, fmt.Errorf("%s: status %d: %s %w", id, a.status, a.body, a.err)
		default:
			got[o.ID] = o.text(path)
		}
	}
	return got, nil
}

// text is what is compared of a user or group.
func (o *resource) text(path string) string {
	if path == "/Users" {
		active := o.Active == nil || *o.Active
		return fmt.Sprintf("%q %q %q %q %q %t in %v", o.UserName, o.ExternalID, o.Title, o.NickName, o.Enterprise.Department, active, sorted(values(o.Groups)))
	}
	return fmt.Sprintf("%q %q %v", o.DisplayName, o.ExternalID, sorted(values(o.Members)))
}

func values(references []struct{ Value string }) []string {
	var ids []string
	for _, r := range references {
		ids = append(ids, r.Value)
	}
	return ids
}

func sorted(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return ids
}

func differences(where string, want, got map[string]string) []string {
	var found []string
	for id, text := range want {
		if other, ok := got[id]; !ok {
			found = append(found, fmt.Sprintf("%s does not show %s", where, id))
		} else if other != text {
			found = append(found, fmt.Sprintf("%s shows %s as %s, the API server has %s", where, id, other, text))
		}
	}
	for id := range got {
		if _, ok := want[id]; !ok {
			found = append(found, fmt.Sprintf("%s shows %s, which is not there", where, id))
		}
	}
	return found
}
