// Package lookup reads what a sync holds from the API server, page by page,
// for one look at it: who is in which group, and what the filters let through.
//
// What is synced is decided by the same functions as in the operator. What
// cannot be read is an error, never taken for absent. Objects are told by their
// spec, as the operator does, not by labels.
package lookup

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"sync"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/membership"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
)

// maxRereads is how often a group is read again whose members change meanwhile.
const maxRereads = 5

// Holdings is what one sync holds. It is for one goroutine.
type Holdings struct {
	Sync *v1alpha1.IdentityProviderSync

	ctx    context.Context
	reader client.Reader
	users  map[string]*v1alpha1.User  // by id
	groups map[string]*v1alpha1.Group // by id
	names  map[string]*v1alpha1.Group // by displayName
	slices map[string]*v1alpha1.GroupMemberSliceSpec

	members    map[string][]string // by id of a group, as far as they were read
	containing map[string][]*v1alpha1.Group
	unreadable map[string]error
}

// Groups reads the groups of a sync. Their members are read when they are asked for.
func Groups(ctx context.Context, reader client.Reader, of *v1alpha1.IdentityProviderSync) (*Holdings, error) {
	s := &Holdings{
		Sync: of, ctx: ctx, reader: reader,
		users: map[string]*v1alpha1.User{}, groups: map[string]*v1alpha1.Group{}, names: map[string]*v1alpha1.Group{},
		slices: map[string]*v1alpha1.GroupMemberSliceSpec{}, members: map[string][]string{}, unreadable: map[string]error{},
	}
	var page v1alpha1.GroupList
	err := cluster.Pages(ctx, reader, &page, func() error {
		for i := range page.Items {
			s.putGroup(page.Items[i].DeepCopy())
		}
		return nil
	}, client.InNamespace(of.Namespace))
	return s, err
}

func (s *Holdings) putGroup(group *v1alpha1.Group) {
	if group.Spec.ID == "" || group.Spec.Deleted != nil || group.Spec.SyncRef.Name != s.Sync.Name {
		return
	}
	group.ManagedFields = nil
	s.groups[group.Spec.ID], s.names[group.Spec.DisplayName] = group, group
}

// LoadUsers reads all users of the sync.
func (s *Holdings) LoadUsers() error {
	return EachUser(s.ctx, s.reader, s.Sync, func(user *v1alpha1.User) error {
		s.users[user.Spec.ID] = user
		return nil
	})
}

// EachUser visits the users of a sync in order of their object names, those
// that are kept after their deletion included.
func EachUser(ctx context.Context, reader client.Reader, sync *v1alpha1.IdentityProviderSync, visit func(*v1alpha1.User) error) error {
	var page v1alpha1.UserList
	return cluster.Pages(ctx, reader, &page, func() error {
		for i := range page.Items {
			user := page.Items[i].DeepCopy()
			if user.Spec.ID == "" || user.Spec.SyncRef.Name != sync.Name {
				continue
			}
			user.ManagedFields = nil
			if err := visit(user); err != nil {
				return err
			}
		}
		return nil
	}, client.InNamespace(sync.Namespace))
}

// FetchUser reads one user; nil if there is none of that id.
func (s *Holdings) FetchUser(id string) (*v1alpha1.User, error) {
	if user, ok := s.users[id]; ok {
		return user, nil
	}
	user, err := s.fetch(id)
	if user != nil {
		s.users[id] = user
	}
	return user, err
}

// fetchers is how many users are read at once.
const fetchers = 16

// FetchUsers reads some users one by one: less than LoadUsers where they are
// few of many.
func (s *Holdings) FetchUsers(ids []string) error {
	users, failures := make([]*v1alpha1.User, len(ids)), make([]error, len(ids))
	var next atomic.Int64
	var running sync.WaitGroup
	for range min(fetchers, len(ids)) {
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(ids) && s.ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				users[i], failures[i] = s.fetch(ids[i])
			}
		})
	}
	running.Wait()
	for i, user := range users {
		if failures[i] != nil {
			return failures[i]
		}
		if user != nil {
			s.users[ids[i]] = user
		}
	}
	return s.ctx.Err()
}

func (s *Holdings) fetch(id string) (*v1alpha1.User, error) {
	name, kind, ok := directory.ObjectName(id)
	if !ok || kind != directory.KindUser {
		return nil, nil
	}
	user := &v1alpha1.User{}
	err := s.reader.Get(s.ctx, client.ObjectKey{Namespace: s.Sync.Namespace, Name: name}, user)
	switch {
	case apierrors.IsNotFound(err) || err == nil && user.Spec.ID != id:
		return nil, nil
	case err != nil:
		return nil, cluster.Explain(err)
	}
	return user, nil
}

// Group finds a group by displayName.
func (s *Holdings) Group(displayName string) (*v1alpha1.Group, bool) {
	group, ok := s.names[displayName]
	return group, ok
}

// GroupByID finds a group by SCIM id.
func (s *Holdings) GroupByID(id string) (*v1alpha1.Group, bool) {
	group, ok := s.groups[id]
	return group, ok
}

// Groups gives all groups, in no order.
func (s *Holdings) Groups() iter.Seq[*v1alpha1.Group] { return maps.Values(s.groups) }

// GroupsOf gives the groups that list a user or group themselves. The first
// call reads the members of all groups.
func (s *Holdings) GroupsOf(id string) []*v1alpha1.Group {
	if s.containing == nil {
		s.containing = map[string][]*v1alpha1.Group{}
		for group := range s.Groups() {
			members, err := s.Members(group)
			if err != nil {
				continue // GroupsOf has no way to tell; Unreadable does
			}
			for _, member := range members {
				s.containing[member] = append(s.containing[member], group)
			}
		}
	}
	return s.containing[id]
}

// Unreadable says why the members of some groups could not be read, if so.
func (s *Holdings) Unreadable() error {
	var all []error
	for name, err := range s.unreadable {
		all = append(all, fmt.Errorf("the members of group %q cannot be read: %w", name, err))
	}
	return errors.Join(all...)
}

// Members gives the ids of all direct members of a group, of which each slice
// is read once. A group that changed meanwhile is read again.
func (s *Holdings) Members(group *v1alpha1.Group) ([]string, error) {
	if known, ok := s.members[group.Spec.ID]; ok {
		return known, nil
	}
	for range maxRereads {
		ids, err := membership.Members(membership.RootOf(&group.Spec), s)
		if err == nil {
			s.members[group.Spec.ID] = ids
			return ids, nil
		}
		if !apierrors.IsNotFound(err) {
			s.unreadable[group.Spec.DisplayName] = err
			return nil, err
		}
		again := &v1alpha1.Group{}
		if err := s.reader.Get(s.ctx, client.ObjectKeyFromObject(group), again); err != nil {
			s.unreadable[group.Spec.DisplayName] = err
			return nil, err
		}
		group = again
	}
	err := errors.New("it changes faster than it can be read; try again")
	s.unreadable[group.Spec.DisplayName] = err
	return nil, err
}

// LoadSlices reads the slices of all groups at once, for when the members of
// most groups are wanted.
func (s *Holdings) LoadSlices() error {
	indexed := false
	for group := range s.Groups() {
		indexed = indexed || group.Spec.Index != ""
	}
	if !indexed {
		return nil
	}
	var page v1alpha1.GroupMemberSliceList
	return cluster.Pages(s.ctx, s.reader, &page, func() error {
		for i := range page.Items {
			if slice := &page.Items[i]; slice.Spec.SyncRef.Name == s.Sync.Name {
				s.slices[slice.Name] = slice.Spec.DeepCopy()
			}
		}
		return nil
	}, client.InNamespace(s.Sync.Namespace))
}

// Slice gives a slice for package membership.
func (s *Holdings) Slice(name string) (*v1alpha1.GroupMemberSliceSpec, error) {
	if known, ok := s.slices[name]; ok {
		return known, nil
	}
	slice := &v1alpha1.GroupMemberSlice{}
	if err := s.reader.Get(s.ctx, client.ObjectKey{Namespace: s.Sync.Namespace, Name: name}, slice); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, err
		}
		return nil, cluster.Explain(err)
	}
	s.slices[name] = &slice.Spec
	return &slice.Spec, nil
}

// Holders and Indexed tell package membership that there is no index from
// members to slices: all of them are read.
func (s *Holdings) Holders(string) []string { return nil }

// Indexed is false: see Holders.
func (s *Holdings) Indexed(string) bool { return false }
