package grouprolebinding

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

// refusal turns an error of a write into a problem that says what to do. The
// error remains, unless it is useless to try again.
func refusal(err error, rb *rbacv1.RoleBinding) (*projection.Problem, error) {
	role := rb.RoleRef
	var problem projection.Problem
	switch {
	case late(err, role.Name):
		return nil, fmt.Errorf("%w: %w", errLate, err)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil, nil
	case apierrors.IsNotFound(err):
		problem = projection.NewProblem(projection.ReasonRoleNotFound,
			"%s %q does not exist, and the operator may not bind it beforehand; create it, and let the operator bind it (%s)",
			role.Kind, role.Name, howToGrant(role))
	case apierrors.IsForbidden(err) && isEscalation(err):
		problem = projection.NewProblem(projection.ReasonBindPermissionMissing,
			"the operator may not bind %s %q in namespace %q; %s", role.Kind, role.Name, rb.Namespace, howToGrant(role))
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsRequestEntityTooLargeError(err):
		problem = projection.NewProblem(projection.ReasonRefusedByTheAPIServer, "writing RoleBinding %q was refused: %v", rb.Name, err)
	default:
		problem = projection.NewProblem(projection.ReasonAPIServerNotResponding, "writing RoleBinding %q failed and is tried again: %v", rb.Name, err)
	}
	return &problem, fmt.Errorf("write RoleBinding %s/%s: %w", rb.Namespace, rb.Name, err)
}

// errLate marks errors of a cache that was behind. They are nothing to report.
var errLate = errors.New("an object has changed since it was read")

// late tells that what was read has changed or is gone. A role that does not
// exist is reported as if a RoleBinding of its name did not.
func late(err error, role string) bool {
	var status apierrors.APIStatus
	gone := apierrors.IsNotFound(err) && errors.As(err, &status) &&
		status.Status().Details != nil && status.Status().Details.Name != role
	return gone || apierrors.IsConflict(err)
}

// roleIsGone tells that a write was refused since the role does not exist and
// the operator may not bind it beforehand.
func roleIsGone(err error, role string) bool { return apierrors.IsNotFound(err) && !late(err, role) }

// isEscalation tells the refusal to bind a role from a missing permission on
// RoleBindings, a quota or a webhook.
func isEscalation(err error) bool {
	return strings.Contains(err.Error(), "attempting to grant RBAC permissions not currently held")
}

func howToGrant(role rbacv1.RoleRef) string {
	return fmt.Sprintf("add %q to bindableRoles, or a rule with verbs [bind], resources [%ss] and resourceNames [%s] to the operator's ClusterRole",
		role.Name, strings.ToLower(role.Kind), role.Name)
}

// revoke is for when the API server refuses an update that takes access away.
// Once `bind` is withdrawn from the operator, that is so for each update of the
// RoleBinding, but not for its deletion. Revoking must never fail, so then it
// is deleted, which takes access from all its subjects; a Forbidden for any
// other reason, such as a webhook, is only reported. A role that is gone gives
// nothing, but it may come back.
func (c *Controller) revoke(ctx context.Context, rb *rbacv1.RoleBinding, refused error) (*rbacv1.RoleBinding, *projection.Problem, error) {
	role := rb.RoleRef
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: rb.Namespace,
			Verb:      "bind",
			Group:     rbacv1.GroupName,
			Resource:  strings.ToLower(role.Kind) + "s",
			Name:      role.Name,
		},
	}}
	problem, err := refusal(refused, rb)
	if failed := c.client.Create(ctx, review); failed != nil {
		return rb, problem, fmt.Errorf("%w; and whether it may still bind is unknown: %w", err, failed)
	}
	if review.Status.Allowed || apierrors.IsForbidden(refused) && !isEscalation(refused) {
		return rb, problem, err
	}
	if failed := c.delete(ctx, rb); failed != nil {
		return rb, problem, failed
	}
	deleted := projection.NewProblem(projection.ReasonBindPermissionMissing,
		"the operator may no longer bind %s %q, so it could not remove some members; RoleBinding %q was deleted to take their access away. To have the others bound again, %s",
		role.Kind, role.Name, rb.Name, howToGrant(role))
	return nil, &deleted, err
}
