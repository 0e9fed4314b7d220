package networkpolicy

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// LabelPolicy is on each NetworkPolicy: the name of its GroupNetworkPolicy; of
// a name over 63 characters, its beginning and a hash.
const LabelPolicy = "scim.rollcall.dev/network-policy"

const (
	kindGroupNetworkPolicy = "GroupNetworkPolicy"
	defaultProtocol        = corev1.ProtocolTCP
)

// OwnerOf gives the name of the GroupNetworkPolicy, in the same namespace, that
// controls an object. It goes by name, not by UID, so that one restored from a
// backup takes its objects over without a gap.
func OwnerOf(object metav1.Object) (name string, ok bool) {
	owner := metav1.GetControllerOfNoCopy(object)
	if owner == nil || owner.Kind != kindGroupNetworkPolicy {
		return "", false
	}
	group, _, _ := strings.Cut(owner.APIVersion, "/")
	return owner.Name, group == v1alpha1.GroupVersion.Group
}

// IsNameOf tells whether an object of a GroupNetworkPolicy may have a name.
func IsNameOf(policy types.NamespacedName, name string) bool {
	_, ok := indexOf(policy, name)
	return ok
}

// IsFirst tells whether an object's name is that of the first one, which
// isolates the pods in any case.
func IsFirst(name string) bool { return strings.HasSuffix(name, "-0") }

func keyOf(policy *v1alpha1.GroupNetworkPolicy) types.NamespacedName {
	return types.NamespacedName{Namespace: policy.Namespace, Name: policy.Name}
}

func prefixOf(policy types.NamespacedName) string {
	return policy.Name + "-" + hash(kindGroupNetworkPolicy, policy.Namespace, policy.Name) + "-"
}

// indexOf reads the index off a name.
func indexOf(policy types.NamespacedName, name string) (int, bool) {
	digits, ok := strings.CutPrefix(name, prefixOf(policy))
	if !ok {
		return 0, false
	}
	index, err := strconv.Atoi(digits)
	return index, err == nil && index >= 0 && strconv.Itoa(index) == digits
}

// newObject is the index-th object of a policy, with no rules.
func newObject(policy *v1alpha1.GroupNetworkPolicy, index int) *networkingv1.NetworkPolicy {
	controller := true
	return &networkingv1.NetworkPolicy{
		TypeMeta: metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: policy.Namespace,
			Name:      prefixOf(keyOf(policy)) + strconv.Itoa(index),
			Labels:    map[string]string{projection.LabelManagedBy: projection.ManagedBy, LabelPolicy: LabelValueOf(policy.Name)},
			// Without blockOwnerDeletion, which takes a permission of its own on some clusters.
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1alpha1.GroupVersion.String(),
				Kind:       kindGroupNetworkPolicy,
				Name:       policy.Name,
				UID:        policy.UID,
				Controller: &controller,
			}},
		},
	}
}

// LabelValueOf gives the value of LabelPolicy.
func LabelValueOf(name string) string {
	if len(name) <= maxLabelName {
		return name
	}
	suffix := "-" + hash(name)
	return name[:maxLabelName-len(suffix)] + suffix
}

// render writes sorted entries as the spec of an object. The policyTypes are
// always there: what the API makes of their absence depends on the rules.
func (t *template) render(entries []entry, limits Limits) networkingv1.NetworkPolicySpec {
	spec := networkingv1.NetworkPolicySpec{PodSelector: *t.podSelector.DeepCopy(), PolicyTypes: slices.Clone(t.policyTypes)}
	var ingress, egress []networkingv1.NetworkPolicyPeer
	for _, s := range setsOf(entries) {
		var values []string
		for _, e := range entries {
			if e.set == s {
				values = append(values, e.value)
			}
		}
		peers := s.peersOf(values, limits)
		if s.direction == networkingv1.PolicyTypeEgress {
			egress = append(egress, peers...)
		} else {
			ingress = append(ingress, peers...)
		}
	}
	// A rule with no peers would let everything through, so there is none.
	for from := range slices.Chunk(ingress, limits.PeersPerRule) {
		spec.Ingress = append(spec.Ingress, networkingv1.NetworkPolicyIngressRule{Ports: t.portsOf(networkingv1.PolicyTypeIngress), From: from})
	}
	for to := range slices.Chunk(egress, limits.PeersPerRule) {
		spec.Egress = append(spec.Egress, networkingv1.NetworkPolicyEgressRule{Ports: t.portsOf(networkingv1.PolicyTypeEgress), To: to})
	}
	return spec
}

// portsOf has the protocols that the API server would fill in, so that what it
// stores is what was wanted.
func (t *template) portsOf(direction networkingv1.PolicyType) []networkingv1.NetworkPolicyPort {
	var ports []networkingv1.NetworkPolicyPort
	for _, port := range t.ports[direction] {
		port = *port.DeepCopy()
		if port.Protocol == nil {
			tcp := defaultProtocol
			port.Protocol = &tcp
		}
		ports = append(ports, port)
	}
	return ports
}

// setsOf are the sets of entries, in order, each once.
func setsOf(entries []entry) []set {
	seen := map[set]bool{}
	var sets []set
	for _, e := range entries {
		if !seen[e.set] {
			seen[e.set] = true
			sets = append(sets, e.set)
		}
	}
	slices.SortFunc(sets, compareSets)
	return sets
}

// entriesIn reads the entries of an object that render wrote.
func entriesIn(spec *networkingv1.NetworkPolicySpec) []entry {
	var entries []entry
	for _, rule := range spec.Ingress {
		for _, p := range rule.From {
			entries = append(entries, entriesOf(networkingv1.PolicyTypeIngress, p)...)
		}
	}
	for _, rule := range spec.Egress {
		for _, p := range rule.To {
			entries = append(entries, entriesOf(networkingv1.PolicyTypeEgress, p)...)
		}
	}
	return entries
}

// reduce leaves of an object only the entries to keep. The rest of it stays as
// it is: nothing new comes of it.
func reduce(spec *networkingv1.NetworkPolicySpec, keep func(entry) bool, limits Limits) networkingv1.NetworkPolicySpec {
	reduced := *spec.DeepCopy()
	reducePeers := func(direction networkingv1.PolicyType, peers []networkingv1.NetworkPolicyPeer) []networkingv1.NetworkPolicyPeer {
		var left []networkingv1.NetworkPolicyPeer
		for _, p := range peers {
			entries := entriesOf(direction, p)
			kept := slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return !keep(e) })
			switch {
			case len(kept) == 0:
			case len(kept) == len(entries):
				left = append(left, p)
			default:
				var values []string
				for _, e := range kept {
					values = append(values, e.value)
				}
				left = append(left, kept[0].set.peersOf(values, limits)...)
			}
		}
		return left
	}
	reduced.Ingress, reduced.Egress = nil, nil
	for _, rule := range spec.Ingress {
		if rule.From = reducePeers(networkingv1.PolicyTypeIngress, rule.From); len(rule.From) > 0 {
			reduced.Ingress = append(reduced.Ingress, rule)
		}
	}
	for _, rule := range spec.Egress {
		if rule.To = reducePeers(networkingv1.PolicyTypeEgress, rule.To); len(rule.To) > 0 {
			reduced.Egress = append(reduced.Egress, rule)
		}
	}
	return reduced
}
