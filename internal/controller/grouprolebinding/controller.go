// Package grouprolebinding keeps the RoleBindings of each GroupRoleBinding as
// internal/projection wants them.
//
// A reconcile fetches what one binding refers to, has a pure function decide,
// applies the difference and reports. Which bindings an event may concern is
// found by indexes (affected.go); an event that concerns too many costs a
// reconcile that writes nothing, one that is missed would be a leak, so when in
// doubt a binding is queued.
package grouprolebinding

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// The operator may bind no other roles than these; charts and overlays that
// let it bind more add a rule of the same form.
//
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=clusterroles,verbs=bind,resourceNames=view;edit;admin
// +kubebuilder:rbac:groups=rbac.authorization.k8s.io,resources=rolebindings,verbs=get;list;watch;create;update;delete
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=grouprolebindings;identityprovidersyncs;users;groups,verbs=get;list;watch
// +kubebuilder:rbac:groups=scim.rollcall.dev,resources=grouprolebindings/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=get;list;watch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// unresolvedRetry is how soon a group whose members could not be read is tried
// again. No event says that they can be.
const unresolvedRetry = 2 * time.Second

// Controller reconciles GroupRoleBindings.
type Controller struct {
	client    client.Client // reads from the cache
	directory *directory.Directory
	usernames usernames
	nested    nestedGroups
	held      held

	// Set by Register.
	live     client.Reader
	recorder events.EventRecorder
}

// NewController makes a Controller that reads from the manager's cache through
// client. Call Register on it.
func NewController(client client.Client, directory *directory.Directory) *Controller {
	return &Controller{client: client, directory: directory, usernames: usernames{cache: client}}
}

// Reconcile brings the RoleBindings of one GroupRoleBinding in line.
func (c *Controller) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	owned, err := c.owned(ctx, request.NamespacedName)
	if err != nil {
		return reconcile.Result{}, err
	}
	binding := &v1alpha1.GroupRoleBinding{}
	if err := c.client.Get(ctx, request.NamespacedName, binding); err != nil {
		if !apierrors.IsNotFound(err) {
			return reconcile.Result{}, err
		}
		c.held.set(request, nil)
		// The garbage collector would do it, some seconds later.
		return reconcile.Result{}, c.deleteAll(ctx, owned)
	}
	if binding.DeletionTimestamp != nil {
		// A finalizer may keep it for ever, and nobody would revoke meanwhile.
		c.held.set(request, nil)
		if controllerutil.ContainsFinalizer(binding, metav1.FinalizerOrphanDependents) {
			return reconcile.Result{}, nil // somebody wants to keep the RoleBindings as they are
		}
		return reconcile.Result{}, c.deleteAll(ctx, owned)
	}
	in, err := c.input(ctx, binding, owned)
	if err != nil {
		return reconcile.Result{}, err
	}

	// Before Wanted, so that no change of a user falls between the two.
	c.held.set(request, syncsOf(binding))
	result := projection.Wanted(in)
	if !result.Held {
		c.held.set(request, nil)
	}
	applied, failure := c.apply(ctx, binding, owned, &result)
	if errors.Is(failure, errLate) {
		return reconcile.Result{}, failure
	}

	if err := c.report(ctx, binding, &result, applied); err != nil && failure == nil {
		failure = err
	}
	if failure != nil {
		return reconcile.Result{}, failure
	}
	if result.Unresolved {
		return reconcile.Result{RequeueAfter: unresolvedRetry}, nil
	}
	return reconcile.Result{}, nil
}

// owned lists the RoleBindings of a GroupRoleBinding. They are the cache's.
func (c *Controller) owned(ctx context.Context, binding types.NamespacedName) ([]rbacv1.RoleBinding, error) {
	var list rbacv1.RoleBindingList
	err := c.client.List(ctx, &list, client.InNamespace(binding.Namespace),
		client.MatchingFields{indexOwner: binding.Name}, client.UnsafeDisableDeepCopy)
	if err != nil {
		return nil, fmt.Errorf("list the RoleBindings of %s: %w", binding, err)
	}
	return list.Items, nil
}

// input reads all that decides what a binding comes to. An error means that
// nothing may be changed.
func (c *Controller) input(ctx context.Context, binding *v1alpha1.GroupRoleBinding, owned []rbacv1.RoleBinding) (projection.Input, error) {
	namespace := &corev1.Namespace{}
	if err := c.client.Get(ctx, client.ObjectKey{Name: binding.Namespace}, namespace); err != nil {
		return projection.Input{}, fmt.Errorf("read the namespace of the binding: %w", err)
	}
	sources := map[types.NamespacedName]projection.Source{}
	for _, name := range syncsOf(binding) {
		source, err := c.source(ctx, name)
		if err != nil {
			return projection.Input{}, err
		}
		sources[name] = source
	}
	in := projection.Input{
		Binding:         binding,
		NamespaceLabels: namespace.Labels,
		Source:          func(name types.NamespacedName) projection.Source { return sources[name] },
	}
	for i := range owned {
		if isOurs(binding, &owned[i]) {
			in.Current = append(in.Current, owned[i].Subjects...)
		}
	}
	return in, nil
}

// isOurs tells whether a RoleBinding that names the binding as its owner was
// written for it. Whoever may bind a lesser role can make one that was not, and
// would have its subjects held in the binding's own role.
func isOurs(binding *v1alpha1.GroupRoleBinding, rb *rbacv1.RoleBinding) bool {
	role := binding.Spec.RoleRef
	return rb.RoleRef.Kind == role.Kind && rb.RoleRef.Name == role.Name || slices.Contains(binding.Status.Objects, rb.Name)
}

func (c *Controller) source(ctx context.Context, name types.NamespacedName) (projection.Source, error) {
	source := projection.Source{Directory: view{c.directory.View(ctx, name), &c.nested}}
	sync := &v1alpha1.IdentityProviderSync{}
	err := c.client.Get(ctx, name, sync)
	if client.IgnoreNotFound(err) != nil {
		return source, fmt.Errorf("read IdentityProviderSync %s: %w", name, err)
	}
	if err == nil {
		source.Sync = sync
	}
	names, err := c.usernames.of(ctx, name, source.Sync)
	if err != nil {
		return source, err
	}
	if names == nil {
		return source, nil
	}
	source.UsernamesError = names.failure()
	if names.usable() {
		source.Usernames = names
	}
	return source, nil
}
