// Package synced keeps the label scim.rollcall.dev/synced on Users and Groups:
// whether the filters of their sync let them through. It is a copy for kubectl
// and selectors, and may be late: nothing in Rollcall reads it.
//
// An event is weighed where it arrives, and only what has the wrong label is
// queued. With a userFilter a changed group may change the label of any user
// below it, so all users of the sync are weighed again then, once in an
// interval. Writes are few and slow, so that they never compete with SCIM's.
package synced

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/time/rate"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
)

const (
	// writesPerSecond bounds the label writes of an operator.
	writesPerSecond = 100
	// interval is how often all users of a sync are weighed again while its
	// groups change.
	interval = 5 * time.Second
	workers  = 2
)

// kind says what a request is about.
type kind string

const (
	user  kind = "User"
	group kind = "Group"
	users kind = "Users" // all users of the sync that is named
	all   kind = "All"   // all users and groups of the sync that is named
)

// request asks to see to the label of an object, or of a sync's objects.
type request struct {
	kind kind
	types.NamespacedName
}

// Controller keeps the labels.
type Controller struct {
	client    client.Client
	directory *directory.Directory
	writes    *rate.Limiter
}

// NewController makes a Controller; the client reads from the cache.
func NewController(c client.Client, d *directory.Directory) *Controller {
	return &Controller{client: c, directory: d, writes: rate.NewLimiter(writesPerSecond, writesPerSecond)}
}

// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=users;groups,verbs=get;list;watch;patch

// Register adds the controller, which runs on the leader.
func (c *Controller) Register(m manager.Manager) error {
	return builder.TypedControllerManagedBy[request](m).
		Named("synced").
		Watches(&v1alpha1.User{}, c.objects()).
		Watches(&v1alpha1.Group{}, c.objects()).
		Watches(&v1alpha1.IdentityProviderSync{}, syncs()).
		WithOptions(controller.TypedOptions[request]{MaxConcurrentReconciles: workers}).
		Complete(reconcile.TypedFunc[request](c.Reconcile))
}

// Reconcile sees to one object's label, or finds the objects of a sync whose
// label is wrong and sees to those.
func (c *Controller) Reconcile(ctx context.Context, rq request) (reconcile.Result, error) {
	switch rq.kind {
	case user:
		return reconcile.Result{}, c.label(ctx, rq.NamespacedName, &v1alpha1.User{})
	case group:
		return reconcile.Result{}, c.label(ctx, rq.NamespacedName, &v1alpha1.Group{})
	default:
		return reconcile.Result{}, c.labelAll(ctx, rq)
	}
}

func (c *Controller) label(ctx context.Context, key types.NamespacedName, o client.Object) error {
	if err := c.client.Get(ctx, key, o); err != nil {
		return client.IgnoreNotFound(err)
	}
	return c.write(ctx, o)
}

func (c *Controller) labelAll(ctx context.Context, rq request) error {
	view := c.directory.View(ctx, rq.NamespacedName)
	if rq.kind == all {
		for g := range view.Groups() {
			if err := c.write(ctx, g); err != nil {
				return err
			}
		}
	}
	for u := range view.Users() {
		if err := c.write(ctx, u); err != nil {
			return err
		}
	}
	return nil
}

// write patches the label of an object if it is wrong.
func (c *Controller) write(ctx context.Context, o client.Object) error {
	want, differs := c.weigh(ctx, o)
	if !differs {
		return nil
	}
	if err := c.writes.Wait(ctx); err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `{"metadata":{"labels":{%q:%q}}}`, v1alpha1.LabelSynced, want)
	err := c.client.Patch(ctx, o.DeepCopyObject().(client.Object), client.RawPatch(types.MergePatchType, patch))
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
