package namespacelabels

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

const (
	// leastProgress is how long labels are added in any case: members who keep
	// coming must not keep the others waiting for ever.
	leastProgress = 50 * time.Millisecond
	// maxPatches is how many patches of a sync are waited for at once; up to
	// maxFlying at once, those that hang included, additions begin, and removals
	// up to maxRemoving: additions that hang keep no removal from being made.
	maxPatches  = 8
	maxFlying   = 64
	maxRemoving = 4 * maxFlying
)

// errSlow is of a patch that goes on without the reconcile: see package lane.
var errSlow = errors.New("the API server has not answered yet")

// addition is a group whose label is to be set where it is missing.
type addition struct {
	group, key string
	namespaces map[string]bool
	count      int // namespaces that have the label
}

// remove takes a label away where it is not wanted, and gives how many
// namespaces it could not be taken from.
func (s *scope) remove(ctx context.Context, key string, current []string, wanted map[string]bool) (left int, err error) {
	unwanted := slices.DeleteFunc(slices.Clone(current), func(namespace string) bool { return wanted[namespace] })
	failures := each(unwanted, func(namespace string) error { return s.patch(ctx, namespace, key, false) })
	return len(failures), errors.Join(failures...)
}

// add sets labels where they are missing, until something else is to be done
// for the sync: who leaves does not wait for those who join. It tells whether
// it came to the end.
func (s *scope) add(ctx context.Context, additions []addition) (done bool, err error) {
	var failures []error
	mayYield := time.Now().Add(leastProgress)
	for i, a := range additions {
		var missing []string
		for namespace := range a.namespaces {
			switch ns, exists := s.namespace(namespace); {
			case !exists || terminating(ns):
			case ns.Labels[a.key] == networkpolicy.NamespaceLabelValue:
				a.count++
			default:
				missing = append(missing, namespace)
			}
		}
		slices.Sort(missing)
		for some := range slices.Chunk(missing, maxPatches) {
			if s.states.marked(s.name) && time.Now().After(mayYield) {
				s.states.mark(s.name, func(group string, _ *groupState) bool {
					return slices.ContainsFunc(additions[i:], func(a addition) bool { return a.group == group })
				})
				return false, errors.Join(failures...)
			}
			failed := each(some, func(namespace string) error { return s.patch(ctx, namespace, a.key, true) })
			failures, a.count = append(failures, failed...), a.count+len(some)-len(failed)
		}
		s.states.count(s.name, a.group, a.count)
	}
	return true, errors.Join(failures...)
}

// sweep takes away the labels of groups that the sync no longer names.
func (s *scope) sweep(ctx context.Context) error {
	declared := map[string]bool{}
	if s.declared != nil {
		for _, group := range s.declared.Groups {
			declared[networkpolicy.NamespaceLabel(s.name, group)] = true
		}
	}
	type left struct{ namespace, key string }
	var behind []left
	for _, ns := range s.ofSync(s.name) {
		for key := range ns.Labels {
			if sync, ok := networkpolicy.ParseNamespaceLabel(key); ok && sync == networkpolicy.SyncOfLabel(s.name) && !declared[key] {
				behind = append(behind, left{ns.Name, key})
			}
		}
	}
	failures := each(behind, func(l left) error { return s.patch(ctx, l.namespace, l.key, false) })
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("take away labels of groups that are no longer named: %w", err)
	}
	return nil
}

// each does several things at once, and gives what failed.
func each[T any](items []T, do func(T) error) (failures []error) {
	var mu sync.Mutex
	var group sync.WaitGroup
	slots := make(chan struct{}, maxPatches)
	for _, item := range items {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := do(item); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failures = append(failures, err)
			}
		})
	}
	group.Wait()
	return failures
}

// patch sets or removes one label, and touches nothing else. A namespace where
// that hangs holds up no other.
func (s *scope) patch(ctx context.Context, namespace, key string, label bool) error {
	class, value, most := lane.Removal, (*string)(nil), maxRemoving
	if label {
		text := networkpolicy.NamespaceLabelValue
		class, value, most = lane.Addition, &text, maxFlying
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]*string{key: value}}})
	if err != nil {
		return err
	}
	if s.states.flying(s.name) >= most {
		return errSlow
	}
	var refused error // of the job: only to be read once that has ended
	owner := patchOf{s.name, key}
	answer := s.lanes.Run(ctx, namespace, owner, class, func(ctx context.Context, job *lane.Job) {
		s.states.fly(s.name, 1)
		defer s.states.fly(s.name, -1)
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
		refused = job.Write(ctx, func(ctx context.Context) error {
			return s.Client.Patch(ctx, ns, client.RawPatch(types.MergePatchType, patch))
		})
	})
	if answer != lane.Done {
		if problem, ok := s.lanes.Problem(namespace, owner); ok {
			return s.noted(fmt.Errorf("%w: %s", errSlow, problem.Message))
		}
		return errSlow
	}
	s.lanes.Forget(namespace, owner)
	if client.IgnoreNotFound(refused) != nil {
		return s.noted(fmt.Errorf("patch label %s of namespace %s: %w", key, namespace, refused))
	}
	return nil
}

// noted has a patch that failed told in the status; its error goes on.
func (s *scope) noted(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed.Add("%v", err)
	return err
}

// patchOf is one label of a namespace, in that namespace's lane.
type patchOf struct {
	sync types.NamespacedName
	key  string
}
