// Package traffic says which connections NetworkPolicies allow: the
// documentation of the API (networking.k8s.io/v1) read sentence by sentence,
// with nothing of what writes the policies, so that tests can hold that to it.
package traffic

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Endpoint is one end of a connection: a pod, or an address outside the
// cluster if Namespace is empty.
type Endpoint struct {
	Namespace string
	Labels    map[string]string
	// PortNames are the names of a pod's container ports.
	PortNames map[string]Port
	Address   netip.Addr
}

// Port is where a connection goes to.
type Port struct {
	Protocol corev1.Protocol
	Number   int32
}

// Cluster is what decides about connections.
type Cluster struct {
	// Namespaces are the labels of each namespace.
	Namespaces map[string]map[string]string
	Policies   []networkingv1.NetworkPolicy
}

// Allows tells whether a connection is allowed: by the source's egress rules
// and by the destination's ingress rules.
func (c Cluster) Allows(from, to Endpoint, port Port) bool {
	return c.AllowsEgress(from, to, port) && c.AllowsIngress(from, to, port)
}

// AllowsIngress is the destination's part. "Traffic is allowed to a pod if
// there are no NetworkPolicies selecting the pod […], or if the traffic matches
// at least one ingress rule across all of the NetworkPolicy objects whose
// podSelector matches the pod."
func (c Cluster) AllowsIngress(from, to Endpoint, port Port) bool {
	isolated := false
	for _, policy := range c.Policies {
		if !applies(policy, to, networkingv1.PolicyTypeIngress) {
			continue
		}
		isolated = true
		for _, rule := range policy.Spec.Ingress {
			if c.anyPeer(policy.Namespace, rule.From, from) && anyPort(rule.Ports, to, port) {
				return true
			}
		}
	}
	return !isolated
}

// AllowsEgress is the source's part.
func (c Cluster) AllowsEgress(from, to Endpoint, port Port) bool {
	isolated := false
	for _, policy := range c.Policies {
		if !applies(policy, from, networkingv1.PolicyTypeEgress) {
			continue
		}
		isolated = true
		for _, rule := range policy.Spec.Egress {
			if c.anyPeer(policy.Namespace, rule.To, to) && anyPort(rule.Ports, to, port) {
				return true
			}
		}
	}
	return !isolated
}

// applies tells whether a policy selects a pod and is about a direction. "If
// [policyTypes] is not specified, it will default based on the existence of
// ingress or egress rules; policies that contain an egress section are assumed
// to affect egress, and all policies (whether or not they contain an ingress
// section) are assumed to affect ingress."
func applies(policy networkingv1.NetworkPolicy, pod Endpoint, direction networkingv1.PolicyType) bool {
	if pod.Namespace == "" || pod.Namespace != policy.Namespace || !Selects(&policy.Spec.PodSelector, pod.Labels) {
		return false
	}
	if len(policy.Spec.PolicyTypes) > 0 {
		return slices.Contains(policy.Spec.PolicyTypes, direction)
	}
	return direction == networkingv1.PolicyTypeIngress || len(policy.Spec.Egress) > 0
}

// anyPeer: "If this field is empty or missing, this rule matches all sources".
func (c Cluster) anyPeer(namespace string, peers []networkingv1.NetworkPolicyPeer, other Endpoint) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		return c.isPeer(namespace, p, other)
	})
}

func (c Cluster) isPeer(namespace string, peer networkingv1.NetworkPolicyPeer, other Endpoint) bool {
	switch {
	case peer.IPBlock != nil:
		return other.Address.IsValid() && inBlock(peer.IPBlock, other.Address)
	case other.Namespace == "":
		return false
	case peer.NamespaceSelector == nil && peer.PodSelector == nil:
		return false
	case peer.NamespaceSelector == nil:
		// "Otherwise it selects the pods matching podSelector in the policy's own namespace."
		return other.Namespace == namespace && Selects(peer.PodSelector, other.Labels)
	case !Selects(peer.NamespaceSelector, c.Namespaces[other.Namespace]):
		return false
	default:
		// "If podSelector is not set […] it selects all pods in the namespaces."
		return peer.PodSelector == nil || Selects(peer.PodSelector, other.Labels)
	}
}

func inBlock(block *networkingv1.IPBlock, address netip.Addr) bool {
	if !netip.MustParsePrefix(block.CIDR).Contains(address) {
		return false
	}
	return !slices.ContainsFunc(block.Except, func(cidr string) bool { return netip.MustParsePrefix(cidr).Contains(address) })
}

// anyPort: "If this field is empty or missing, this rule matches all ports".
func anyPort(ports []networkingv1.NetworkPolicyPort, destination Endpoint, port Port) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		protocol := corev1.ProtocolTCP // "If not specified, this field defaults to TCP."
		if p.Protocol != nil {
			protocol = *p.Protocol
		}
		switch {
		case protocol != port.Protocol:
			return false
		case p.Port == nil: // "If this field is not provided, this matches all port names and numbers."
			return true
		case p.Port.StrVal != "":
			return destination.PortNames[p.Port.StrVal] == port
		case p.EndPort != nil:
			return p.Port.IntVal <= port.Number && port.Number <= *p.EndPort
		}
		return p.Port.IntVal == port.Number
	})
}

// Selects tells whether a selector matches labels. "An empty label selector
// matches all objects. A null label selector matches no objects."
func Selects(selector *metav1.LabelSelector, labels map[string]string) bool {
	if selector == nil {
		return false
	}
	for key, value := range selector.MatchLabels {
		if got, ok := labels[key]; !ok || got != value {
			return false
		}
	}
	for _, requirement := range selector.MatchExpressions {
		value, has := labels[requirement.Key]
		listed := has && slices.Contains(requirement.Values, value)
		ok := false
		switch requirement.Operator {
		case metav1.LabelSelectorOpIn:
			ok = listed
		case metav1.LabelSelectorOpNotIn:
			ok = !listed
		case metav1.LabelSelectorOpExists:
			ok = has
		case metav1.LabelSelectorOpDoesNotExist:
			ok = !has
		default:
			panic(fmt.Sprintf("unknown operator %q", requirement.Operator))
		}
		if !ok {
			return false
		}
	}
	return true
}
