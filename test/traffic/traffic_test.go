package traffic_test

import (
	"net/netip"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/rollcall-scim/rollcall/test/traffic"
)

var (
	labels = map[string]map[string]string{"shop": {"team": "shop"}, "blog": {"team": "blog"}}
	db     = traffic.Endpoint{Namespace: "shop", Labels: map[string]string{"app": "db"}, PortNames: map[string]traffic.Port{"pg": {Protocol: corev1.ProtocolTCP, Number: 5432}}}
	web    = traffic.Endpoint{Namespace: "shop", Labels: map[string]string{"app": "web"}}
	blog   = traffic.Endpoint{Namespace: "blog", Labels: map[string]string{"app": "web"}}
	laptop = traffic.Endpoint{Address: netip.MustParseAddr("10.0.0.7")}
)

// The policies are those that the API's documentation explains.
func TestAllows(t *testing.T) {
	type pairs = map[string]bool // "web", "blog", "laptop" to db on 5432, and "udp", "other" for web on other ports
	for name, test := range map[string]struct {
		policies []string // specs of policies in namespace shop
		want     pairs
	}{
		"no policy": {nil, pairs{"web": true, "blog": true, "laptop": true, "udp": true, "other": true}},
		"a policy for other pods": {[]string{`{podSelector: {matchLabels: {app: web}}, policyTypes: [Ingress]}`},
			pairs{"web": true, "blog": true, "laptop": true, "udp": true, "other": true}},
		"default deny":                 {[]string{`{podSelector: {}, policyTypes: [Ingress]}`}, pairs{}},
		"default deny without a type":  {[]string{`{podSelector: {}}`}, pairs{}},
		"no ingress rules":             {[]string{`{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: []}`}, pairs{}},
		"a rule without peers is all":  {[]string{`{podSelector: {}, ingress: [{from: []}]}`}, pairs{"web": true, "blog": true, "laptop": true, "udp": true, "other": true}},
		"pods of the own namespace":    {[]string{`{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}`}, pairs{"web": true, "udp": true, "other": true}},
		"pods of other namespaces":     {[]string{`{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}, namespaceSelector: {matchLabels: {team: blog}}}]}]}`}, pairs{"blog": true}},
		"all pods of namespaces":       {[]string{`{podSelector: {}, ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: In, values: [blog, x]}]}}]}]}`}, pairs{"blog": true}},
		"an empty namespaceSelector":   {[]string{`{podSelector: {}, ingress: [{from: [{namespaceSelector: {}}]}]}`}, pairs{"web": true, "blog": true, "udp": true, "other": true}},
		"addresses":                    {[]string{`{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24}}]}]}`}, pairs{"laptop": true}},
		"addresses but for some":       {[]string{`{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/24, except: [10.0.0.7/32]}}]}]}`}, pairs{}},
		"a port":                       {[]string{`{podSelector: {}, ingress: [{ports: [{port: 5432}]}]}`}, pairs{"web": true, "blog": true, "laptop": true}},
		"a port by name":               {[]string{`{podSelector: {}, ingress: [{ports: [{port: pg}]}]}`}, pairs{"web": true, "blog": true, "laptop": true}},
		"a range of ports":             {[]string{`{podSelector: {}, ingress: [{ports: [{port: 5000, endPort: 5431}]}]}`}, pairs{}},
		"a protocol":                   {[]string{`{podSelector: {}, ingress: [{ports: [{protocol: UDP}]}]}`}, pairs{"udp": true}},
		"policies add up":              {[]string{`{podSelector: {}}`, `{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.7/32}}]}]}`}, pairs{"laptop": true}},
		"egress of the source":         {[]string{`{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}`}, pairs{"blog": true, "laptop": true}},
		"egress only to some":          {[]string{`{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: db}}}], ports: [{port: 5432}]}]}`}, pairs{"web": true, "blog": true, "laptop": true}},
		"an egress section says both":  {[]string{`{podSelector: {matchLabels: {app: db}}, egress: [{}]}`}, pairs{}},
		"egress only leaves ingress":   {[]string{`{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress]}`}, pairs{"web": true, "blog": true, "laptop": true, "udp": true, "other": true}},
		"NotIn, Exists, DoesNotExist":  {[]string{`{podSelector: {}, ingress: [{from: [{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}, {key: app, operator: Exists}, {key: tier, operator: DoesNotExist}]}}]}]}`}, pairs{"web": true, "udp": true, "other": true}},
		"neither of the two selectors": {[]string{`{podSelector: {}, ingress: [{from: [{}]}]}`}, pairs{}},
	} {
		t.Run(name, func(t *testing.T) {
			c := traffic.Cluster{Namespaces: labels}
			for _, text := range test.policies {
				policy := networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop"}}
				if err := yaml.UnmarshalStrict([]byte(text), &policy.Spec); err != nil {
					t.Fatal(err)
				}
				c.Policies = append(c.Policies, policy)
			}
			pg := traffic.Port{Protocol: corev1.ProtocolTCP, Number: 5432}
			got := pairs{
				"web": c.Allows(web, db, pg), "blog": c.Allows(blog, db, pg), "laptop": c.Allows(laptop, db, pg),
				"udp":   c.Allows(web, db, traffic.Port{Protocol: corev1.ProtocolUDP, Number: 5432}),
				"other": c.Allows(web, db, traffic.Port{Protocol: corev1.ProtocolTCP, Number: 80}),
			}
			for pair, allowed := range got {
				if allowed != test.want[pair] {
					t.Errorf("%s: allowed %v, want %v", pair, allowed, test.want[pair])
				}
			}
		})
	}
}
