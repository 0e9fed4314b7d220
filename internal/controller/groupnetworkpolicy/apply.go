package groupnetworkpolicy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

// errLate marks errors of a cache that was behind. They are nothing to report.
var errLate = errors.New("an object has changed since it was read")

// applied is what came of applying a result.
type applied struct {
	exists   []networkingv1.NetworkPolicy
	problems []projection.Problem
	wait     time.Duration // until what had to wait for the budget is tried again; 0: nothing
	failure  error         // worth another try
}

// owned lists the NetworkPolicies of a GroupNetworkPolicy, also those whose
// owner somebody took away. They are the cache's.
func (c *Controller) owned(ctx context.Context, policy types.NamespacedName) ([]networkingv1.NetworkPolicy, error) {
	var owned []networkingv1.NetworkPolicy
	for _, key := range []string{policy.Name, unowned(networkpolicy.LabelValueOf(policy.Name))} {
		var list networkingv1.NetworkPolicyList
		err := c.Client.List(ctx, &list, client.InNamespace(policy.Namespace), client.MatchingFields{indexOwner: key}, client.UnsafeDisableDeepCopy)
		if err != nil {
			return nil, fmt.Errorf("list the NetworkPolicies of %s: %w", policy, err)
		}
		for _, object := range list.Items {
			if key == policy.Name || networkpolicy.IsNameOf(policy, object.Name) {
				owned = append(owned, object)
			}
		}
	}
	return owned, nil
}

// apply makes the NetworkPolicies of a policy those that are wanted. No entry
// moves from one to another at once, so the order is only about time: those
// first that let less through.
func (c *Controller) apply(ctx context.Context, policy *v1alpha1.GroupNetworkPolicy, owned []networkingv1.NetworkPolicy, result *networkpolicy.Result) *applied {
	a := &applied{}
	var failures []error
	for i := range owned {
		wanted := func(o *networkingv1.NetworkPolicy) bool { return o.Name == owned[i].Name }
		if !slices.ContainsFunc(result.Objects, wanted) {
			failures = append(failures, c.delete(ctx, &owned[i]))
		}
	}
	for _, additions := range []bool{false, true} {
		for _, wanted := range result.Objects {
			existing := existingOf(owned, wanted.Name)
			if more := existing == nil || result.Additions[wanted.Name]; more == additions {
				failures = append(failures, c.applyOne(ctx, policy, existing, wanted, additions, a))
			}
		}
	}
	a.failure = errors.Join(failures...)
	return a
}

func existingOf(owned []networkingv1.NetworkPolicy, name string) *networkingv1.NetworkPolicy {
	if i := slices.IndexFunc(owned, func(o networkingv1.NetworkPolicy) bool { return o.Name == name }); i >= 0 {
		return &owned[i]
	}
	return nil
}

// applyOne makes one NetworkPolicy as wanted, and notes what then exists.
func (c *Controller) applyOne(ctx context.Context, policy *v1alpha1.GroupNetworkPolicy, existing, wanted *networkingv1.NetworkPolicy, mayWait bool, a *applied) error {
	if existing == nil {
		created := wanted.DeepCopy()
		err := c.Client.Create(ctx, created)
		switch {
		case err == nil:
			a.exists = append(a.exists, *created)
			return nil
		case !apierrors.IsAlreadyExists(err):
			return a.refused(err, wanted)
		}
		existing = &networkingv1.NetworkPolicy{}
		if err := c.live.Get(ctx, client.ObjectKeyFromObject(wanted), existing); apierrors.IsNotFound(err) {
			return errLate
		} else if err != nil {
			return err
		}
		if !slices.Contains(ownerKeys(existing), policy.Name) {
			a.problems = append(a.problems, projection.NewProblem(projection.ReasonObjectNameTaken,
				"NetworkPolicy %q exists and is not of this GroupNetworkPolicy; it was not touched. Delete it, or rename one of the two", wanted.Name))
			return nil
		}
		mayWait = false // the cache is late, so it is not known what the object lets through
	}
	updated := existing.DeepCopy()
	updated.Spec, updated.OwnerReferences = wanted.Spec, wanted.OwnerReferences
	if updated.Labels == nil {
		updated.Labels = map[string]string{}
	}
	maps.Copy(updated.Labels, wanted.Labels)
	if apiequality.Semantic.DeepEqual(existing, updated) {
		a.exists = append(a.exists, *existing)
		return nil
	}
	if mayWait {
		if wait := c.budget.ask(updated.Size()); wait > 0 {
			a.exists = append(a.exists, *existing)
			a.wait = max(a.wait, wait)
			return nil
		}
	}
	// With the resourceVersion of what was read: a conflict starts over.
	if err := c.Client.Update(ctx, updated); err != nil {
		a.exists = append(a.exists, *existing)
		return a.refused(err, wanted)
	}
	a.exists = append(a.exists, *updated)
	return nil
}

// refused turns an error of a write into a problem that says what to do. The
// error remains.
func (a *applied) refused(err error, object *networkingv1.NetworkPolicy) error {
	switch {
	case apierrors.IsConflict(err), apierrors.IsNotFound(err):
		return fmt.Errorf("%w: %w", errLate, err)
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsRequestEntityTooLargeError(err):
		a.problems = append(a.problems, projection.NewProblem(projection.ReasonRefusedByTheAPIServer, "writing NetworkPolicy %q was refused: %v", object.Name, err))
	default:
		a.problems = append(a.problems, projection.NewProblem(projection.ReasonAPIServerNotResponding,
			"writing NetworkPolicy %q failed and is tried again: %v", object.Name, err))
	}
	return fmt.Errorf("write NetworkPolicy %s/%s: %w", object.Namespace, object.Name, err)
}

// delete removes a NetworkPolicy in the version that was looked at.
func (c *Controller) delete(ctx context.Context, object *networkingv1.NetworkPolicy) error {
	err := c.Client.Delete(ctx, object, client.Preconditions(metav1.Preconditions{UID: &object.UID, ResourceVersion: &object.ResourceVersion}))
	if apierrors.IsConflict(err) {
		return errLate
	}
	return client.IgnoreNotFound(err)
}

// deleteAll removes what lets somebody through before the first object, which
// isolates the pods in any case.
func (c *Controller) deleteAll(ctx context.Context, owned []networkingv1.NetworkPolicy) error {
	var failures []error
	for _, first := range []bool{false, true} {
		for i := range owned {
			if networkpolicy.IsFirst(owned[i].Name) == first {
				failures = append(failures, c.delete(ctx, &owned[i]))
			}
		}
	}
	return errors.Join(failures...)
}
