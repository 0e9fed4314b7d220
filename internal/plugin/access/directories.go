package access

import (
	"fmt"
	"slices"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
)

// maxRereads is how often a group is read again whose members change meanwhile.
const maxRereads = 5

// directories reads what syncs hold. A right that is missing here ends it:
// without users and groups nothing can be said.
func (r *reading) directories(syncs map[types.NamespacedName]bool) error {
	if err := r.readSyncs(syncs); err != nil {
		return err
	}
	for _, namespace := range namespacesOf(syncs) {
		of := func(ref v1alpha1.SyncReference) bool {
			return syncs[types.NamespacedName{Namespace: namespace, Name: ref.Name}]
		}
		var groups v1alpha1.GroupList
		var parts v1alpha1.GroupMemberSliceList
		var users v1alpha1.UserList
		lists := []listing{
			{&groups, func() {
				add(&r.Objects.Groups, groups.Items, func(g *v1alpha1.Group) bool { return of(g.Spec.SyncRef) })
			}},
			{&parts, func() {
				add(&r.Objects.Slices, parts.Items, func(s *v1alpha1.GroupMemberSlice) bool { return of(s.Spec.SyncRef) })
			}},
		}
		if r.alone() {
			r.Objects.Users = []v1alpha1.User{*r.person}
		} else {
			lists = append(lists, listing{&users, func() { add(&r.Objects.Users, users.Items, func(u *v1alpha1.User) bool { return of(u.Spec.SyncRef) }) }})
		}
		if err := r.atOnce(lists, client.InNamespace(namespace)); err != nil {
			return err
		}
	}
	return r.completeSlices()
}

// listing is a list that is read page by page.
type listing struct {
	page  client.ObjectList
	visit func() // takes what is wanted of the page
}

// atOnce makes lists at the same time, and gives the first error in their order.
func (r *reading) atOnce(lists []listing, options ...client.ListOption) error {
	failures := make([]error, len(lists))
	var running sync.WaitGroup
	for i, list := range lists {
		running.Go(func() { failures[i] = r.pages(list.page, list.visit, options...) })
	}
	running.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// completeSlices reads again the groups whose slices were replaced between the
// two lists.
func (r *reading) completeSlices() error {
	known := map[client.ObjectKey]*v1alpha1.GroupMemberSlice{}
	for i := range r.Objects.Slices {
		known[client.ObjectKeyFromObject(&r.Objects.Slices[i])] = &r.Objects.Slices[i]
	}
	for i := range r.Objects.Groups {
		group := &r.Objects.Groups[i]
		for attempt := 0; ; attempt++ {
			err := r.fetchSlices(group, known)
			if err == nil {
				break
			}
			if !apierrors.IsNotFound(err) || attempt == maxRereads {
				return fmt.Errorf("the members of group %q cannot be read: %w", group.Spec.DisplayName, cluster.Explain(err))
			}
			if err := r.c.Get(r.ctx, client.ObjectKeyFromObject(group), group); err != nil {
				if apierrors.IsNotFound(err) {
					group.Spec = v1alpha1.GroupSpec{} // deleted meanwhile: a group without an id is none
					break
				}
				return cluster.Explain(err)
			}
		}
	}
	r.Objects.Slices = slices.Clip(r.Objects.Slices)
	return nil
}

// fetchSlices reads the slices of a group that are not known yet.
func (r *reading) fetchSlices(group *v1alpha1.Group, known map[client.ObjectKey]*v1alpha1.GroupMemberSlice) error {
	if group.Spec.Index == "" {
		return nil
	}
	fetch := func(name string) (*v1alpha1.GroupMemberSlice, error) {
		key := client.ObjectKey{Namespace: group.Namespace, Name: name}
		if slice, ok := known[key]; ok {
			return slice, nil
		}
		slice := &v1alpha1.GroupMemberSlice{}
		if err := r.c.Get(r.ctx, key, slice); err != nil {
			return nil, err
		}
		r.Objects.Slices = append(r.Objects.Slices, *slice)
		known[key] = slice
		return slice, nil
	}
	index, err := fetch(group.Spec.Index)
	if err != nil {
		return err
	}
	for _, leaf := range index.Spec.Leaves {
		if _, err := fetch(leaf.Name); err != nil {
			return err
		}
	}
	return nil
}

// readSyncs reads the syncs; one that is gone is left out. All others that may
// be listed tell which namespaces are protected.
func (r *reading) readSyncs(syncs map[types.NamespacedName]bool) error {
	var page v1alpha1.IdentityProviderSyncList
	err := r.optional("IdentityProviderSyncs of other namespaces", &page, func() {
		add(&r.Objects.Syncs, page.Items, nil)
	})
	if err != nil {
		return err
	}
	if len(r.Objects.Syncs) == 0 {
		for name := range syncs {
			sync := &v1alpha1.IdentityProviderSync{}
			if err := r.c.Get(r.ctx, name, sync); err == nil {
				r.Objects.Syncs = append(r.Objects.Syncs, *sync)
			} else if !apierrors.IsNotFound(err) {
				return cluster.Explain(err)
			}
		}
	}
	return r.findOperator()
}

// findOperator notes the operator's own namespace, which no selector chooses.
func (r *reading) findOperator() error {
	var services corev1.ServiceList
	err := r.c.List(r.ctx, &services, client.MatchingLabels{"app.kubernetes.io/name": "rollcall"}, client.Limit(1))
	if err != nil && !cluster.IsForbidden(err) {
		return cluster.Explain(err)
	}
	for i := range services.Items {
		r.Objects.OperatorNamespace = services.Items[i].Namespace
	}
	return nil
}
