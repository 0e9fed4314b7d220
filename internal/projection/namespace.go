package projection

import (
	"iter"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Namespace is a namespace that roles may be bound in.
type Namespace struct {
	Name        string
	Labels      map[string]string
	Terminating bool
	// Protected namespaces are never chosen by a selector or pattern: see ProtectedNamespace.
	Protected bool
}

// Namespaces are those of the cluster.
type Namespaces interface {
	Namespace(name string) (Namespace, bool)
	// Namespaces gives all of them. It is asked only for a namespaceSelector.
	Namespaces() iter.Seq[Namespace]
}

// ProtectedNamespace reports whether a namespace can only be a target by its
// literal name: it belongs to Kubernetes or to the operator, or it holds an
// IdentityProviderSync, with the tokens of everybody's identity provider.
func ProtectedNamespace(name, operatorNamespace string, holdsSync bool) bool {
	return strings.HasPrefix(name, "kube-") || name == operatorNamespace || holdsSync
}

// wholeCluster is the target of ClusterRoleBindings. No namespace has an empty name.
const wholeCluster = ""

// targets are the places where a binding may bind roles.
type targets struct {
	namespaces Namespaces
	cluster    bool            // the one place is the whole cluster
	literal    bool            // the binding names its places
	selector   labels.Selector // nil: there is none, or it is malformed
	unknown    bool            // the selector is malformed: fixed is where objects exist
	fixed      []Namespace     // all places, unless the pattern captures a namespace
	byName     map[string]int  // in fixed
}

// newTargets finds the places. Those that a binding names and that cannot be
// used are told to report.
func newTargets(b Binding, current []CurrentObject, namespaces Namespaces, report func(Reason, string, ...any)) *targets {
	t := &targets{namespaces: namespaces, byName: map[string]int{}}
	switch {
	case b.Target == nil:
	case b.Target.Scope == v1alpha1.ScopeCluster:
		t.cluster = true
		t.add(Namespace{Name: wholeCluster})
		return t
	case b.Target.NamespaceSelector != nil:
		var err error
		if t.selector, err = Selector(b.Target.NamespaceSelector); err != nil {
			report(ReasonInvalidNamespaceSelector, "target.namespaceSelector is malformed; members keep what they have and none are added: %v", err)
			t.onlyWhere(current)
			return t
		}
		var selected []Namespace
		for namespace := range namespaces.Namespaces() {
			if t.selects(namespace) {
				selected = append(selected, namespace)
			}
		}
		// In order, so that the same is told of them each time.
		slices.SortFunc(selected, func(a, b Namespace) int { return strings.Compare(a.Name, b.Name) })
		for _, namespace := range selected {
			t.add(namespace)
		}
		return t
	}
	for _, name := range b.TargetNamespaces() {
		t.literal = true
		namespace, exists := namespaces.Namespace(name)
		switch {
		case name == wholeCluster:
			continue // the API refuses it
		case !exists:
			report(ReasonNamespaceNotFound, "namespace %q does not exist; members are bound there once it does", name)
			continue
		case namespace.Terminating:
			report(ReasonNamespaceTerminating, "namespace %q is being deleted; nobody is bound there any more", name)
		}
		t.add(namespace)
	}
	return t
}

func (t *targets) add(namespace Namespace) {
	if _, known := t.byName[namespace.Name]; !known {
		t.byName[namespace.Name] = len(t.fixed)
		t.fixed = append(t.fixed, namespace)
	}
}

// onlyWhere is for when nobody can tell the places: those where objects exist
// remain, and what is there can only shrink.
func (t *targets) onlyWhere(current []CurrentObject) {
	t.unknown = true
	for i := range current {
		name := current[i].Namespace
		if namespace, exists := t.namespaces.Namespace(name); exists && name != wholeCluster {
			namespace.Terminating = true
			t.add(namespace)
		}
	}
}

func (t *targets) selects(namespace Namespace) bool {
	return !namespace.Protected && t.selector.Matches(labels.Set(namespace.Labels))
}

// place finds one of the fixed places.
func (t *targets) place(name string) (Namespace, bool) {
	i, ok := t.byName[name]
	if !ok {
		return Namespace{}, false
	}
	return t.fixed[i], true
}

// captured gives the namespace that a pattern found in a displayName, if it is
// one where the binding may bind.
func (t *targets) captured(name string) (Namespace, bool) {
	switch {
	case t.cluster || name == wholeCluster:
		return Namespace{}, false
	case t.unknown || t.literal:
		return t.place(name)
	}
	namespace, exists := t.namespaces.Namespace(name)
	if !exists || namespace.Protected || (t.selector != nil && !t.selects(namespace)) {
		return Namespace{}, false
	}
	return namespace, true
}

// stillHolds gives the place of an object that exists, if roles may be bound there.
func (t *targets) stillHolds(name string, captures bool) (Namespace, bool) {
	if captures && !t.cluster {
		return t.captured(name)
	}
	return t.place(name)
}
