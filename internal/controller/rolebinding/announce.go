package rolebinding

import (
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// toldInterval is how often a sync is told of problems of one kind, however
// many bindings have them.
const toldInterval = 5 * time.Minute

// ofSyncAdmin are the problems that the admin of the sync can mend.
var ofSyncAdmin = []projection.Reason{
	projection.ReasonNamespaceNotAllowed,
	projection.ReasonInvalidNamespaceSelector,
	projection.ReasonUsernameExpression,
	projection.ReasonUsernameNotUsable,
	projection.ReasonUsernameNotUnique,
}

// announce tells of problems that are new in kind, and of becoming Ready; not
// of each member that comes or goes.
func (s *scope) announce(object client.Object, before, after *v1alpha1.GroupBindingStatus, problems []projection.Problem) {
	had := projection.ReasonsOf(before.Problems)
	for _, problem := range problems {
		reason := string(problem.Reason)
		if had[reason] {
			continue
		}
		had[reason] = true
		s.recorder.Eventf(object, nil, corev1.EventTypeWarning, reason, "Project", "%s", problem.Message)
		s.tellSync(object, problem)
	}
	ready := func(status *v1alpha1.GroupBindingStatus) bool {
		return meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReady)
	}
	if ready(after) && !ready(before) {
		s.recorder.Eventf(object, nil, corev1.EventTypeNormal, reasonBound, "Project", "%d members are bound by %d objects",
			after.MembersApplied, after.ObjectCount)
	}
}

func (s *scope) tellSync(object client.Object, problem projection.Problem) {
	if problem.Sync.Name == "" || !slices.Contains(ofSyncAdmin, problem.Reason) || !s.telling.may(problem.Sync, problem.Reason) {
		return
	}
	sync, ok, _ := s.stores.syncs.GetByKey(problem.Sync.String()) // no way to fail
	if !ok {
		return
	}
	s.recorder.Eventf(sync.(*v1alpha1.IdentityProviderSync), object, corev1.EventTypeWarning, string(problem.Reason), "Project",
		"%s: %s", s.binding.Key(), problem.Message)
}

// telling bounds the events on syncs.
type telling struct {
	now func() time.Time

	mu   sync.Mutex
	last map[told]time.Time
}

type told struct {
	sync   types.NamespacedName
	reason projection.Reason
}

func newTelling(now func() time.Time) *telling {
	return &telling{now: now, last: map[told]time.Time{}}
}

func (t *telling) may(sync types.NamespacedName, reason projection.Reason) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	for key, at := range t.last {
		if now.Sub(at) >= toldInterval {
			delete(t.last, key)
		}
	}
	key := told{sync, reason}
	if _, recently := t.last[key]; recently {
		return false
	}
	t.last[key] = now
	return true
}
