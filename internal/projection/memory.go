package projection

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
)

const (
	// leastRemembered is from how many members on a group is remembered: a
	// smaller one is worked out as quickly.
	leastRemembered = 1000
	// mostRecalled is up to how many users are looked at again.
	mostRecalled = 500
	// mostAbsent is how many members that do not exist are looked for each time.
	mostAbsent = 100
	// mostRecalls is after how many uses all is worked out anew in any case, so
	// that nothing that a Memory might have missed lasts.
	mostRecalls = 256
)

// Memory is what a binding of one large group came to, so that a member who
// comes or goes takes no look at the others. Project gives the same with and
// without it. It is used only where all is plain: the members are users, each
// has a name of its own that can be bound, or must not have access; nothing is
// held or guarded, and the sync has no userFilter. Otherwise, and after any
// change that is not plain, all is worked out anew.
//
// The zero value is ready to use. A Memory is for one binding, and for one
// call of Project at a time.
type Memory struct {
	least int // members; 0: leastRemembered

	of     memoryKey         // the zero value: nothing is remembered
	at     uint64            // position in the log
	ids    []string          // of the members, as the directory lists them
	names  []string          // sorted; shared with outcomes, so never changed
	bound  map[string]string // name of each member by id; empty: has no access
	absent map[string]bool   // ids of members that do not exist
	laid   *laid
	uses   int // since all was worked out
}

// memoryKey is what a Memory is about. A Log is one of an expression.
type memoryKey struct {
	log            Log
	group, sync    types.UID
	groupID        string
	name           types.NamespacedName
	syncGeneration int64
}

// recollection is what a run has of a Memory.
type recollection struct {
	memorable  *grant // the group that may be remembered
	key        memoryKey
	now        uint64 // position in the log before anything was looked at
	recalled   bool
	come, gone []string // names, sorted, if recalled
	only       *layout  // that of the only site
}

// recall takes the members of a group from the Memory, after a look at those
// who have changed. It reports whether that could be done.
func (r *run) recall(g *grant) bool {
	m, s := r.Memory, g.roster
	if m == nil || len(r.all) != 1 || g.standing != givesAccess || s.Log == nil || s.Usernames == nil || s.UsernamesError != nil ||
		len(s.filter.names) > 0 || s.Sync.Spec.RemovalGuard != nil {
		return false
	}
	r.memorable = g
	r.key = memoryKey{log: s.Log, group: g.group.UID, groupID: g.group.Spec.ID, name: s.name, sync: s.Sync.UID, syncGeneration: s.Sync.Generation}
	changed, now, ok := s.Log.Since(m.at)
	r.now = now
	if m.uses++; !ok || m.uses > mostRecalls || m.of != r.key || !r.update(g, changed) {
		m.forget()
		return false
	}
	r.recalled, g.expanded, g.portion = true, true, &portion{names: m.names}
	r.outcome.MembersDesired, r.outcome.names = int64(len(m.names)), m.names
	return true
}

func (m *Memory) forget() { *m = Memory{least: m.least} }

// update brings a Memory in line. If it cannot, the Memory is of no more use.
func (r *run) update(g *grant, changed []string) bool {
	m, s := r.Memory, g.roster
	ids, err := s.Directory.Members(g.group)
	if err != nil {
		return false
	}
	joined, left, ok := difference(m.ids, ids)
	changed = distinct(slices.Clone(changed))
	again := slices.DeleteFunc(slices.Clone(changed), func(id string) bool { _, member := m.bound[id]; return !member })
	if !ok || len(joined)+len(left)+len(again) > mostRecalled {
		return false
	}
	look := newLook(s)
	set := func(id, name string, exists bool) {
		if old := m.bound[id]; old != name {
			look.come, look.gone = appendName(look.come, name), appendName(look.gone, old)
		}
		m.bound[id] = name
		if delete(m.absent, id); !exists {
			m.absent[id] = true
		}
	}
	for _, id := range left {
		set(id, "", true)
		delete(m.bound, id)
	}
	for _, id := range slices.Concat(again, joined, slices.Collect(maps.Keys(m.absent))) {
		if slices.Contains(left, id) {
			continue
		}
		name, exists, plain := look.at(id)
		if !plain {
			return false
		}
		set(id, name, exists)
	}
	names, plain := merge(m.names, look.come, look.gone)
	if !plain || len(m.absent) > mostAbsent || len(m.bound) != len(ids) || slices.ContainsFunc(changed, func(id string) bool { return look.shares(m, id, names) }) {
		return false
	}
	isNot := func(list []string) func(string) bool {
		return func(name string) bool { _, is := slices.BinarySearch(list, name); return is }
	}
	r.come, r.gone = slices.DeleteFunc(look.come, isNot(m.names)), slices.DeleteFunc(look.gone, isNot(names))
	m.ids, m.names = ids, names
	return true
}

func appendName(names []string, name string) []string {
	if name == "" {
		return names
	}
	return append(names, name)
}

// look looks at some users as portionOf does. What it finds that is not plain
// is not reported: portionOf will.
type look struct {
	*roster
	come, gone []string
}

func newLook(s *roster) *look { return &look{roster: newRoster(s.name, s.Source)} }

// at gives the name under which a member is to be bound, empty if not at all.
func (l *look) at(id string) (name string, exists, plain bool) {
	user, ok := l.Directory.User(id)
	if !ok || !isResource(&user.Spec.ResourceSpec) {
		_, group := l.Directory.GroupByID(id)
		return "", false, !group
	}
	p := l.person(user)
	if p.state == no {
		return "", true, true
	}
	l.giveName(p)
	return p.name, true, p.name != "" && p.bearers == yes && len(l.shared) == 0
}

// shares tells whether somebody who is no member has the name of a member.
func (l *look) shares(m *Memory, id string, names []string) bool {
	user, exists := l.Directory.User(id)
	if _, member := m.bound[id]; member || !exists {
		return false
	}
	name, err := l.Usernames.Name(user)
	if err != nil {
		return false
	}
	_, shares := slices.BinarySearch(names, name)
	return shares
}

// remember keeps what the run came to for the next one.
func (r *run) remember() {
	switch m := r.Memory; {
	case m == nil:
	case !r.recalled && !r.isPlain():
		m.forget()
	default:
		if !r.recalled {
			r.learn()
		}
		m.at = r.now
		m.laid = r.laidOut()
	}
}

// isPlain tells whether the only group is one to remember.
func (r *run) isPlain() bool {
	g := r.memorable
	if g == nil || g.held != nil || g.portion == nil {
		return false
	}
	s, members := g.roster, g.members
	least := r.Memory.least
	if least == 0 {
		least = leastRemembered
	}
	return len(members.direct) >= least && len(members.direct)-len(members.users) <= mostAbsent &&
		!members.nested && len(members.unresolved) == 0 && !s.unsure && s.unusable.Count() == 0 && len(s.shared) == 0 &&
		len(g.portion.maybe) == 0 && int64(len(g.portion.names)) == r.outcome.MembersDesired
}

// learn fills the Memory.
func (r *run) learn() {
	g := r.memorable
	m := &Memory{least: r.Memory.least, of: r.key, ids: g.members.direct, names: g.portion.names,
		bound: make(map[string]string, len(g.members.direct)), absent: map[string]bool{}}
	for _, user := range g.members.users {
		p, name := g.roster.person(user), ""
		if p.state == yes {
			name = p.name
		}
		m.bound[user.Spec.ID] = name
	}
	for _, id := range m.ids {
		if _, exists := m.bound[id]; !exists {
			m.bound[id], m.absent[id] = "", true
		}
	}
	if len(m.bound) != len(m.ids) { // an id is listed twice
		m.forget()
	}
	*r.Memory = *m
}
