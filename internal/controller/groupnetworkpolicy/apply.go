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
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

// errLate marks errors of a cache that was behind. They are nothing to report.
var errLate = errors.New("an object has changed since it was read")

// applied is what came of applying a result.
type applied struct {
	job       *lane.Job
	exists    []networkingv1.NetworkPolicy
	problems  []projection.Problem
	wait      time.Duration // until it is looked at again; 0: not
	failure   error         // worth another try
	unrevoked bool          // something is still let through that should not be
}

// again has the policy looked at in so long; 0: not.
func (a *applied) again(d time.Duration) {
	if d > 0 && (a.wait == 0 || d < a.wait) {
		a.wait = d
	}
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

// write makes the NetworkPolicies of a policy those that are wanted, in the lane
// of its namespace. What goes on there without this reconcile is looked at later.
func (c *Controller) write(ctx context.Context, rq reconcile.Request, policy *v1alpha1.GroupNetworkPolicy, owned []networkingv1.NetworkPolicy, result *networkpolicy.Result) *applied {
	written := &applied{}
	answer := c.lanes.Run(ctx, policy.Namespace, rq, classOf(owned, result), func(ctx context.Context, job *lane.Job) {
		written.job = job
		c.apply(ctx, policy, owned, result, written)
	})
	if answer == lane.Done {
		return written
	}
	c.lanes.Interrupt(policy.Namespace, rq)
	a := &applied{exists: owned, wait: lane.Again}
	if problem, ok := c.lanes.Problem(policy.Namespace, rq); ok {
		a.problems = append(a.problems, problem)
	}
	return a
}

// classOf tells whether something is to be let through no more.
func classOf(owned []networkingv1.NetworkPolicy, result *networkpolicy.Result) lane.Class {
	for i := range owned {
		if !result.Additions[owned[i].Name] {
			return lane.Removal
		}
	}
	return lane.Addition
}

// apply makes the NetworkPolicies of a policy those that are wanted. No entry
// moves from one to another at once, so the order is only about time: those
// first that let less through.
func (c *Controller) apply(ctx context.Context, policy *v1alpha1.GroupNetworkPolicy, owned []networkingv1.NetworkPolicy, result *networkpolicy.Result, a *applied) {
	var failures []error
	for i := range owned {
		wanted := func(o *networkingv1.NetworkPolicy) bool { return o.Name == owned[i].Name }
		if !slices.ContainsFunc(result.Objects, wanted) {
			err := c.delete(ctx, a.job, &owned[i])
			if err != nil {
				a.unrevoked, a.exists = true, append(a.exists, owned[i])
			}
			failures = append(failures, err)
		}
	}
	if len(owned) == 0 && policy.Status.Peers == nil {
		// Should the spec become unusable, they tell whose traffic to stop.
		failures = append(failures, c.notePeers(ctx, a.job, policy, result))
	}
	for _, additions := range []bool{false, true} {
		for _, wanted := range result.Objects {
			existing := existingOf(owned, wanted.Name)
			if more := existing == nil || result.Additions[wanted.Name]; more != additions {
				continue
			}
			if a.job.Interrupted() {
				failures = append(failures, errLate)
				break
			}
			err := c.applyOne(ctx, policy, existing, wanted, additions, a)
			a.unrevoked = a.unrevoked || err != nil && !additions
			failures = append(failures, err)
		}
	}
	a.failure = errors.Join(failures...)
}

// notePeers writes the peers into the status before the first object has them.
func (c *Controller) notePeers(ctx context.Context, job *lane.Job, policy *v1alpha1.GroupNetworkPolicy, result *networkpolicy.Result) error {
	noted := policy.DeepCopy()
	noted.Status.Peers = result.Peers
	return job.Write(ctx, func(ctx context.Context) error {
		return c.Client.Status().Patch(ctx, noted, client.MergeFrom(policy))
	})
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
		err := a.job.Write(ctx, func(ctx context.Context) error { return c.Client.Create(ctx, created) })
		c.measured.Wrote(client.ObjectKeyFromObject(policy), err)
		switch {
		case err == nil:
			a.exists = append(a.exists, *created)
			return nil
		case !apierrors.IsAlreadyExists(err):
			return a.refused(err, wanted)
		}
		existing = &networkingv1.NetworkPolicy{}
		err = a.job.Write(ctx, func(ctx context.Context) error { return c.live.Get(ctx, client.ObjectKeyFromObject(wanted), existing) })
		if apierrors.IsNotFound(err) {
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
			a.again(wait)
			return nil
		}
	}
	// With the resourceVersion of what was read: a conflict starts over.
	err := a.job.Write(ctx, func(ctx context.Context) error { return c.Client.Update(ctx, updated) })
	c.measured.Wrote(client.ObjectKeyFromObject(policy), err)
	if err != nil {
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
	case apierrors.IsForbidden(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsRequestEntityTooLargeError(err):
		a.problems = append(a.problems, projection.NewProblem(projection.ReasonRefusedByTheAPIServer, "writing NetworkPolicy %q was refused: %v", object.Name, err))
	default:
		a.problems = append(a.problems, projection.NewProblem(projection.ReasonAPIServerNotResponding,
			"writing NetworkPolicy %q failed and is tried again: %v", object.Name, err))
	}
	return fmt.Errorf("write NetworkPolicy %s/%s: %w", object.Namespace, object.Name, err)
}

// delete removes a NetworkPolicy in the version that was looked at.
func (c *Controller) delete(ctx context.Context, job *lane.Job, object *networkingv1.NetworkPolicy) error {
	err := job.Write(ctx, func(ctx context.Context) error {
		return c.Client.Delete(ctx, object, client.Preconditions(metav1.Preconditions{UID: &object.UID, ResourceVersion: &object.ResourceVersion}))
	})
	if apierrors.IsConflict(err) {
		return errLate
	}
	return client.IgnoreNotFound(err)
}

// end removes the NetworkPolicies of a policy that is gone: what lets somebody
// through before the first object, which isolates the pods in any case.
func (c *Controller) end(ctx context.Context, rq reconcile.Request, owned []networkingv1.NetworkPolicy) reconcile.Result {
	var failures []error
	answer := c.lanes.Run(ctx, rq.Namespace, rq, lane.Removal, func(ctx context.Context, job *lane.Job) {
		for _, first := range []bool{false, true} {
			for i := range owned {
				if networkpolicy.IsFirst(owned[i].Name) == first {
					failures = append(failures, c.delete(ctx, job, &owned[i]))
				}
			}
		}
	})
	if answer != lane.Done {
		c.lanes.Interrupt(rq.Namespace, rq)
		return reconcile.Result{RequeueAfter: lane.Again}
	}
	c.lanes.Forget(rq.Namespace, rq)
	if failure := errors.Join(failures...); failure != nil { // there is no status to tell it
		logf.FromContext(ctx).Error(failure, "cannot remove all NetworkPolicies of a deleted GroupNetworkPolicy; trying again")
		return reconcile.Result{RequeueAfter: c.soon.When(rq)}
	}
	c.soon.Forget(rq)
	return reconcile.Result{}
}
