package networkpolicy

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// brief is an Explanation without its texts.
type brief struct {
	Why    []projection.Reason
	Groups map[string]string // displayName: member, path, reasons
	Values map[string]string // value: state, objects, reasons
	Peers  []projection.Reason
}

func briefly(e *Explanation) brief {
	why := func(causes []projection.Cause) (all []projection.Reason) {
		for _, c := range causes {
			all = append(all, c.Reason)
		}
		return all
	}
	text := func(v ...any) string {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(data)
	}
	b := brief{Why: why(e.Reasons), Groups: map[string]string{}, Values: map[string]string{}}
	for _, g := range e.Groups {
		b.Groups[g.DisplayName] = text(g.Member, g.Path, why(g.Reasons))
	}
	for _, p := range e.Peers {
		b.Peers = append(b.Peers, why(p.Reasons)...)
		for _, v := range p.Values {
			b.Values[v.Value] = text(v.State, len(v.Objects), why(v.Reasons))
		}
	}
	return b
}

func TestExplain(t *testing.T) {
	const pod, address = "pods with user=ann in this namespace", "10.0.0.7/32"
	no := false
	label := "all pods of namespaces with " + NamespaceLabel(entra, "dba") + "=true"
	tests := map[string]struct {
		peers []v1alpha1.GroupNetworkPolicyPeer
		// change comes after the policy was written.
		change  func(*company, *v1alpha1.GroupNetworkPolicy)
		rewrite bool // it is written again afterwards
		noMore  bool
		user    string
		want    brief
	}{
		"let through": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer, addressPeer}, want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{pod: `["Bound",1,null]`, address: `["Bound",1,null]`}}},
		"not yet": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, user: "new", change: func(c *company, _ *v1alpha1.GroupNetworkPolicy) {
			c.user("new")
			c.members["dba"] = append(c.members["dba"], "new")
		}, want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{"pods with user=new in this namespace": `["Pending",0,null]`}}},
		"while a policy is missing": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, user: "new", noMore: true, change: func(c *company, _ *v1alpha1.GroupNetworkPolicy) {
			c.user("new")
			c.members["dba"] = append(c.members["dba"], "new")
		}, want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{"pods with user=new in this namespace": `["Pending",0,["AdmissionPolicyMissing"]]`}}},
		"disabled a moment ago": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, change: func(c *company, _ *v1alpha1.GroupNetworkPolicy) { c.users["ann"].Spec.Active = &no }, want: brief{
			Why:    []projection.Reason{projection.ReasonUserInactive},
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{pod: `["Removing",1,null]`}}},
		"disabled": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, rewrite: true, change: func(c *company, _ *v1alpha1.GroupNetworkPolicy) { c.users["ann"].Spec.Active = &no }, want: brief{
			Why:    []projection.Reason{projection.ReasonUserInactive},
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{pod: `["None",0,null]`}}},
		"no member, but a member has the address": {peers: []v1alpha1.GroupNetworkPolicyPeer{addressPeer}, user: "guest", want: brief{
			Groups: map[string]string{"dba": `[false,null,["NotAMember"]]`},
			Values: map[string]string{address: `["Bound",1,["ValueShared"]]`}}},
		"an address out of bounds": {peers: []v1alpha1.GroupNetworkPolicyPeer{addressPeer}, user: "far", want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],null]`}, Values: map[string]string{},
			Peers: []projection.Reason{ReasonAddressOutOfBounds}}},
		"no address": {peers: []v1alpha1.GroupNetworkPolicyPeer{addressPeer}, user: "poor", want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],null]`}, Values: map[string]string{},
			Peers: []projection.Reason{ReasonMemberWithoutValue}}},
		"held": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, change: func(c *company, _ *v1alpha1.GroupNetworkPolicy) { c.unreadable["dba"] = true }, want: brief{
			Groups: map[string]string{"dba": `[false,null,["GroupUnresolved","GroupUnresolved"]]`},
			Values: map[string]string{pod: `["Held",1,["GroupUnresolved"]]`}}},
		"a sync that does not let the namespace in": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, rewrite: true, change: func(c *company, _ *v1alpha1.GroupNetworkPolicy) {
			c.sync.Spec.AllowedNamespaces = nil
		}, want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],["NamespaceNotAllowed"]]`},
			Values: map[string]string{pod: `["None",0,null]`}}},
		"an expression that cannot be used": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, change: func(_ *company, p *v1alpha1.GroupNetworkPolicy) {
			p.Spec.Ingress = &v1alpha1.GroupNetworkPolicyRule{Peers: []v1alpha1.GroupNetworkPolicyPeer{{Pods: &v1alpha1.PodPeers{LabelKey: "user", Value: "?"}}}}
		}, want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{pod: `["Bound",1,null]`}, Peers: []projection.Reason{ReasonInvalidExpression}}},
		"a spec that cannot be used": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, change: func(_ *company, p *v1alpha1.GroupNetworkPolicy) {
			p.Spec.PodSelector.MatchLabels = map[string]string{"?": "?"}
		}, want: brief{
			Why:    []projection.Reason{ReasonInvalidSpec},
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{pod: `["Bound",1,null]`}}},
		"labels that the sync keeps": {peers: []v1alpha1.GroupNetworkPolicyPeer{syncPeer}, change: func(c *company, _ *v1alpha1.GroupNetworkPolicy) {
			c.sync.Spec.LabelNamespaces = &v1alpha1.LabelNamespaces{Groups: []string{"dba"}, Namespace: "'dev-' + user.userName"}
		}, want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{label: `["Bound",1,["NamespaceOfUser"]]`}}},
		"labels that the sync does not keep": {peers: []v1alpha1.GroupNetworkPolicyPeer{syncPeer}, want: brief{
			Groups: map[string]string{"dba": `[true,["dba"],null]`},
			Values: map[string]string{label: `["Bound",1,["GroupNotLabeled"]]`}}},
		"nobody": {peers: []v1alpha1.GroupNetworkPolicyPeer{podPeer}, user: "nobody", want: brief{
			Why:    []projection.Reason{projection.ReasonUserNotFound},
			Groups: map[string]string{"dba": `[false,null,["NotAMember"]]`}, Values: map[string]string{}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCompany()
			c.user("ann", "10.0.0.7")
			c.user("guest", "10.0.0.7")
			c.user("far", "192.0.2.1")
			c.user("poor")
			c.group("dba", "ann", "far", "poor")
			world := &cluster{company: c, policy: letIn(policy("dba"), test.peers...), limits: DefaultLimits}
			world.project()
			if test.change != nil {
				test.change(c, world.policy)
			}
			if test.rewrite {
				world.project()
			}
			in := Input{Policy: world.policy, Source: c.source, Current: world.objects, Limits: DefaultLimits}
			if test.noMore {
				problem := projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "it is missing")
				in.NoAdditions = &problem
			}
			who := test.user
			if who == "" {
				who = "ann"
			}
			got := Explain(in, entra, who)
			if diff := cmp.Diff(test.want, briefly(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What people read.
func TestExplainTexts(t *testing.T) {
	c := newCompany()
	c.user("ann", "10.0.0.7", "2001:db8::1")
	c.group("dba", "ann")
	p := letIn(policy("dba"), otherPodPeer, namespacePeer, addressPeer)
	https, last := intstr.FromInt32(443), int32(444)
	p.Spec.Ingress.Ports = []networkingv1.NetworkPolicyPort{{Port: &https, EndPort: &last}}
	got := Explain(Input{Policy: p, Source: c.source, Limits: DefaultLimits}, entra, "ann")
	var values []string
	for _, peer := range got.Peers {
		for _, v := range peer.Values {
			values = append(values, peer.Peer+": "+v.Value)
		}
		if diff := cmp.Diff([]string{"TCP/443-444"}, peer.Ports); diff != "" {
			t.Errorf("ports (-want +got):\n%s", diff)
		}
	}
	want := []string{
		"spec.ingress.peers[0].pods: pods with user=ann in namespaces with kind=dev",
		"spec.ingress.peers[1].namespaces: all pods of namespaces with owner=o-ann",
		"spec.ingress.peers[2].ipBlocks: 10.0.0.7/32",
		"spec.ingress.peers[2].ipBlocks: 2001:db8::1/128",
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Policy != "GroupNetworkPolicy/shop/db" || got.UserName != "ann" || got.Sync != "idp/entra" {
		t.Errorf("policy %q, user %q, sync %q", got.Policy, got.UserName, got.Sync)
	}
}
