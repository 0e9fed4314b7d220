package networkpolicy

import (
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Reasons of explanations, besides those of problems.
const (
	// ReasonValueShared says that what is a user's gets through since others have it.
	ReasonValueShared projection.Reason = "ValueShared"
	// ReasonNamespaceOfUser names the namespace that is labeled for a user.
	ReasonNamespaceOfUser projection.Reason = "NamespaceOfUser"
)

// Explanation says why what is a user's on the network gets through by one
// GroupNetworkPolicy, or does not. Other policies may let it through as well.
type Explanation struct {
	Policy   string `json:"policy"` // GroupNetworkPolicy/<namespace>/<name>
	Sync     string `json:"sync"`
	UserID   string `json:"userId"`
	UserName string `json:"userName,omitempty"`
	// Reasons are why nothing of the user's can get through.
	Reasons []projection.Cause            `json:"reasons,omitempty"`
	Groups  []projection.GroupExplanation `json:"groups,omitempty"`
	Peers   []PeerExplanation             `json:"peers,omitempty"`
}

// PeerExplanation is what one peer of a rule makes of the user.
type PeerExplanation struct {
	Direction string `json:"direction"` // Ingress or Egress
	Peer      string `json:"peer"`      // its path: spec.ingress.peers[0].pods
	// Ports are protocol/port or protocol/first-last; none means all.
	Ports  []string           `json:"ports,omitempty"`
	Values []ValueExplanation `json:"values,omitempty"`
	// Reasons are why the user has no value here.
	Reasons []projection.Cause `json:"reasons,omitempty"`
}

// ValueExplanation is one thing on the network that is the user's.
type ValueExplanation struct {
	// Value tells people what it is: pods by label, namespaces by label, or a CIDR.
	Value string `json:"value"`
	// State is projection.AccessBound when it gets through.
	State projection.AccessState `json:"state"`
	// Objects are the NetworkPolicies that let it through now.
	Objects []string           `json:"objects,omitempty"`
	Reasons []projection.Cause `json:"reasons,omitempty"`
}

// Explain says why what is a user's gets through, or does not. The input is as
// for Wanted, except that it has no Guard.
func Explain(in Input, sync types.NamespacedName, userID string) *Explanation {
	in.Guard = nil
	x := &explaining{work: workOut(in), sync: sync, answer: &Explanation{
		Policy: GuardKey(keyOf(in.Policy)), Sync: sync.String(), UserID: userID}}
	x.explainMember(userID)
	for _, p := range x.peers {
		peer := PeerExplanation{Direction: string(p.direction), Peer: p.path, Ports: x.portsOf(p.direction)}
		switch {
		case x.user == nil:
		case p.kind == labeled:
			x.explainLabels(p, &peer)
		default:
			x.explainValues(p, &peer)
		}
		x.answer.Peers = append(x.answer.Peers, peer)
	}
	return x.answer
}

// explaining is one call of Explain.
type explaining struct {
	*work
	sync   types.NamespacedName
	user   *v1alpha1.User // nil: there is none
	member bool           // active, synced, and in one of the groups
	answer *Explanation
}

func (x *explaining) explainMember(userID string) {
	a := x.answer
	if _, err := newTemplate(&x.in.Policy.Spec); err != nil {
		a.Reasons = append(a.Reasons, because(ReasonInvalidSpec, "%v; what was let through before stays", err))
	}
	if !slices.ContainsFunc(x.in.Policy.Spec.GroupRefs, func(ref v1alpha1.GroupReference) bool {
		return projection.SyncName(x.in.Policy.Namespace, ref) == x.sync
	}) {
		a.Reasons = append(a.Reasons, because(projection.ReasonNotAMember, "the policy names no group of IdentityProviderSync %s", x.sync))
		return
	}
	found := projection.ExplainMember(x.request(), x.sync, userID)
	a.Reasons, a.Groups, x.user = append(a.Reasons, found.Reasons...), found.Groups, found.User
	if x.user == nil {
		return
	}
	a.UserName = x.user.Spec.UserName
	x.member = len(found.Reasons) == 0 && slices.ContainsFunc(a.Groups, gives)
}

// gives tells whether a group lets its member through: problems of some of its
// other members are no reason against it.
func gives(g projection.GroupExplanation) bool {
	return g.Member && !slices.ContainsFunc(g.Reasons, func(c projection.Cause) bool {
		return c.Reason != projection.ReasonNestedGroupNotSynced && c.Reason != projection.ReasonGroupUnresolved
	})
}

// explainValues looks at what an expression makes of the user.
func (x *explaining) explainValues(p peer, peer *PeerExplanation) {
	i := slices.IndexFunc(x.fills, func(f *fill) bool { return f.path == p.path })
	f := x.fills[i]
	if f.failure != nil {
		peer.Reasons = append(peer.Reasons, because(ReasonInvalidExpression, "%s cannot be used: %v", f.field(), f.failure))
	}
	index := f.values[x.sync]
	if index == nil {
		return
	}
	values, err := index.Values(x.user)
	if err != nil {
		reason := ReasonMemberWithoutValue
		if p.kind == cidrs && len(values) > 0 {
			reason = ReasonAddressOutOfBounds
		}
		peer.Reasons = append(peer.Reasons, because(reason, "%s: %v", f.field(), err))
	}
	for _, value := range values {
		if !f.allows(value) {
			peer.Reasons = append(peer.Reasons, because(ReasonAddressOutOfBounds, "%s does not lie within %v", value, f.spec.IPBlocks.Within))
			continue
		}
		e := entry{f.set, value}
		v := ValueExplanation{Value: e.String(), Objects: x.holding(e)}
		x.judge(&v, e, f.failure != nil)
		peer.Values = append(peer.Values, v)
	}
}

// explainLabels looks at the labels that the sync keeps for the user's groups.
func (x *explaining) explainLabels(p peer, peer *PeerExplanation) {
	sync := x.source(x.sync).Sync
	for _, g := range x.answer.Groups {
		if !g.Member {
			continue
		}
		e := entry{p.set, NamespaceLabel(x.sync, g.DisplayName)}
		v := ValueExplanation{Value: e.String(), Objects: x.holding(e), Reasons: x.namespaceOf(sync, g.DisplayName)}
		_, wanted := x.wanted[e]
		switch {
		case wanted && x.there[e]:
			v.State = projection.AccessBound
		case wanted:
			v.State = projection.AccessPending
		case x.there[e]:
			v.State = projection.AccessRemoving
		default:
			v.State = projection.AccessNone
			v.Reasons = append(v.Reasons, g.Reasons...)
		}
		peer.Values = append(peer.Values, v)
	}
	if len(peer.Values) == 0 {
		peer.Reasons = append(peer.Reasons, because(projection.ReasonNotAMember, "the user is in none of the groups"))
	}
}

// namespaceOf says which namespace has the label for the user.
func (x *explaining) namespaceOf(sync *v1alpha1.IdentityProviderSync, group string) []projection.Cause {
	switch {
	case sync == nil:
		return nil
	case sync.Spec.LabelNamespaces == nil || !slices.Contains(sync.Spec.LabelNamespaces.Groups, group):
		return []projection.Cause{because(ReasonGroupNotLabeled, "IdentityProviderSync %s keeps no label for group %q", x.sync, group)}
	}
	values, err := Compile(Namespace, sync.Spec.LabelNamespaces.Namespace)
	if err != nil {
		return []projection.Cause{because(ReasonInvalidExpression, "spec.labelNamespaces.namespace of IdentityProviderSync %s cannot be used: %v", x.sync, err)}
	}
	names, err := values(x.user)
	if err != nil {
		return []projection.Cause{because(ReasonMemberWithoutValue, "the user has no namespace: %v", err)}
	}
	return []projection.Cause{because(ReasonNamespaceOfUser, "the user's namespace is %q, if labelNamespaces may label it", names[0])}
}

// judge compares what should be with what is.
func (x *explaining) judge(v *ValueExplanation, e entry, failed bool) {
	rank, wanted := x.wanted[e]
	switch {
	case wanted && x.there[e] && (rank >= 0 || x.member):
		v.State = projection.AccessBound
	case wanted && x.there[e]:
		v.State = projection.AccessHeld
		v.Reasons = append(v.Reasons, because(projection.ReasonGroupUnresolved, "it stays until everything about the groups is known"))
	case wanted:
		v.State = projection.AccessPending
	case x.there[e] && x.guardHolds():
		v.State = projection.AccessHeld
		v.Reasons = append(v.Reasons, because(projection.ReasonRemovalsHeld, "the removalGuard of IdentityProviderSync %s holds removals", x.sync))
	case x.there[e]:
		v.State = projection.AccessRemoving
	case x.member && (x.in.NoAdditions != nil || failed):
		v.State = projection.AccessPending
		if x.in.NoAdditions != nil {
			v.Reasons = append(v.Reasons, projection.Cause{Reason: x.in.NoAdditions.Reason, Message: x.in.NoAdditions.Message})
		}
	default:
		v.State = projection.AccessNone
	}
	if !x.member && (v.State == projection.AccessBound || v.State == projection.AccessPending) {
		v.Reasons = append(v.Reasons, because(ReasonValueShared, "the user is no active, synced member, but a member has the same value"))
	}
}

// guardHolds tells whether the sync holds removals of users like this one.
func (x *explaining) guardHolds() bool {
	sync := x.source(x.sync).Sync
	return sync != nil && sync.Spec.RemovalGuard != nil && sync.Status.RemovalGuard != nil && projection.Active(x.user)
}

// holding gives the objects that have an entry.
func (x *explaining) holding(e entry) []string {
	var names []string
	for index, entries := range x.current {
		if slices.Contains(entries, e) {
			names = append(names, newObject(x.in.Policy, index).Name)
		}
	}
	slices.Sort(names)
	return names
}

func because(reason projection.Reason, format string, args ...any) projection.Cause {
	return projection.Cause{Reason: reason, Message: projection.NewProblem(reason, format, args...).Message}
}

// String says what an entry lets through.
func (e entry) String() string {
	switch e.set.kind {
	case pods:
		where := "in this namespace"
		if selector := decode(e.set.namespaces); selector != nil {
			where = "in namespaces with " + metav1.FormatLabelSelector(selector)
		}
		return fmt.Sprintf("pods with %s=%s %s", e.set.labelKey, e.value, where)
	case namespaces:
		return fmt.Sprintf("all pods of namespaces with %s=%s", e.set.labelKey, e.value)
	case labeled:
		return fmt.Sprintf("all pods of namespaces with %s=%s", e.value, NamespaceLabelValue)
	}
	return e.value
}

// portsOf gives the ports of a direction for people.
func (x *explaining) portsOf(direction networkingv1.PolicyType) []string {
	rule := ruleOf(&x.in.Policy.Spec, direction)
	if rule == nil {
		return nil
	}
	var ports []string
	for _, port := range rule.Ports {
		protocol := defaultProtocol
		if port.Protocol != nil {
			protocol = *port.Protocol
		}
		text := string(protocol)
		if port.Port != nil {
			text += "/" + port.Port.String()
		}
		if port.EndPort != nil {
			text += fmt.Sprintf("-%d", *port.EndPort)
		}
		ports = append(ports, text)
	}
	return ports
}
