package projection

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// explainAccess says what the user has at each site, and in objects that are at
// none.
func (e *explaining) explainAccess() {
	for _, s := range e.order {
		groups := slices.DeleteFunc(slices.Clone(s.grants), func(g *grant) bool { return !e.of[g] })
		x := AccessExplanation{Namespace: s.namespace, RoleKind: s.role.Kind, Role: s.role.Name}
		for _, g := range groups {
			x.Groups = append(x.Groups, g.displayName)
		}
		names := e.subjects(groups)
		x.Objects = e.holding(s.existing.objects(), names)
		if len(groups) == 0 && len(x.Objects) == 0 {
			continue
		}
		e.judge(&x, s, names)
		e.answer.Access = append(e.answer.Access, x)
	}
	for _, object := range e.strays {
		if names := e.subjects(e.all); len(e.holding([]*CurrentObject{object}, names)) > 0 {
			e.answer.Access = append(e.answer.Access, AccessExplanation{
				Namespace: object.Namespace, RoleKind: object.RoleRef.Kind, Role: object.RoleRef.Name,
				State: AccessRemoving, Objects: []string{nameOf(object)},
				Reasons: []Cause{cause(ReasonNamespaceNotTarget, "the binding does not bind this role here any more")},
			})
		}
	}
	slices.SortStableFunc(e.answer.Access, func(a, b AccessExplanation) int {
		return slices.Compare([]string{a.Namespace, a.RoleKind, a.Role}, []string{b.Namespace, b.RoleKind, b.Role})
	})
}

// judge compares what should be with what is.
func (e *explaining) judge(x *AccessExplanation, s *site, names []string) {
	wanted := slices.ContainsFunc(names, func(name string) bool { _, ok := s.audience.find(name); return ok })
	kept := slices.ContainsFunc(names, s.audience.keeps)
	switch bound := len(x.Objects) > 0; {
	case wanted && bound:
		x.State = AccessBound
	case wanted:
		x.State = AccessPending
		switch {
		case e.NoAdditions != nil:
			x.Reasons = append(x.Reasons, Cause{e.NoAdditions.Reason, e.NoAdditions.Message})
		case s.existing.frozen:
			x.Reasons = append(x.Reasons, cause(ReasonNamespaceTerminating, "namespace %q is being deleted, or is no longer known to be a target", s.namespace))
		}
	case bound && kept:
		x.State = AccessHeld
		for _, g := range s.grants {
			if g.held != nil {
				x.Reasons = append(x.Reasons, g.causes()...)
			}
		}
		x.Reasons = slices.Compact(x.Reasons)
	case bound && e.guardHolds():
		x.State = AccessHeld
		x.Reasons = append(x.Reasons, cause(ReasonRemovalsHeld, "the removalGuard of IdentityProviderSync %s holds removals until %s, or until somebody confirms them",
			e.roster.name, e.roster.Sync.Status.RemovalGuard.Until))
	case bound:
		x.State = AccessRemoving
	default:
		x.State = AccessNone
		x.Reasons = append(x.Reasons, e.answer.Reasons...)
	}
}

// guardHolds tells whether the sync holds removals of users like this one.
func (e *explaining) guardHolds() bool {
	sync := e.roster.Sync
	return sync != nil && sync.Spec.RemovalGuard != nil && sync.Status.RemovalGuard != nil &&
		e.answer.Subject != "" && e.allActive(e.answer.Subject)
}

// subjects are the names that the user has in subjects: the user's own, or
// those of the user's groups.
func (e *explaining) subjects(groups []*grant) []string {
	if e.kind == v1alpha1.SubjectUser {
		if e.answer.Subject == "" {
			return nil
		}
		return []string{e.answer.Subject}
	}
	var names []string
	for _, g := range groups {
		if !e.of[g] || !e.groupNames.known {
			continue
		}
		if name, err := e.groupNames.of(g.group); err == nil {
			names = append(names, name)
		}
	}
	return names
}

// holding gives the objects that have one of the names.
func (e *explaining) holding(objects []*CurrentObject, names []string) []string {
	var found []string
	for _, object := range objects {
		if slices.ContainsFunc(object.Subjects, func(s rbacv1.Subject) bool { return e.ours(&s) && slices.Contains(names, s.Name) }) {
			found = append(found, nameOf(object))
		}
	}
	slices.Sort(found)
	return found
}

func nameOf(object *CurrentObject) string {
	if object.Namespace == wholeCluster {
		return "ClusterRoleBinding " + object.Name
	}
	return fmt.Sprintf("RoleBinding %s/%s", object.Namespace, object.Name)
}
