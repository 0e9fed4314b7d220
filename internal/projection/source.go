package projection

import (
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Source is one sync as the projection sees it.
type Source struct {
	// Sync is nil when it does not exist.
	Sync *v1alpha1.IdentityProviderSync
	// Directory is what the sync holds; a deleted sync may retain it.
	Directory Directory
	// Usernames knows the users' names in subjects, by Binding.NameExpression. It
	// is nil when they are not known, because the sync is gone or the expression
	// does not compile; and not looked at for subjects of kind Group.
	Usernames Usernames
	// UsernamesError is why the present expression does not compile. Usernames
	// may then be of the last one that did.
	UsernamesError error
	// Log tells which users have changed, for a Memory; nil: nobody keeps track.
	Log Log
}

// Log tells which users of a sync have changed. What it tells must be told
// before anybody is told to project anew.
type Log interface {
	// Since gives the ids of users that came, changed or went after a position, and
	// the present position. It is not ok if that is not known any more.
	Since(position uint64) (ids []string, now uint64, ok bool)
}

// Usernames knows the names of a sync's users in RBAC subjects.
type Usernames interface {
	// Name is Username.Evaluate. It is asked once for each member and call, so
	// that an index is quicker than an evaluation.
	Name(user *v1alpha1.User) (string, error)
	// Users gives the ids of all users of the sync that have a name, whether
	// or not they are active, synced, or members of anything.
	Users(name string) []string
}

// maxSelectorSize bounds a selector, in bytes of JSON: it is matched with the
// labels of every namespace.
const maxSelectorSize = 4096

// Selector reads a label selector. An error says what is wrong with it.
func Selector(selector *metav1.LabelSelector) (labels.Selector, error) {
	text, err := json.Marshal(selector)
	if err != nil {
		return nil, err
	}
	if len(text) > maxSelectorSize {
		return nil, fmt.Errorf("it has %d bytes as JSON; at most %d are allowed", len(text), maxSelectorSize)
	}
	return metav1.LabelSelectorAsSelector(selector)
}

// NamespaceAllowed reports whether a sync's groups may be bound in a
// namespace. The error says that the sync's selector is malformed.
func NamespaceAllowed(sync *v1alpha1.IdentityProviderSync, namespace string, namespaceLabels map[string]string) (bool, error) {
	allowed := sync.Spec.AllowedNamespaces
	if allowed == nil {
		allowed = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesSame}
	}
	switch allowed.From {
	case v1alpha1.NamespacesAll:
		return true, nil
	case v1alpha1.NamespacesSelector:
		selector, err := Selector(allowed.Selector)
		if err != nil {
			return false, fmt.Errorf("its allowedNamespaces.selector is malformed: %w", err)
		}
		return selector.Matches(labels.Set(namespaceLabels)), nil
	default:
		return namespace == sync.Namespace, nil
	}
}
