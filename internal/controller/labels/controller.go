// Package labels keeps the labels and annotations of Users and Groups: those
// that the mappings of their sync give, and scim.rollcall.dev/synced, whether
// the filters of their sync let them through. They are for kubectl and
// selectors, and may be late: nothing in Rollcall reads them.
//
// What SCIM writes carries them already (Write), so the controller is there
// for changed specs and filters, and for what somebody else changed. An event
// is weighed where it arrives, and only what differs is queued. With a
// userFilter a changed group may change the label of any user below it, so all
// users of the sync are weighed again then, once in an interval. Writes are few
// and slow, so that they never compete with SCIM's.
package labels

import (
	"context"
	"encoding/json"
	"iter"
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
	"github.com/rollcall-scim/rollcall/internal/controller/pace"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/mapping"
)

const (
	// writesPerSecond bounds the label writes of an operator.
	writesPerSecond = 100
	// interval is how often all users of a sync are weighed again while its
	// groups change.
	interval = 5 * time.Second
	workers  = 2
	// turn is how long one reconcile goes on with the objects of a sync, so that
	// one sync does not keep the others waiting.
	turn = 20 * time.Second
	// fieldOwner is the directory's, so that managedFields do not grow.
	fieldOwner = client.FieldOwner("rollcall")
)

// kind says what a request is about.
type kind string

const (
	user  kind = "User"
	group kind = "Group"
	users kind = "Users" // all users of the sync that is named
	all   kind = "All"   // all users and groups of the sync that is named
)

// request asks to see to an object, or to the objects of a sync.
type request struct {
	kind kind
	types.NamespacedName
}

// Controller keeps labels and annotations.
type Controller struct {
	client    client.Client
	directory *directory.Directory
	mappings  *mapping.Cache
	writes    *rate.Limiter
}

// NewController makes a Controller; the client reads from the cache.
func NewController(c client.Client, d *directory.Directory, mappings *mapping.Cache) *Controller {
	return &Controller{client: c, directory: d, mappings: mappings, writes: rate.NewLimiter(writesPerSecond, writesPerSecond)}
}

// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=users;groups,verbs=get;list;watch;patch

// Register adds the controller, which runs on the leader.
func (c *Controller) Register(m manager.Manager) error {
	return builder.TypedControllerManagedBy[request](m).
		Named("labels").
		Watches(&v1alpha1.User{}, c.objects()).
		Watches(&v1alpha1.Group{}, c.objects()).
		Watches(&v1alpha1.IdentityProviderSync{}, syncs()).
		WithOptions(options()).
		Complete(reconcile.TypedFunc[request](c.Reconcile))
}

func options() controller.TypedOptions[request] {
	return controller.TypedOptions[request]{MaxConcurrentReconciles: workers, RateLimiter: pace.Retries[request](pace.LastRetry)}
}

// Reconcile sees to one object, or finds the objects of a sync that differ from
// what they should be and sees to those.
func (c *Controller) Reconcile(ctx context.Context, rq request) (reconcile.Result, error) {
	switch rq.kind {
	case user:
		return reconcile.Result{}, c.one(ctx, rq.NamespacedName, &v1alpha1.User{})
	case group:
		return reconcile.Result{}, c.one(ctx, rq.NamespacedName, &v1alpha1.Group{})
	}
	view := c.directory.View(ctx, rq.NamespacedName)
	end := time.Now().Add(turn)
	if rq.kind == all {
		if done, err := each(ctx, c, view.Groups(), end); !done || err != nil {
			return reconcile.Result{RequeueAfter: time.Millisecond}, err
		}
	}
	done, err := each(ctx, c, view.Users(), end)
	if !done {
		return reconcile.Result{RequeueAfter: time.Millisecond}, err
	}
	return reconcile.Result{}, err
}

func (c *Controller) one(ctx context.Context, key types.NamespacedName, o client.Object) error {
	if err := c.client.Get(ctx, key, o); err != nil {
		return client.IgnoreNotFound(err)
	}
	return c.write(ctx, o)
}

// each sees to the objects of a sync until the end of its turn; it tells
// whether it saw them all.
func each[T client.Object](ctx context.Context, c *Controller, objects iter.Seq[T], end time.Time) (done bool, err error) {
	for o := range objects {
		if err := c.write(ctx, o); err != nil {
			return false, err
		}
		if time.Now().After(end) {
			return false, nil
		}
	}
	return true, nil
}

// write patches what is wrong with an object, at the version it was read in:
// when there is another one already, the event of that one is weighed too.
func (c *Controller) write(ctx context.Context, o client.Object) error {
	changes := c.weigh(ctx, o)
	if changes.Empty() {
		return nil
	}
	if err := c.writes.Wait(ctx); err != nil {
		return err
	}
	patch, err := json.Marshal(metadataPatch{metadata{o.GetResourceVersion(), changes.Labels, changes.Annotations}})
	if err != nil {
		return err
	}
	err = c.client.Patch(ctx, o.DeepCopyObject().(client.Object), client.RawPatch(types.MergePatchType, patch), fieldOwner)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// metadataPatch is a merge patch, in which null removes.
type metadataPatch struct {
	Metadata metadata `json:"metadata"`
}

type metadata struct {
	ResourceVersion string             `json:"resourceVersion"`
	Labels          map[string]*string `json:"labels,omitempty"`
	Annotations     map[string]*string `json:"annotations,omitempty"`
}
