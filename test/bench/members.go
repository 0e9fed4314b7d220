package bench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-scim/rollcall/test/figure"
)

// largeGroup is a group whose size stays the same: who is added is removed
// later, the oldest first.
type largeGroup struct {
	id      string
	size    int
	members []string

	costs        meter
	add, remove  [][]time.Duration // by round, without the one to warm up
	addedSoFar   int
	bytesByRound []float64
}

// memberChanges times single members added to and removed from groups of each size.
func memberChanges(sizes []int) measurement {
	m := measurement{name: "members"}
	for _, size := range sizes {
		m.rows = append(m.rows, fmt.Sprintf("add_member_%d", size), fmt.Sprintf("remove_member_%d", size), fmt.Sprintf("member_etcd_bytes_%d", size))
	}
	m.run = func(ctx context.Context, r *runner) ([]Row, error) {
		p, err := r.everybody(ctx)
		if err != nil {
			return nil, err
		}
		r.say("creating groups of %v", sizes)
		groups := make([]*largeGroup, len(sizes))
		for i, size := range sizes {
			groups[i] = &largeGroup{size: size, members: strangers(size)}
			if groups[i].id, err = p.create(ctx, "/Groups", groupBody(fmt.Sprintf("of-%d", size), groups[i].members)); err != nil {
				return nil, err
			}
		}
		err = r.profiled(ctx, m.name, func() error {
			for round := range r.Rounds + 1 {
				for i := range groups { // another one is first in each round
					if err := r.changeMembers(ctx, p, groups[(i+round)%len(groups)], round); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		return memberRows(groups), nil
	}
	return m
}

// changeMembers adds users to a group and removes as many, by turns.
func (r *runner) changeMembers(ctx context.Context, p *people, g *largeGroup, round int) error {
	var added, removed []time.Duration
	var costs meter
	err := r.count(ctx, &costs, func() (int, error) {
		for range r.Changes {
			newcomer := p.ids[g.addedSoFar]
			g.addedSoFar++
			began := time.Now()
			if err := p.addMember(ctx, g.id, newcomer); err != nil {
				return 0, err
			}
			answered := time.Now()
			// Far from one another in the order of joining, so in different slices.
			at := (g.addedSoFar * 7919) % len(g.members)
			if err := p.removeMember(ctx, g.id, g.members[at]); err != nil {
				return 0, err
			}
			removed = append(removed, time.Since(answered))
			added = append(added, answered.Sub(began))
			g.members[at] = newcomer
		}
		return 2 * r.Changes, nil
	})
	if err != nil || round == 0 {
		return err
	}
	g.add, g.remove = append(g.add, added), append(g.remove, removed)
	g.bytesByRound = append(g.bytesByRound, costs.each().Bytes)
	g.costs.total = g.costs.total.plus(costs.total)
	g.costs.operations += costs.operations
	return nil
}

// memberRows compares each size with the smallest, round by round.
func memberRows(groups []*largeGroup) []Row {
	var adds, removes, bytes []Row
	smallest := groups[0]
	for _, g := range groups {
		add, remove := medians(g.add), medians(g.remove)
		name := fmt.Sprintf("add_member_%d", g.size)
		removeName := fmt.Sprintf("remove_member_%d", g.size)
		if g == smallest {
			adds = append(adds, alone(name, "ms", add, Goal{}))
			removes = append(removes, alone(removeName, "ms", remove, Goal{}))
		} else {
			adds = append(adds, compared(name, "ms", pairsOf(add, medians(smallest.add)), atMost(1.5)))
			removes = append(removes, compared(removeName, "ms", pairsOf(remove, medians(smallest.remove)), Goal{}))
		}
		row := alone(fmt.Sprintf("member_etcd_bytes_%d", g.size), "B", g.bytesByRound, within(8<<10))
		row.Value = g.costs.each().Bytes // a slice is written now and then: only the mean is fair
		row.Cost = g.costs.each()
		bytes = append(bytes, row)
	}
	sizes := make([]string, len(groups)) // all on one line
	for i, g := range groups {
		sizes[i] = fmt.Sprintf("%d members %s ms and %s B put into etcd", g.size, figure.Text(adds[i].Value), figure.Text(bytes[i].Value))
	}
	adds[len(adds)-1].Note = "p50 of one PATCH after another, by size of the group: " + strings.Join(sizes, "; ")
	return slices.Concat(adds, removes, bytes)
}

func medians(rounds [][]time.Duration) []float64 {
	var values []float64
	for _, took := range rounds {
		values = append(values, quantile(took, 0.5))
	}
	return values
}

func pairsOf(values, baselines []float64) []pair {
	pairs := make([]pair, len(values))
	for i := range values {
		pairs[i] = pair{values[i], baselines[i]}
	}
	return pairs
}
