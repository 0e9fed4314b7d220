package idpsim

import (
	"maps"
	"slices"
)

// The kinds of changes that happen in a directory.
const (
	kindHire        = "hire"         // a new user, who joins groups
	kindJoin        = "join"         // a user joins a group
	kindLeave       = "leave"        // a user leaves a group
	kindRenameUser  = "rename-user"  // userName, name, displayName and e-mail change
	kindRenameGroup = "rename-group" // displayName changes
	kindUpdate      = "update"       // other attributes change, or are cleared
	kindManager     = "manager"      // another manager, or none
	kindDisable     = "disable"      // active becomes false
	kindEnable      = "enable"       // active becomes true again
	kindDelete      = "delete"       // the user goes, as far as the identity provider deletes users
	kindDeleteGroup = "delete-group" // the group goes
)

// kindWeights says how often each kind of change happens.
var kindWeights = []struct {
	kind   string
	weight int
}{
	{kindJoin, 20}, {kindLeave, 20}, {kindUpdate, 20}, {kindHire, 10}, {kindRenameUser, 8}, {kindManager, 8},
	{kindDisable, 8}, {kindEnable, 6}, {kindDelete, 4}, {kindRenameGroup, 3}, {kindDeleteGroup, 1},
}

// DeltaKinds lists the kinds of changes that may be chosen.
func DeltaKinds() []string {
	kinds := make([]string, len(kindWeights))
	for i, k := range kindWeights {
		kinds[i] = k.kind
	}
	return kinds
}

// change is one change of the directory: the versions before and after it.
type change struct {
	kind           string
	before, person *Person
	oldTeam, team  *Team
	teams          []*Team   // joined by a new hire, or left before a deletion
	members        []*Person // all members afterwards, when the whole group is to be pushed
}

// planner changes a directory step by step and records the changes.
type planner struct {
	*Directory
	kinds       []string // one entry per weight
	keepsUsers  bool     // the identity provider never deletes a user
	wholeGroups bool     // it sometimes pushes all members of a group
	staff       int      // how many people there were at first; only they become managers
	disabled    []int
}

// maxWholeGroup bounds the groups that are pushed as a whole.
const maxWholeGroup = 500

// plan makes n changes. The directory is then the state after all of them.
func (pl *planner) plan(n int, kinds []string) []*change {
	for _, k := range kindWeights {
		if len(kinds) == 0 || slices.Contains(kinds, k.kind) {
			pl.kinds = append(pl.kinds, slices.Repeat([]string{k.kind}, k.weight)...)
		}
	}
	changes := make([]*change, 0, n)
	for misses := 0; len(changes) < n && misses < 1000; {
		if ch := pl.next(pick(pl.rng, pl.kinds)); ch != nil {
			changes, misses = append(changes, ch), 0
		} else {
			misses++ // nobody to enable, say; with every kind impossible there is an end
		}
	}
	return changes
}

func (pl *planner) next(kind string) *change {
	switch kind {
	case kindHire:
		return pl.hire()
	case kindJoin, kindLeave:
		return pl.membership(kind)
	case kindRenameGroup, kindDeleteGroup:
		return pl.team(kind)
	case kindEnable:
		return pl.enable()
	default:
		return pl.person(kind)
	}
}

// somebody is a person who is still there and not disabled.
func (pl *planner) somebody() *Person {
	for range 100 {
		if p := pick(pl.rng, pl.People); !p.Deleted && p.Active {
			return p
		}
	}
	return nil
}

// boss is somebody of the first cycle, whose id is known before any change.
func (pl *planner) boss() *Person {
	p := pl.somebody()
	if p == nil || p.Index >= pl.staff {
		return nil
	}
	return p
}

// someTeam is the largest team half of the time: that is where changes happen.
func (pl *planner) someTeam() *Team {
	if len(pl.Teams) == 0 {
		return nil
	}
	if pl.rng.IntN(2) == 0 {
		return pl.Teams[0]
	}
	return pick(pl.rng, pl.Teams)
}

func (pl *planner) hire() *change {
	p := pl.newPerson()
	if boss := pl.boss(); boss != nil {
		p.Manager = boss.Account
	}
	pl.People = append(pl.People, p)
	ch := &change{kind: kindHire, person: p}
	for range 2 {
		if t := pl.someTeam(); t != nil && !pl.members[t.Index][p.Index] {
			pl.members[t.Index][p.Index] = true
			ch.teams = append(ch.teams, t)
		}
	}
	return ch
}

func (pl *planner) membership(kind string) *change {
	t := pl.someTeam()
	if t == nil {
		return nil
	}
	members, leave := pl.members[t.Index], kind == kindLeave
	start := pl.rng.IntN(len(pl.People))
	for i := range pl.People {
		p := pl.People[(start+i)%len(pl.People)]
		if p.Deleted || members[p.Index] != leave {
			continue
		}
		ch := &change{kind: kind, person: p, team: t}
		if leave {
			delete(members, p.Index)
		} else {
			members[p.Index] = true
		}
		if pl.wholeGroups && len(members) <= maxWholeGroup && pl.rng.IntN(3) == 0 {
			ch.members = pl.membersOf(t)
		}
		return ch
	}
	return nil
}

// team renames or deletes any group but the first, on which demos are built.
func (pl *planner) team(kind string) *change {
	if len(pl.Teams) < 2 {
		return nil
	}
	t := pl.Teams[1+pl.rng.IntN(len(pl.Teams)-1)]
	if t == nil {
		return nil
	}
	if kind == kindDeleteGroup {
		pl.Teams[t.Index] = nil
		return &change{kind: kind, team: t}
	}
	renamed := *t
	renamed.DisplayName = pl.unique(pl.teamName(pl.rng.IntN(1000)), " ")
	pl.Teams[t.Index] = &renamed
	return &change{kind: kind, oldTeam: t, team: &renamed}
}

func (pl *planner) enable() *change {
	if len(pl.disabled) == 0 {
		return nil
	}
	i := pl.rng.IntN(len(pl.disabled))
	before := pl.People[pl.disabled[i]]
	pl.disabled = slices.Delete(pl.disabled, i, i+1)
	after := *before
	after.Active = true
	return pl.became(kindEnable, before, &after)
}

// became records a new version of a person.
func (pl *planner) became(kind string, before, after *Person) *change {
	pl.People[after.Index] = after
	return &change{kind: kind, before: before, person: after}
}

func (pl *planner) person(kind string) *change {
	before := pl.somebody()
	if before == nil {
		return nil
	}
	after := *before
	switch kind {
	case kindRenameUser:
		pl.rename(&after)
	case kindUpdate:
		pl.update(&after)
	case kindManager:
		if after.Manager != nil && pl.rng.IntN(3) == 0 {
			after.Manager = nil
		} else if boss := pl.boss(); boss != nil && boss.Account != after.Manager && boss.Account != after.Account {
			after.Manager = boss.Account
		} else {
			return nil
		}
	case kindDisable:
		after.Active = false
		pl.disabled = append(pl.disabled, after.Index)
	case kindDelete:
		return pl.remove(before)
	}
	return pl.became(kind, before, &after)
}

// remove takes a person out of the application. Half of them leave their groups
// first; from the others the server itself must take the memberships away.
func (pl *planner) remove(before *Person) *change {
	after := *before
	after.Active = false
	ch := pl.became(kindDelete, before, &after)
	if pl.keepsUsers {
		return ch
	}
	after.Deleted = true
	for i, t := range pl.Teams {
		if t == nil || !pl.members[i][after.Index] {
			continue
		}
		delete(pl.members[i], after.Index)
		if after.Index%2 == 0 {
			ch.teams = append(ch.teams, t)
		}
	}
	return ch
}

// membersOf lists the members of a team, in order.
func (d *Directory) membersOf(t *Team) []*Person {
	indexes := slices.Sorted(maps.Keys(d.members[t.Index]))
	people := make([]*Person, len(indexes))
	for i, index := range indexes {
		people[i] = d.People[index]
	}
	return people
}
