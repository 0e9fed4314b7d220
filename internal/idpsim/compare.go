package idpsim

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// comparison holds what should be there, by the name that a server answers.
type comparison struct {
	*runner
	result     Verification
	users      map[string]*Person // by externalId
	byName     map[string]*Person // by userName in lower case, for servers that keep no externalId
	groups     map[string]*Team   // by displayName
	multi      []string           // the multi-valued attributes that the profile sends
	ids        map[string]*Person // users as they were found, by id
	seenUsers  map[string]bool
	seenGroups map[string]bool
	seenIDs    map[string]bool
	groupIDs   map[string]string // displayName → id, as found
	gone       map[string]bool   // ids of users who were deleted
	oldNames   map[string]bool   // displayNames that groups do not have any more
}

func newComparison(r *runner) *comparison {
	c := &comparison{runner: r, users: map[string]*Person{}, byName: map[string]*Person{}, groups: map[string]*Team{},
		ids: map[string]*Person{}, seenUsers: map[string]bool{}, seenGroups: map[string]bool{}, seenIDs: map[string]bool{},
		groupIDs: map[string]string{}, gone: map[string]bool{}, oldNames: map[string]bool{}}
	for _, p := range r.People {
		if p.Deleted {
			c.gone[p.ID] = true
			continue
		}
		c.users[p.ExternalID] = p
		c.byName[strings.ToLower(p.UserName)] = p
	}
	for _, t := range r.start.teams {
		c.oldNames[t.DisplayName] = true
	}
	for _, ch := range r.changes {
		if ch.team != nil {
			c.oldNames[ch.team.DisplayName] = true
		}
	}
	for _, t := range r.Teams {
		if t != nil {
			c.groups[t.DisplayName] = t
			delete(c.oldNames, t.DisplayName)
		}
	}
	for _, at := range r.about.table {
		if at.key != "" && !slices.Contains(c.multi, at.name) {
			c.multi = append(c.multi, at.name)
		}
	}
	return c
}

// user compares one user of the list.
func (c *comparison) user(user object) {
	id, _ := user["id"].(string)
	externalID, _ := user["externalId"].(string)
	userName, _ := user["userName"].(string)
	p := c.users[externalID]
	if p == nil && externalID == "" {
		p = c.byName[strings.ToLower(userName)]
	}
	switch own := strings.HasPrefix(externalID, c.userPrefix); {
	case p == nil && own && (!c.baseline.users[id] || c.gone[id]):
		c.result.differ("User "+userName, "", nil, "present, with id "+id)
		return
	case p == nil:
		return // of somebody else, or of another run
	case c.seenUsers[p.ExternalID]:
		c.result.differ(userTitle(p), "", "one user", "listed twice, or two users with its externalId")
		return
	}
	c.progress.step()
	c.result.Users++
	c.seenUsers[p.ExternalID] = true
	c.ids[id] = p
	c.attributes(p, user)
}

// attributes compares the attributes that the profile sends.
func (c *comparison) attributes(p *Person, user object) {
	title := userTitle(p)
	if id, _ := user["id"].(string); p.ID != "" && id != p.ID {
		c.result.differ(title, "id", p.ID, user["id"])
	}
	if user["password"] != nil {
		c.result.differ(title, "password", nil, "returned, which it must never be")
	}
	now, minimal := resource(user), c.about.minimalWhenDisabled && !p.Active
	for i := range c.about.table {
		at := &c.about.table[i]
		if minimal && at.path != "active" && at.path != "userName" && at.name != "name" {
			continue // the last PUT was a minimal one: what became of the others is up to the server
		}
		if at.path == managerRefPath && c.about.linksUsers && p.Manager != nil && p.Manager.ID == "" {
			continue // its id is not known to this run
		}
		if want, got := at.value(p), now(at); want != got {
			c.result.differ(title, at.path, want, got)
		}
	}
	if minimal {
		return
	}
	for _, name := range c.multi {
		want := map[string]bool{}
		for i := range c.about.table {
			if at := &c.about.table[i]; at.name == name && at.sub != "primary" && at.value(p) != nil {
				want[at.filter] = true
			}
		}
		list, _ := user[name].([]any)
		got := slices.DeleteFunc(slices.Clone(list), func(e any) bool { return empty(e, "type") })
		if len(got) > len(want) {
			c.result.differ(title, "number of "+name, len(want), len(got))
		}
	}
}

// group compares one group of the list, members included.
func (c *comparison) group(group object) {
	id, _ := group["id"].(string)
	displayName, _ := group["displayName"].(string)
	t := c.groups[displayName]
	switch {
	case t == nil && c.oldNames[displayName] && !c.baseline.groups[id]:
		c.result.differ("Group "+displayName, "", nil, "present, with id "+id)
		return
	case t == nil:
		return
	case c.seenGroups[displayName]:
		c.result.differ(groupTitle(t), "", "one group", "listed twice, or two groups of that name")
		return
	}
	c.progress.step()
	c.result.Groups++
	c.seenGroups[displayName] = true
	c.groupIDs[displayName] = id
	c.members(t, group)
}

func (c *comparison) members(t *Team, group object) {
	title := groupTitle(t)
	if id, _ := group["id"].(string); t.ID != "" && id != t.ID {
		c.result.differ(title, "id", t.ID, id)
	}
	if c.about.groupExternalID && group["externalId"] != t.ExternalID {
		c.result.differ(title, "externalId", t.ExternalID, group["externalId"])
	}
	want := c.Directory.members[t.Index]
	got := map[int]bool{}
	for _, id := range memberIDs(group) {
		p := c.ids[id]
		switch {
		case p != nil && got[p.Index]:
			c.result.differ(title, "members", p.UserName+" once", "twice")
		case p != nil:
			got[p.Index] = true
		case !c.gone[id]: // a deleted user may stay or go: RFC 7644 §3.6 leaves it open
			c.result.differ(title, "members", nil, id)
		}
	}
	c.result.Memberships += len(want)
	for _, index := range slices.Sorted(maps.Keys(got)) {
		if !want[index] {
			c.result.differ(title, "members", nil, c.People[index].UserName)
		}
	}
	for _, index := range slices.Sorted(maps.Keys(want)) {
		if !got[index] {
			c.result.differ(title, "members", c.People[index].UserName, nil)
		}
	}
}

// sample reads some users and groups one by one: a list and a read by id must agree.
func (c *comparison) sample(ctx context.Context) error {
	ids := slices.Sorted(maps.Keys(c.ids))
	for i := 0; i < len(ids); i += len(ids)/sampleSize + 1 {
		p := c.ids[ids[i]]
		a := c.send(ctx, getByID("read user", userPath(&Account{ID: ids[i]}), ""))
		if a == nil {
			continue // counted as a failed request
		}
		user := a.object()
		c.attributes(p, user)
		c.groupsOf(p, user)
	}
	teams := 0
	for i, t := range c.Teams {
		if t == nil || c.groupIDs[t.DisplayName] == "" || i%(len(c.Teams)/sampleSize+1) != 0 {
			continue
		}
		circle := &Circle{ID: c.groupIDs[t.DisplayName]}
		if a := c.send(ctx, getByID("read group", groupPath(circle), "")); a != nil {
			c.members(t, a.object())
			c.result.Memberships -= len(c.Directory.members[t.Index]) // counted once
		}
		teams++
	}
	if c.about.linksUsers && teams > 0 {
		c.references(ctx, ids)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// groupsOf compares the groups that a user shows (RFC 7643 §4.1.2) with those
// that have it as a member.
func (c *comparison) groupsOf(p *Person, user object) {
	list, _ := user["groups"].([]any)
	got := map[string]bool{}
	for _, g := range list {
		o, _ := g.(object)
		id, _ := o["value"].(string)
		got[id] = o["type"] != "indirect"
	}
	for i, t := range c.Teams {
		if t == nil || c.groupIDs[t.DisplayName] == "" {
			continue
		}
		if want, is := c.Directory.members[i][p.Index], got[c.groupIDs[t.DisplayName]]; want != is {
			c.result.differ(userTitle(p), "groups", fmt.Sprintf("%s: %t", t.DisplayName, want), is)
		}
	}
}

// references asks, as Entra ID does, whether the first group has a member.
func (c *comparison) references(ctx context.Context, ids []string) {
	group := c.groupIDs[c.Teams[0].DisplayName]
	asked := map[bool]int{}
	for _, id := range ids {
		want := c.Directory.members[0][c.ids[id].Index]
		if asked[want]++; asked[want] > 5 {
			continue
		}
		a := c.send(ctx, request{kind: "check member", method: http.MethodGet, want: ok, check: checkList,
			path: "/Groups" + referenceQuery(c.about.encode, group, "members", id)})
		if a == nil {
			continue
		}
		if l, _ := a.list(); len(l.Resources) > 0 != want {
			c.result.differ(groupTitle(c.Teams[0]), "filter id eq … and members eq "+id, want, !want)
		}
	}
}
