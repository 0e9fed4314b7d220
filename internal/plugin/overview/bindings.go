package overview

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Binding is a GroupRoleBinding, ClusterGroupRoleBinding or GroupNetworkPolicy.
type Binding struct {
	Binding  string   `json:"binding"` // Kind/namespace/name
	Ready    bool     `json:"ready"`
	Reason   string   `json:"reason,omitempty"`
	Desired  int64    `json:"membersDesired"`
	Applied  int64    `json:"membersApplied"`
	Problems []string `json:"problems"` // each with what to do
}

// look makes a Binding; ok is false if it is fine.
func look(name string, conditions []metav1.Condition, desired, applied int64, problems []string) (b Binding, ok bool) {
	b = Binding{Binding: name, Desired: desired, Applied: applied, Problems: problems}
	ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
	if ready != nil {
		b.Ready, b.Reason = ready.Status == metav1.ConditionTrue, ready.Reason
	}
	switch {
	case len(problems) > 0:
	case ready == nil:
		b.Problems = []string{"NotSeen: no operator has looked at it yet"}
	case !b.Ready:
		b.Problems = []string{ready.Reason + ": " + ready.Message}
	default:
		return b, false
	}
	return b, true
}

// Bindings reads the bindings of syncs and gives those with problems. What may
// not be listed is a note.
func Bindings(ctx context.Context, c *cluster.Cluster, syncs []v1alpha1.IdentityProviderSync) (found []Binding, notes []string, err error) {
	found = []Binding{}
	chosen := map[types.NamespacedName]bool{}
	for i := range syncs {
		chosen[client.ObjectKeyFromObject(&syncs[i])] = true
	}
	concerns := func(names []types.NamespacedName) bool {
		return slices.ContainsFunc(names, func(name types.NamespacedName) bool { return chosen[name] })
	}
	add := func(names []types.NamespacedName, b Binding, bad bool) {
		if bad && concerns(names) {
			found = append(found, b)
		}
	}
	var grbs v1alpha1.GroupRoleBindingList
	var cgrbs v1alpha1.ClusterGroupRoleBindingList
	var gnps v1alpha1.GroupNetworkPolicyList
	for _, kind := range []struct {
		name       string
		list       client.ObjectList
		namespaced bool
		visit      func()
	}{
		{"GroupRoleBindings", &grbs, true, func() {
			for i := range grbs.Items {
				o := projection.OfGroupRoleBinding(&grbs.Items[i])
				s := &grbs.Items[i].Status
				b, bad := look(o.Key().String(), s.Conditions, s.MembersDesired, s.MembersApplied, s.Problems)
				add(o.Syncs(), b, bad)
			}
		}},
		{"ClusterGroupRoleBindings", &cgrbs, false, func() {
			for i := range cgrbs.Items {
				o := projection.OfClusterGroupRoleBinding(&cgrbs.Items[i])
				s := &cgrbs.Items[i].Status
				b, bad := look(o.Key().String(), s.Conditions, s.MembersDesired, s.MembersApplied, s.Problems)
				add(o.Syncs(), b, bad)
			}
		}},
		{"GroupNetworkPolicies", &gnps, true, func() {
			for i := range gnps.Items {
				p := &gnps.Items[i]
				var names []types.NamespacedName
				for _, ref := range p.Spec.GroupRefs {
					names = append(names, projection.SyncName(p.Namespace, ref))
				}
				b, bad := look("GroupNetworkPolicy/"+p.Namespace+"/"+p.Name, p.Status.Conditions, p.Status.MembersDesired, p.Status.MembersApplied, p.Status.Problems)
				add(names, b, bad)
			}
		}},
	} {
		err := cluster.Pages(ctx, c, kind.list, func() error { kind.visit(); return nil })
		if cluster.IsForbidden(err) && kind.namespaced {
			notes = append(notes, fmt.Sprintf("only the %s of namespace %s were looked at: %v", kind.name, c.Namespace, err))
			err = cluster.Pages(ctx, c, kind.list, func() error { kind.visit(); return nil }, client.InNamespace(c.Namespace))
		}
		if cluster.IsForbidden(err) {
			notes = append(notes, fmt.Sprintf("the %s were not looked at: %v", kind.name, err))
			continue
		}
		if err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(found, func(a, b Binding) int { return cmp.Or(strings.Compare(a.Binding, b.Binding)) })
	return found, notes, nil
}
