package idpsim

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// provisionUser looks a user up and creates it if it is not there. A user left
// by an earlier run is adopted and brought up to date.
func (r *runner) provisionUser(ctx context.Context, p *Person) {
	find := r.idp.findUser(p)
	a := r.send(ctx, find)
	if a == nil {
		return
	}
	if l, _ := a.list(); len(l.Resources) > 0 {
		r.adoptUser(ctx, &find, p, l.Resources[0])
		return
	}
	if a = r.send(ctx, r.idp.createUser(p)); a != nil {
		p.ID, _ = a.object()["id"].(string)
	}
}

func (r *runner) adoptUser(ctx context.Context, find *request, p *Person, user object) {
	externalID, _ := user["externalId"].(string)
	id, _ := user["id"].(string)
	if id == "" || externalID != "" && externalID != p.ExternalID {
		r.rec.fail(find, r.client.url(find.path), nil, nil, fmt.Sprintf(
			"a user named %s is there with another externalId (%q): it is left alone; is it from a run with another seed or profile? Remove it with --cleanup", p.UserName, externalID))
		return
	}
	p.ID = id
	r.rec.adopted.Add(1)
	if changes := diffs(r.unlinked(), resource(user), p); len(changes) > 0 {
		r.send(ctx, r.idp.updateUser(p, changes)...)
	}
}

// unlinked is the table without references to users who may not be there yet.
func (r *runner) unlinked() []attribute {
	if r.about.linksUsers {
		return without(r.about.table, managerRefPath)
	}
	return r.about.table
}

// provisionGroup looks a group up and creates it if it is not there.
func (r *runner) provisionGroup(ctx context.Context, t *Team, members []*Person) {
	find := r.idp.findGroup(t)
	a := r.send(ctx, find)
	if a == nil {
		return
	}
	if l, _ := a.list(); len(l.Resources) > 0 {
		r.adoptGroup(ctx, &find, t, l.Resources[0], members)
		return
	}
	if a = r.send(ctx, r.idp.createGroup(t)); a != nil {
		t.ID, _ = a.object()["id"].(string)
	}
}

// adoptGroup takes over the group of an earlier run and removes the members who
// are in it no more. A group with members of somebody else is left alone.
func (r *runner) adoptGroup(ctx context.Context, find *request, t *Team, found object, members []*Person) {
	id, _ := found["id"].(string)
	if id == "" {
		r.rec.fail(find, r.client.url(find.path), nil, nil, "the group that was found has no id")
		return
	}
	mine := make(map[string]bool, len(members))
	for _, p := range members {
		mine[p.ID] = true
	}
	a := r.send(ctx, getByID("get group", groupPath(&Circle{ID: id}), ""))
	if a == nil {
		return
	}
	var surplus []*Person
	for _, value := range memberIDs(a.object()) {
		if mine[value] {
			continue
		}
		if !r.madeHere(ctx, value) {
			r.rec.fail(find, r.client.url(find.path), nil, nil, fmt.Sprintf(
				"a group named %q is there with members that idpsim did not make: it is left alone; choose another --group-prefix or --seed", t.DisplayName))
			return
		}
		surplus = append(surplus, &Person{Account: &Account{ID: value}})
	}
	t.ID = id
	r.rec.adopted.Add(1)
	for len(surplus) > 0 && !r.about.wholeGroups {
		n := min(r.about.membersPerRequest, len(surplus))
		r.send(ctx, r.idp.removeMembers(t, surplus[:n])...)
		surplus = surplus[n:]
	}
}

// madeHere says whether a member was made by a run of this profile and seed, or
// is nobody any more.
func (r *runner) madeHere(ctx context.Context, id string) bool {
	req := request{kind: "get user", method: http.MethodGet, path: userPath(&Account{ID: id}), want: []int{http.StatusOK, http.StatusNotFound}}
	a := r.send(ctx, req)
	if a == nil {
		return false
	}
	externalID, _ := a.object()["externalId"].(string)
	return a.status == http.StatusNotFound || strings.HasPrefix(externalID, r.userPrefix)
}

// memberIDs are the ids of a group's members as a server answers them.
func memberIDs(group object) []string {
	list, _ := group["members"].([]any)
	ids := make([]string, 0, len(list))
	for _, m := range list {
		o, _ := m.(object)
		if id, ok := o["value"].(string); ok {
			ids = append(ids, id)
		}
	}
	return ids
}
