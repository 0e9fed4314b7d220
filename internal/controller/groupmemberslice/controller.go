// Package groupmemberslice deletes the GroupMemberSlices that no Group uses
// any more, or ever will: those that a change of members replaced, and those
// that a writer left behind when it lost a race or stopped.
//
// Age says nothing about a slice: its writer may have stalled and finish at
// any time. internal/membership decides by the version of the root it was
// written for.
package groupmemberslice

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/membership"
)

const (
	// delay collects the changes of a group that is changed often.
	delay = 5 * time.Second
	// pause is when a slice is looked at again whose writer may yet finish, or
	// whose group cannot be resolved.
	pause = 5 * time.Minute
)

// Controller sweeps the slices of one group at a time.
type Controller struct {
	live      client.Client
	directory *directory.Directory
}

// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=groups,verbs=get;list;watch
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=groupmemberslices,verbs=get;list;watch;delete

// NewController gives a controller that reads roots through live, a client
// without a cache.
func NewController(live client.Client, d *directory.Directory) *Controller {
	return &Controller{live: live, directory: d}
}

// Register adds the controller to a manager. Its requests name Group objects.
func (c *Controller) Register(mgr manager.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		Named("groupmemberslice").
		Watches(&v1alpha1.GroupMemberSlice{}, handler.Funcs{CreateFunc: sliceCreated}).
		Watches(&v1alpha1.Group{}, handler.Funcs{UpdateFunc: groupUpdated, DeleteFunc: groupDeleted}).
		WithOptions(options()).
		Complete(c)
}

func options() controller.Options {
	return controller.Options{RateLimiter: pace.Retries[reconcile.Request](pace.LastRetry)}
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

func sliceCreated(_ context.Context, e event.CreateEvent, q queue) {
	if slice, ok := e.Object.(*v1alpha1.GroupMemberSlice); ok {
		enqueue(q, slice.Namespace, slice.Spec.Group)
	}
}

func groupUpdated(_ context.Context, e event.UpdateEvent, q queue) {
	before, wasGroup := e.ObjectOld.(*v1alpha1.Group)
	after, isGroup := e.ObjectNew.(*v1alpha1.Group)
	if wasGroup && isGroup && before.Spec.Index != after.Spec.Index {
		enqueue(q, after.Namespace, after.Name)
	}
}

func groupDeleted(_ context.Context, e event.DeleteEvent, q queue) {
	enqueue(q, e.Object.GetNamespace(), e.Object.GetName())
}

func enqueue(q queue, namespace, group string) {
	q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: group}}, delay)
}

// Reconcile deletes the slices of a group that are of no use any more.
func (c *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	// The slices are seen before the root is read: membership.Sweepable.
	slices := c.directory.SlicesOf(request.Namespace, request.Name)
	if len(slices) == 0 {
		return reconcile.Result{}, nil
	}
	root := &v1alpha1.Group{}
	err := c.live.Get(ctx, request.NamespacedName, root)
	exists := !apierrors.IsNotFound(err)
	if exists && err != nil {
		return reconcile.Result{}, fmt.Errorf("reading the group: %w", err)
	}
	referenced, err := c.references(ctx, root)
	if apierrors.IsNotFound(err) {
		// Replaced meanwhile, or lost: then nothing of the group is touched.
		return reconcile.Result{RequeueAfter: pause}, nil
	}
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("reading the index of the group: %w", err)
	}
	result := reconcile.Result{}
	for _, slice := range slices {
		switch {
		case membership.Sweepable(&slice.Spec, exists, root.ResourceVersion, referenced[slice.Name]):
			err := c.live.Delete(ctx, slice, client.Preconditions{UID: &slice.UID})
			if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
				return reconcile.Result{}, fmt.Errorf("deleting slice %s: %w", slice.Name, err)
			}
		case !referenced[slice.Name]:
			result.RequeueAfter = pause
		}
	}
	return result, nil
}

// references names the slices that a root reaches.
func (c *Controller) references(ctx context.Context, root *v1alpha1.Group) (map[string]bool, error) {
	referenced := map[string]bool{}
	if root.Spec.Index == "" {
		return referenced, nil
	}
	index := &v1alpha1.GroupMemberSlice{}
	if err := c.live.Get(ctx, types.NamespacedName{Namespace: root.Namespace, Name: root.Spec.Index}, index); err != nil {
		return nil, err
	}
	for _, name := range membership.References(membership.RootOf(&root.Spec), &index.Spec) {
		referenced[name] = true
	}
	return referenced, nil
}
