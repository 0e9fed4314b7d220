package security

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// With all policies in force and the rights of config/rbac, each kind of
// projection is made, changed and taken away.
func TestTheOperatorsTask(t *testing.T) {
	team := namespace(t, map[string]string{"tier": "task-test"})
	desk := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace(t, nil)}}
	p := newProvider(t, served, "task", func(s *v1alpha1.IdentityProviderSyncSpec) {
		s.LabelNamespaces = &v1alpha1.LabelNamespaces{Groups: []string{"devs"}, Namespace: "user.displayName"}
		s.Tokens[0].SecretRef.Name, s.Tokens[0].Generate = "generated-task", true
	})
	within(t, "the token is made", func() string {
		made := &corev1.Secret{}
		if err := admin.Get(t.Context(), client.ObjectKey{Namespace: served, Name: "generated-task"}, made); err != nil {
			return err.Error()
		}
		p.bearer = string(made.Data["token"])
		return ""
	})
	p.serves(t)
	ann := p.created(t, "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"task-ann","displayName":"`+desk.Name+`"}`)
	devs := p.group(t, "devs", ann)

	create(t, binding(team, "devs", p.grant("devs", "edit")))
	everywhere := clusterBinding("task-cluster", p.grant("devs", "view"), v1alpha1.BindingTarget{Scope: v1alpha1.ScopeCluster})
	create(t, everywhere)
	create(t, &v1alpha1.GroupNetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: team, Name: "devs"},
		Spec: v1alpha1.GroupNetworkPolicySpec{GroupRefs: p.refs("devs"), Ingress: &v1alpha1.GroupNetworkPolicyRule{
			Peers: []v1alpha1.GroupNetworkPolicyPeer{{Pods: &v1alpha1.PodPeers{LabelKey: "owner", Value: "user.userName"}}},
		}},
	})
	state := func(member bool) string {
		var policies networkingv1.NetworkPolicyList
		if err := admin.List(t.Context(), &policies, client.InNamespace(team)); err != nil {
			return err.Error()
		}
		let := 0
		for _, policy := range policies.Items {
			for _, rule := range policy.Spec.Ingress {
				let += len(rule.From)
			}
		}
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(desk), desk); err != nil {
			return err.Error()
		}
		labeled := false
		for key := range desk.Labels {
			labeled = labeled || strings.HasPrefix(key, v1alpha1.NamespaceAccessLabelPrefix)
		}
		for what, got := range map[string]bool{
			"may create pods in its namespace":  may(t, "task-ann", "create", team),
			"may list pods elsewhere":           may(t, "task-ann", "list", "default"),
			"is let through by a NetworkPolicy": let > 0,
			"has a labeled namespace":           labeled,
		} {
			if got != member {
				return what + " is wrong"
			}
		}
		return ""
	}
	within(t, "a member has everything", func() string { return state(true) })
	p.member(t, "remove", devs, ann)
	within(t, "who left has nothing", func() string { return state(false) })
	if err := admin.Delete(t.Context(), everywhere); err != nil {
		t.Fatal(err)
	}
}
