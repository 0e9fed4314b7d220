package rolebinding

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/controller/lane"
	"github.com/rollcall-scim/rollcall/internal/projection"
)

const (
	// leastProgress is how long what is no removal goes on before an event may
	// interrupt it, so that it ends also while events keep coming.
	leastProgress = 50 * time.Millisecond
	// mostProgress is how long it goes on at a time.
	mostProgress = 3 * time.Second
)

// scope is one reconcile of one binding.
type scope struct {
	*Controllers
	kind    kind
	request request
	binding projection.Binding
	// bindingObject is the binding as it was read; nil when it is gone.
	bindingObject client.Object
	labels        map[string]string
	owners        []metav1.OwnerReference
	outcome       *projection.Outcome
	called        bool // an event concerns the binding
	guarded       bool // the guard holds removals

	mayYield time.Time // what is no removal may be interrupted from then on
	wrote    atomic.Bool
	revokers chan struct{} // bounds the removals that wait for the API server

	parts []*part
	// result is of all parts together.
	result
	exists  map[objectKey]client.Object // what the API server has of the binding
	pending bool                        // something goes on in a namespace that is slow
}

// apply makes the objects of a binding those that are wanted. Nobody who should
// keep a role is without it in between: who moves to another object, as when
// the roleRef changes, leaves the old one only when the new one stands (but see
// former.go).
func (s *scope) apply(ctx context.Context) {
	s.parts = s.split()
	s.run(ctx, lane.Removal, (*part).revokeAll, func(p *part) bool { return len(p.revokes) > 0 })
	s.run(ctx, lane.Addition, (*part).addAll, func(p *part) bool { return len(p.adds) > 0 })
	if waiting, all := s.waits(); all { // else objects that were not reached would lose their turn
		s.budget.keep(s.binding.Key(), waiting)
	}
	s.run(ctx, lane.Removal, (*part).finish, (*part).hasRest)
	s.gather()
}

// revokeAll takes access away, from all objects side by side.
func (p *part) revokeAll(ctx context.Context) {
	parallel(p.revokes, maxRevokers, func(at step) {
		defer p.slot(p.revokers)()
		if p.job.Interrupted() {
			p.stop()
			return
		}
		p.revoke(ctx, at)
	})
}

// revoke takes access away from an object. It also adds what is pending for it,
// since it is written anyway; but what is refused since it adds somebody must
// not keep anybody from being removed.
func (p *part) revoke(ctx context.Context, at step) {
	o, key := at.object, keyOfObject(at.object)
	if o.Adds > 0 && o.Moves == 0 {
		if err := p.update(ctx, key, o.Subjects); err == nil || isLate(err, o.RoleRef.Name) && !apierrors.IsConflict(err) {
			p.settle(at, key, o.RoleRef, err)
			return
		}
	}
	if len(o.Shrunk()) == 0 && slices.ContainsFunc(at.Obsolete, func(other projection.Object) bool { return keyOfObject(other) == key }) {
		p.delete(ctx, at.place, key)
		return
	}
	err := p.update(ctx, key, o.Shrunk())
	if apierrors.IsConflict(err) {
		err = p.insist(ctx, key, o.Shrunk())
	}
	switch {
	case err != nil && (apierrors.IsForbidden(err) || roleIsGone(err, o.RoleRef.Name)):
		p.revokeByDeleting(ctx, at.place, key, o.RoleRef, err)
		at.give(o)
	case err != nil || o.Adds == 0 && o.Moves == 0:
		p.settle(at, key, o.RoleRef, err)
	}
}

// settle ends the work on an object, well or not.
func (p *part) settle(at step, key objectKey, role rbacv1.RoleRef, err error) {
	if err != nil {
		p.notRevoked()
		p.fail(at.place, key, role, err)
	}
	at.give(at.object)
}

func (p *part) addAll(ctx context.Context) {
	parallel(p.adds, maxWriters, func(at step) {
		defer p.slot(p.writers)()
		key := keyOfObject(at.object)
		existing := p.object(key)
		if at.skips(at.object) || p.yields(ctx) {
			return
		}
		// Who moves from a former role does not wait: that role is to go.
		if existing != nil && at.object.Adds > 0 && !at.hasFormer() {
			if wait := p.budget.ask(p.binding.Key(), key, stored(current(existing).Subjects)); wait > 0 {
				p.wait(at, key, wait)
				return
			}
		}
		p.put(ctx, at.place, at.object, union(at.object))
	})
}

func (p *part) wait(at step, key objectKey, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[objectKey]int{}
	}
	if len(p.waiting) == 0 || d < p.turn {
		p.turn = d
	}
	p.waiting[key] = at.object.Adds
	at.behindNow()
}

// hasRest tells whether finish has anything to do.
func (p *part) hasRest() bool {
	return slices.ContainsFunc(p.places, func(at *place) bool {
		return len(at.Obsolete) > 0 || at.hasFormer() || slices.ContainsFunc(at.Objects, func(o projection.Object) bool { return o.Moves > 0 })
	})
}

// finish ends the moves in placements whose objects all stand.
func (p *part) finish(ctx context.Context) {
	var last []func()
	for _, at := range p.places {
		if at.behind {
			continue
		}
		for _, o := range at.Objects {
			if o.Moves > 0 {
				last = append(last, func() { p.put(ctx, at, o, o.Subjects) })
			}
		}
		for _, o := range at.Obsolete {
			if p.object(keyOfObject(o)) != nil {
				last = append(last, func() { p.delete(ctx, at, keyOfObject(o)) })
			}
		}
	}
	parallel(last, maxWriters, func(write func()) {
		defer p.slot(p.writers)()
		if !p.yields(ctx) {
			write()
		}
	})
	for _, at := range p.places {
		p.endFormer(ctx, at)
	}
}

// union is what an object holds while some of its subjects move to others.
func union(o projection.Object) []rbacv1.Subject {
	if o.Moves == 0 {
		return o.Subjects
	}
	all := slices.Concat(o.Subjects, o.Shrunk())
	slices.SortFunc(all, compareSubjects)
	return slices.Compact(all)
}

func keyOfObject(o projection.Object) objectKey { return objectKey{o.Namespace, o.Name} }
