package grouprolebinding

import (
	"context"
	"errors"
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// apply makes the RoleBindings of a binding those that are wanted, and gives
// those that then exist. New ones are made before obsolete ones go, so that
// nobody is without access in between. What the API server refuses becomes a
// problem of the result; an error is worth another try.
func (c *Controller) apply(ctx context.Context, binding *v1alpha1.GroupRoleBinding, owned []rbacv1.RoleBinding, result *projection.Result) ([]rbacv1.RoleBinding, error) {
	var applied []rbacv1.RoleBinding
	var failures []error
	complete := true
	for _, wanted := range result.Objects {
		var existing *rbacv1.RoleBinding
		if i := slices.IndexFunc(owned, func(rb rbacv1.RoleBinding) bool { return rb.Name == wanted.Name }); i >= 0 {
			existing = &owned[i]
		}
		object, problem, err := c.applyOne(ctx, binding, existing, wanted)
		if object != nil {
			applied = append(applied, *object)
		}
		if problem != nil {
			result.Problems = append(result.Problems, *problem)
		}
		complete = complete && problem == nil && err == nil
		failures = append(failures, err)
	}
	for i := range owned {
		obsolete := &owned[i]
		if slices.ContainsFunc(result.Objects, func(rb *rbacv1.RoleBinding) bool { return rb.Name == obsolete.Name }) {
			continue
		}
		if complete {
			failures = append(failures, c.delete(ctx, obsolete))
			continue
		}
		// The new one could not be made: the old one stays, for those who are still wanted.
		object, problem, err := c.applyOne(ctx, binding, obsolete, onlyWanted(obsolete, result.Objects))
		if object != nil {
			applied = append(applied, *object)
		}
		if problem != nil {
			result.Problems = append(result.Problems, *problem)
		}
		failures = append(failures, err)
	}
	result.Problems = projection.Bounded(result.Problems)
	return applied, errors.Join(failures...)
}

// applyOne makes one RoleBinding as wanted and gives what then exists under
// its name, if that is ours.
func (c *Controller) applyOne(ctx context.Context, binding *v1alpha1.GroupRoleBinding, existing, wanted *rbacv1.RoleBinding) (*rbacv1.RoleBinding, *projection.Problem, error) {
	if existing == nil {
		created := wanted.DeepCopy()
		err := c.client.Create(ctx, created)
		switch {
		case err == nil:
			return created, nil, nil
		case !apierrors.IsAlreadyExists(err):
			problem, err := refusal(err, wanted)
			return nil, problem, err
		}
		// The cache is late, or does not show it since its label was removed.
		existing = &rbacv1.RoleBinding{}
		if err := c.live.Get(ctx, client.ObjectKeyFromObject(wanted), existing); apierrors.IsNotFound(err) {
			return nil, nil, errLate
		} else if err != nil {
			return nil, nil, err
		}
	}
	if owner, ok := projection.OwnerOf(existing); !ok || owner != binding.Name || existing.RoleRef != wanted.RoleRef {
		problem := projection.NewProblem(projection.ReasonObjectNameTaken,
			"RoleBinding %q exists and is not of this GroupRoleBinding; it was not touched. Delete it, or rename one of the two", wanted.Name)
		return nil, &problem, nil
	}
	updated := existing.DeepCopy()
	updated.Subjects, updated.OwnerReferences = wanted.Subjects, wanted.OwnerReferences
	if updated.Labels == nil {
		updated.Labels = map[string]string{}
	}
	maps.Copy(updated.Labels, wanted.Labels)
	if apiequality.Semantic.DeepEqual(existing, updated) {
		return existing, nil, nil
	}
	// With the resourceVersion of what was read: a conflict starts over.
	err := c.client.Update(ctx, updated)
	if err == nil {
		return updated, nil, nil
	}
	if (apierrors.IsForbidden(err) || roleIsGone(err, wanted.RoleRef.Name)) && removes(existing, wanted) {
		return c.revoke(ctx, existing, err)
	}
	problem, err := refusal(err, wanted)
	return existing, problem, err
}

// onlyWanted is an object without the subjects that are wanted no more.
func onlyWanted(object *rbacv1.RoleBinding, wanted []*rbacv1.RoleBinding) *rbacv1.RoleBinding {
	names := map[rbacv1.Subject]bool{}
	for _, rb := range wanted {
		for _, subject := range rb.Subjects {
			names[subject] = true
		}
	}
	rest := object.DeepCopy()
	rest.Subjects = slices.DeleteFunc(rest.Subjects, func(s rbacv1.Subject) bool { return !names[s] })
	return rest
}

// removes tells whether somebody who is bound should not be.
func removes(existing, wanted *rbacv1.RoleBinding) bool {
	return len(onlyWanted(existing, []*rbacv1.RoleBinding{wanted}).Subjects) < len(existing.Subjects)
}

// delete removes a RoleBinding in the version that was looked at.
func (c *Controller) delete(ctx context.Context, rb *rbacv1.RoleBinding) error {
	err := c.client.Delete(ctx, rb, client.Preconditions(metav1.Preconditions{UID: &rb.UID, ResourceVersion: &rb.ResourceVersion}))
	if apierrors.IsConflict(err) {
		return errLate
	}
	return client.IgnoreNotFound(err)
}

func (c *Controller) deleteAll(ctx context.Context, owned []rbacv1.RoleBinding) error {
	var failures []error
	for i := range owned {
		failures = append(failures, c.delete(ctx, &owned[i]))
	}
	return errors.Join(failures...)
}
