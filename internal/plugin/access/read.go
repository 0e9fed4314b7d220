// Package access says why a user may do something in the cluster or not: the
// way from the user over groups and bindings to the rules of roles, and what
// besides Rollcall gives the same.
//
// It reads what decides that and asks projection.Explain, so its answers are
// those of the operator.
package access

import (
	"context"
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/plugin/roster"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/snapshot"
)

// World is what decides about the access that one sync gives.
type World struct {
	Objects         snapshot.Objects
	Bindings        []Bound
	Policies        []v1alpha1.GroupNetworkPolicy
	NetworkPolicies []networkingv1.NetworkPolicy
	// Notes say what could not be read.
	Notes []string

	roleBindings        []rbacv1.RoleBinding
	clusterRoleBindings []rbacv1.ClusterRoleBinding
}

// Bound is a binding with what its status says.
type Bound struct {
	projection.Binding
	Problems []string
}

// Current are the objects of a binding that exist.
func (w *World) Current(b projection.Binding) []projection.CurrentObject {
	return snapshot.RoleBindings(b, w.roleBindings, w.clusterRoleBindings)
}

// Request is what the projection is asked about a binding.
func (w *World) Request(s *snapshot.Snapshot, b Bound) projection.Request {
	request := s.Request(b.Binding, w.Current(b.Binding))
	for _, line := range b.Problems {
		if message, ok := cutReason(line, projection.ReasonAdmissionPolicyMissing); ok {
			problem := projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "%s", message)
			request.NoAdditions = &problem
		}
	}
	return request
}

func cutReason(line string, reason projection.Reason) (string, bool) {
	prefix := string(reason) + ": "
	if len(line) < len(prefix) || line[:len(prefix)] != prefix {
		return "", false
	}
	return line[len(prefix):], true
}

// reading is one call of Read.
type reading struct {
	*World
	ctx  context.Context
	c    *cluster.Cluster
	sync types.NamespacedName
	// person is the only user that counts, unless it is nil.
	person *v1alpha1.User
}

// Read reads the bindings that refer to a sync, and what decides about them:
// all users and groups of the syncs that they refer to.
func Read(ctx context.Context, c *cluster.Cluster, sync *v1alpha1.IdentityProviderSync) (*World, error) {
	r := &reading{World: &World{}, ctx: ctx, c: c, sync: client.ObjectKeyFromObject(sync)}
	return r.read(true)
}

// readFor reads what decides about one person. Other users are left out if none
// of them can have the same name in RBAC. Policies are read if they are wanted.
func readFor(ctx context.Context, c *cluster.Cluster, person *roster.Person, policies bool) (*World, error) {
	r := &reading{World: &World{}, ctx: ctx, c: c, sync: client.ObjectKeyFromObject(person.Sync), person: person.Object}
	return r.read(policies)
}

func (r *reading) read(policies bool) (*World, error) {
	syncs, err := r.bindings()
	if err != nil {
		return nil, err
	}
	if policies {
		if err := r.policies(syncs); err != nil {
			return nil, err
		}
	}
	syncs[r.sync] = true
	if err := r.directories(syncs); err != nil {
		return nil, err
	}
	return r.World, r.surroundings()
}

// pages lists, and visits each page in list.
func (r *reading) pages(list client.ObjectList, visit func(), options ...client.ListOption) error {
	return cluster.Pages(r.ctx, r.c, list, func() error { visit(); return nil }, options...)
}

// add appends copies of those objects of a page that are wanted, or of all if
// wanted is nil: the next page overwrites it. Managed fields, often half of an
// object, are left out.
func add[T any, P interface {
	*T
	client.Object
	DeepCopy() *T
}](to *[]T, page []T, wanted func(P) bool) {
	for i := range page {
		if object := P(&page[i]); wanted == nil || wanted(object) {
			object.SetManagedFields(nil)
			*to = append(*to, *object.DeepCopy())
		}
	}
}

// optional lists what may also be left out: a missing right is a note.
func (r *reading) optional(what string, list client.ObjectList, visit func(), options ...client.ListOption) error {
	err := r.pages(list, visit, options...)
	if cluster.IsForbidden(err) {
		r.Notes = append(r.Notes, fmt.Sprintf("%s were not looked at: %v", what, err))
		return nil
	}
	return err
}

// everywhere lists what namespaces hold. Who may not list it in all of them
// gets that of the namespace that is asked about.
func (r *reading) everywhere(what string, list client.ObjectList, visit func(), options ...client.ListOption) error {
	err := r.pages(list, visit, options...)
	if !cluster.IsForbidden(err) {
		return err
	}
	before := len(r.Notes)
	err = r.optional(what, list, visit, append(options, client.InNamespace(r.c.Namespace))...)
	if len(r.Notes) == before {
		r.Notes = append(r.Notes, fmt.Sprintf("%s were looked at in namespace %s only", what, r.c.Namespace))
	}
	return err
}

// bindings gives the syncs that the bindings of the sync refer to.
func (r *reading) bindings() (map[types.NamespacedName]bool, error) {
	syncs := map[types.NamespacedName]bool{}
	add := func(b projection.Binding, problems []string) {
		if !slices.Contains(b.Syncs(), r.sync) {
			return
		}
		r.Bindings = append(r.Bindings, Bound{b, problems})
		for _, name := range b.Syncs() {
			syncs[name] = true
		}
	}
	var grbs v1alpha1.GroupRoleBindingList
	err := r.everywhere("GroupRoleBindings", &grbs, func() {
		for i := range grbs.Items {
			b := grbs.Items[i].DeepCopy()
			add(projection.OfGroupRoleBinding(b), b.Status.Problems)
		}
	})
	if err != nil {
		return nil, err
	}
	var cgrbs v1alpha1.ClusterGroupRoleBindingList
	err = r.optional("ClusterGroupRoleBindings", &cgrbs, func() {
		for i := range cgrbs.Items {
			b := cgrbs.Items[i].DeepCopy()
			add(projection.OfClusterGroupRoleBinding(b), b.Status.Problems)
		}
	})
	slices.SortFunc(r.Bindings, func(a, b Bound) int {
		return slices.Compare([]string{a.Kind, a.Namespace, a.Name}, []string{b.Kind, b.Namespace, b.Name})
	})
	return syncs, err
}

// policies reads the GroupNetworkPolicies of the sync, and adds their syncs.
func (r *reading) policies(syncs map[types.NamespacedName]bool) error {
	var list v1alpha1.GroupNetworkPolicyList
	err := r.everywhere("GroupNetworkPolicies", &list, func() {
		for i := range list.Items {
			p := &list.Items[i]
			var names []types.NamespacedName
			for _, ref := range p.Spec.GroupRefs {
				names = append(names, projection.SyncName(p.Namespace, ref))
			}
			if slices.Contains(names, r.sync) {
				r.Policies = append(r.Policies, *p.DeepCopy())
				for _, name := range names {
					syncs[name] = true
				}
			}
		}
	})
	if err != nil || len(r.Policies) == 0 {
		return err
	}
	var policies networkingv1.NetworkPolicyList
	return r.everywhere("NetworkPolicies", &policies, func() { add(&r.NetworkPolicies, policies.Items, nil) }, managed)
}

var managed = client.MatchingLabels{projection.LabelManagedBy: projection.ManagedBy}

// surroundings reads the objects that exist, and the namespaces.
func (r *reading) surroundings() error {
	var rbs rbacv1.RoleBindingList
	if err := r.everywhere("RoleBindings", &rbs, func() { add(&r.roleBindings, rbs.Items, nil) }, managed); err != nil {
		return err
	}
	var crbs rbacv1.ClusterRoleBindingList
	if err := r.optional("ClusterRoleBindings", &crbs, func() { add(&r.clusterRoleBindings, crbs.Items, nil) }, managed); err != nil {
		return err
	}
	var namespaces corev1.NamespaceList
	return r.optional("Namespaces", &namespaces, func() { add(&r.Objects.Namespaces, namespaces.Items, nil) })
}

// namespacesOf gives the namespaces of syncs, each once.
func namespacesOf(syncs map[types.NamespacedName]bool) []string {
	names := map[string]bool{}
	for sync := range syncs {
		names[sync.Namespace] = true
	}
	return slices.Sorted(maps.Keys(names))
}
