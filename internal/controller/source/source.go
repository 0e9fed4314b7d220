// Package source is what the controllers that project read of a sync: its
// users and groups, the users by what an expression makes of them, and which
// groups the change of a user or group concerns.
//
// One Sources serves all controllers of an operator, so that a sync's users are
// indexed once for each expression that some binding uses. An index that
// nothing uses any more is dropped.
package source

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// indexSync finds the Groups of a sync by namespace/name.
const indexSync = "rollcall.sync"

// Consumer stands for what is reconciled.
type Consumer struct {
	// Controller tells consumers of different controllers apart.
	Controller string
	types.NamespacedName
}

// Sources reads syncs. It is safe for concurrent use.
type Sources struct {
	cache     client.Reader
	directory *directory.Directory
	nested    nestedGroups

	// Set by Register.
	users, groups toolscache.Indexer

	mu      sync.Mutex
	indexes map[types.NamespacedName]map[expression]*Index
	last    map[types.NamespacedName]string // the last kubernetesUsername that compiled
	uses    map[Consumer]map[*Index]bool
}

// New makes Sources that read through the manager's cache. Call Register once.
func New(cache client.Reader, directory *directory.Directory) *Sources {
	return &Sources{
		cache:     cache,
		directory: directory,
		indexes:   map[types.NamespacedName]map[expression]*Index{},
		last:      map[types.NamespacedName]string{},
		uses:      map[Consumer]map[*Index]bool{},
	}
}

// Register adds the indexes that Sources need to the manager's cache.
func (s *Sources) Register(ctx context.Context, m manager.Manager) (err error) {
	if s.users, err = Indexer(ctx, m, &v1alpha1.User{}, nil); err != nil {
		return err
	}
	s.groups, err = Indexer(ctx, m, &v1alpha1.Group{}, toolscache.Indexers{indexSync: func(o any) ([]string, error) {
		group := o.(*v1alpha1.Group)
		return []string{types.NamespacedName{Namespace: group.Namespace, Name: group.Spec.SyncRef.Name}.String()}, nil
	}})
	return err
}

// Indexer gives the store of an informer itself: it is never behind an event,
// and has no way to fail half-way.
func Indexer(ctx context.Context, m manager.Manager, o client.Object, indexers toolscache.Indexers) (toolscache.Indexer, error) {
	informer, err := m.GetCache().GetInformer(ctx, o, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("start the informer of %T: %w", o, err)
	}
	shared, ok := informer.(toolscache.SharedIndexInformer)
	if !ok {
		return nil, fmt.Errorf("the cache must watch %T in all namespaces with one informer", o)
	}
	if err := shared.AddIndexers(indexers); err != nil {
		return nil, fmt.Errorf("index %T: %w", o, err)
	}
	return shared.GetIndexer(), nil
}

// Reader reads syncs for one reconcile of a consumer. It is for one goroutine.
type Reader struct {
	s        *Sources
	consumer Consumer
	used     map[*Index]bool
}

// Reader begins a reconcile. End it with Done, unless it fails.
func (s *Sources) Reader(consumer Consumer) *Reader {
	return &Reader{s: s, consumer: consumer, used: map[*Index]bool{}}
}

// Done drops the indexes that the consumer used before, did not ask for since
// Reader, and that no other consumer uses.
func (r *Reader) Done() { r.s.settle(r.consumer, r.used) }

// Forget is for a consumer that is gone.
func (s *Sources) Forget(consumer Consumer) { s.settle(consumer, nil) }

// Names says how the members of a sync are named.
type Names struct {
	// Expression gives the name; empty: the sync's kubernetesUsername.
	Expression string
	// Fallback is the last Expression that could be used; it names those whose
	// access is to be taken away while Expression does not compile.
	Fallback string
	// None is set when nobody asks for names; then users are not indexed.
	None bool
}

// Source reads a sync as projection sees it. An error means that nothing is
// known, so nothing may be changed.
func (r *Reader) Source(ctx context.Context, sync types.NamespacedName, names Names) (projection.Source, error) {
	source := projection.Source{Directory: r.Directory(ctx, sync)}
	var err error
	if source.Sync, err = r.Sync(ctx, sync); err != nil {
		return source, err
	}
	expressions := []string{names.Expression, names.Fallback}
	switch {
	case names.None:
		return source, nil
	case names.Expression == "":
		expressions = r.s.kubernetesUsernames(sync, source.Sync)
	}
	for i, expression := range expressions {
		if expression == "" {
			continue
		}
		index, err := r.Index(sync, Usernames, expression)
		if failure, ok := errors.AsType[*CompileError](err); ok {
			if i == 0 {
				source.UsernamesError = failure.error
			}
			continue
		}
		if err != nil {
			return source, err
		}
		if names.Expression == "" && source.Sync != nil && i == 0 {
			r.s.remember(sync, expression)
		}
		source.Usernames, source.Log = usernames{index}, index
		break
	}
	return source, nil
}

// Sync reads a sync; nil if it does not exist.
func (r *Reader) Sync(ctx context.Context, name types.NamespacedName) (*v1alpha1.IdentityProviderSync, error) {
	found := &v1alpha1.IdentityProviderSync{}
	if err := r.s.cache.Get(ctx, name, found); err != nil {
		if client.IgnoreNotFound(err) == nil {
			return nil, nil
		}
		return nil, fmt.Errorf("read IdentityProviderSync %s: %w", name, err)
	}
	return found, nil
}

// Directory is what a sync holds; ctx bounds its reads.
func (r *Reader) Directory(ctx context.Context, sync types.NamespacedName) projection.Directory {
	return view{View: r.s.directory.View(ctx, sync), sources: r.s, sync: sync}
}

// kubernetesUsernames gives a sync's expression, and the last one that could
// be used, which a new leader finds in the status. For a sync that is gone the
// former is the latter, or "" if it was never seen.
func (s *Sources) kubernetesUsernames(name types.NamespacedName, sync *v1alpha1.IdentityProviderSync) []string {
	s.mu.Lock()
	last := s.last[name]
	s.mu.Unlock()
	if sync == nil {
		return []string{last}
	}
	return []string{sync.Spec.KubernetesUsername, last, sync.Status.KubernetesUsername}
}

func (s *Sources) remember(sync types.NamespacedName, expression string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[sync] = expression
}
