package integration

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/traffic"
)

// reachesDB says which pods and namespaces reach the pods app=db of the sync's
// namespace, as an independent reading of the NetworkPolicies has it.
func (f fixture) reachesDB(t *testing.T, from ...traffic.Endpoint) []bool {
	t.Helper()
	var policies networkingv1.NetworkPolicyList
	var namespaces corev1.NamespaceList
	if err := kube.List(t.Context(), &policies, client.InNamespace(f.namespace)); err != nil {
		t.Fatal(err)
	}
	if err := kube.List(t.Context(), &namespaces); err != nil {
		t.Fatal(err)
	}
	cluster := traffic.Cluster{Policies: policies.Items, Namespaces: map[string]map[string]string{}}
	for _, ns := range namespaces.Items {
		cluster.Namespaces[ns.Name] = ns.Labels
	}
	db := traffic.Endpoint{Namespace: f.namespace, Labels: map[string]string{"app": "db"}}
	reaches := make([]bool, len(from))
	for i, endpoint := range from {
		reaches[i] = cluster.AllowsIngress(endpoint, db, traffic.Port{Protocol: corev1.ProtocolTCP, Number: 5432})
	}
	return reaches
}

// TestNetworkAccessFollowsEachPatch: after each SCIM PATCH exactly the members'
// pods, and the members' namespaces, reach the database.
func TestNetworkAccessFollowsEachPatch(t *testing.T) {
	t.Parallel()
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.LabelNamespaces = &v1alpha1.LabelNamespaces{Groups: []string{"k8s-dba"}, Namespace: "user.userName"}
		s.Spec.Deletion = &v1alpha1.DeletionPolicy{OnSyncDelete: v1alpha1.DeletionDelete}
	})
	policy := func(name string, peer v1alpha1.GroupNetworkPolicyPeer) *v1alpha1.GroupNetworkPolicy {
		return &v1alpha1.GroupNetworkPolicy{
			ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: name},
			Spec: v1alpha1.GroupNetworkPolicySpec{
				GroupRefs:   []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Name: "idp"}, DisplayName: "k8s-dba"}},
				PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}},
				Ingress:     &v1alpha1.GroupNetworkPolicyRule{Peers: []v1alpha1.GroupNetworkPolicyPeer{peer}},
			},
		}
	}
	create(t, policy("pods", v1alpha1.GroupNetworkPolicyPeer{Pods: &v1alpha1.PodPeers{LabelKey: "user", Value: "user.userName"}}))
	create(t, policy("homes", v1alpha1.GroupNetworkPolicyPeer{Namespaces: &v1alpha1.NamespacePeers{From: v1alpha1.NamespacePeersSync}}))
	ann, bob := namespace(t), namespace(t) // whose userNames are the names of their namespaces
	endpoints := []traffic.Endpoint{
		{Namespace: f.namespace, Labels: map[string]string{"user": ann}}, {Namespace: ann},
		{Namespace: f.namespace, Labels: map[string]string{"user": bob}}, {Namespace: bob},
		{Namespace: f.namespace, Labels: map[string]string{"user": "eve"}}, {Namespace: "default"},
	}
	c := f.on(0)
	annID, bobID := c.newUser(t, ann), c.newUser(t, bob)
	dba := c.newGroup(t, "k8s-dba")
	var took []time.Duration
	want := func(annMay, bobMay bool) {
		t.Helper()
		answered := time.Now()
		want := []bool{annMay, annMay, bobMay, bobMay, false, false}
		within(t, "network access", func() string {
			if got := f.reachesDB(t, endpoints...); !slices.Equal(got, want) {
				return fmt.Sprintf("ann's pod and namespace, bob's, others': %v, want %v", got, want)
			}
			return ""
		})
		took = append(took, time.Since(answered))
	}
	want(false, false) // also while the group is empty
	for range 10 {
		c.want(t, http.StatusOK, http.MethodPatch, "/Groups/"+dba, addMembers(annID))
		want(true, false)
		c.want(t, http.StatusOK, http.MethodPatch, "/Groups/"+dba, addMembers(bobID))
		want(true, true)
		c.want(t, http.StatusOK, http.MethodPatch, "/Groups/"+dba, removeMember(annID))
		want(false, true)
		c.want(t, http.StatusOK, http.MethodPatch, "/Users/"+bobID, replace("active", "false"))
		want(false, false)
		c.want(t, http.StatusOK, http.MethodPatch, "/Users/"+bobID, replace("active", "true"))
		want(false, true)
		c.want(t, http.StatusOK, http.MethodPatch, "/Groups/"+dba, removeMember(bobID))
		want(false, false)
	}
	slices.Sort(took)
	t.Logf("from the PATCH's answer until pods and namespaces are let through, or no more, as seen by polling every 10 ms: p50 %s, p99 %s",
		took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond))

	// Deleting the sync with all that came from it leaves no label behind.
	c.want(t, http.StatusOK, http.MethodPatch, "/Groups/"+dba, addMembers(annID))
	want(true, false)
	if err := kube.Delete(t.Context(), syncOf(f.namespace)); err != nil {
		t.Fatal(err)
	}
	want(false, false)
	within(t, "the sync is gone", func() string {
		if err := kube.Get(t.Context(), f.key("idp"), &v1alpha1.IdentityProviderSync{}); !apierrors.IsNotFound(err) {
			return fmt.Sprint("it is there: ", err)
		}
		return ""
	})
	var home corev1.Namespace
	if err := kube.Get(t.Context(), client.ObjectKey{Name: ann}, &home); err != nil || len(home.Labels) != 1 {
		t.Errorf("labels are left: %v, %v", home.Labels, err)
	}
}
