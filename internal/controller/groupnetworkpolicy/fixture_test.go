package groupnetworkpolicy_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/traffic"
	"github.com/rollcall-scim/rollcall/test/world"
)

// shop is a namespace with a database, whose pods have the label app=db.
type shop struct {
	world.Company
	namespace string
}

func newShop(t testing.TB, change func(*v1alpha1.IdentityProviderSyncSpec)) shop {
	t.Helper()
	return shop{Company: world.NewCompany(t, change), namespace: world.CreateNamespace(t, "shop-", nil)}
}

var (
	byPod       = v1alpha1.GroupNetworkPolicyPeer{Pods: &v1alpha1.PodPeers{LabelKey: "user", Value: "user.userName"}}
	bySyncLabel = v1alpha1.GroupNetworkPolicyPeer{Namespaces: &v1alpha1.NamespacePeers{From: v1alpha1.NamespacePeersSync}}
	byAddress   = v1alpha1.GroupNetworkPolicyPeer{IPBlocks: &v1alpha1.IPBlockPeers{Address: "user.nickName", Within: []string{"10.0.0.0/16"}}}
	dbSelector  = metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}}
)

// letIn lets peers of members of Devs reach the database.
func (s shop) letIn(peers ...v1alpha1.GroupNetworkPolicyPeer) *v1alpha1.GroupNetworkPolicy {
	s.Helper()
	p := &v1alpha1.GroupNetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "db"},
		Spec: v1alpha1.GroupNetworkPolicySpec{
			GroupRefs:   []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Namespace: s.Namespace, Name: "entra"}, DisplayName: "Devs"}},
			PodSelector: dbSelector,
			Ingress:     &v1alpha1.GroupNetworkPolicyRule{Peers: peers},
		},
	}
	s.Create(p)
	return p
}

// objects gives the NetworkPolicies of the shop, straight from the API server.
func (s shop) objects() []networkingv1.NetworkPolicy {
	s.Helper()
	var list networkingv1.NetworkPolicyList
	if err := world.Admin.List(s.Context(), &list, client.InNamespace(s.namespace)); err != nil {
		s.Fatal(err)
	}
	return list.Items
}

// cluster is what the independent reading of NetworkPolicies looks at.
func (s shop) cluster() traffic.Cluster {
	s.Helper()
	var list corev1.NamespaceList
	if err := world.Admin.List(s.Context(), &list); err != nil {
		s.Fatal(err)
	}
	c := traffic.Cluster{Namespaces: map[string]map[string]string{}, Policies: s.objects()}
	for _, ns := range list.Items {
		c.Namespaces[ns.Name] = ns.Labels
	}
	return c
}

func (s shop) reaches(from traffic.Endpoint) bool {
	s.Helper()
	db := traffic.Endpoint{Namespace: s.namespace, Labels: map[string]string{"app": "db"}}
	return s.cluster().AllowsIngress(from, db, traffic.Port{Protocol: corev1.ProtocolTCP, Number: 5432})
}

// wantPods waits until exactly these of ann's, bob's, eve's and nobody's pods
// reach the database.
func (s shop) wantPods(users ...string) {
	s.Helper()
	s.Promptly("pods that reach the database", append([]string{}, users...), func() any { return s.pods() })
}

func (s shop) pods() []string {
	s.Helper()
	reach := []string{}
	for _, user := range []string{"ann", "bob", "eve", "nobody"} {
		if s.reaches(traffic.Endpoint{Namespace: s.namespace, Labels: map[string]string{"user": user}}) {
			reach = append(reach, user)
		}
	}
	return reach
}

// condition gives the status and reason of a condition of the present generation.
func (s shop) condition(p *v1alpha1.GroupNetworkPolicy, kind string) string {
	s.Helper()
	s.Get(p)
	condition := meta.FindStatusCondition(p.Status.Conditions, kind)
	if condition == nil || condition.ObservedGeneration != p.Generation {
		return ""
	}
	return string(condition.Status) + " " + condition.Reason
}

func (s shop) wantCondition(p *v1alpha1.GroupNetworkPolicy, kind, want string) {
	s.Helper()
	s.Promptly(kind, want, func() any { return s.condition(p, kind) })
}
