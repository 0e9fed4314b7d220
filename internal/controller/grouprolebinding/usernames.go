package grouprolebinding

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// usernames is an index of the users of each sync by their names in RBAC
// subjects. The names depend on an expression that may change at any time, so
// it cannot be an index of the informer. What the last usable expression gave
// is kept when the sync goes or its expression breaks, so that access can
// still be taken away; a new leader finds that expression in the status.
type usernames struct {
	cache client.Reader

	mu    sync.Mutex
	syncs map[types.NamespacedName]*names
}

// of gives the names of a sync's users, indexed by its present expression. It
// is nil for a sync that is gone and was never seen.
func (u *usernames) of(ctx context.Context, key types.NamespacedName, sync *v1alpha1.IdentityProviderSync) (*names, error) {
	n := u.get(key, sync != nil)
	if n == nil || sync == nil {
		return n, nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.expression == sync.Spec.KubernetesUsername && n.compiled != nil {
		return n, nil
	}
	compiled, failure := projection.CompileUsername(sync.Spec.KubernetesUsername)
	if failure != nil {
		if compiled = n.compiled; compiled == nil {
			// This leader never saw another; nil if that cannot be used either.
			compiled, _ = projection.CompileUsername(sync.Status.KubernetesUsername)
		}
	}
	if compiled != nil && compiled != n.compiled {
		if err := n.build(ctx, u.cache, key, compiled); err != nil {
			return nil, err
		}
	}
	n.expression, n.err = sync.Spec.KubernetesUsername, failure
	return n, nil
}

func (u *usernames) get(key types.NamespacedName, create bool) *names {
	u.mu.Lock()
	defer u.mu.Unlock()
	n := u.syncs[key]
	if n == nil && create {
		if u.syncs == nil {
			u.syncs = map[types.NamespacedName]*names{}
		}
		n = &names{}
		u.syncs[key] = n
	}
	return n
}

// changed keeps the index in line with an event: either user may be nil. It
// gives the ids of all users that have one of the names.
//
// A sync that is not indexed needs nothing: when it is, the list it is built
// from is at least as new as any event seen before.
func (u *usernames) changed(key types.NamespacedName, before, after *v1alpha1.User) []string {
	n := u.get(key, false)
	if n == nil {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.compiled == nil {
		return nil
	}
	var ids []string
	if before != nil {
		if name, err := n.compiled.Evaluate(before); err == nil {
			n.remove(name, before.Spec.ID)
			ids = append(ids, n.users(name)...)
		}
	}
	if after != nil && after.Spec.ID != "" {
		if name, err := n.compiled.Evaluate(after); err == nil {
			n.add(name, after.Spec.ID)
			ids = append(ids, n.users(name)...)
		}
	}
	return ids
}

// names indexes the users of one sync by name; see projection.Usernames.
type names struct {
	mu         sync.RWMutex
	expression string // the sync's, as last seen
	err        error  // why it does not compile
	compiled   *projection.Username
	first      map[string]string   // id of a user, by name
	others     map[string][]string // ids of further users of the same name
}

// build makes the index anew, in one pass over the users of a namespace.
func (n *names) build(ctx context.Context, cache client.Reader, key types.NamespacedName, compiled *projection.Username) error {
	var list v1alpha1.UserList
	if err := cache.List(ctx, &list, client.InNamespace(key.Namespace), client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("index the users of %s by name: %w", key, err)
	}
	n.compiled, n.first, n.others = compiled, map[string]string{}, map[string][]string{}
	for i := range list.Items {
		user := &list.Items[i]
		if user.Spec.SyncRef.Name != key.Name || user.Spec.ID == "" {
			continue
		}
		if name, err := compiled.Evaluate(user); err == nil {
			n.add(name, user.Spec.ID)
		}
	}
	return nil
}

// Name evaluates the last usable expression.
func (n *names) Name(user *v1alpha1.User) (string, error) {
	n.mu.RLock()
	compiled := n.compiled
	n.mu.RUnlock()
	return compiled.Evaluate(user)
}

// Users gives the ids of the users that have a name.
func (n *names) Users(name string) []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.users(name)
}

func (n *names) failure() error {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.err
}

// usable tells whether there ever was an expression that compiled.
func (n *names) usable() bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.compiled != nil
}

func (n *names) users(name string) []string {
	id, ok := n.first[name]
	if !ok {
		return nil
	}
	return append([]string{id}, n.others[name]...)
}

func (n *names) add(name, id string) {
	switch first, ok := n.first[name]; {
	case !ok:
		n.first[name] = id
	case first != id && !slices.Contains(n.others[name], id):
		n.others[name] = append(n.others[name], id)
	}
}

func (n *names) remove(name, id string) {
	others := slices.DeleteFunc(slices.Clone(n.others[name]), func(other string) bool { return other == id })
	if n.first[name] == id {
		delete(n.first, name)
		if len(others) > 0 {
			n.first[name], others = others[0], others[1:]
		}
	}
	if len(others) == 0 {
		delete(n.others, name)
		return
	}
	n.others[name] = others
}
