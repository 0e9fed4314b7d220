package namespacelabels

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/projection"
	"github.com/rollcall-scim/rollcall/internal/projection/networkpolicy"
)

// The indexes of Namespaces.
const (
	indexLabel = "rollcall.accessLabel" // by the keys of our labels
	indexSync  = "rollcall.accessSync"  // by the syncs that our labels are of
)

var namespaceIndexers = toolscache.Indexers{
	indexLabel: func(o any) ([]string, error) {
		var keys []string
		for key := range o.(*corev1.Namespace).Labels {
			if _, ok := networkpolicy.ParseNamespaceLabel(key); ok {
				keys = append(keys, key)
			}
		}
		return keys, nil
	},
	indexSync: func(o any) ([]string, error) {
		var syncs []string
		for key := range o.(*corev1.Namespace).Labels {
			if sync, ok := networkpolicy.ParseNamespaceLabel(key); ok && !slices.Contains(syncs, sync) {
				syncs = append(syncs, sync)
			}
		}
		return syncs, nil
	},
}

// labeled gives the namespaces that have a label, whatever its value.
func (c *Controller) labeled(key string) []string {
	found, _ := c.namespaces.ByIndex(indexLabel, key) // the only error is an unknown index
	names := make([]string, len(found))
	for i, o := range found {
		names[i] = o.(*corev1.Namespace).Name
	}
	slices.Sort(names)
	return names
}

// ofSync gives the namespaces that have labels of a sync.
func (c *Controller) ofSync(sync types.NamespacedName) []*corev1.Namespace {
	found, _ := c.namespaces.ByIndex(indexSync, networkpolicy.SyncOfLabel(sync)) // the only error is an unknown index
	namespaces := make([]*corev1.Namespace, len(found))
	for i, o := range found {
		namespaces[i] = o.(*corev1.Namespace)
	}
	return namespaces
}

// Labeled is how many namespaces have labels of a sync.
func (c *Controller) Labeled(sync types.NamespacedName) int { return len(c.ofSync(sync)) }

// leastProgress is how long labels are added in any case: members who keep
// coming must not keep the others waiting for ever.
const leastProgress = 50 * time.Millisecond

// addition is a group whose label is to be set where it is missing.
type addition struct {
	group, key string
	namespaces map[string]bool
	count      int // namespaces that have the label
}

// remove takes a label away where it is not wanted, and gives how many
// namespaces it could not be taken from.
func (c *Controller) remove(ctx context.Context, key string, current []string, wanted map[string]bool) (left int, err error) {
	var failures []error
	for _, namespace := range current {
		if wanted[namespace] {
			continue
		}
		if err := c.patch(ctx, namespace, key, false); err != nil {
			failures = append(failures, err)
			left++
		}
	}
	return left, errors.Join(failures...)
}

// add sets labels where they are missing, until something else is to be done
// for the sync: who leaves does not wait for those who join. It tells whether
// it came to the end.
func (s *scope) add(ctx context.Context, additions []addition) (done bool, err error) {
	var failures []error
	mayYield := time.Now().Add(leastProgress)
	for i, a := range additions {
		for namespace := range a.namespaces {
			ns, exists := s.namespace(namespace)
			if !exists || terminating(ns) {
				continue
			}
			if ns.Labels[a.key] != networkpolicy.NamespaceLabelValue {
				if s.states.marked(s.name) && time.Now().After(mayYield) {
					s.states.mark(s.name, func(group string, _ *groupState) bool {
						return slices.ContainsFunc(additions[i:], func(a addition) bool { return a.group == group })
					})
					return false, errors.Join(failures...)
				}
				if err := s.patch(ctx, namespace, a.key, true); err != nil {
					failures = append(failures, err)
					continue
				}
			}
			a.count++
		}
		s.states.count(s.name, a.group, a.count)
	}
	return true, errors.Join(failures...)
}

func (c *Controller) namespace(name string) (*corev1.Namespace, bool) {
	o, ok, _ := c.namespaces.GetByKey(name) // no way to fail
	if !ok {
		return nil, false
	}
	return o.(*corev1.Namespace), true
}

func terminating(ns *corev1.Namespace) bool {
	return ns.DeletionTimestamp != nil || ns.Status.Phase == corev1.NamespaceTerminating
}

// patch sets or removes one label, and touches nothing else.
func (c *Controller) patch(ctx context.Context, namespace, key string, label bool) error {
	var value *string
	if label {
		text := networkpolicy.NamespaceLabelValue
		value = &text
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]*string{key: value}}})
	if err != nil {
		return err
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if err := c.Client.Patch(ctx, ns, client.RawPatch(types.MergePatchType, patch)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("patch label %s of namespace %s: %w", key, namespace, err)
	}
	return nil
}

// mayLabel tells which namespaces may be labeled: those that the sync's
// namespaceSelector chooses and that are not protected.
func (s *scope) mayLabel() func(namespace string) bool {
	selector := labels.Everything()
	if s.declared != nil && s.declared.NamespaceSelector != nil {
		chosen, err := metav1.LabelSelectorAsSelector(s.declared.NamespaceSelector)
		if err == nil {
			selector = chosen
		} else if s.problem == nil {
			problem := projection.NewProblem(networkpolicy.ReasonInvalidSpec,
				"spec.labelNamespaces.namespaceSelector cannot be used: until it is corrected no namespace is labeled that is not already: %v", err)
			s.problem = &problem
		}
	}
	return func(name string) bool {
		if projection.ProtectedNamespace(name, s.OperatorNamespace, s.holdsSync(name)) {
			return false
		}
		ns, exists := s.namespace(name)
		return !exists || selector.Matches(labels.Set(ns.Labels))
	}
}

// holdsSync tells whether a namespace has an IdentityProviderSync.
func (c *Controller) holdsSync(namespace string) bool {
	syncs, _ := c.syncs.IndexKeys(toolscache.NamespaceIndex, namespace) // the only error is an unknown index
	return len(syncs) > 0
}
