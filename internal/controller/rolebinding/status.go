package rolebinding

import (
	"cmp"
	"context"
	"slices"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/expression"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Bounds of GroupBindingStatus.
const (
	maxObjects = 64
	maxRoles   = 17
)

// statusInterval is how often the status of a binding is written while its
// members keep coming and going. News do not wait for it.
const statusInterval = time.Second

// statusOf is a status in its lane, beside the objects of its binding.
type statusOf struct{ request }

// report writes the status and events, both only when something changed. What
// is no news may have to wait, for as long as it says.
func (s *scope) report(ctx context.Context, object client.Object, subjectName string) (wait time.Duration, err error) {
	problems := projection.Bounded(append(slices.Clone(s.outcome.Problems), s.problems...))
	before := s.kind.status(object)
	after := s.status(before, object.GetGeneration(), subjectName, problems)
	if apiequality.Semantic.DeepEqual(before, after) {
		return 0, nil
	}
	if !isNews(before, after) {
		if wait := s.pace.Wait(s.request); wait > 0 {
			return wait, nil
		}
	}
	changed := object.DeepCopyObject().(client.Object)
	*s.kind.status(changed) = *after
	// A webhook may hang for this one too.
	var refused error // of the job: only to be read once that has ended
	answer := s.lanes.Run(ctx, object.GetNamespace(), statusOf{s.request}, lane.Status, func(ctx context.Context, job *lane.Job) {
		refused = job.Write(ctx, func(ctx context.Context) error {
			return s.Client.Status().Patch(ctx, changed, client.MergeFrom(object))
		})
		if refused == nil {
			s.pace.Wrote(s.request)
			s.announce(object, before, after, problems)
		}
	})
	if answer != lane.Done {
		return lane.Again, nil
	}
	return 0, client.IgnoreNotFound(refused)
}

// status is what the outcome and the objects that exist come to.
func (s *scope) status(before *v1alpha1.GroupBindingStatus, generation int64, subjectName string, problems []projection.Problem) *v1alpha1.GroupBindingStatus {
	after := before.DeepCopy()
	after.ObservedGeneration = generation
	after.MembersDesired, after.Namespaces = s.outcome.MembersDesired, s.outcome.Namespaces
	after.SubjectName = cmp.Or(subjectName, before.SubjectName)
	if s.binding.Grant.Subject == nil || s.binding.Grant.Subject.Name == "" {
		after.SubjectName = ""
	}
	objects := s.objects()
	after.MembersApplied = s.outcome.MembersApplied(objects)
	after.ObjectCount, after.Objects = int64(len(objects)), names(s.binding, objects)
	roles := s.binding.RolesOf(objects)
	s.bound.keep(s.request, slices.Concat(s.binding.Roles(), roles))
	after.Roles = roles[:min(len(roles), maxRoles)]
	after.Summary = s.binding.Summary()
	after.Problems = nil
	for _, problem := range problems {
		after.Problems = append(after.Problems, problem.String())
	}
	s.setConditions(after, problems)
	return after
}

// objects gives what exists of the binding.
func (s *scope) objects() []projection.CurrentObject {
	objects := make([]projection.CurrentObject, 0, len(s.exists))
	for _, o := range s.exists {
		objects = append(objects, current(o))
	}
	slices.SortFunc(objects, func(a, b projection.CurrentObject) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return objects
}

func names(b projection.Binding, objects []projection.CurrentObject) []string {
	var names []string
	for _, o := range objects[:min(len(objects), maxObjects)] {
		name := o.Name
		if o.Namespace != b.Namespace {
			name = o.Namespace + "/" + o.Name
		}
		names = append(names, name)
	}
	return names
}

// subjectName is the binding's subject.name if it can be used, or "".
func subjectName(b projection.Binding, sources map[types.NamespacedName]projection.Source) string {
	if b.Grant.Subject == nil || b.Grant.Subject.Name == "" {
		return ""
	}
	if b.SubjectKind() == v1alpha1.SubjectGroup {
		if _, err := expression.CompileGroup(b.Grant.Subject.Name, expression.String); err != nil {
			return ""
		}
		return b.Grant.Subject.Name
	}
	for _, source := range sources {
		if source.UsernamesError != nil {
			return ""
		}
	}
	return b.Grant.Subject.Name
}
