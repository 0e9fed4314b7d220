package rolebinding

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

const (
	indexOwner   = "rollcall.owner"   // by the binding that controls them
	indexUnowned = "rollcall.unowned" // those that no binding controls, by LabelBinding
)

var objectIndexers = toolscache.Indexers{
	indexOwner: func(o any) ([]string, error) {
		if owner, ok := projection.BindingOf(o.(client.Object)); ok {
			return []string{owner.String()}, nil
		}
		return nil, nil
	},
	indexUnowned: func(o any) ([]string, error) {
		object := o.(client.Object)
		if _, owned := projection.BindingOf(object); owned || object.GetLabels()[projection.LabelBinding] == "" {
			return nil, nil
		}
		return []string{object.GetLabels()[projection.LabelBinding]}, nil
	},
}

// controlled gives the objects that name a binding as their owner, with what was
// written lately. They are the informer's: do not change them.
func (c *Controllers) controlled(key projection.BindingKey) []client.Object {
	return c.written.overlay(key, c.indexed(indexOwner, key.String()))
}

func (c *Controllers) indexed(index, value string) []client.Object {
	var objects []client.Object
	for _, store := range []toolscache.Indexer{c.stores.roleBindings, c.stores.clusterRoleBindings} {
		found, _ := store.ByIndex(index, value) // the only error is an unknown index
		for _, o := range found {
			objects = append(objects, o.(client.Object))
		}
	}
	return objects
}

// owned gives all objects of a binding that exists: also those whose owner or
// labels somebody took away, so that their subjects do not stay behind.
func (c *Controllers) owned(ctx context.Context, rq request, b projection.Binding) (map[objectKey]client.Object, error) {
	owned := map[objectKey]client.Object{}
	for _, o := range c.controlled(b.Key()) {
		owned[keyOf(o)] = o
	}
	for _, o := range c.indexed(indexUnowned, b.Labels()[projection.LabelBinding]) {
		if b.Generated(current(o)) {
			owned[keyOf(o)] = o
		}
	}
	strays := c.strays.take(rq)
	for key := range strays {
		if owned[key] != nil {
			continue
		}
		o := key.empty()
		err := c.live.Get(ctx, client.ObjectKey{Namespace: key.namespace, Name: key.name}, o)
		switch {
		case apierrors.IsNotFound(err):
		case err != nil:
			for key := range strays {
				c.strays.add(rq, key)
			}
			return nil, fmt.Errorf("read %s, which was changed: %w", key, err)
		case isOf(b, o):
			owned[key] = o
			c.strays.add(rq, key) // until an index finds it again
		}
	}
	return owned, nil
}

// abandoned gives the objects of a binding that is gone which nothing but their
// label and name says are its own: somebody took their owner away, or gave them
// another, just before. Those of a binding that was deleted with orphans stay.
func (c *Controllers) abandoned(rq request, b projection.Binding) []client.Object {
	if c.orphaned.has(rq) {
		return nil
	}
	return slices.DeleteFunc(c.indexed(indexUnowned, b.Labels()[projection.LabelBinding]), func(o client.Object) bool {
		return !isOf(b, o)
	})
}

// isOf tells an object that was written for a binding, although no index may
// find it, from somebody else's. A controller of another kind does not count:
// whoever may update the object can name one, without `bind` on its role.
func isOf(b projection.Binding, o client.Object) bool {
	owner, owned := projection.BindingOf(o)
	if !b.Generated(current(o)) || owned && owner != b.Key() {
		return false
	}
	return owned || o.GetLabels()[projection.LabelBinding] == b.Labels()[projection.LabelBinding]
}
