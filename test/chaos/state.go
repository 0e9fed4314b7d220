package chaos

import "fmt"

// state is what a resource is, or what one worker's part of a shared group is.
type state struct {
	born   string // the token of the change that created it; empty: there is none
	name   string // userName or displayName
	token  string // of the last change
	active bool   // of users
	parts  uint64 // of groups: the bit of each part whose members are in it
}

func (s state) String() string {
	if s.born == "" {
		return "absent"
	}
	return fmt.Sprintf("name %q, written by %s, created by %s, active %t, parts %b", s.name, s.token, s.born, s.active, s.parts)
}

type changeKind int

const (
	create changeKind = iota
	alter
	remove
)

// change is one request to change one resource. What it does not mention
// stays as it is.
type change struct {
	kind  changeKind
	token string // unique; every attribute that a change writes carries it
	on    string // born of what it is about; a change by id can hit nothing else

	name    string // empty: as it was
	active  *bool
	replace bool   // the group then has the parts of add and no others
	add     uint64 // parts
	drop    uint64
}

// apply gives the state after a change; ok tells whether it can succeed.
func (c change) apply(s state) (after state, ok bool) {
	switch c.kind {
	case create:
		if s.born != "" {
			return s, false
		}
		s = state{born: c.token, active: true}
	case remove:
		if s.born == "" || s.born != c.on {
			return s, false
		}
		return state{}, true
	case alter:
		if s.born == "" || s.born != c.on {
			return s, false
		}
	}
	s.token = c.token
	if c.name != "" {
		s.name = c.name
	}
	if c.active != nil {
		s.active = *c.active
	}
	if c.replace {
		s.parts = 0
	}
	s.parts = s.parts&^c.drop | c.add
	return s, true
}
