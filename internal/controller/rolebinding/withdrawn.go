package rolebinding

import (
	"context"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// revokeByDeleting is for when the API server refuses an update that takes
// access away. Once `bind` is withdrawn from the operator, that is so for each
// update of the object, but not for its deletion. Revoking must never fail, so
// then it is deleted, which takes access from all its subjects; a Forbidden for
// any other reason, such as a quota or a webhook, is only reported. A role that
// is gone gives nothing, but it may come back.
func (p *part) revokeByDeleting(ctx context.Context, at *place, key objectKey, role rbacv1.RoleRef, refused error) {
	may, err := p.mayBind(ctx, key.namespace, role)
	if err != nil {
		p.notRevoked()
		p.fail(at, key, role, fmt.Errorf("%w; and whether the operator may still bind is unknown: %w", refused, err))
		return
	}
	if may || apierrors.IsForbidden(refused) && !isEscalation(refused) {
		p.notRevoked()
		p.fail(at, key, role, refused)
		return
	}
	if err := p.remove(ctx, key, p.object(key)); err != nil {
		p.notRevoked()
		p.fail(at, key, role, err)
		return
	}
	at.behindNow()
	p.failure(fmt.Errorf("write %s: %w", key, refused))
	p.tell(at, projection.NewProblem(projection.ReasonBindPermissionMissing,
		"the operator may no longer bind %s %q, so it could not remove some members; %s was deleted to take their access away. To have the others bound again, %s",
		role.Kind, role.Name, key, howToGrant(role)))
}

// mayBind asks whether the operator has `bind` on a role; in a namespace, or in
// the whole cluster.
func (p *part) mayBind(ctx context.Context, namespace string, role rbacv1.RoleRef) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace,
			Verb:      "bind",
			Group:     rbacv1.GroupName,
			Resource:  strings.ToLower(role.Kind) + "s",
			Name:      role.Name,
		},
	}}
	err := p.job.Write(ctx, func(ctx context.Context) error { return p.Client.Create(ctx, review) })
	return review.Status.Allowed, err
}
