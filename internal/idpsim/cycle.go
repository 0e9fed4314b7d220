package idpsim

import (
	"context"
	"errors"
	"iter"
	"slices"
)

// test does what a click on "Test connection" or "Activate" does.
func (r *runner) test(ctx context.Context) error {
	passed := false
	r.each(ctx, "test connection", 1, slices.Values([]task{{run: func(ctx context.Context) {
		passed = r.send(ctx, r.idp.connectionTest()...) != nil
		if passed && r.about.tryOut {
			r.tryOutBoth(ctx)
		}
	}}}))
	if !passed && r.Phase == PhaseAll && ctx.Err() == nil {
		return errors.New("the connection test failed: an identity provider would not go on")
	}
	return nil
}

// tryOutBoth makes, changes and deletes a user and a group.
func (r *runner) tryOutBoth(ctx context.Context) {
	newID := r.about.newID(r.Seed)
	before := &Person{Account: &Account{Index: 5, ExternalID: newID(userID, 1<<24)}, UserName: "admin@example.com",
		GivenName: "Test", FamilyName: "User", DisplayName: "Test User", Email: "admin@example.com", Active: true}
	after := *before
	after.Title = "Test title"
	t := &Team{Circle: &Circle{ExternalID: newID(groupID, 1<<24)}, DisplayName: r.GroupPrefix + "idpsim test group"}
	r.provisionUser(ctx, before)
	r.provisionGroup(ctx, t, nil)
	if before.ID == "" || t.ID == "" {
		return
	}
	r.send(ctx, r.idp.updateUser(&after, diffs(r.about.table, version(before), &after))...)
	r.send(ctx, r.idp.addMembers(t, []*Person{&after})...)
	r.send(ctx, r.idp.removeMembers(t, []*Person{&after})...)
	r.send(ctx, r.idp.deleteGroup(t)...)
	r.send(ctx, r.idp.deleteUser(&after, nil)...)
}

// initial is the first cycle: users, their managers, groups, memberships.
func (r *runner) initial(ctx context.Context) error {
	people, teams := r.start.people, r.start.teams
	r.each(ctx, "users", len(people), each(people, func(ctx context.Context, p *Person) { r.provisionUser(ctx, p) }))
	if r.about.linksUsers {
		r.each(ctx, "managers", len(people), each(people, r.link))
	}
	r.each(ctx, "groups", len(teams), each(teams, func(ctx context.Context, t *Team) {
		r.provisionGroup(ctx, t, r.start.members[t.Index])
	}))
	if r.about.wholeGroups {
		r.each(ctx, "memberships", len(teams), each(teams, r.pushWhole))
		return nil
	}
	chunks := 0
	for _, members := range r.start.members {
		chunks += (len(members) + r.about.membersPerRequest - 1) / r.about.membersPerRequest
	}
	r.each(ctx, "memberships", chunks, r.memberTasks())
	return nil
}

// each makes a task for each of a list.
func each[T any](list []T, run func(context.Context, T)) iter.Seq[task] {
	return func(yield func(task) bool) {
		for _, item := range list {
			if !yield(task{run: func(ctx context.Context) { run(ctx, item) }}) {
				return
			}
		}
	}
}

// memberTasks adds members to all groups in turn. Additions to one group need
// no order among themselves.
func (r *runner) memberTasks() iter.Seq[task] {
	return func(yield func(task) bool) {
		for from, more := 0, true; more; from += r.about.membersPerRequest {
			more = false
			for i, t := range r.start.teams {
				members := r.start.members[i]
				if from >= len(members) {
					continue
				}
				more = true
				chunk := members[from:min(from+r.about.membersPerRequest, len(members))]
				if !yield(task{run: func(ctx context.Context) { r.add(ctx, t, chunk) }}) {
					return
				}
			}
		}
	}
}

// pushWhole replaces a group's members by the first chunk and adds the others.
func (r *runner) pushWhole(ctx context.Context, t *Team) {
	r.replace(ctx, t, r.start.members[t.Index])
}

func (r *runner) replace(ctx context.Context, t *Team, members []*Person) {
	members = r.provisioned(members)
	first := min(r.about.membersPerRequest, len(members))
	if t.ID == "" {
		r.rec.skipped.Add(1)
		return
	}
	if r.send(ctx, r.idp.replaceMembers(t, members[:first])...) == nil {
		return
	}
	for chunk := range slices.Chunk(members[first:], r.about.membersPerRequest) {
		r.send(ctx, r.idp.addMembers(t, chunk)...)
	}
}

func (r *runner) add(ctx context.Context, t *Team, people []*Person) {
	if people = r.provisioned(people); t.ID == "" || len(people) == 0 {
		r.rec.skipped.Add(1)
		return
	}
	r.send(ctx, r.idp.addMembers(t, people)...)
}

// provisioned leaves out those whose creation failed before.
func (r *runner) provisioned(people []*Person) []*Person {
	if !slices.ContainsFunc(people, func(p *Person) bool { return p.ID == "" }) {
		return people
	}
	return slices.DeleteFunc(slices.Clone(people), func(p *Person) bool { return p.ID == "" })
}

// link sets the reference to the manager.
func (r *runner) link(ctx context.Context, p *Person) {
	if p.ID != "" {
		r.send(ctx, r.idp.linkUser(p)...)
	}
}
