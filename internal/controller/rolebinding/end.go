package rolebinding

import (
	"context"
	"errors"

	"sigs.k8s.io/controller-runtime/pkg/client"
	logf "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/controller/source"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

// end takes away all that a binding gave.
func (c *Controllers) end(ctx context.Context, k kind, rq reconcile.Request) (reconcile.Result, error) {
	c.forget(k, rq)
	key := k.key(rq.NamespacedName)
	s := c.newScope(k, rq, projection.Binding{Kind: key.Kind, Namespace: key.Namespace, Name: key.Name}, nil)
	s.called, s.outcome = true, &projection.Outcome{}
	for _, o := range append(c.controlled(key), c.abandoned(s.request, s.binding)...) {
		s.exists[keyOf(o)] = o
	}
	s.parts = s.split()
	s.run(ctx, lane.Removal, (*part).deleteAll, func(p *part) bool { return len(p.exists) > 0 })
	s.gather()
	s.wrote.Store(false)
	if failure := errors.Join(s.failures...); failure != nil { // there is no status to tell it
		logf.FromContext(ctx).Error(failure, "cannot take away all that a deleted binding gave; trying again")
	}
	if !s.pending {
		c.slow.forgetAll(s.request)
	}
	return s.after(0)
}

// deleteAll removes all objects.
func (p *part) deleteAll(ctx context.Context) {
	var objects []client.Object
	p.mu.Lock()
	for _, o := range p.exists {
		objects = append(objects, o)
	}
	p.mu.Unlock()
	parallel(objects, maxRevokers, func(o client.Object) {
		defer p.slot(p.revokers)()
		key := keyOf(o)
		if err := p.remove(ctx, key, o); err != nil {
			p.notRevoked()
			p.fail(newPlace(&projection.Placement{}), key, current(o).RoleRef, err)
		}
	})
}

// forget drops what is remembered about a binding that gives nothing any more.
func (c *Controllers) forget(k kind, rq reconcile.Request) {
	r := request{k.name, rq.NamespacedName}
	c.held[k.name].Set(rq, nil)
	c.guarded[k.name].Set(rq, nil)
	c.Sources.Forget(source.Consumer{Controller: k.name, NamespacedName: rq.NamespacedName})
	c.strays.take(r)
	c.budget.keep(k.key(rq.NamespacedName), nil)
	c.pace.Forget(r)
	c.formers.forget(r)
	c.bound.forget(r)
	c.memories.forget(r)
	if c.Guard != nil {
		c.Guard.Forget(k.key(rq.NamespacedName).String())
	}
}
