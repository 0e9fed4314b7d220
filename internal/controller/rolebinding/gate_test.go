package rolebinding_test

import (
	"context"
	"slices"
	"sync"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// gate is closed by tests that want nothing new to be projected.
var gate closable

type closable struct {
	mu     sync.Mutex
	closed bool
	tell   []func()
}

func (c *closable) problem() *projection.Problem {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		return nil
	}
	problem := projection.NewProblem(projection.ReasonAdmissionPolicyMissing, "a policy is missing")
	return &problem
}

func (c *closable) set(closed bool) {
	c.mu.Lock()
	c.closed = closed
	tell := slices.Clone(c.tell)
	c.mu.Unlock()
	for _, f := range tell {
		f()
	}
}

func (c *closable) changed(requests func(context.Context) []reconcile.Request) source.TypedSyncingSource[reconcile.Request] {
	return gateEvents{c, requests}
}

type gateEvents struct {
	*closable
	requests func(context.Context) []reconcile.Request
}

func (g gateEvents) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tell = append(g.tell, func() {
		for _, rq := range g.requests(ctx) {
			queue.Add(rq)
		}
	})
	return nil
}

func (gateEvents) WaitForSync(context.Context) error { return nil }
