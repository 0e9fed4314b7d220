package namespacelabels

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

// statusInterval is how often the counts in a status are written while members
// come and go. Anything else does not wait for it.
const statusInterval = 5 * time.Second

// report writes the part of the sync's status that is about labels, and events,
// both only when something changed. A change of counts alone may have to wait,
// for as long as it says.
func (s *scope) report(ctx context.Context) (wait time.Duration, err error) {
	if s.sync == nil {
		return 0, nil
	}
	status, problems := s.status()
	before := s.sync.Status.LabelNamespaces
	if equality.Semantic.DeepEqual(before, status) {
		return 0, nil
	}
	if onlyCounts(before, status) {
		if wait := s.pace.Wait(s.name); wait > 0 {
			return wait, nil
		}
	}
	after := s.sync.DeepCopy()
	after.Status.LabelNamespaces = status
	// A merge patch of this field alone: others write the rest of the status.
	var refused error // of the job: only to be read once that has ended
	answer := s.lanes.Run(ctx, s.name.Namespace, s.name, lane.Status, func(ctx context.Context, job *lane.Job) {
		refused = job.Write(ctx, func(ctx context.Context) error {
			return s.Client.Status().Patch(ctx, after.DeepCopy(), client.MergeFrom(s.sync))
		})
		if refused == nil {
			s.pace.Wrote(s.name)
			s.announce(before, after, problems)
		}
	})
	if answer != lane.Done {
		return lane.Again, nil
	}
	return 0, client.IgnoreNotFound(refused)
}

// status is what the sync's groups came to; nil without labelNamespaces.
func (s *scope) status() (*v1alpha1.LabelNamespacesStatus, []projection.Problem) {
	if s.declared == nil {
		return nil, nil
	}
	usable, groups := s.states.snapshot(s.name)
	status := &v1alpha1.LabelNamespacesStatus{Namespace: usable}
	if before := s.sync.Status.LabelNamespaces; usable == "" && before != nil {
		status.Namespace = before.Namespace
	}
	var problems []projection.Problem
	for _, group := range s.declared.Groups {
		g := groups[group]
		status.Groups = append(status.Groups, v1alpha1.NamespaceLabelStatus{
			DisplayName: group, Label: networkpolicy.NamespaceLabel(s.name, group), Namespaces: int64(g.count)})
		for _, problem := range g.problems {
			if !slices.Contains(problems, problem) {
				problems = append(problems, problem)
			}
		}
	}
	if n := s.failed.Count(); n > 0 {
		problems = append(problems, projection.NewProblem(projection.ReasonAPIServerNotResponding,
			"%d labels of namespaces could not be changed, which is tried again: %s", n, &s.failed))
	}
	problems = projection.Bounded(problems)
	for _, problem := range problems {
		status.Problems = append(status.Problems, problem.String())
	}
	return status, problems
}

func onlyCounts(before, after *v1alpha1.LabelNamespacesStatus) bool {
	if before == nil || after == nil {
		return false
	}
	before, after = before.DeepCopy(), after.DeepCopy()
	for _, status := range []*v1alpha1.LabelNamespacesStatus{before, after} {
		for i := range status.Groups {
			status.Groups[i].Namespaces = 0
		}
	}
	return equality.Semantic.DeepEqual(before, after)
}

// announce tells of problems that are new in kind.
func (s *scope) announce(before *v1alpha1.LabelNamespacesStatus, after *v1alpha1.IdentityProviderSync, problems []projection.Problem) {
	had := map[string]bool{}
	if before != nil {
		had = projection.ReasonsOf(before.Problems)
	}
	for _, problem := range problems {
		if reason := string(problem.Reason); !had[reason] {
			had[reason] = true
			s.recorder.Eventf(after, nil, corev1.EventTypeWarning, reason, "LabelNamespaces", "%s", problem.Message)
		}
	}
}
