package idpsim

import (
	"context"
	"slices"
	"strings"
)

// cleanup deletes what runs of this profile and seed have made: users by their
// externalId, groups by theirs or, where the profile sends none, by a name that
// such a run gives, if all members are its users.
func (r *runner) cleanup(ctx context.Context) error {
	var people []*Person
	mine := map[string]bool{}
	names := map[string]bool{}
	for _, p := range slices.Concat(r.start.people, r.People) {
		names[strings.ToLower(p.UserName)] = true
	}
	err := r.list(ctx, "/Users", pageSize, func(user object) {
		id, _ := user["id"].(string)
		externalID, _ := user["externalId"].(string)
		userName, _ := user["userName"].(string)
		if strings.HasPrefix(externalID, r.userPrefix) || externalID == "" && names[strings.ToLower(userName)] {
			people = append(people, &Person{Account: &Account{ID: id}})
			mine[id] = true
		}
	})
	if err != nil {
		return err
	}
	teams, err := r.teamsToClean(ctx, mine)
	if err != nil {
		return err
	}
	r.each(ctx, "delete groups", len(teams), each(teams, func(ctx context.Context, t *Team) { r.send(ctx, r.idp.deleteGroup(t)...) }))
	r.each(ctx, "delete users", len(people), each(people, func(ctx context.Context, p *Person) {
		r.send(ctx, r.about.deleteUser(p, nil)...) // also with a profile that would keep them
	}))
	r.report.Removed = &Removed{Users: len(people), Groups: len(teams)}
	return nil
}

func (r *runner) teamsToClean(ctx context.Context, mine map[string]bool) ([]*Team, error) {
	names := map[string]bool{}
	for _, t := range r.start.teams {
		names[t.DisplayName] = true
	}
	for _, ch := range r.changes {
		if ch.team != nil {
			names[ch.team.DisplayName] = true
		}
	}
	var teams []*Team
	prefix := r.about.ownPrefix(r.Seed, groupID)
	err := r.list(ctx, "/Groups", groupPageSize, func(group object) {
		id, _ := group["id"].(string)
		displayName, _ := group["displayName"].(string)
		externalID, _ := group["externalId"].(string)
		foreign := slices.ContainsFunc(memberIDs(group), func(id string) bool { return !mine[id] })
		if strings.HasPrefix(externalID, prefix) || externalID == "" && names[displayName] && !foreign {
			teams = append(teams, &Team{Circle: &Circle{ID: id}, DisplayName: displayName})
		}
	})
	return teams, err
}
