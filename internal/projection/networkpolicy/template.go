package networkpolicy

import (
	"fmt"
	"net/netip"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// template is a spec that can be rendered.
type template struct {
	podSelector metav1.LabelSelector
	policyTypes []networkingv1.PolicyType
	ports       map[networkingv1.PolicyType][]networkingv1.NetworkPolicyPort
	peers       []peer
}

// peer is one peer of a rule: what it selects, and whose values.
type peer struct {
	set
	spec v1alpha1.GroupNetworkPolicyPeer
	path string // for problems: spec.ingress.peers[0].pods
	// expression gives the values; "" for the labels that syncs keep.
	expression string
	within     []netip.Prefix // of addresses
}

func (p peer) values() Expression {
	if p.kind == cidrs {
		return Expression{Address, p.expression}
	}
	return Expression{LabelValue, p.expression}
}

// field is the path of the expression.
func (p peer) field() string {
	if p.kind == cidrs {
		return p.path + ".address"
	}
	return p.path + ".value"
}

// directions of rules, in the order they are written.
var directions = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}

func ruleOf(spec *v1alpha1.GroupNetworkPolicySpec, direction networkingv1.PolicyType) *v1alpha1.GroupNetworkPolicyRule {
	if direction == networkingv1.PolicyTypeEgress {
		return spec.Egress
	}
	return spec.Ingress
}

// newTemplate reads a spec; whether the expressions compile is not its matter.
// An error says what has to be corrected.
func newTemplate(spec *v1alpha1.GroupNetworkPolicySpec) (*template, error) {
	if err := checkSelector("spec.podSelector", &spec.PodSelector); err != nil {
		return nil, err
	}
	t := &template{podSelector: spec.PodSelector, ports: map[networkingv1.PolicyType][]networkingv1.NetworkPolicyPort{}}
	for _, direction := range directions {
		rule := ruleOf(spec, direction)
		if slices.Contains(spec.PolicyTypes, direction) || len(spec.PolicyTypes) == 0 && rule != nil {
			t.policyTypes = append(t.policyTypes, direction)
		}
		if rule == nil {
			continue
		}
		path := pathOf(direction)
		for i, port := range rule.Ports {
			if err := checkPort(fmt.Sprintf("%s.ports[%d]", path, i), port); err != nil {
				return nil, err
			}
		}
		t.ports[direction] = rule.Ports
		peers, err := newPeers(direction, rule.Peers)
		if err != nil {
			return nil, err
		}
		t.peers = append(t.peers, peers...)
	}
	return t, nil
}

func pathOf(direction networkingv1.PolicyType) string {
	if direction == networkingv1.PolicyTypeEgress {
		return "spec.egress"
	}
	return "spec.ingress"
}

func newPeers(direction networkingv1.PolicyType, specs []v1alpha1.GroupNetworkPolicyPeer) ([]peer, error) {
	var peers []peer
	for i, spec := range specs {
		p, err := newPeer(direction, fmt.Sprintf("%s.peers[%d]", pathOf(direction), i), spec)
		if err != nil {
			return nil, err
		}
		p.spec = spec
		peers = append(peers, p)
	}
	return peers, nil
}

func newPeer(direction networkingv1.PolicyType, path string, spec v1alpha1.GroupNetworkPolicyPeer) (peer, error) {
	switch {
	case spec.Pods != nil:
		path += ".pods"
		if err := checkLabelKey(path, spec.Pods.LabelKey); err != nil {
			return peer{}, err
		}
		if err := checkSelector(path+".namespaceSelector", spec.Pods.NamespaceSelector); err != nil {
			return peer{}, err
		}
		return peer{path: path, expression: spec.Pods.Value,
			set: set{direction: direction, kind: pods, labelKey: spec.Pods.LabelKey, namespaces: encode(spec.Pods.NamespaceSelector)}}, nil
	case spec.Namespaces != nil && spec.Namespaces.From == v1alpha1.NamespacePeersSync:
		return peer{path: path + ".namespaces", set: set{direction: direction, kind: labeled}}, nil
	case spec.Namespaces != nil:
		path += ".namespaces"
		if err := checkLabelKey(path, spec.Namespaces.LabelKey); err != nil {
			return peer{}, err
		}
		return peer{path: path, expression: spec.Namespaces.Value,
			set: set{direction: direction, kind: namespaces, labelKey: spec.Namespaces.LabelKey}}, nil
	case spec.IPBlocks != nil:
		path += ".ipBlocks"
		p := peer{path: path, expression: spec.IPBlocks.Address, set: set{direction: direction, kind: cidrs}}
		for i, cidr := range spec.IPBlocks.Within {
			prefix, err := ParseAddress(cidr)
			if err != nil {
				return peer{}, fmt.Errorf("%s.within[%d]: %w", path, i, err)
			}
			p.within = append(p.within, prefix)
		}
		return p, nil
	}
	return peer{}, fmt.Errorf("%s is empty: it needs one of pods, namespaces and ipBlocks", path)
}
