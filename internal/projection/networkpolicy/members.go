package networkpolicy

import (
	"net/netip"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// work is one call of Wanted.
type work struct {
	in      Input
	current map[int][]entry // of the objects that exist
	there   map[entry]bool  // all of them
	wanted  map[entry]int   // see assign
	peers   []peer
	fills   []*fill // peers with values
	sources map[types.NamespacedName]Source
	result  *Result
}

// fill is a peer with values while its entries are found.
type fill struct {
	peer
	values  map[types.NamespacedName]Index // nil: not known
	failure error                          // why the expression does not compile: then nobody is added
	without projection.Tally               // members without a value
	outside projection.Tally               // addresses out of bounds
}

func (w *work) report(problems ...projection.Problem) {
	w.result.Problems = append(w.result.Problems, problems...)
}

func (w *work) source(name types.NamespacedName) Source {
	source, ok := w.sources[name]
	if !ok {
		source = w.in.Source(name)
		w.sources[name] = source
	}
	return source
}

// request is for the members of the policy's groups.
func (w *work) request() projection.ResolveRequest {
	policy := w.in.Policy
	return projection.ResolveRequest{
		Namespace:     &projection.Namespace{Name: policy.Namespace, Labels: w.in.NamespaceLabels},
		SyncNamespace: policy.Namespace,
		GroupRefs:     policy.Spec.GroupRefs,
		Source: func(name types.NamespacedName) projection.Source {
			source := w.source(name)
			return projection.Source{Sync: source.Sync, Directory: source.Directory}
		},
	}
}

// fill finds the entries that the peers should have.
func (w *work) fill(peers []peer) {
	w.peers = peers
	members := projection.Resolve(w.request())
	w.report(members.Problems...)
	w.result.Held, w.result.Unresolved = members.Held, members.Unresolved
	for _, p := range peers {
		if p.kind == labeled {
			w.fillLabels(p, members.Groups)
			continue
		}
		w.fills = append(w.fills, w.newFill(p, members.Groups))
	}
	for rank, member := range members.Members {
		entries, complete := w.entriesOf(member)
		for _, e := range entries {
			if f := e.fill; w.there[e.entry] || member.Sure && f.failure == nil && w.in.NoAdditions == nil {
				if _, ok := w.wanted[e.entry]; !ok {
					w.wanted[e.entry] = rank
				}
			}
		}
		if member.Sure {
			w.result.members = append(w.result.members, memberEntries{complete, plain(entries)})
		}
	}
	w.result.MembersDesired = int64(len(w.result.members))
	w.hold(members)
	w.askGuard(members.Groups)
	for _, f := range w.fills {
		w.report(f.problems()...)
	}
}

// newFill asks for the values of a peer: by its expression; or, while that
// does not compile, by the last one for the same set that could be used.
func (w *work) newFill(p peer, groups []projection.ResolvedGroup) *fill {
	f := &fill{peer: p, values: map[types.NamespacedName]Index{}}
	candidates := append([]peer{p}, w.lastPeers(p.set)...)
	for _, group := range groups {
		if _, ok := f.values[group.Sync]; ok {
			continue
		}
		for i, candidate := range candidates {
			values, err := w.source(group.Sync).Values(candidate.values())
			if err == nil {
				f.values[group.Sync] = values
				break
			}
			if i == 0 {
				f.failure = err
			}
		}
	}
	return f
}

// entryOf is an entry and the peer it comes from.
type entryOf struct {
	entry
	fill *fill
}

func plain(entries []entryOf) []entry {
	list := make([]entry, len(entries))
	for i, e := range entries {
		list[i] = e.entry
	}
	return list
}

// entriesOf gives what a member has, and whether it has something for each peer.
func (w *work) entriesOf(member projection.Member) (entries []entryOf, complete bool) {
	complete = true
	for _, f := range w.fills {
		values, err := f.of(member)
		if len(values) == 0 {
			complete = false
			if member.Sure && err != nil {
				f.without.Add("%q (%v)", member.User.Spec.UserName, err)
			}
		}
		for _, value := range values {
			entries = append(entries, entryOf{entry{f.set, value}, f})
		}
	}
	return entries, complete
}

// of gives the values of a member that the peer lets through. What is no
// address, or out of bounds, is left out; the others stay.
func (f *fill) of(member projection.Member) ([]string, error) {
	index := f.values[member.Sync]
	if index == nil {
		return nil, nil
	}
	values, err := index.Values(member.User)
	if f.kind != cidrs {
		return values, err
	}
	if len(values) > 0 && err != nil {
		f.outside.Add("%q (%v)", member.User.Spec.UserName, err)
	}
	inside := slices.DeleteFunc(slices.Clone(values), func(cidr string) bool {
		if f.allows(cidr) {
			return false
		}
		f.outside.Add("%s of %q", cidr, member.User.Spec.UserName)
		return true
	})
	return inside, err
}

func (f *fill) allows(value string) bool {
	if f.kind != cidrs {
		return true
	}
	prefix, err := netip.ParsePrefix(value)
	return err == nil && liesWithin(prefix, f.within)
}

// fillLabels adds the labels that the syncs keep for the groups. Who the
// members are does not matter here: the labels follow them.
func (w *work) fillLabels(p peer, groups []projection.ResolvedGroup) {
	for _, group := range groups {
		e := entry{p.set, NamespaceLabel(group.Sync, group.DisplayName)}
		switch {
		case group.Granted && !group.Unsure && w.in.NoAdditions == nil, (group.Granted || group.Held) && w.there[e]:
			w.wanted[e] = -1
			w.result.labels = append(w.result.labels, e)
		}
		if sync := w.source(group.Sync).Sync; group.Granted && sync != nil &&
			(sync.Spec.LabelNamespaces == nil || !slices.Contains(sync.Spec.LabelNamespaces.Groups, group.DisplayName)) {
			w.report(projection.NewProblem(ReasonGroupNotLabeled,
				"%s: IdentityProviderSync %s keeps no label for group %q, so nothing is let through; its admin may add it to spec.labelNamespaces.groups",
				p.path, group.Sync, group.DisplayName))
		}
	}
}

// hold keeps entries that are there if somebody may have them of whom not
// everything is known.
func (w *work) hold(members *projection.Resolution) {
	for e := range w.there {
		if _, ok := w.wanted[e]; ok {
			continue
		}
		if slices.ContainsFunc(w.fills, func(f *fill) bool { return f.set == e.set && f.holds(e.value, members) }) {
			w.wanted[e] = -1
		}
	}
}

func (f *fill) holds(value string, members *projection.Resolution) bool {
	if !f.allows(value) {
		return false
	}
	for _, group := range members.Groups {
		index := f.values[group.Sync]
		switch {
		case index == nil && (group.Granted || group.Held):
			return true // no expression says whose it is
		case index == nil || !group.Held:
		case slices.ContainsFunc(index.Users(value), func(id string) bool { return members.MayBelong(group.Sync, id) }):
			return true
		}
	}
	return false
}

func (f *fill) problems() []projection.Problem {
	var problems []projection.Problem
	if f.failure != nil {
		problems = append(problems, projection.NewProblem(ReasonInvalidExpression,
			"%s cannot be used: until it is corrected nobody is let through by it who is not already: %v", f.field(), f.failure))
	}
	if n := f.without.Count(); n > 0 {
		problems = append(problems, projection.NewProblem(ReasonMemberWithoutValue,
			"%s gives nothing for %d members, who are left out: %s", f.field(), n, &f.without))
	}
	if f.outside.Count() > 0 {
		problems = append(problems, projection.NewProblem(ReasonAddressOutOfBounds,
			"%s: addresses that cannot be used, or do not lie within %v, are left out: %s", f.field(), f.spec.IPBlocks.Within, &f.outside))
	}
	return problems
}

// lastPeers are those that the status has for a set.
func (w *work) lastPeers(s set) []peer {
	peers := appliedPeers(w.in.Policy.Status.Peers)
	return slices.DeleteFunc(peers, func(p peer) bool { return p.set != s })
}
