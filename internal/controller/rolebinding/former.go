package rolebinding

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// formerRoleTime is how long members keep the former role while the present one
// cannot be bound for a reason that may pass.
const formerRoleTime = time.Minute

const reasonFormerRoleRemoved = "FormerRoleRemoved"

// endFormer takes the former role away where the binding has changed its roleRef
// and the new role cannot be bound. Its author does not want the former one any
// more, so it stays only for as long as the new one may still come without a
// gap: not at all if the operator may not bind it or it does not exist, and for
// FormerRoleTime if it was refused for another reason.
func (p *part) endFormer(ctx context.Context, at *place) {
	former := slices.DeleteFunc(slices.Concat(at.Objects, at.Obsolete), func(o projection.Object) bool {
		return o.RoleRef == at.RoleRef || p.object(keyOfObject(o)) == nil
	})
	frozen := slices.ContainsFunc(at.Objects, func(o projection.Object) bool { return o.RoleRef != at.RoleRef })
	if len(former) == 0 || !at.failed && !frozen {
		p.formers.end(p.request, at.Namespace)
		return
	}
	role := former[0].RoleRef
	if !p.isDefinitive(ctx, at) {
		if time.Since(p.formers.since(p.request, at.Namespace, at.RoleRef)) < p.FormerRoleTime {
			p.keepsFormer()
			p.tell(at, projection.NewProblem(projection.ReasonFormerRole,
				"members keep the former role, %s %q%s, for %s, and lose it then even if %s %q cannot be bound",
				role.Kind, role.Name, objectKey{namespace: at.Namespace}.where(), p.FormerRoleTime, at.RoleRef.Kind, at.RoleRef.Name))
			return
		}
	}
	var removed atomic.Bool
	parallel(former, maxRevokers, func(o projection.Object) {
		defer p.slot(p.revokers)()
		if p.delete(ctx, at, keyOfObject(o)) {
			removed.Store(true)
		}
	})
	if removed.Load() { // not a problem of the status: it is over, and nobody may wait for this part
		p.recorder.Eventf(p.bindingObject, nil, corev1.EventTypeWarning, reasonFormerRoleRemoved, "Project",
			"members lost the former role, %s %q%s, which this %s does not name any more, although %s %q cannot be bound",
			role.Kind, role.Name, objectKey{namespace: at.Namespace}.where(), p.kind.name, at.RoleRef.Kind, at.RoleRef.Name)
	}
}

// isDefinitive tells whether the role is refused until somebody changes that.
func (p *part) isDefinitive(ctx context.Context, at *place) bool {
	switch at.refused {
	case projection.ReasonRoleNotFound:
		return true
	case projection.ReasonBindPermissionMissing:
		may, err := p.mayBind(ctx, at.Namespace, at.RoleRef)
		return err == nil && !may
	}
	return false
}

func (p *part) keepsFormer() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.former = true
}

// formers know since when former roles stay.
type formers struct {
	mu sync.Mutex
	of map[request]map[string]former // by namespace
}

type former struct {
	role  rbacv1.RoleRef // the present one
	since time.Time
}

// since gives when it was called first for a role.
func (f *formers) since(rq request, namespace string, role rbacv1.RoleRef) time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[request]map[string]former{}
	}
	if f.of[rq] == nil {
		f.of[rq] = map[string]former{}
	}
	if f.of[rq][namespace].role != role {
		f.of[rq][namespace] = former{role, time.Now()}
	}
	return f.of[rq][namespace].since
}

func (f *formers) end(rq request, namespace string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if delete(f.of[rq], namespace); len(f.of[rq]) == 0 {
		delete(f.of, rq)
	}
}

func (f *formers) forget(rq request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.of, rq)
}
