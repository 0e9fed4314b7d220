package source

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// Values gives what an expression makes of a user. It must depend on nothing
// but the user, and be safe for concurrent use.
type Values func(*v1alpha1.User) ([]string, error)

// Kind is a way to read an expression, such as names of subjects or values of
// labels. Its error is for the person who wrote the expression.
type Kind struct {
	Name    string
	Compile func(expression string) (Values, error)
	// Shared says that users may well have one value, such as their department:
	// then the change of one does not concern the others.
	Shared bool
}

// Usernames are expressions that give names in RBAC subjects.
var Usernames = Kind{Name: "username", Compile: func(expression string) (Values, error) {
	compiled, err := projection.CompileUsername(expression)
	if err != nil {
		return nil, err
	}
	return compiled.Names, nil
}}

// expression is a text as a kind reads it.
type expression struct {
	kind, text string
	shared     bool
}

// Index knows the values of all users of a sync, and the users of each value.
// It cannot be an index of the informer, since its expression may come and go
// at any time.
type Index struct {
	sync       types.NamespacedName
	expression expression
	compute    Values

	mu     sync.RWMutex
	built  bool
	byID   map[string]entry
	first  map[string]string          // id of a user, by value
	others map[string]map[string]bool // ids of further users of the same value
	log    changeLog
	uses   int // consumers; guarded by Sources.mu
}

// entry is what was computed of one version of a user.
type entry struct {
	version
	values []string
	err    error
}

// version names one spec of a user: values do not depend on labels.
type version struct {
	uid        types.UID
	generation int64
}

func versionOf(user *v1alpha1.User) version { return version{user.UID, user.Generation} }

func (e entry) is(user *v1alpha1.User) bool { return e.version == versionOf(user) }

// Index gives the index of a sync's users by an expression; it is built when
// nobody has it yet. A CompileError is for the person who wrote the expression.
func (r *Reader) Index(sync types.NamespacedName, kind Kind, text string) (*Index, error) {
	n, err := r.s.use(r.consumer, sync, kind, text)
	if err != nil {
		return nil, &CompileError{err}
	}
	r.used[n] = true
	return n, n.build(r.s.users)
}

// CompileError is why an expression cannot be used.
type CompileError struct{ error }

// Unwrap gives the compiler's error.
func (e *CompileError) Unwrap() error { return e.error }

// build lists the users of a sync once. An index that is not built needs no
// events: the list is at least as new as any event seen before.
func (n *Index) build(users toolscache.Indexer) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.built {
		return nil
	}
	objects, err := users.ByIndex(toolscache.NamespaceIndex, n.sync.Namespace)
	if err != nil {
		return fmt.Errorf("index the users of %s by %q: %w", n.sync, n.expression.text, err)
	}
	n.byID, n.first, n.others = map[string]entry{}, map[string]string{}, map[string]map[string]bool{}
	for _, o := range objects {
		if user := o.(*v1alpha1.User); user.Spec.SyncRef.Name == n.sync.Name && user.Spec.ID != "" {
			n.put(user)
		}
	}
	n.built = true
	return nil
}

// Values gives the values of a user, computed once for each version.
func (n *Index) Values(user *v1alpha1.User) ([]string, error) {
	n.mu.RLock()
	e, ok := n.byID[user.Spec.ID]
	n.mu.RUnlock()
	if ok && e.is(user) {
		return e.values, e.err
	}
	return n.compute(user)
}

// Users gives the ids of the users that have a value, whether or not they are
// active, synced, or members of anything.
func (n *Index) Users(value string) []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	id, ok := n.first[value]
	if !ok {
		return nil
	}
	return slices.AppendSeq([]string{id}, maps.Keys(n.others[value]))
}

// namesakes are the users of a value that the change of one of them concerns.
func (n *Index) namesakes(value string) []string {
	if n.expression.shared {
		return nil
	}
	return n.Users(value)
}

// manyNamesakes is from how many further users of a value on nobody goes through
// the groups of each, but all that use the index are concerned: an author's
// expression may give every user of a sync one name.
const manyNamesakes = 256

func (n *Index) isCrowded(value string) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return !n.expression.shared && len(n.others[value]) >= manyNamesakes
}

// changed brings one id in line with the informer, which may be ahead of the
// event: several controllers get each event, in their own time, and none of
// them may set the index back. It gives all values that the user had or has.
func (n *Index) changed(id string, now func(id string) (*v1alpha1.User, bool), versions ...*v1alpha1.User) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.built {
		return nil
	}
	n.log.add(id)
	before := n.byID[id]
	n.remove(id)
	if user, ok := now(id); ok {
		n.put(user)
	}
	after := n.byID[id]
	values := slices.Concat(before.values, after.values)
	for _, version := range versions {
		if before.is(version) || after.is(version) {
			continue
		}
		if more, err := n.compute(version); err == nil {
			values = append(values, more...)
		}
	}
	return values
}

func (n *Index) put(user *v1alpha1.User) {
	id := user.Spec.ID
	values, err := n.compute(user)
	n.byID[id] = entry{versionOf(user), values, err}
	for _, value := range values {
		switch first, ok := n.first[value]; {
		case !ok:
			n.first[value] = id
		case first != id:
			if n.others[value] == nil {
				n.others[value] = map[string]bool{}
			}
			n.others[value][id] = true
		}
	}
}

func (n *Index) remove(id string) {
	for _, value := range n.byID[id].values {
		others := n.others[value]
		delete(others, id)
		if n.first[value] == id {
			delete(n.first, value)
			for other := range others { // any of them
				n.first[value] = other
				delete(others, other)
				break
			}
		}
		if len(others) == 0 {
			delete(n.others, value)
		}
	}
	delete(n.byID, id)
}

// usernames is an Index as projection.Usernames.
type usernames struct{ *Index }

var errNoName = errors.New("the expression gives no name")

func (u usernames) Name(user *v1alpha1.User) (string, error) {
	values, err := u.Values(user)
	switch {
	case err != nil:
		return "", err
	case len(values) == 0:
		return "", errNoName
	}
	return values[0], nil
}
