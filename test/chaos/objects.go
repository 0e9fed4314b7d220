package chaos

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// objectName reads the name of its object off a SCIM id.
func objectName(id string) string {
	if i := strings.LastIndexByte(id, '-'); i >= 0 {
		return id[:i]
	}
	return id
}

// readUser reads the User that a SCIM id names, or that came in its place; nil
// if there is none.
func (r *run) readUser(ctx context.Context, id string) (*v1alpha1.User, error) {
	u := &v1alpha1.User{}
	err := r.admin.Get(ctx, client.ObjectKey{Namespace: syncNamespace, Name: objectName(id)}, u)
	if apierrors.IsNotFound(err) || err == nil && (u.Spec.ID == "" || u.Spec.Deleted != nil) {
		return nil, nil
	}
	return u, err
}

// readGroup is readUser for a Group with its members.
func (r *run) readGroup(ctx context.Context, id string) (*v1alpha1.Group, []string, error) {
	slice := func(name string) (*v1alpha1.GroupMemberSlice, error) {
		s := &v1alpha1.GroupMemberSlice{}
		return s, r.admin.Get(ctx, client.ObjectKey{Namespace: syncNamespace, Name: name}, s)
	}
	for attempt := 0; ; attempt++ {
		g := &v1alpha1.Group{}
		err := r.admin.Get(ctx, client.ObjectKey{Namespace: syncNamespace, Name: objectName(id)}, g)
		if apierrors.IsNotFound(err) || err == nil && (g.Spec.ID == "" || g.Spec.Deleted != nil) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		members, err := membersOf(g, slice)
		// A slice goes when the group has moved on.
		if err == nil || !apierrors.IsNotFound(err) || attempt == 10 {
			return g, members, err
		}
	}
}

// membersOf lists the members of a group, as the types in api/v1alpha1 say where
// they are. It shares no code with the operator.
func membersOf(g *v1alpha1.Group, slice func(name string) (*v1alpha1.GroupMemberSlice, error)) ([]string, error) {
	removed := map[string]bool{}
	for _, id := range g.Spec.Removed {
		removed[id] = true
	}
	var members []string
	if g.Spec.Index != "" {
		index, err := slice(g.Spec.Index)
		if err != nil {
			return nil, err
		}
		for _, ref := range index.Spec.Leaves {
			leaf, err := slice(ref.Name)
			if err != nil {
				return nil, err
			}
			for i, id := range leaf.Spec.Members {
				left := i/8 < len(ref.Removed) && ref.Removed[i/8]&(1<<(i%8)) != 0
				if !left && !removed[id] {
					members = append(members, id)
				}
			}
		}
	}
	members = append(members, g.Spec.Members...)
	if int64(len(members)) != g.Spec.MemberCount {
		return nil, fmt.Errorf("group %s has %d members and counts %d", g.Name, len(members), g.Spec.MemberCount)
	}
	return members, nil
}
