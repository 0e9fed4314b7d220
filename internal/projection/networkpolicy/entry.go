package networkpolicy

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// peerKind is what a peer selects by.
type peerKind int

const (
	pods       peerKind = iota // by the value of a label
	namespaces                 // by the value of a label
	labeled                    // namespaces by a label that a sync keeps: its key
	cidrs                      // CIDRs
)

// set is what entries of one kind have in common. Peers that differ only in
// their expression fill one set.
type set struct {
	direction  networkingv1.PolicyType
	kind       peerKind
	labelKey   string
	namespaces string // the namespaceSelector of pods, as JSON; "" if there is none
}

// entry lets something through: a value of a label, a key or a CIDR.
type entry struct {
	set   set
	value string
}

func compareEntries(a, b entry) int {
	return cmp.Or(compareSets(a.set, b.set), strings.Compare(a.value, b.value))
}

func compareSets(a, b set) int {
	return cmp.Or(strings.Compare(string(b.direction), string(a.direction)), // Ingress first
		cmp.Compare(a.kind, b.kind), strings.Compare(a.labelKey, b.labelKey), strings.Compare(a.namespaces, b.namespaces))
}

func encode(selector *metav1.LabelSelector) string {
	if selector == nil {
		return ""
	}
	text, err := json.Marshal(selector)
	if err != nil {
		panic("a label selector has no JSON: " + err.Error()) // it is made of strings
	}
	return string(text)
}

func decode(text string) *metav1.LabelSelector {
	if text == "" {
		return nil
	}
	selector := &metav1.LabelSelector{}
	if err := json.Unmarshal([]byte(text), selector); err != nil {
		panic("encode gave what is no label selector: " + err.Error())
	}
	return selector
}

// peersOf writes sorted values of one set as peers.
func (s set) peersOf(values []string, limits Limits) []networkingv1.NetworkPolicyPeer {
	var peers []networkingv1.NetworkPolicyPeer
	switch s.kind {
	case pods:
		for chunk := range slices.Chunk(values, limits.ValuesPerPeer) {
			peers = append(peers, networkingv1.NetworkPolicyPeer{PodSelector: in(s.labelKey, chunk), NamespaceSelector: decode(s.namespaces)})
		}
	case namespaces:
		for chunk := range slices.Chunk(values, limits.ValuesPerPeer) {
			peers = append(peers, networkingv1.NetworkPolicyPeer{NamespaceSelector: in(s.labelKey, chunk)})
		}
	case labeled:
		for _, key := range values {
			peers = append(peers, networkingv1.NetworkPolicyPeer{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{key: NamespaceLabelValue}}})
		}
	case cidrs:
		for _, cidr := range values {
			peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: cidr}})
		}
	}
	return peers
}

func in(key string, values []string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
		{Key: key, Operator: metav1.LabelSelectorOpIn, Values: slices.Clone(values)}}}
}

// entriesOf reads a peer as peersOf writes it. Any other peer gives nothing:
// it is none of ours.
func entriesOf(direction networkingv1.PolicyType, p networkingv1.NetworkPolicyPeer) []entry {
	s := set{direction: direction}
	switch {
	case p.IPBlock != nil:
		if p.PodSelector != nil || p.NamespaceSelector != nil || len(p.IPBlock.Except) > 0 {
			return nil
		}
		s.kind = cidrs
		return []entry{{s, p.IPBlock.CIDR}}
	case p.PodSelector != nil:
		s.kind, s.namespaces = pods, encode(p.NamespaceSelector)
		return s.of(p.PodSelector)
	case p.NamespaceSelector != nil && len(p.NamespaceSelector.MatchExpressions) == 0 && len(p.NamespaceSelector.MatchLabels) == 1:
		s.kind = labeled
		for key, value := range p.NamespaceSelector.MatchLabels {
			if strings.HasPrefix(key, v1alpha1.NamespaceAccessLabelPrefix) && value == NamespaceLabelValue {
				return []entry{{s, key}}
			}
		}
	case p.NamespaceSelector != nil:
		s.kind = namespaces
		return s.of(p.NamespaceSelector)
	}
	return nil
}

// of reads the selector that in writes.
func (s set) of(selector *metav1.LabelSelector) []entry {
	if len(selector.MatchLabels) > 0 || len(selector.MatchExpressions) != 1 || selector.MatchExpressions[0].Operator != metav1.LabelSelectorOpIn {
		return nil
	}
	s.labelKey = selector.MatchExpressions[0].Key
	entries := make([]entry, 0, len(selector.MatchExpressions[0].Values))
	for _, value := range selector.MatchExpressions[0].Values {
		entries = append(entries, entry{s, value})
	}
	return entries
}
