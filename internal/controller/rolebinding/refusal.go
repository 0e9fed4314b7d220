package rolebinding

import (
	"context"
	"errors"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// maxFailures is how many errors of a reconcile are kept: thousands of objects
// may be refused for one reason.
const maxFailures = 8

// errLate marks errors of a cache that was behind. They are nothing to report.
var errLate = errors.New("an object has changed since it was read")

// fail notes what a refused write means: a problem that says what to do, and
// whether it is worth another try. It blocks nothing but what would be refused
// for the same reason.
func (s *scope) fail(p *place, key objectKey, role rbacv1.RoleRef, err error) {
	if p != nil {
		p.behindNow()
	}
	if isLate(err, role.Name) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.late = true
		return
	}
	problem, ofAll := refusal(err, key, role)
	if problem == nil {
		return
	}
	s.failed(fmt.Errorf("write %s: %w", key, err))
	if p != nil {
		p.mu.Lock()
		p.refused = p.refused || ofAll
		p.mu.Unlock()
	}
	s.tell(p, *problem)
}

// failed notes an error that makes the reconcile one to be tried again.
func (s *scope) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.failures) < maxFailures {
		s.failures = append(s.failures, err)
	}
}

// notRevoked notes that somebody keeps access for now.
func (s *scope) notRevoked() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unrevoked = true
}

// tell adds a problem: of a placement one line for each reason.
func (s *scope) tell(p *place, problem projection.Problem) {
	if p != nil {
		p.mu.Lock()
		known := p.told[problem.Reason]
		p.told[problem.Reason] = true
		p.mu.Unlock()
		if known {
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, problem)
}

// refusal turns an error of a write into a problem that says what to do; nil
// if it is nothing to report. ofAll is set if every further addition to the
// same placement would be refused too.
func refusal(err error, key objectKey, role rbacv1.RoleRef) (problem *projection.Problem, ofAll bool) {
	report := func(ofAll bool, reason projection.Reason, format string, args ...any) (*projection.Problem, bool) {
		problem := projection.NewProblem(reason, format, args...)
		return &problem, ofAll
	}
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil, true
	case apierrors.IsNotFound(err):
		return report(true, projection.ReasonRoleNotFound,
			"%s %q does not exist%s, and the operator may not bind it beforehand; create it, and let the operator bind it (%s)",
			role.Kind, role.Name, key.where(), howToGrant(role))
	case apierrors.IsForbidden(err) && isEscalation(err):
		return report(true, projection.ReasonBindPermissionMissing,
			"the operator may not bind %s %q%s; %s", role.Kind, role.Name, key.where(), howToGrant(role))
	case apierrors.IsForbidden(err):
		return report(true, projection.ReasonRefusedByTheAPIServer, "writing %s was refused: %v", key, err)
	case apierrors.IsInvalid(err), apierrors.IsRequestEntityTooLargeError(err):
		return report(false, projection.ReasonRefusedByTheAPIServer, "writing %s was refused: %v", key, err)
	}
	return report(false, projection.ReasonAPIServerNotResponding, "writing %s failed and is tried again: %v", key, err)
}

// where is " in namespace …", or nothing for the whole cluster.
func (k objectKey) where() string {
	if k.namespace == "" {
		return ""
	}
	return fmt.Sprintf(" in namespace %q", k.namespace)
}

// isLate tells that what was read has changed or is gone. A role that does not
// exist is reported as if an object of its name did not.
func isLate(err error, role string) bool {
	var status apierrors.APIStatus
	gone := apierrors.IsNotFound(err) && errors.As(err, &status) &&
		status.Status().Details != nil && status.Status().Details.Name != role
	return gone || apierrors.IsConflict(err) || errors.Is(err, errLate)
}

// roleIsGone tells that a write was refused since the role does not exist and
// the operator may not bind it beforehand.
func roleIsGone(err error, role string) bool { return apierrors.IsNotFound(err) && !isLate(err, role) }

// isEscalation tells the refusal to bind a role from a missing permission on
// RoleBindings, a quota or a webhook.
func isEscalation(err error) bool {
	return strings.Contains(err.Error(), "attempting to grant RBAC permissions not currently held")
}

func howToGrant(role rbacv1.RoleRef) string {
	return fmt.Sprintf("add %q to bindableRoles, or a rule with verbs [bind], resources [%ss] and resourceNames [%s] to the operator's ClusterRole",
		role.Name, strings.ToLower(role.Kind), role.Name)
}

// revokeByDeleting is for when the API server refuses an update that takes
// access away. Once `bind` is withdrawn from the operator, that is so for each
// update of the object, but not for its deletion. Revoking must never fail, so
// then it is deleted, which takes access from all its subjects; a Forbidden for
// any other reason, such as a quota or a webhook, is only reported. A role that
// is gone gives nothing, but it may come back.
func (s *scope) revokeByDeleting(ctx context.Context, p *place, key objectKey, role rbacv1.RoleRef, refused error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: key.namespace,
			Verb:      "bind",
			Group:     rbacv1.GroupName,
			Resource:  strings.ToLower(role.Kind) + "s",
			Name:      role.Name,
		},
	}}
	if err := s.Client.Create(ctx, review); err != nil {
		s.notRevoked()
		s.fail(p, key, role, fmt.Errorf("%w; and whether the operator may still bind is unknown: %w", refused, err))
		return
	}
	if review.Status.Allowed || apierrors.IsForbidden(refused) && !isEscalation(refused) {
		s.notRevoked()
		s.fail(p, key, role, refused)
		return
	}
	if err := s.remove(ctx, key, s.object(key)); err != nil {
		s.notRevoked()
		s.fail(p, key, role, err)
		return
	}
	p.behindNow()
	s.failed(fmt.Errorf("write %s: %w", key, refused))
	s.tell(p, projection.NewProblem(projection.ReasonBindPermissionMissing,
		"the operator may no longer bind %s %q, so it could not remove some members; %s was deleted to take their access away. To have the others bound again, %s",
		role.Kind, role.Name, key, howToGrant(role)))
}
