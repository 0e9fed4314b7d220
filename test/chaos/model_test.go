package chaos

import (
	"testing"
	"time"
)

// A story is what happens to a resource; the last step is what is read.
type step struct {
	do   string // acknowledged, unknown, read
	c    change
	s    state
	want bool
}

func acked(c change) step          { return step{do: "acknowledged", c: c, want: true} }
func impossible(c change) step     { return step{do: "acknowledged", c: c} }
func unclear(c change) step        { return step{do: "unknown", c: c} }
func read(want bool, s state) step { return step{do: "read", s: s, want: want} }
func born(token string) change     { return change{kind: create, token: token, name: "a"} }
func wrote(token string, add, drop uint64) change {
	return change{kind: alter, token: token, on: "1", add: add, drop: drop}
}

func TestHistory(t *testing.T) {
	one := state{born: "1", name: "a", token: "1", active: true}
	after := func(token string, parts uint64) state {
		s := one
		s.token, s.parts = token, parts
		return s
	}
	gone := change{kind: remove, token: "r", on: "1"}
	tests := map[string][]step{
		"what was acknowledged is there":             {acked(born("1")), acked(wrote("2", 1, 0)), read(true, after("2", 1))},
		"what was acknowledged is lost":              {acked(born("1")), acked(wrote("2", 1, 0)), read(false, one)},
		"it is half there":                           {acked(born("1")), acked(wrote("2", 3, 0)), read(false, after("2", 1))},
		"what failed may be there":                   {acked(born("1")), unclear(wrote("2", 1, 0)), read(true, after("2", 1))},
		"what failed may be missing":                 {acked(born("1")), unclear(wrote("2", 1, 0)), read(true, one)},
		"what failed is there whole":                 {acked(born("1")), unclear(wrote("2", 3, 0)), read(false, after("2", 1))},
		"what failed may come late":                  {acked(born("1")), unclear(wrote("2", 1, 0)), read(true, one), acked(wrote("3", 2, 0)), read(true, after("2", 3))},
		"what came late takes nothing away":          {acked(born("1")), unclear(wrote("2", 1, 0)), read(true, one), acked(wrote("3", 2, 0)), read(false, after("2", 1))},
		"it happens once":                            {acked(born("1")), unclear(wrote("2", 1, 0)), read(true, after("2", 1)), acked(wrote("3", 0, 1)), read(false, after("2", 1))},
		"a creation may come late":                   {unclear(born("1")), read(true, state{}), read(true, one)},
		"a name is taken once":                       {unclear(born("1")), acked(born("2")), read(false, one)},
		"a deletion by id cannot hit another":        {acked(born("1")), unclear(gone), read(true, state{}), acked(born("2")), read(false, state{})},
		"what is gone was not changed":               {acked(born("1")), acked(gone), impossible(wrote("2", 1, 0))},
		"what may be gone was changed, so it is not": {acked(born("1")), unclear(gone), acked(wrote("2", 1, 0)), read(true, after("2", 1))},
		"two unclear changes in either order":        {acked(born("1")), unclear(wrote("2", 1, 2)), unclear(wrote("3", 2, 1)), read(true, after("2", 1))},
		"a replacement drops what it does not name": {acked(born("1")), acked(wrote("2", 5, 0)),
			acked(change{kind: alter, token: "3", on: "1", replace: true, add: 2}), read(true, after("3", 2))},
	}
	for name, story := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHistory()
			for i, step := range story {
				got := step.want
				switch step.do {
				case "acknowledged":
					got = h.acknowledged(step.c)
				case "unknown":
					h.unknown(step.c, time.Time{})
				case "read":
					got = h.observed(step.s)
				}
				if got != step.want {
					t.Fatalf("step %d: got %t, want %t; possible are %v", i, got, step.want, h.possible)
				}
			}
		})
	}
}

func TestSettledAndRested(t *testing.T) {
	h := newHistory()
	now := time.Now()
	h.acknowledged(born("1"))
	for i := range maxPending {
		if !h.rested(now) {
			t.Fatalf("it rests after %d changes", i)
		}
		h.unknown(wrote("x", 1<<i, 0), now)
	}
	if h.rested(now.Add(lateness)) {
		t.Error("it does not rest though too much is pending")
	}
	h.acknowledged(wrote("2", 0, 0))
	if _, settled := h.settled(); settled {
		t.Error("it is settled though what is pending may have happened before")
	}
	last := state{born: "1", name: "a", token: "2", active: true, parts: 1}
	if !h.observed(last) {
		t.Fatal("one of the changes may have happened")
	}
	if !h.rested(now.Add(lateness + 1)) {
		t.Error("it rests though all that was pending is too late")
	}
	if got, settled := h.settled(); settled {
		t.Errorf("what is too late now may have happened since the last look, and it is settled: %v", got)
	}
	if !h.observed(last) {
		t.Fatal("nothing may have happened")
	}
	if got, settled := h.settled(); !settled || got != last {
		t.Errorf("got %v, %t", got, settled)
	}
	if h.observed(state{born: "1", name: "a", token: "2", active: true, parts: 3}) {
		t.Error("what is too late has happened")
	}
	h.unknown(wrote("3", 8, 0), now)
	if !h.rested(now.Add(lateness+1)) || !h.observed(state{born: "1", name: "a", token: "3", active: true, parts: 11}) {
		t.Error("nobody looked in time, but it may have happened then")
	}
}
