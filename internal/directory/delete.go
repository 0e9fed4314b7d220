package directory

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/scim"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// remove deletes a resource. Its id is dead from then on, which ends all
// access; that it also leaves its groups is housekeeping.
func (s scope) remove(ctx context.Context, id string, precondition func(string) error) error {
	name, _, ok := ObjectName(id)
	if !ok {
		return scim.NotFound(s.kind, id)
	}
	unlock, err := s.locks.lock(ctx, s.lockKey(name))
	if err != nil {
		return err
	}
	_, err = s.onNewest(ctx, id, func(current client.Object) (client.Object, error) {
		if err := s.check(ctx, current, precondition); err != nil {
			return nil, err
		}
		return current, s.removeAs(ctx, current)
	})
	unlock()
	if err != nil {
		return err
	}
	after, cancel := detached(ctx)
	defer cancel()
	s.release(after, id)
	s.leaveGroups(after, id)
	return nil
}

// removeAs makes one attempt to delete a resource as it was read. The object
// has to stay if it is the slot of another resource's name.
func (s scope) removeAs(ctx context.Context, current client.Object) error {
	retain := s.policy.RetainUsers
	if s.kind == KindGroup {
		retain = s.policy.RetainGroups
	}
	next := copyOf(current)
	if retain {
		s.touch(resourceOf(next))
		resourceOf(next).Deleted = resourceOf(next).LastModified
		s.label(next)
		_, err := s.update(ctx, next, "")
		return err
	}
	id, slot := resourceOf(current).ID, current.GetName()
	if claim := claimOf(next); claim.ClaimFor == "" {
		carrier, err := s.fence(ctx, claim.ClaimedFrom, slot, id)
		if err != nil {
			return err
		}
		if carrier == nil {
			return s.erase(ctx, current)
		}
		s.handTo(next, resourceOf(carrier).ID, "")
	}
	toClaim(next)
	_, err := s.update(ctx, next, "")
	return err
}

// leaveGroups removes a dead id from its groups as far as that works now. An
// id that names nothing does no harm in a group.
func (s scope) leaveGroups(ctx context.Context, id string) {
	groups, err := s.groupsOf(ctx, s.sync, id, false)
	if err != nil {
		s.log.V(1).Info("a deleted resource stays in its groups", "id", id, "error", err.Error())
		return
	}
	inGroups := s
	inGroups.table, inGroups.rt = s.groups, schema.GroupType() // attributes stay as they are
	change := scim.Change{Members: []scim.MemberChange{{Op: scim.RemoveMembers, Values: []string{id}}}}
	for _, g := range groups {
		if _, err := inGroups.modify(ctx, g.Spec.ID, change); err != nil && !isNotFound(err) {
			s.log.V(1).Info("a deleted resource stays in a group", "id", id, "group", keyOf(g), "error", err.Error())
		}
	}
}
