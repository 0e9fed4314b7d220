package idpsim

import (
	"context"
	"fmt"
	"sync/atomic"
)

// deltas sends the changes, in order for each user and group.
func (r *runner) deltas(ctx context.Context) error {
	if r.Phase == PhaseDeltas {
		if err := r.resolve(ctx); err != nil {
			return err
		}
	}
	r.each(ctx, "deltas", len(r.changes), func(yield func(task) bool) {
		for _, ch := range r.changes {
			if !yield(task{keys: ch.keys(), run: func(ctx context.Context) { r.apply(ctx, ch) }}) {
				return
			}
		}
	})
	return nil
}

// keys are the users and groups that a change touches.
func (ch *change) keys() []any {
	var keys []any
	if ch.person != nil {
		keys = append(keys, ch.person.Account)
	}
	if ch.team != nil {
		keys = append(keys, ch.team.Circle)
	}
	for _, t := range ch.teams {
		keys = append(keys, t.Circle)
	}
	for _, p := range ch.members {
		keys = append(keys, p.Account)
	}
	return keys
}

func (r *runner) apply(ctx context.Context, ch *change) {
	p, t := ch.person, ch.team
	if ch.kind != kindHire && (p != nil && p.ID == "" || t != nil && t.ID == "") {
		r.rec.skipped.Add(1) // its creation failed, which is counted already
		return
	}
	switch ch.kind {
	case kindHire:
		r.provisionUser(ctx, p)
		r.link(ctx, p)
		for _, t := range ch.teams {
			r.add(ctx, t, []*Person{p})
		}
	case kindJoin, kindLeave:
		r.applyMembership(ctx, ch)
	case kindRenameGroup:
		r.send(ctx, r.idp.renameGroup(t)...)
	case kindDeleteGroup:
		r.send(ctx, r.idp.deleteGroup(t)...)
	case kindDelete:
		for _, t := range ch.teams {
			r.send(ctx, r.idp.removeMembers(t, []*Person{p})...)
		}
		r.send(ctx, r.idp.deleteUser(p, diffs(r.about.table, version(ch.before), p))...)
	default:
		if changes := diffs(r.about.table, version(ch.before), p); len(changes) > 0 {
			r.send(ctx, r.idp.updateUser(p, changes)...)
		}
	}
}

func (r *runner) applyMembership(ctx context.Context, ch *change) {
	person := []*Person{ch.person}
	switch {
	case ch.members != nil:
		r.replace(ctx, ch.team, ch.members)
	case ch.kind == kindJoin:
		r.add(ctx, ch.team, person)
	default:
		r.send(ctx, r.idp.removeMembers(ch.team, person)...)
	}
}

// resolve looks up what the initial phase of another run has made.
func (r *runner) resolve(ctx context.Context) error {
	var missing atomic.Int64
	people, teams := r.concerned()
	r.each(ctx, "users", len(people), each(people, func(ctx context.Context, p *Person) {
		if p.ID = r.found(ctx, r.idp.findUser(p)); p.ID == "" {
			missing.Add(1)
		}
	}))
	r.each(ctx, "groups", len(teams), each(teams, func(ctx context.Context, t *Team) {
		if t.ID = r.found(ctx, r.idp.findGroup(t)); t.ID == "" {
			missing.Add(1)
		}
	}))
	if n := missing.Load(); n > 0 && ctx.Err() == nil {
		return fmt.Errorf("%d of %d users and groups are not on the server as the initial phase leaves them: "+
			"run --phase initial first, with the same --profile, --seed and sizes (after --cleanup, if deltas ran already)", n, len(people)+len(teams))
	}
	return nil
}

func (r *runner) found(ctx context.Context, find request) string {
	a := r.send(ctx, find)
	if a == nil {
		return ""
	}
	if l, _ := a.list(); len(l.Resources) > 0 {
		id, _ := l.Resources[0]["id"].(string)
		return id
	}
	return ""
}

// concerned are the users and groups of the first cycle that changes refer to.
func (r *runner) concerned() ([]*Person, []*Team) {
	users, groups := map[int]bool{}, map[int]bool{}
	refer := func(p *Person) {
		if p == nil {
			return
		}
		users[p.Index] = true
		if p.Manager != nil {
			users[p.Manager.Index] = true
		}
	}
	for _, ch := range r.changes {
		refer(ch.before)
		refer(ch.person)
		for _, p := range ch.members {
			refer(p)
		}
		if ch.team != nil {
			groups[ch.team.Index] = true
		}
		for _, t := range ch.teams {
			groups[t.Index] = true
		}
	}
	var people []*Person
	for _, p := range r.start.people {
		if users[p.Index] {
			people = append(people, p)
		}
	}
	var teams []*Team
	for _, t := range r.start.teams {
		if groups[t.Index] {
			teams = append(teams, t)
		}
	}
	return people, teams
}
