package networkpolicy

import (
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Neighbors is what the other NetworkPolicies of a namespace mean for the pods
// of a GroupNetworkPolicy. Policies add up: one more can only let more through.
type Neighbors struct {
	// Open are the directions in which no other policy isolates all of these
	// pods without letting anything through: without this policy they are open.
	Open []networkingv1.PolicyType
	// Bypasses name the policies that let everybody through to or from them.
	Bypasses []Bypass
}

// Bypass is a policy that lets everybody through.
type Bypass struct {
	Name      string
	Direction networkingv1.PolicyType
	// SomePorts is true if it does so on some ports only.
	SomePorts bool
}

// FindNeighbors looks at the policies of the namespace, and tells of them in order
// of their names; those of GroupNetworkPolicies do not count. What is found is so,
// but not all that is so is found: of two selectors that look different it cannot
// be told which pods there will be.
func FindNeighbors(policy *v1alpha1.GroupNetworkPolicy, policies []networkingv1.NetworkPolicy) Neighbors {
	t, err := newTemplate(&policy.Spec)
	if err != nil {
		return Neighbors{}
	}
	policies = slices.SortedFunc(slices.Values(policies), func(a, b networkingv1.NetworkPolicy) int { return strings.Compare(a.Name, b.Name) })
	var n Neighbors
	for _, direction := range t.policyTypes {
		closed := false
		for i := range policies {
			other := &policies[i]
			if _, ours := OwnerOf(other); ours || !isolates(&other.Spec, direction) || !covers(&other.Spec.PodSelector, &policy.Spec.PodSelector) {
				continue
			}
			closed = closed || rulesOf(&other.Spec, direction) == 0
			if everybody, somePorts := letsEverybody(&other.Spec, direction); everybody {
				n.Bypasses = append(n.Bypasses, Bypass{other.Name, direction, somePorts})
			}
		}
		if !closed {
			n.Open = append(n.Open, direction)
		}
	}
	slices.SortStableFunc(n.Bypasses, func(a, b Bypass) int {
		if a.SomePorts != b.SomePorts && !a.SomePorts {
			return -1
		} else if a.SomePorts != b.SomePorts {
			return 1
		}
		return 0
	})
	return n
}

// isolates follows the defaults of policyTypes.
func isolates(spec *networkingv1.NetworkPolicySpec, direction networkingv1.PolicyType) bool {
	if len(spec.PolicyTypes) > 0 {
		return slices.Contains(spec.PolicyTypes, direction)
	}
	return direction == networkingv1.PolicyTypeIngress || len(spec.Egress) > 0
}

func rulesOf(spec *networkingv1.NetworkPolicySpec, direction networkingv1.PolicyType) int {
	if direction == networkingv1.PolicyTypeEgress {
		return len(spec.Egress)
	}
	return len(spec.Ingress)
}

// letsEverybody tells whether a rule lets all pods of the cluster, or all
// addresses, through.
func letsEverybody(spec *networkingv1.NetworkPolicySpec, direction networkingv1.PolicyType) (everybody, somePorts bool) {
	look := func(peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
		if len(peers) == 0 || slices.ContainsFunc(peers, isEverybody) {
			somePorts = (somePorts || !everybody) && len(ports) > 0
			everybody = true
		}
	}
	if direction == networkingv1.PolicyTypeEgress {
		for _, rule := range spec.Egress {
			look(rule.To, rule.Ports)
		}
		return everybody, somePorts
	}
	for _, rule := range spec.Ingress {
		look(rule.From, rule.Ports)
	}
	return everybody, somePorts
}

func isEverybody(p networkingv1.NetworkPolicyPeer) bool {
	if p.IPBlock != nil {
		return (p.IPBlock.CIDR == "0.0.0.0/0" || p.IPBlock.CIDR == "::/0") && len(p.IPBlock.Except) == 0
	}
	return isEmpty(p.NamespaceSelector) && (p.PodSelector == nil || isEmpty(p.PodSelector))
}

func isEmpty(selector *metav1.LabelSelector) bool {
	return selector != nil && len(selector.MatchLabels) == 0 && len(selector.MatchExpressions) == 0
}

// covers reports whether a selector surely selects all that another one
// selects: each of its requirements follows from one of the other's.
func covers(wide, narrow *metav1.LabelSelector) bool {
	given := requirements(narrow)
	return !slices.ContainsFunc(requirements(wide), func(wanted metav1.LabelSelectorRequirement) bool {
		return !slices.ContainsFunc(given, func(r metav1.LabelSelectorRequirement) bool { return follows(wanted, r) })
	})
}

func requirements(selector *metav1.LabelSelector) []metav1.LabelSelectorRequirement {
	list := slices.Clone(selector.MatchExpressions)
	for key, value := range selector.MatchLabels {
		list = append(list, metav1.LabelSelectorRequirement{Key: key, Operator: metav1.LabelSelectorOpIn, Values: []string{value}})
	}
	return list
}

// follows reports whether all labels that meet given also meet wanted.
func follows(wanted, given metav1.LabelSelectorRequirement) bool {
	if wanted.Key != given.Key {
		return false
	}
	has := func(value string) bool { return slices.Contains(wanted.Values, value) }
	switch wanted.Operator {
	case metav1.LabelSelectorOpExists:
		return given.Operator == metav1.LabelSelectorOpExists || given.Operator == metav1.LabelSelectorOpIn
	case metav1.LabelSelectorOpDoesNotExist:
		return given.Operator == metav1.LabelSelectorOpDoesNotExist
	case metav1.LabelSelectorOpIn:
		return given.Operator == metav1.LabelSelectorOpIn && !slices.ContainsFunc(given.Values, func(v string) bool { return !has(v) })
	case metav1.LabelSelectorOpNotIn:
		switch given.Operator {
		case metav1.LabelSelectorOpDoesNotExist:
			return true
		case metav1.LabelSelectorOpIn:
			return !slices.ContainsFunc(given.Values, has)
		case metav1.LabelSelectorOpNotIn:
			return !slices.ContainsFunc(wanted.Values, func(v string) bool { return !slices.Contains(given.Values, v) })
		}
	}
	return false
}
