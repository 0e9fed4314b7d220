package networkpolicy

import (
	"slices"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// maxPeers of one direction, as in the API.
const maxPeers = 8

// appliedPeers reads the peers of a status. What cannot be read was not
// written by usable, and tells nothing.
func appliedPeers(applied *v1alpha1.AppliedPeers) []peer {
	if applied == nil {
		return nil
	}
	ingress, err := newPeers(networkingv1.PolicyTypeIngress, applied.Ingress)
	if err != nil {
		return nil
	}
	egress, err := newPeers(networkingv1.PolicyTypeEgress, applied.Egress)
	if err != nil {
		return nil
	}
	return append(ingress, egress...)
}

// usable are the peers for the status: where an expression does not compile,
// those that are there for the same set.
func (w *work) usable(peers []peer) *v1alpha1.AppliedPeers {
	applied := &v1alpha1.AppliedPeers{}
	add := func(p peer) {
		list := &applied.Ingress
		if p.direction == networkingv1.PolicyTypeEgress {
			list = &applied.Egress
		}
		if len(*list) < maxPeers {
			*list = append(*list, *p.spec.DeepCopy())
		}
	}
	for _, p := range peers {
		broken := slices.ContainsFunc(w.fills, func(f *fill) bool { return f.path == p.path && f.failure != nil })
		if !broken {
			add(p)
			continue
		}
		for _, last := range w.lastPeers(p.set) {
			add(last)
		}
	}
	return applied
}

// Expression is a text as a kind reads it.
type Expression struct {
	Kind Kind
	Text string
}

// Expressions are those whose values Wanted may ask for.
func Expressions(policy *v1alpha1.GroupNetworkPolicy) []Expression {
	peers := appliedPeers(policy.Status.Peers)
	if t, err := newTemplate(&policy.Spec); err == nil {
		peers = append(t.peers, peers...)
	}
	var expressions []Expression
	for _, p := range peers {
		if e := p.values(); e.Text != "" && !slices.Contains(expressions, e) {
			expressions = append(expressions, e)
		}
	}
	return expressions
}
