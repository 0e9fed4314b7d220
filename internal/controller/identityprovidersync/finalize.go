package identityprovidersync

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Finalizer keeps a deleted sync with onSyncDelete: Delete until all that came
// from it is gone.
const Finalizer = "scim.rollcall.dev/delete-resources"

const (
	// settle is how long nothing may be left of a sync before it goes: a request
	// that was under way when its endpoint closed can still add something.
	settle = 2 * time.Second
	// deleters is how many objects are deleted at once.
	deleters = 8
)

func deletes(s *v1alpha1.IdentityProviderSync) bool {
	return s.Spec.Deletion != nil && s.Spec.Deletion.OnSyncDelete == v1alpha1.DeletionDelete
}

// keepFinalizer sets the finalizer while the spec asks for deletion.
func (c *Controller) keepFinalizer(ctx context.Context, s *v1alpha1.IdentityProviderSync) error {
	before := s.DeepCopy()
	keep := controllerutil.RemoveFinalizer
	if deletes(s) {
		keep = controllerutil.AddFinalizer
	}
	if !keep(s, Finalizer) {
		return nil
	}
	return c.Client.Patch(ctx, s, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
}

// finalize removes what came from a sync, if it asks for that, and lets it go.
func (c *Controller) finalize(ctx context.Context, s *v1alpha1.IdentityProviderSync) (reconcile.Result, error) {
	if !controllerutil.ContainsFinalizer(s, Finalizer) {
		return reconcile.Result{}, nil
	}
	if deletes(s) {
		before := s.DeepCopy()
		setConditions(&s.Status, s.Generation, verdict{reconciling: true, reason: ReasonDeleting,
			message: "the sync is being deleted with onSyncDelete: Delete: its users and groups are being removed, and their access with them"})
		if err := c.patchStatus(ctx, before, s); err != nil {
			return conflictLater(err)
		}
		left, err := c.deleteResources(ctx, s)
		if err != nil {
			return reconcile.Result{}, err
		}
		if c.Labeled != nil {
			left += c.Labeled(client.ObjectKeyFromObject(s))
		}
		if wait := c.settled(s, left); wait > 0 {
			return reconcile.Result{RequeueAfter: wait}, nil
		}
	}
	latest := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name}}
	if err := c.Client.Get(ctx, client.ObjectKeyFromObject(s), latest); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	before := latest.DeepCopy()
	controllerutil.RemoveFinalizer(latest, Finalizer)
	return conflictLater(c.Client.Patch(ctx, latest, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})))
}

// settled says how long to wait before the sync may go; 0: not any more.
func (c *Controller) settled(s *v1alpha1.IdentityProviderSync, left int) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := client.ObjectKeyFromObject(s)
	if left > 0 {
		delete(c.empty, key)
		return settle / 4
	}
	since, ok := c.empty[key]
	if !ok {
		since = time.Now()
		c.empty[key] = since
	}
	return max(0, settle-time.Since(since))
}

// deleteResources deletes what the cache has of a sync: groups first, since
// without them nobody is bound. It gives how many objects it saw.
func (c *Controller) deleteResources(ctx context.Context, s *v1alpha1.IdentityProviderSync) (int, error) {
	seen := 0
	for _, list := range []client.ObjectList{&v1alpha1.GroupList{}, &v1alpha1.UserList{}, &v1alpha1.GroupMemberSliceList{}} {
		if err := c.Client.List(ctx, list, client.InNamespace(s.Namespace), client.UnsafeDisableDeepCopy); err != nil {
			return seen, err
		}
		objects := ofSync(list, s.Name)
		seen += len(objects)
		if err := c.deleteAll(ctx, objects); err != nil {
			return seen, fmt.Errorf("deleting what came from the sync: %w", err)
		}
	}
	return seen, nil
}

// ofSync picks the objects whose syncRef names a sync, claims included.
func ofSync(list client.ObjectList, sync string) []client.Object {
	var objects []client.Object
	switch list := list.(type) {
	case *v1alpha1.GroupList:
		for i := range list.Items {
			if list.Items[i].Spec.SyncRef.Name == sync {
				objects = append(objects, &list.Items[i])
			}
		}
	case *v1alpha1.UserList:
		for i := range list.Items {
			if list.Items[i].Spec.SyncRef.Name == sync {
				objects = append(objects, &list.Items[i])
			}
		}
	case *v1alpha1.GroupMemberSliceList:
		for i := range list.Items {
			if list.Items[i].Spec.SyncRef.Name == sync {
				objects = append(objects, &list.Items[i])
			}
		}
	}
	return objects
}

func (c *Controller) deleteAll(ctx context.Context, objects []client.Object) error {
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		failed  error
	)
	next := make(chan client.Object)
	for range deleters {
		workers.Go(func() {
			for o := range next {
				uid := o.GetUID()
				err := c.Client.Delete(ctx, o, client.Preconditions{UID: &uid})
				if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
					mu.Lock()
					if failed == nil {
						failed = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for _, o := range objects {
		if ctx.Err() != nil {
			break
		}
		next <- o
	}
	close(next)
	workers.Wait()
	return failed
}
