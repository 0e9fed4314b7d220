package namespacelabels

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

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

// Labeled is how many namespaces have labels of a sync, or are about to.
func (c *Controller) Labeled(sync types.NamespacedName) int {
	return len(c.ofSync(sync)) + c.states.flying(sync)
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

// mayLabel tells which namespaces may be labeled: those that the sync's
// namespaceSelector chooses and that are not protected.
func (s *scope) mayLabel() func(namespace string) bool {
	selector := labels.Everything()
	if s.declared != nil && s.declared.NamespaceSelector != nil {
		chosen, err := projection.Selector(s.declared.NamespaceSelector)
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
