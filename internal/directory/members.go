package directory

import (
	"context"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/membership"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// maxRoots is how often the root of a group is read again while its slices
// vanish under the reader: each time another writer has replaced them.
const maxRoots = 5

// source gives the slices of one group to internal/membership.
type source struct {
	ctx   context.Context
	d     *Directory
	group types.NamespacedName
}

// Slice reads a slice from the informer's store, else from the API server.
func (s source) Slice(name string) (*v1alpha1.GroupMemberSliceSpec, error) {
	key := types.NamespacedName{Namespace: s.group.Namespace, Name: name}
	if slice := s.d.slices.cached(key); slice != nil {
		return &slice.Spec, nil
	}
	if slice := s.d.slices.kept(key); slice != nil {
		return &slice.Spec, nil
	}
	slice := &v1alpha1.GroupMemberSlice{}
	if err := s.d.client.Get(s.ctx, key, slice); err != nil {
		return nil, err
	}
	s.d.slices.keep(slice)
	return &slice.Spec, nil
}

// Holders names the leaf slices of the group that list id.
func (s source) Holders(id string) []string {
	var names []string
	for _, slice := range s.d.slices.holders(id) {
		if slice.Namespace == s.group.Namespace && slice.Spec.Group == s.group.Name {
			names = append(names, slice.Name)
		}
	}
	return names
}

// Indexed tells whether Holders knows the slice.
func (s source) Indexed(name string) bool {
	return s.d.slices.cached(types.NamespacedName{Namespace: s.group.Namespace, Name: name}) != nil
}

func (d *Directory) source(ctx context.Context, g *v1alpha1.Group) source {
	return source{ctx: ctx, d: d, group: keyOf(g)}
}

// movedOn tells whether an error of internal/membership can come from a root
// that is not the newest.
func movedOn(err error) bool {
	return apierrors.IsNotFound(err) || errors.Is(err, membership.ErrStale) || errors.Is(err, membership.ErrInconsistent)
}

// resolve calls read with the root of a group, and with the newest root when
// its slices are not there any more. A group that cannot be resolved is an
// error, never a smaller group.
func (d *Directory) resolve(ctx context.Context, g *v1alpha1.Group, read func(membership.Root, membership.Source) error) error {
	for range maxRoots {
		err := read(membership.RootOf(&g.Spec), d.source(ctx, g))
		if err == nil || !movedOn(err) {
			return err
		}
		live := &v1alpha1.Group{}
		if gone := d.client.Get(ctx, keyOf(g), live); gone != nil && !apierrors.IsNotFound(gone) {
			return gone
		} else if gone != nil || live.Spec.ID != g.Spec.ID {
			return scim.NotFound(KindGroup, g.Spec.ID)
		}
		if live.ResourceVersion == g.ResourceVersion && !errors.Is(err, membership.ErrStale) {
			d.log.Error(err, "the members of a group cannot be resolved", "group", keyOf(g))
			return scim.Unavailable(retryAfter, "the members of group %q cannot be read at the moment; try again", g.Spec.DisplayName)
		}
		g = live
	}
	return scim.Unavailable(retryAfter, "group %q is being changed too fast to be read; try again", g.Spec.DisplayName)
}

// members lists the ids of all members of a group.
func (d *Directory) members(ctx context.Context, g *v1alpha1.Group) (ids []string, err error) {
	if g.Spec.Index == "" {
		return g.Spec.Members, nil
	}
	err = d.resolve(ctx, g, func(root membership.Root, src membership.Source) (err error) {
		ids, err = membership.Members(root, src)
		return err
	})
	return ids, err
}

// contains tells whether a user or group is a direct member of a group.
func (d *Directory) contains(ctx context.Context, g *v1alpha1.Group, id string) (found bool, err error) {
	err = d.resolve(ctx, g, func(root membership.Root, src membership.Source) (err error) {
		found, err = membership.Contains(root, src, id)
		return err
	})
	return found, err
}

// groupsOf gives the groups of a sync that a user or group is a direct member
// of, at a cost that grows with their number only. With hold, a group that
// cannot be resolved is among them instead of an error.
func (d *Directory) groupsOf(ctx context.Context, sync types.NamespacedName, id string, hold bool) ([]*v1alpha1.Group, error) {
	var result []*v1alpha1.Group
	for _, o := range d.groups.indexed(byMember, id) {
		if syncOf(o) == sync {
			result = append(result, o.(*v1alpha1.Group))
		}
	}
	candidates := d.slices.waiting(sync.Namespace)
	for _, leaf := range d.slices.holders(id) {
		if leaf.Namespace != sync.Namespace {
			continue
		}
		name := leaf.Spec.Group
		if g := d.group(sync, name); g != nil && d.lists(g, leaf, id) {
			result = append(result, g)
		} else if g != nil {
			if candidates == nil {
				candidates = map[string]bool{}
			}
			candidates[name] = true
		}
	}
	if len(candidates) > 0 {
		for _, g := range result {
			delete(candidates, g.Name)
		}
	}
	for name := range candidates {
		g := d.group(sync, name)
		if g == nil {
			continue
		}
		in, err := d.contains(ctx, g, id)
		if isNotFound(err) {
			continue // the group was deleted meanwhile
		}
		if err != nil && !hold {
			return nil, err
		}
		if in || err != nil {
			result = append(result, g)
		}
	}
	sortByName(result)
	// A group that is changed meanwhile may have been found by its root and by a leaf.
	return slices.CompactFunc(result, func(a, b *v1alpha1.Group) bool { return a.Name == b.Name }), nil
}

// group gives the visible group of a sync in an object.
func (d *Directory) group(sync types.NamespacedName, name string) *v1alpha1.Group {
	o := d.groups.cached(types.NamespacedName{Namespace: sync.Namespace, Name: name})
	if o == nil || !visible(o) || syncOf(o) != sync {
		return nil
	}
	return o.(*v1alpha1.Group)
}

// lists tells whether a leaf alone makes id a member of a group, which most do
// that list it: that takes no look at the rest of the group.
func (d *Directory) lists(g *v1alpha1.Group, leaf *v1alpha1.GroupMemberSlice, id string) bool {
	if g.Spec.Index == "" {
		return false
	}
	index := d.slices.cached(types.NamespacedName{Namespace: g.Namespace, Name: g.Spec.Index})
	return index != nil && membership.Lists(membership.RootOf(&g.Spec), &index.Spec, leaf.Name, &leaf.Spec, id)
}

// member describes a member as far as it is known.
func (d *Directory) member(sync types.NamespacedName, id string) scim.Member {
	m := scim.Member{Value: id}
	if o := d.cachedByID(sync, id); o != nil {
		m.Type, m.Display = kindOf(o), displayOf(o)
	}
	return m
}

// cachedByID gives the visible resource of an id from the informers' stores.
func (d *Directory) cachedByID(sync types.NamespacedName, id string) client.Object {
	name, kind, ok := ObjectName(id)
	if !ok {
		return nil
	}
	o := d.table(kind).cached(types.NamespacedName{Namespace: sync.Namespace, Name: name})
	if o == nil || resourceOf(o).ID != id || !visible(o) || syncOf(o) != sync {
		return nil
	}
	return o
}
