package networkpolicy

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/labelvalue"
	"github.com/rollcall-scim/rollcall/test/traffic"
)

// The users' names have to be escaped in labels, and differ little.
var names = []string{"ann", "Ann", "bob@x.org", "bob_x.org", "bob_x40_x.org", "a b", "日本", strings.Repeat("long", 20), strings.Repeat("long", 21)}

var addressTexts = []string{"10.0.0.7", "10.0.0.0/30", "10.1.0.1", "0.0.0.0/0", "2001:DB8::7", "2001:db8:1::/48", "::/0", "::ffff:10.0.0.9", "10.0.0.5/24", "nonsense"}

func drawCompany(t *rapid.T) (*company, []string) {
	c := newCompany()
	groups := []string{"a-devs", "a-ops", "b-devs"}
	ids := append(slices.Clone(names), append(groups, "nobody")...)
	for _, name := range names {
		user := c.user(name, rapid.SliceOfN(rapid.SampledFrom(addressTexts), 0, 3).Draw(t, "addresses")...)
		active := rapid.IntRange(0, 3).Draw(t, "active") > 0
		user.Spec.Active = &active
	}
	for _, group := range groups {
		c.group(group, rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 0, 6, rapid.ID).Draw(t, "members")...)
	}
	if rapid.Bool().Draw(t, "groupFilter") {
		c.sync.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"a-"}}
	}
	if rapid.Bool().Draw(t, "userFilter") {
		c.sync.Spec.UserFilter = &v1alpha1.UserFilter{Groups: []string{rapid.SampledFrom(groups).Draw(t, "of")}}
	}
	return c, groups
}

// isMember finds a path down from a group, through groups that may be passed.
func (c *company) isMember(group, user string, passes func(string) bool, seen ...string) bool {
	if c.groups[group] == nil || slices.Contains(seen, group) || !passes(group) {
		return false
	}
	return slices.ContainsFunc(c.members[group], func(member string) bool {
		return member == user || c.isMember(member, user, passes, append(slices.Clone(seen), group)...)
	})
}

// mayAccess is what the documentation promises about one user.
func (c *company) mayAccess(groups []string, user *v1alpha1.User) bool {
	synced := func(group string) bool { return c.sync.Spec.GroupFilter == nil || strings.HasPrefix(group, "a-") }
	in := func(groups []string, passes func(string) bool) bool {
		return slices.ContainsFunc(groups, func(g string) bool { return c.isMember(g, user.Spec.ID, passes) })
	}
	return *user.Spec.Active && in(groups, synced) &&
		(c.sync.Spec.UserFilter == nil || in(c.sync.Spec.UserFilter.Groups, func(string) bool { return true }))
}

// neighborhood is everything that might want to talk to the pods.
func neighborhood() (namespaces map[string]map[string]string, endpoints []traffic.Endpoint) {
	namespaces = map[string]map[string]string{
		"shop": {"kind": "prod"}, "dev": {"kind": "dev"}, "plain": {},
		"labeled": {NamespaceLabel(entra, "a-devs"): "true"}, "false": {NamespaceLabel(entra, "a-devs"): "false"}, "ops": {NamespaceLabel(entra, "a-ops"): "true"},
		"filtered": {NamespaceLabel(entra, "b-devs"): "true"}, "gone": {NamespaceLabel(entra, "no-such"): "true"},
	}
	for i, name := range names {
		namespaces[fmt.Sprintf("own-%d", i)] = map[string]string{"owner": labelvalue.Escape("o-" + name)}
	}
	for namespace := range namespaces {
		endpoints = append(endpoints, traffic.Endpoint{Namespace: namespace}, traffic.Endpoint{Namespace: namespace, Labels: map[string]string{"user": "", "app": "db"}})
		for _, name := range names {
			endpoints = append(endpoints, traffic.Endpoint{Namespace: namespace, Labels: map[string]string{"user": labelvalue.Escape(name)}})
		}
	}
	for _, text := range []string{"10.0.0.1", "10.0.0.7", "10.0.0.9", "10.0.1.1", "10.1.0.1", "192.0.2.1", "2001:db8::7", "2001:db8:1::5", "2001:db9::1"} {
		endpoints = append(endpoints, traffic.Endpoint{Address: netip.MustParseAddr(text)})
	}
	return namespaces, endpoints
}

// isPeerOf says whether an endpoint is a member's by a peer, the naive way.
func isPeerOf(c *company, peer v1alpha1.GroupNetworkPolicyPeer, groups []string, user *v1alpha1.User, e traffic.Endpoint, namespaces map[string]map[string]string) bool {
	switch {
	case peer.Pods != nil && peer.Pods.NamespaceSelector == nil:
		return e.Namespace == "shop" && e.Labels["user"] == labelvalue.Escape(user.Spec.UserName)
	case peer.Pods != nil:
		return namespaces[e.Namespace]["kind"] == "dev" && e.Labels["user"] == labelvalue.Escape(user.Spec.UserName)
	case peer.IPBlocks != nil:
		return e.Address.IsValid() && slices.ContainsFunc(user.Spec.IMs, func(v v1alpha1.MultiValue) bool {
			switch v.Value { // of addressTexts
			case "10.0.0.7", "2001:DB8::7":
				return e.Address == netip.MustParseAddr(v.Value)
			case "::ffff:10.0.0.9":
				return e.Address.String() == "10.0.0.9"
			case "10.0.0.0/30":
				return e.Address.String() == "10.0.0.1"
			case "2001:db8:1::/48":
				return e.Address.String() == "2001:db8:1::5"
			}
			return false // out of bounds, or no address
		})
	case peer.Namespaces.From == v1alpha1.NamespacePeersSync:
		return slices.ContainsFunc(groups, func(group string) bool {
			return c.groups[group] != nil && (c.sync.Spec.GroupFilter == nil || strings.HasPrefix(group, "a-")) &&
				namespaces[e.Namespace][NamespaceLabel(entra, group)] == "true"
		})
	}
	return e.Namespace != "" && namespaces[e.Namespace]["owner"] == labelvalue.Escape("o-"+user.Spec.UserName)
}

// Whatever the groups, users, pods, namespaces and addresses: a connection is
// allowed if and only if it is a member's, also after changes, and also while
// nobody is a member.
func TestTrafficIsThatOfTheMembers(t *testing.T) {
	namespaces, endpoints := neighborhood()
	ports := []traffic.Port{{Protocol: corev1.ProtocolTCP, Number: 5432}, {Protocol: corev1.ProtocolUDP, Number: 5432}, {Protocol: corev1.ProtocolTCP, Number: 80}}
	pg := intstr.FromInt32(5432)
	rapid.Check(t, func(t *rapid.T) {
		c, groups := drawCompany(t)
		refs := rapid.SliceOfNDistinct(rapid.SampledFrom(append(groups, "no-such")), 1, 3, rapid.ID).Draw(t, "refs")
		w := &cluster{company: c, policy: policy(refs...), limits: tiny}
		peers := rapid.SliceOfN(rapid.SampledFrom([]v1alpha1.GroupNetworkPolicyPeer{podPeer, otherPodPeer, namespacePeer, syncPeer, addressPeer}), 1, 3)
		rule := &v1alpha1.GroupNetworkPolicyRule{Peers: peers.Draw(t, "peers")}
		if rapid.Bool().Draw(t, "ports") {
			rule.Ports = []networkingv1.NetworkPolicyPort{{Port: &pg}}
		}
		ingress := rapid.Bool().Draw(t, "ingress")
		if ingress {
			w.policy.Spec.Ingress = rule
		} else {
			w.policy.Spec.Egress = rule
		}
		db := traffic.Endpoint{Namespace: "shop", Labels: map[string]string{"app": "db"}}
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			w.project()
			now := traffic.Cluster{Namespaces: namespaces, Policies: w.objects}
			for _, other := range endpoints {
				for _, port := range ports {
					want := rule.Ports == nil || port == ports[0]
					want = want && slices.ContainsFunc(rule.Peers, func(peer v1alpha1.GroupNetworkPolicyPeer) bool {
						return peer.Namespaces != nil && peer.Namespaces.From == v1alpha1.NamespacePeersSync && isPeerOf(c, peer, refs, nil, other, namespaces) ||
							slices.ContainsFunc(slices.Collect(maps.Values(c.users)), func(user *v1alpha1.User) bool {
								return c.mayAccess(refs, user) && (peer.Namespaces == nil || peer.Namespaces.From != v1alpha1.NamespacePeersSync) &&
									isPeerOf(c, peer, refs, user, other, namespaces)
							})
					})
					got := now.AllowsIngress(other, db, port)
					if !ingress {
						got = now.AllowsEgress(db, other, port)
					}
					if got != want {
						t.Fatalf("%+v on %v: allowed %v, want %v; policies %+v", other, port, got, want, w.objects)
					}
				}
			}
			// Somebody joins, leaves, or is enabled or disabled.
			group, user := rapid.SampledFrom(groups).Draw(t, "group"), rapid.SampledFrom(names).Draw(t, "user")
			switch members := c.members[group]; {
			case rapid.IntRange(0, 2).Draw(t, "state") == 0:
				active := !*c.users[user].Spec.Active
				c.users[user].Spec.Active = &active
			case slices.Contains(members, user):
				c.members[group] = slices.DeleteFunc(slices.Clone(members), func(id string) bool { return id == user })
			default:
				c.members[group] = append(slices.Clone(members), user)
			}
		}
	})
}

// What is written is bounded, and selects by values only: there is no rule
// without peers, no peer without requirements and no requirement without values.
func TestObjectsAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, groups := drawCompany(t)
		w := &cluster{company: c, policy: letIn(policy(groups...), podPeer, namespacePeer, syncPeer, addressPeer), limits: tiny}
		w.policy.Spec.Egress = w.policy.Spec.Ingress
		w.project()
		if len(w.objects) == 0 || w.objects[0].Name != newObject(w.policy, 0).Name {
			t.Fatal("the first object is not there")
		}
		for _, object := range w.objects {
			if len(object.Spec.PolicyTypes) != 2 || len(entriesIn(&object.Spec)) > tiny.EntriesPerLargeObject {
				t.Fatalf("object %+v", object)
			}
			var rules [][]networkingv1.NetworkPolicyPeer
			for _, rule := range object.Spec.Ingress {
				rules = append(rules, rule.From)
			}
			for _, rule := range object.Spec.Egress {
				rules = append(rules, rule.To)
			}
			for _, peers := range rules {
				if len(peers) == 0 || len(peers) > tiny.PeersPerRule {
					t.Fatalf("a rule has %d peers", len(peers))
				}
				for _, p := range peers {
					if entries := entriesOf(networkingv1.PolicyTypeIngress, p); len(entries) == 0 || len(entries) > tiny.ValuesPerPeer {
						t.Fatalf("a peer has %d values: %+v", len(entries), p)
					}
				}
			}
		}
	})
}

// While groups cannot be read, the values lie between what they are known to
// be and what they were.
func TestHoldingNeitherGrowsNorShrinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, groups := drawCompany(t)
		refs := rapid.SliceOfNDistinct(rapid.SampledFrom(groups), 1, 3, rapid.ID).Draw(t, "refs")
		w := &cluster{company: c, policy: letIn(policy(refs...), podPeer), limits: tiny}
		w.project()
		for _, group := range rapid.SliceOf(rapid.SampledFrom(groups)).Draw(t, "unreadable") {
			c.unreadable[group] = true
		}
		if rapid.Bool().Draw(t, "disable") {
			no := false
			c.users[rapid.SampledFrom(names).Draw(t, "who")].Spec.Active = &no
		}
		want := []string{}
		for _, name := range names {
			if c.mayAccess(refs, c.users[name]) {
				want = append(want, labelvalue.Escape(name))
			}
		}
		slices.Sort(want)
		w.project()
		if got := w.values(); !slices.Equal(got, want) {
			t.Fatalf("values %q while some groups are unreadable, want %q", got, want)
		}
		fresh := &cluster{company: c, policy: w.policy, limits: tiny}
		fresh.project()
		for _, value := range fresh.values() {
			if !slices.Contains(want, value) {
				t.Fatalf("%q was added on a guess; want %q", value, want)
			}
		}
	})
}
