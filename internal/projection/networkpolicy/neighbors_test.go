package networkpolicy

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/traffic"
)

func TestFindNeighbors(t *testing.T) {
	ingress, egress := networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress
	for name, test := range map[string]struct {
		spec   string // of the GroupNetworkPolicy
		others []string
		want   Neighbors
	}{
		"alone": {spec: `{podSelector: {}, policyTypes: [Ingress, Egress]}`, want: Neighbors{Open: []networkingv1.PolicyType{ingress, egress}}},
		"default deny": {
			spec:   `{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress, Egress]}`,
			others: []string{`{podSelector: {}, policyTypes: [Ingress, Egress]}`},
		},
		"default deny of one direction": {
			spec:   `{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress, Egress]}`,
			others: []string{`{podSelector: {}}`},
			want:   Neighbors{Open: []networkingv1.PolicyType{egress}},
		},
		"a direction that is not isolated does not count": {
			spec:   `{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}`,
			others: []string{`{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}`},
		},
		"default deny of other pods": {
			spec:   `{podSelector: {}, policyTypes: [Ingress]}`,
			others: []string{`{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}`},
			want:   Neighbors{Open: []networkingv1.PolicyType{ingress}},
		},
		"another policy lets everybody in": {
			spec:   `{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}`,
			others: []string{`{podSelector: {}, ingress: [{}]}`},
			want:   Neighbors{Open: []networkingv1.PolicyType{ingress}, Bypasses: []Bypass{{"other-0", ingress, false}}},
		},
		"on some ports": {
			spec:   `{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress]}`,
			others: []string{`{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}], ports: [{port: 80}]}]}`, `{podSelector: {}}`},
			want:   Neighbors{Bypasses: []Bypass{{"other-0", ingress, true}}},
		},
		"all addresses": {
			spec:   `{podSelector: {}, policyTypes: [Egress]}`,
			others: []string{`{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}`, `{podSelector: {}, policyTypes: [Egress]}`},
			want:   Neighbors{Bypasses: []Bypass{{"other-0", egress, false}}},
		},
		"only some are let in": {
			spec: `{podSelector: {}, policyTypes: [Ingress]}`,
			others: []string{`{podSelector: {}, ingress: [{from: [{podSelector: {}}, {namespaceSelector: {matchLabels: {team: a}}}, {ipBlock: {cidr: 10.0.0.0/8}}]}]}`,
				`{podSelector: {}}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			policy := &v1alpha1.GroupNetworkPolicy{}
			if err := yaml.UnmarshalStrict([]byte(test.spec), &policy.Spec); err != nil {
				t.Fatal(err)
			}
			var others []networkingv1.NetworkPolicy
			for i, text := range test.others {
				other := networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("other-%d", i)}}
				if err := yaml.UnmarshalStrict([]byte(text), &other.Spec); err != nil {
					t.Fatal(err)
				}
				others = append(others, other)
			}
			if diff := cmp.Diff(test.want, FindNeighbors(policy, others)); diff != "" {
				t.Errorf("neighbors (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPoliciesOfGroupNetworkPoliciesAreNoNeighbors(t *testing.T) {
	policy := &v1alpha1.GroupNetworkPolicy{Spec: v1alpha1.GroupNetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}}}
	own := newObject(policy, 0)
	if got := FindNeighbors(policy, []networkingv1.NetworkPolicy{*own}); len(got.Open) != 1 {
		t.Errorf("an object of an empty group counts as default deny: %+v", got)
	}
}

// Whatever the labels, a selector that covers another selects what that does.
func TestCovers(t *testing.T) {
	value := rapid.SampledFrom([]string{"a", "b", "c"})
	key := rapid.SampledFrom([]string{"x", "y"})
	selector := rapid.Custom(func(t *rapid.T) *metav1.LabelSelector {
		s := &metav1.LabelSelector{MatchLabels: rapid.MapOfN(key, value, 0, 1).Draw(t, "labels")}
		for range rapid.IntRange(0, 2).Draw(t, "expressions") {
			r := metav1.LabelSelectorRequirement{Key: key.Draw(t, "key"), Operator: rapid.SampledFrom([]metav1.LabelSelectorOperator{
				metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist}).Draw(t, "operator")}
			if r.Operator == metav1.LabelSelectorOpIn || r.Operator == metav1.LabelSelectorOpNotIn {
				r.Values = rapid.SliceOfN(value, 1, 3).Draw(t, "values")
			}
			s.MatchExpressions = append(s.MatchExpressions, r)
		}
		return s
	})
	rapid.Check(t, func(t *rapid.T) {
		wide, narrow := selector.Draw(t, "wide"), selector.Draw(t, "narrow")
		labels := rapid.MapOfN(key, value, 0, 2).Draw(t, "of a pod")
		if covers(wide, narrow) && traffic.Selects(narrow, labels) && !traffic.Selects(wide, labels) {
			t.Fatalf("%v covers %v, but does not select %v", wide, narrow, labels)
		}
		if !covers(narrow, narrow) || !covers(&metav1.LabelSelector{}, narrow) {
			t.Fatalf("%v is not covered by itself and by everything", narrow)
		}
	})
}

// A cache gives policies in any order; a status is written when its words change.
func TestNeighborsAreToldInOrder(t *testing.T) {
	p := policy()
	letIn(p, podPeer)
	var policies []networkingv1.NetworkPolicy
	for _, name := range []string{"c", "a", "b"} {
		other := networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{Ingress: []networkingv1.NetworkPolicyIngressRule{{}}}}
		other.Name = name
		policies = append(policies, other)
	}
	var names []string
	for _, bypass := range FindNeighbors(p, policies).Bypasses {
		names = append(names, bypass.Name)
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(names, want) {
		t.Errorf("told of %q, want %q", names, want)
	}
}
