package rolebinding

import (
	"iter"

	corev1 "k8s.io/api/core/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

var _ projection.Namespaces = namespaces{}

// namespaces are those of the cluster, as the informer knows them.
type namespaces struct{ c *Controllers }

func (n namespaces) Namespace(name string) (projection.Namespace, bool) {
	o, ok, _ := n.c.stores.namespaces.GetByKey(name) // no way to fail
	if !ok {
		return projection.Namespace{}, false
	}
	return n.of(o.(*corev1.Namespace)), true
}

func (n namespaces) Namespaces() iter.Seq[projection.Namespace] {
	return func(yield func(projection.Namespace) bool) {
		for _, o := range n.c.stores.namespaces.List() {
			if !yield(n.of(o.(*corev1.Namespace))) {
				return
			}
		}
	}
}

func (n namespaces) of(ns *corev1.Namespace) projection.Namespace {
	return projection.Namespace{
		Name:        ns.Name,
		Labels:      ns.Labels,
		Terminating: terminating(ns),
		Protected:   projection.ProtectedNamespace(ns.Name, n.c.OperatorNamespace, n.c.holdsSync(ns.Name)),
	}
}

func terminating(ns *corev1.Namespace) bool {
	return ns.DeletionTimestamp != nil || ns.Status.Phase == corev1.NamespaceTerminating
}

// holdsSync tells whether a namespace has an IdentityProviderSync.
func (c *Controllers) holdsSync(namespace string) bool {
	syncs, _ := c.stores.syncs.IndexKeys(toolscache.NamespaceIndex, namespace) // the only error is an unknown index
	return len(syncs) > 0
}
