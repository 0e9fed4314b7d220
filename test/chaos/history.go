package chaos

import (
	"maps"
	"slices"
	"time"
)

const (
	// lateness is how long after its failure a change may still take effect: the
	// API server itself gives a request up after a minute.
	lateness = 75 * time.Second
	// maxPending bounds the changes of one resource whose outcome is not known.
	maxPending = 5
)

// history knows what a resource may be. A change that was acknowledged has
// happened. One that was answered with an error, or not at all, has happened, or
// will at any time until it is too late, or never: once, whole, and after it
// was sent.
type history struct {
	possible map[variant]bool
	pending  []change
	last     time.Time // when the last of pending failed
}

// variant is a state that is possible if just these of the pending changes have
// happened.
type variant struct {
	state
	happened uint32
}

func newHistory() history { return history{possible: map[variant]bool{{}: true}} }

// closure is what is possible now.
func (h *history) closure() map[variant]bool {
	all := maps.Clone(h.possible)
	queue := slices.Collect(maps.Keys(all))
	for len(queue) > 0 {
		v := queue[0]
		queue = queue[1:]
		for i, c := range h.pending {
			bit := uint32(1) << i
			if v.happened&bit != 0 {
				continue
			}
			after, ok := c.apply(v.state)
			next := variant{after, v.happened | bit}
			if ok && !all[next] {
				all[next] = true
				queue = append(queue, next)
			}
		}
	}
	return all
}

// acknowledged takes a change that was answered with success. It is false if that
// cannot be: the next state is then what the change alone tells.
func (h *history) acknowledged(c change) bool {
	after := map[variant]bool{}
	for v := range h.closure() {
		if s, ok := c.apply(v.state); ok {
			after[variant{s, v.happened}] = true
		}
	}
	if len(after) == 0 {
		return false
	}
	h.possible = after
	return true
}

// unknown takes a change whose outcome is not known.
func (h *history) unknown(c change, now time.Time) {
	h.pending, h.last = append(h.pending, c), now
}

// keep takes what has been seen, as a condition on what is possible. It is
// false if nothing fits.
func (h *history) keep(fits func(state) bool) bool {
	left := map[variant]bool{}
	for v := range h.closure() {
		if fits(v.state) {
			left[v] = true
		}
	}
	if len(left) == 0 {
		return false
	}
	h.possible = left
	return true
}

// observed takes a state that was read. It is false if it should not be; the
// history goes on from there.
func (h *history) observed(s state) bool {
	if h.keep(func(possible state) bool { return possible == s }) {
		return true
	}
	h.possible = map[variant]bool{{state: s}: true}
	return false
}

// candidates are the states that are possible now, for people.
func (h *history) candidates() []string {
	var texts []string
	for v := range h.closure() {
		texts = append(texts, v.String())
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// settled gives the state, if only one is possible without what is pending.
func (h *history) settled() (state, bool) {
	var found *state
	for v := range h.possible {
		if found != nil && *found != v.state {
			return state{}, false
		}
		found = &v.state
	}
	return *found, true
}

// rested takes changes that are too late to happen now: they have happened, or
// never will. It is false while there are too many others to go on.
func (h *history) rested(now time.Time) bool {
	if len(h.pending) > 0 && now.Sub(h.last) > lateness {
		states := map[variant]bool{}
		for v := range h.closure() {
			states[variant{state: v.state}] = true
		}
		h.possible, h.pending = states, nil
	}
	return len(h.pending) < maxPending
}

// wrote tells whether what is possible includes a state that this change was
// the last to write, whatever else is in it.
func (h *history) wrote(token string) bool {
	for v := range h.closure() {
		if v.born != "" && v.token == token {
			return true
		}
	}
	return false
}
