package directory

import (
	"context"
	"errors"
	"slices"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/membership"
	"github.com/rollcall-scim/rollcall/internal/scim"
)

// edit applies member changes, in order, to a group as it was read.
func (s scope) edit(ctx context.Context, g *v1alpha1.Group, changes []scim.MemberChange) (*membership.Edit, error) {
	edit, err := membership.Default.Edit(membership.RootOf(&g.Spec), s.source(ctx, g))
	if err != nil {
		return nil, s.membersError(g, err)
	}
	if err := s.editAll(ctx, edit, changes); err != nil {
		return nil, s.membersError(g, err)
	}
	return edit, nil
}

func (s scope) editAll(ctx context.Context, edit *membership.Edit, changes []scim.MemberChange) error {
	left := s.scanTimeout
	for _, change := range changes {
		if err := s.editOne(ctx, edit, change, &left); err != nil {
			return err
		}
	}
	return nil
}

func (s scope) editOne(ctx context.Context, edit *membership.Edit, change scim.MemberChange, left *time.Duration) error {
	switch change.Op {
	case scim.AddMembers:
		return edit.Add(change.Values...)
	case scim.RemoveMembers:
		return edit.Remove(change.Values...)
	case scim.ReplaceMembers:
		return edit.Replace(change.Values)
	case scim.RequireMatch:
		if change.Match == nil {
			return requireOne(edit, change.Values)
		}
	}
	matching, err := s.search(ctx, edit, change.Match, left)
	if err != nil {
		return err
	}
	if change.Op == scim.RemoveMatching {
		return edit.Remove(matching...)
	}
	if len(matching) == 0 {
		return errNoMember
	}
	return nil
}

// search gives the members for which match is true. All searches of a request
// may look at members for as long as a query may at resources; left is what they
// have of it.
func (s scope) search(ctx context.Context, edit *membership.Edit, match func(scim.Member) bool, left *time.Duration) ([]string, error) {
	ids, err := edit.Members()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	defer func() { *left -= time.Since(began) }()
	var matching []string
	for i, id := range ids {
		if i%64 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if time.Since(began) > *left {
				return nil, scim.BadRequest(scim.TypeTooMany,
					"looking at the members one by one took longer than %v, the most that a request may: name them by value, as in members[value eq \"…\"]", s.scanTimeout)
			}
		}
		if match(s.member(s.sync, id)) {
			matching = append(matching, id)
		}
	}
	return matching, nil
}

// requireOne fails unless one of the ids is a member.
func requireOne(edit *membership.Edit, ids []string) error {
	for _, id := range ids {
		if has, err := edit.Has(id); has || err != nil {
			return err
		}
	}
	return errNoMember
}

var errNoMember = scim.BadRequest(scim.TypeNoTarget, "no member matches the filter of the path")

// membersError is the answer to a failed edit. A root that has been replaced
// meanwhile is a conflict like any other.
func (s scope) membersError(g *v1alpha1.Group, err error) error {
	switch {
	case errors.Is(err, membership.ErrTooManyMembers):
		return scim.BadRequest(scim.TypeTooMany, "%v", membership.ErrTooManyMembers)
	case movedOn(err):
		s.log.V(1).Info("the members of a group could not be resolved", "group", keyOf(g), "error", err.Error())
		return errConflict
	}
	return err
}

// plan decides how the members of a group are laid out after an edit, for an
// update of the version of g.
func (s scope) plan(g *v1alpha1.Group, edit *membership.Edit) (*membership.Plan, error) {
	plan, err := edit.Plan(membership.Target{
		SyncRef: g.Spec.SyncRef,
		Group:   g.Name,
		Base:    g.ResourceVersion,
		NewName: func() string { return randomText(2 * hashLength) },
	})
	if err != nil {
		return nil, s.membersError(g, err)
	}
	return plan, nil
}

// writeMembers writes the slices of a new group and sets its root.
func (s scope) writeMembers(ctx context.Context, g *v1alpha1.Group, edit *membership.Edit) error {
	plan, err := s.plan(g, edit)
	if err != nil {
		return err
	}
	if _, err := s.writeSlices(ctx, g, plan); err != nil {
		return err
	}
	plan.Root.Apply(&g.Spec)
	return nil
}

// writeSlices creates what a plan needs before the root may refer to it.
func (s scope) writeSlices(ctx context.Context, g *v1alpha1.Group, plan *membership.Plan) ([]*v1alpha1.GroupMemberSlice, error) {
	var written []*v1alpha1.GroupMemberSlice
	for i := range plan.Slices {
		slice := &v1alpha1.GroupMemberSlice{Spec: plan.Slices[i].Spec}
		slice.Namespace, slice.Name = g.Namespace, plan.Slices[i].Name
		setLabel(slice, v1alpha1.LabelSync, s.sync.Name)
		if err := s.writer.Create(ctx, slice); err != nil {
			s.dropSlices(ctx, written)
			return nil, err
		}
		s.slices.keep(slice)
		written = append(written, slice)
	}
	return written, nil
}

// refersTo tells whether the root of a group has, or may have, one of the slices
// as its index, although the update that sets it ended in a conflict: an update
// that is sent again, since the answer said to, conflicts with itself.
func (s scope) refersTo(ctx context.Context, group string, written []*v1alpha1.GroupMemberSlice) bool {
	if len(written) == 0 {
		return false
	}
	root, err := s.live(ctx, group)
	if err != nil {
		return true
	}
	g, ok := root.(*v1alpha1.Group)
	return ok && slices.ContainsFunc(written, func(slice *v1alpha1.GroupMemberSlice) bool { return slice.Name == g.Spec.Index })
}

// dropSlices deletes slices that no root refers to or ever will. What is left
// is for the sweeper.
func (s scope) dropSlices(ctx context.Context, written []*v1alpha1.GroupMemberSlice) {
	if len(written) == 0 {
		return
	}
	ctx, cancel := detached(ctx)
	defer cancel()
	for _, slice := range written {
		if err := s.writer.Delete(ctx, slice); client.IgnoreNotFound(err) != nil {
			s.log.V(1).Info("a slice was left to the sweeper", "slice", keyOf(slice), "error", err.Error())
			return
		}
	}
}
