package access

import (
	"errors"
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
		of := func(spec *v1alpha1.SyncReference) bool {
			return syncs[types.NamespacedName{Namespace: namespace, Name: spec.Name}]
		}
		lists := []func(client.ListOption) error{
			func(in client.ListOption) error { return r.groups(in, of) },
			func(in client.ListOption) error { return r.slices(in, of) },
		}
		if r.alone() {
			r.Objects.Users = []v1alpha1.User{*r.person}
		} else {
			lists = append(lists, func(in client.ListOption) error { return r.users(in, of) })
		}
		if err := atOnce(lists, client.InNamespace(namespace)); err != nil {
			return err
		}
	}
	return r.completeSlices()
}

// atOnce makes lists at the same time, and gives the first error in their order.
func atOnce(lists []func(client.ListOption) error, in client.ListOption) error {
	failures := make([]error, len(lists))
	var running sync.WaitGroup
	for i, list := range lists {
		running.Go(func() { failures[i] = list(in) })
	}
	running.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) users(in client.ListOption, of func(*v1alpha1.SyncReference) bool) error {
	var page v1alpha1.UserList
	return cluster.Pages(r.ctx, r.c, &page, func() error {
		for i := range page.Items {
			if u := &page.Items[i]; of(&u.Spec.SyncRef) {
				u.ManagedFields = nil
				r.Objects.Users = append(r.Objects.Users, *u.DeepCopy())
			}
		}
		return nil
	}, in)
}

func (r *reading) groups(in client.ListOption, of func(*v1alpha1.SyncReference) bool) error {
	var page v1alpha1.GroupList
	return cluster.Pages(r.ctx, r.c, &page, func() error {
		for i := range page.Items {
			if g := &page.Items[i]; of(&g.Spec.SyncRef) {
				g.ManagedFields = nil
				r.Objects.Groups = append(r.Objects.Groups, *g.DeepCopy())
			}
		}
		return nil
	}, in)
}

func (r *reading) slices(in client.ListOption, of func(*v1alpha1.SyncReference) bool) error {
	var page v1alpha1.GroupMemberSliceList
	return cluster.Pages(r.ctx, r.c, &page, func() error {
		for i := range page.Items {
			if s := &page.Items[i]; of(&s.Spec.SyncRef) {
				r.Objects.Slices = append(r.Objects.Slices, *s.DeepCopy())
			}
		}
		return nil
	}, in)
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
		for i := range page.Items {
			r.Objects.Syncs = append(r.Objects.Syncs, *page.Items[i].DeepCopy())
		}
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
		return errors.Join(cluster.Explain(err))
	}
	for i := range services.Items {
		r.Objects.OperatorNamespace = services.Items[i].Namespace
	}
	return nil
}
