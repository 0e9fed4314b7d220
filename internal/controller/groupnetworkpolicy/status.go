package groupnetworkpolicy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

// Reasons of the Ready condition when nothing, or little, is wrong. Otherwise
// its reason is that of the first problem.
const (
	reasonApplied       = "Applied"
	reasonPartlyApplied = "PartlyApplied"
)

// maxObjects of GroupNetworkPolicyStatus.
const maxObjects = 64

// statusInterval is how often a status is written while members come and go.
// News do not wait for it.
const statusInterval = time.Second

// statusOf is a status in its lane, beside the objects of its policy.
type statusOf struct{ reconcile.Request }

// report writes the status and events, both only when something changed. What
// is no news may have to wait, for as long as it says.
func (c *Controller) report(ctx context.Context, rq reconcile.Request, policy *v1alpha1.GroupNetworkPolicy, result *networkpolicy.Result, a *applied) (wait time.Duration, err error) {
	neighbors, err := c.neighbors(ctx, policy)
	if err != nil {
		return 0, err
	}
	problems := projection.Bounded(append(slices.Clone(result.Problems), a.problems...))
	after := policy.DeepCopy()
	s := &after.Status
	s.ObservedGeneration, s.Peers = policy.Generation, result.Peers
	s.MembersDesired, s.MembersApplied = result.MembersDesired, result.MembersApplied(a.exists)
	s.ObjectCount, s.Objects, s.Problems = int64(len(a.exists)), nil, nil
	for i := range a.exists {
		s.Objects = append(s.Objects, a.exists[i].Name)
	}
	slices.Sort(s.Objects)
	s.Objects = s.Objects[:min(len(s.Objects), maxObjects)]
	for _, problem := range problems {
		s.Problems = append(s.Problems, problem.String())
	}
	setReady(s, problems)
	setNeighbors(s, neighbors)
	if apiequality.Semantic.DeepEqual(policy.Status, after.Status) {
		return 0, nil
	}
	if !isNews(&policy.Status, s) {
		if wait := c.pace.Wait(rq.NamespacedName); wait > 0 {
			return wait, nil
		}
	}
	var refused error // of the job: only to be read once that has ended
	answer := c.lanes.Run(ctx, policy.Namespace, statusOf{rq}, lane.Status, func(ctx context.Context, job *lane.Job) {
		refused = job.Write(ctx, func(ctx context.Context) error {
			return c.Client.Status().Patch(ctx, after.DeepCopy(), client.MergeFrom(policy))
		})
		if refused == nil {
			c.pace.Wrote(rq.NamespacedName)
			c.announce(policy, after, problems)
		}
	})
	if answer != lane.Done {
		return lane.Again, nil
	}
	return 0, client.IgnoreNotFound(refused)
}

// isNews tells whether a status has something that people or tools wait for:
// more than members who came or went.
func isNews(before, after *v1alpha1.GroupNetworkPolicyStatus) bool {
	old := before.DeepCopy()
	old.MembersDesired, old.MembersApplied = after.MembersDesired, after.MembersApplied
	old.ObjectCount, old.Objects = after.ObjectCount, after.Objects
	if maps.Equal(projection.ReasonsOf(old.Problems), projection.ReasonsOf(after.Problems)) {
		old.Problems = after.Problems
	}
	for i := range old.Conditions { // their messages have numbers
		c := &old.Conditions[i]
		if now := meta.FindStatusCondition(after.Conditions, c.Type); now != nil && now.Reason == c.Reason && now.Status == c.Status {
			c.Message = now.Message
		}
	}
	return !apiequality.Semantic.DeepEqual(old, after)
}

func (c *Controller) neighbors(ctx context.Context, policy *v1alpha1.GroupNetworkPolicy) (networkpolicy.Neighbors, error) {
	var list networkingv1.NetworkPolicyList
	if err := c.Client.List(ctx, &list, client.InNamespace(policy.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return networkpolicy.Neighbors{}, fmt.Errorf("list the NetworkPolicies of namespace %s: %w", policy.Namespace, err)
	}
	return networkpolicy.FindNeighbors(policy, list.Items), nil
}

func set(s *v1alpha1.GroupNetworkPolicyStatus, kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&s.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason,
		Message: message, ObservedGeneration: s.ObservedGeneration})
}

// setReady follows kstatus: Ready always has a status; Reconciling and Stalled
// are there only when they are true.
func setReady(s *v1alpha1.GroupNetworkPolicyStatus, problems []projection.Problem) {
	serious := slices.DeleteFunc(slices.Clone(problems), networkpolicy.Partial)
	if len(serious) == 0 {
		meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionReconciling)
		meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionStalled)
		reason, message := reasonApplied, fmt.Sprintf("%d members are let through", s.MembersApplied)
		if len(problems) > 0 {
			reason, message = reasonPartlyApplied, fmt.Sprintf("%d of %d members are let through: %s", s.MembersApplied, s.MembersDesired, problems[0].Message)
		}
		set(s, v1alpha1.ConditionReady, metav1.ConditionTrue, reason, message)
		return
	}
	first := serious[0]
	message := first.Message
	if len(problems) > 1 {
		message = fmt.Sprintf("%s (and %d more in status.problems)", message, len(problems)-1)
	}
	set(s, v1alpha1.ConditionReady, metav1.ConditionFalse, string(first.Reason), message)
	kind, other := v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled
	if slices.ContainsFunc(serious, func(p projection.Problem) bool { return !p.Waiting() }) {
		kind, other = other, kind
	}
	meta.RemoveStatusCondition(&s.Conditions, other)
	set(s, kind, metav1.ConditionTrue, string(first.Reason), first.Message)
}

// setNeighbors tells what other policies mean for the pods: see docs/network-policies.md.
func setNeighbors(s *v1alpha1.GroupNetworkPolicyStatus, n networkpolicy.Neighbors) {
	if len(n.Open) == 0 {
		set(s, v1alpha1.ConditionDefaultDeny, metav1.ConditionTrue, "DefaultDenyFound", "another NetworkPolicy refuses all other traffic of these pods")
	} else {
		set(s, v1alpha1.ConditionDefaultDeny, metav1.ConditionFalse, "NoDefaultDeny", fmt.Sprintf(
			"no default-deny NetworkPolicy selects these pods for %s: this policy isolates them while it exists, but they are open once it is deleted. Add one with an empty podSelector",
			join(n.Open)))
	}
	if len(n.Bypasses) == 0 {
		meta.RemoveStatusCondition(&s.Conditions, v1alpha1.ConditionBypassed)
		return
	}
	bypass := n.Bypasses[0]
	ports := "all ports"
	if bypass.SomePorts {
		ports = "some ports"
	}
	set(s, v1alpha1.ConditionBypassed, metav1.ConditionTrue, "OtherPolicyAllowsAll", fmt.Sprintf(
		"NetworkPolicy %q lets everybody through on %s for %s of the same pods, and policies add up: there membership restricts nothing",
		bypass.Name, ports, bypass.Direction))
}

func join(directions []networkingv1.PolicyType) string {
	names := make([]string, len(directions))
	for i, direction := range directions {
		names[i] = string(direction)
	}
	return strings.Join(names, " and ")
}

// announce tells of problems that are new in kind, of becoming Ready and of a
// bypass; not of each member that comes or goes.
func (c *Controller) announce(before, after *v1alpha1.GroupNetworkPolicy, problems []projection.Problem) {
	had := projection.ReasonsOf(before.Status.Problems)
	for _, problem := range problems {
		if reason := string(problem.Reason); !had[reason] {
			had[reason] = true
			c.recorder.Eventf(after, nil, corev1.EventTypeWarning, reason, "Project", "%s", problem.Message)
		}
	}
	became := func(kind string) bool {
		return meta.IsStatusConditionTrue(after.Status.Conditions, kind) && !meta.IsStatusConditionTrue(before.Status.Conditions, kind)
	}
	if became(v1alpha1.ConditionReady) {
		c.recorder.Eventf(after, nil, corev1.EventTypeNormal, reasonApplied, "Project", "%d members are let through by %d NetworkPolicies",
			after.Status.MembersApplied, after.Status.ObjectCount)
	}
	if became(v1alpha1.ConditionBypassed) {
		condition := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionBypassed)
		c.recorder.Eventf(after, nil, corev1.EventTypeWarning, condition.Reason, "Project", "%s", condition.Message)
	}
}
