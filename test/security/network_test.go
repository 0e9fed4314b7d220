package security

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// While a policy is missing nobody new is let through, by values or by labels of
// namespaces, and who leaves is let through no more. Users are named as the
// namespaces that belong to them.
func TestAPolicyIsMissingForNetworkAccess(t *testing.T) {
	for _, policy := range []string{"rollcall-groupnetworkpolicy-authors", "rollcall-labelnamespaces-authors"} {
		t.Run(policy, func(t *testing.T) {
			ns, ann, bob, cid := namespace(t, nil), namespace(t, nil), namespace(t, nil), namespace(t, nil)
			p := newProvider(t, served, "net-"+hashOf(policy), func(s *v1alpha1.IdentityProviderSyncSpec) {
				s.LabelNamespaces = &v1alpha1.LabelNamespaces{Groups: []string{"devs"}, Namespace: "user.userName"}
			}).serves(t)
			annID, bobID, cidID := p.user(t, ann), p.user(t, bob), p.user(t, cid)
			devs := p.group(t, "devs", annID, bobID)
			db := &v1alpha1.GroupNetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "db"}, Spec: v1alpha1.GroupNetworkPolicySpec{
				GroupRefs: p.refs("devs"),
				Ingress: &v1alpha1.GroupNetworkPolicyRule{Peers: []v1alpha1.GroupNetworkPolicyPeer{
					{Pods: &v1alpha1.PodPeers{LabelKey: "owner", Value: "user.userName"}}}},
			}}
			create(t, db)
			want := func(what string, names ...string) {
				t.Helper()
				slices.Sort(names)
				within(t, what, func() string {
					if got := letThrough(t, ns); !slices.Equal(got, names) {
						return fmt.Sprintf("values %q, want %q", got, names)
					}
					if got := labeled(t, ann, bob, cid); !slices.Equal(got, names) {
						return fmt.Sprintf("labeled %q, want %q", got, names)
					}
					return ""
				})
			}
			want("the members", ann, bob)

			t.Run("and nobody new is let through", func(t *testing.T) {
				disarm(t, policy)
				wantReason(t, db, "AdmissionPolicyMissing", policy)
				sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: served, Name: p.name}}
				wantReason(t, sync, "AdmissionPolicyMissing", policy)
				p.member(t, "add", devs, cidID)
				begin := time.Now()
				p.member(t, "remove", devs, bobID)
				want("who is left", ann)
				if took := time.Since(begin); took > quickly {
					t.Errorf("bob was let through for %s", took)
				}
				within(t, "the sync's labels tell", func() string {
					if err := admin.Get(t.Context(), client.ObjectKeyFromObject(sync), sync); err != nil {
						return err.Error()
					}
					if l := sync.Status.LabelNamespaces; l == nil || !slices.ContainsFunc(l.Problems, func(line string) bool {
						return strings.HasPrefix(line, "AdmissionPolicyMissing: ")
					}) {
						return fmt.Sprintf("status.labelNamespaces is %+v", l)
					}
					return ""
				})
				late := db.DeepCopy()
				late.ObjectMeta, late.Status = metav1.ObjectMeta{Namespace: cid, Name: "late"}, v1alpha1.GroupNetworkPolicyStatus{}
				create(t, late)
				wantReason(t, late, "AdmissionPolicyMissing", policy)
				if got := letThrough(t, cid); len(got) > 0 {
					t.Errorf("a new GroupNetworkPolicy lets %q through while a policy is missing", got)
				}
				want("still", ann)
			})
			want("the members, once it is back", ann, cid)
			wantReason(t, db, "Applied", "")
		})
	}
}

// letThrough are the values of labels that NetworkPolicies of a namespace let in.
func letThrough(t *testing.T, namespace string) []string {
	t.Helper()
	var list networkingv1.NetworkPolicyList
	if err := admin.List(t.Context(), &list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, policy := range list.Items {
		for _, rule := range policy.Spec.Ingress {
			for _, from := range rule.From {
				for _, requirement := range from.PodSelector.MatchExpressions {
					values = append(values, requirement.Values...)
				}
			}
		}
	}
	slices.Sort(values)
	return values
}

// labeled are those of some namespaces that have a label for access.
func labeled(t *testing.T, namespaces ...string) []string {
	t.Helper()
	var with []string
	for _, name := range namespaces {
		ns := &corev1.Namespace{}
		if err := admin.Get(t.Context(), client.ObjectKey{Name: name}, ns); err != nil {
			t.Fatal(err)
		}
		for key := range ns.Labels {
			if strings.HasPrefix(key, v1alpha1.NamespaceAccessLabelPrefix) {
				with = append(with, name)
			}
		}
	}
	slices.Sort(with)
	return with
}
