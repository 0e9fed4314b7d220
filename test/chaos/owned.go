package chaos

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

type ownedKind int

const (
	user ownedKind = iota
	group
	share // what one worker put into a group that all workers change
)

// shareBorn is what shares are created by: they are there all the time.
const shareBorn = "share"

// owned is a resource that one worker alone changes.
type owned struct {
	kind      ownedKind
	key       string   // tokens begin with it
	names     []string // that it may have; its creation asks for the first
	contested bool     // others want its names too
	mortal    bool     // it may be deleted
	parts     [][]string

	id      string            // SCIM id, if it is there
	creator map[string]string // of each token: the token of the creation
	ids     map[string]string // by token of the creation that was acknowledged
	sent    int
	dirty   bool // it is read before it is changed again
	retired bool // it is left as it is
	history
}

func newOwned(kind ownedKind, key string, names ...string) *owned {
	return &owned{kind: kind, key: key, names: names, creator: map[string]string{}, ids: map[string]string{}, history: newHistory()}
}

// newShare is a worker's part of the shared group with this id.
func newShare(key, id string, parts [][]string) *owned {
	o := newOwned(share, key)
	o.id, o.parts = id, parts
	o.possible = map[variant]bool{{state: state{born: shareBorn}}: true}
	return o
}

// tokenPrefix is what the tokens of its changes begin with.
func (o *owned) tokenPrefix() string { return o.key + "." }

// next makes a change with a token of its own.
func (o *owned) next(kind changeKind, on string) change {
	if o.kind == share {
		return change{kind: kind, on: on}
	}
	o.sent++
	c := change{kind: kind, on: on, token: fmt.Sprintf("%s%d", o.tokenPrefix(), o.sent)}
	o.creator[c.token] = on
	if kind == create {
		o.creator[c.token] = c.token
	}
	return c
}

// choose makes up the next change of a resource in a state.
func (o *owned) choose(rng *rand.Rand, s state) (c change, put bool) {
	dice := rng.IntN(100)
	switch {
	case s.born == "":
		c = o.next(create, "")
		c.name = o.names[0]
		if o.contested {
			c.name = o.anyName(rng)
		}
		c.add = o.someParts(rng)
		return c, false
	case o.mortal && dice < 12:
		return o.next(remove, s.born), false
	}
	c = o.next(alter, s.born)
	if len(o.names) > 1 && dice < 22 {
		if name := o.anyName(rng); name != s.name {
			c.name = name
		}
	}
	if o.kind == user && rng.IntN(3) == 0 {
		active := !s.active
		c.active = &active
	}
	put = o.kind != share && rng.IntN(5) == 0
	switch {
	case o.kind == user:
	case put:
		c.replace, c.add = true, o.someParts(rng)
	default:
		c.add = o.someParts(rng)
		c.drop = o.someParts(rng) &^ c.add
		if c.add|c.drop == 0 {
			c.add = 1
		}
	}
	return c, put
}

// anyName gives one of the names, a contested one in any letter case.
func (o *owned) anyName(rng *rand.Rand) string {
	name := o.names[rng.IntN(len(o.names))]
	if o.contested && rng.IntN(2) == 0 {
		name = strings.ToUpper(name)
	}
	return name
}

func (o *owned) someParts(rng *rand.Rand) uint64 {
	if len(o.parts) == 0 {
		return 0
	}
	return rng.Uint64N(1 << len(o.parts))
}

// members gives the ids of parts.
func (o *owned) members(parts uint64) []string {
	var ids []string
	for i, part := range o.parts {
		if parts&(1<<i) != 0 {
			ids = append(ids, part...)
		}
	}
	return ids
}

// partsOf finds the parts that are in a list of members. Members of others are an
// error unless the group is shared.
func (o *owned) partsOf(members []string) (parts uint64, err error) {
	in := make(map[string]bool, len(members))
	for _, id := range members {
		if in[id] {
			return 0, fmt.Errorf("%s is a member twice", id)
		}
		in[id] = true
	}
	known := 0
	for i, part := range o.parts {
		n := 0
		for _, id := range part {
			if in[id] {
				n++
			}
		}
		switch n {
		case 0:
		case len(part):
			parts |= 1 << i
		default:
			return 0, fmt.Errorf("%d of the %d members of part %d are there, which are always added and removed together", n, len(part), i)
		}
		known += n
	}
	if o.kind == group && known != len(members) {
		return 0, fmt.Errorf("it has %d members that nobody ever added", len(members)-known)
	}
	return parts, nil
}

// userState reads a User. An error says that a change is there in part.
func (o *owned) userState(u *v1alpha1.User) (state, error) {
	department := ""
	if u.Spec.Enterprise != nil {
		department = u.Spec.Enterprise.Department
	}
	token := u.Spec.ExternalID
	if u.Spec.Title != token || u.Spec.NickName != token || department != token {
		return state{}, fmt.Errorf("one change writes externalId, title, nickName and department alike, and they are %q, %q, %q, %q",
			token, u.Spec.Title, u.Spec.NickName, department)
	}
	s := state{name: u.Spec.UserName, token: token, active: u.Spec.Active == nil || *u.Spec.Active}
	return o.withCreator(s)
}

// groupState reads a Group with its members.
func (o *owned) groupState(g *v1alpha1.Group, members []string) (state, error) {
	parts, err := o.partsOf(members)
	if err != nil {
		return state{}, err
	}
	if o.kind == share {
		return state{born: shareBorn, parts: parts}, nil
	}
	return o.withCreator(state{name: g.Spec.DisplayName, token: g.Spec.ExternalID, active: true, parts: parts})
}

func (o *owned) withCreator(s state) (state, error) {
	creator, known := o.creator[s.token]
	if !known {
		return s, fmt.Errorf("nobody ever wrote %q", s.token)
	}
	s.born = creator
	return s, nil
}

// check takes a state that was read, and gives the kind of finding if it should
// not be.
func (o *owned) check(s state) (kind string) {
	partial := s.born != "" && o.kind != share && o.wrote(s.token)
	switch {
	case o.observed(s):
		return ""
	case partial:
		return kindHalf
	}
	return kindLost
}
