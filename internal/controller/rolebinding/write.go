package rolebinding

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/projection"
)

// put makes an object, or updates it in place, to have exactly these subjects
// and our marks.
func (p *part) put(ctx context.Context, at *place, o projection.Object, subjects []rbacv1.Subject) {
	key := keyOfObject(o)
	if p.object(key) == nil {
		p.create(ctx, at, o, subjects)
	} else if err := p.update(ctx, key, subjects); err != nil {
		p.fail(at, key, o.RoleRef, err)
	}
}

// update brings an object that exists in line.
func (p *part) update(ctx context.Context, key objectKey, subjects []rbacv1.Subject) error {
	existing := p.object(key)
	if same(current(existing).Subjects, subjects) && p.isMarked(existing) {
		return nil
	}
	updated := p.marked(existing)
	setSubjects(updated, subjects)
	return p.store(ctx, key, updated) // with the resourceVersion of what was read: a conflict starts over
}

func (p *part) create(ctx context.Context, at *place, o projection.Object, subjects []rbacv1.Subject) {
	o.Subjects = subjects
	created, key := desired(p.binding, o), keyOfObject(o)
	p.bound.add(p.request, p.binding.UID, o.RoleRef)
	err := p.write(ctx, key, created, "", func(ctx context.Context) error { return p.Client.Create(ctx, created) })
	if err == nil {
		p.now(key, created)
		return
	}
	if !apierrors.IsAlreadyExists(err) {
		p.fail(at, key, o.RoleRef, err)
		return
	}
	existing := key.empty()
	err = p.live.Get(ctx, client.ObjectKey{Namespace: key.namespace, Name: key.name}, existing)
	switch {
	case apierrors.IsNotFound(err):
		p.fail(at, key, o.RoleRef, errLate)
	case err != nil:
		p.fail(at, key, o.RoleRef, err)
	case isOf(p.binding, existing):
		p.strays.add(p.request, key) // the cache is late, or does not show it since its label was removed
		p.fail(at, key, o.RoleRef, errLate)
	default:
		at.failedNow("")
		p.mu.Lock()
		p.taken = true
		p.mu.Unlock()
		p.tell(at, projection.NewProblem(projection.ReasonObjectNameTaken,
			"%s exists and is not of this %s; it was not touched. Delete it, or rename one of the two", key, p.kind.name))
	}
}

// delete removes an object in the version that was looked at, and tells whether
// it did.
func (p *part) delete(ctx context.Context, at *place, key objectKey) bool {
	o := p.object(key)
	if o == nil {
		return false
	}
	if err := p.remove(ctx, key, o); err != nil {
		p.notRevoked()
		p.fail(at, key, current(o).RoleRef, err)
		return false
	}
	return true
}

// remove deletes an object, or takes all access by it away if it changes too fast
// for that. One whose binding was deleted with orphans changes since it is to stay.
func (p *part) remove(ctx context.Context, key objectKey, o client.Object) error {
	err := p.deleteAsRead(ctx, key, o)
	if apierrors.IsConflict(err) && !p.orphaned.has(p.request) {
		return cmp.Or(p.insist(ctx, key, nil), err)
	}
	return err
}

// deleteAsRead deletes an object in the version that was looked at. A finalizer,
// which whoever may update the object can set, would keep it, and its subjects
// would keep the role.
func (p *part) deleteAsRead(ctx context.Context, key objectKey, o client.Object) error {
	if len(o.GetFinalizers()) > 0 {
		freed := p.marked(o)
		freed.SetFinalizers(nil)
		if err := p.store(ctx, key, freed); err != nil {
			return client.IgnoreNotFound(err)
		}
		o = freed
	}
	uid, version := o.GetUID(), o.GetResourceVersion()
	err := p.write(ctx, key, nil, uid, func(ctx context.Context) error {
		err := p.Client.Delete(ctx, o, client.Preconditions(metav1.Preconditions{UID: &uid, ResourceVersion: &version}))
		return client.IgnoreNotFound(err)
	})
	if err == nil {
		p.now(key, nil)
	}
	return err
}

// write makes a request and remembers what comes of it.
func (p *part) write(ctx context.Context, key objectKey, o client.Object, deleted types.UID, request func(context.Context) error) error {
	p.written.begin(p.binding.Key(), key)
	err := p.job.Write(ctx, request)
	if err != nil {
		o, deleted = nil, ""
	}
	if changed := p.written.wrote(key, o, deleted); changed && err == nil {
		p.mu.Lock()
		p.late = true
		p.mu.Unlock()
	}
	if err == nil {
		p.wrote.Store(true)
	}
	p.measured[p.kind.name].Wrote(p.request.NamespacedName, err)
	return err
}

// gone is for the UID of a binding that is gone, in the owner of what is to go.
const gone = "gone"

// marked gives a copy of an object with our labels and owner: the admission
// policies let the operator write no other.
func (s *scope) marked(o client.Object) client.Object {
	o = o.DeepCopyObject().(client.Object)
	owners := slices.Clone(s.owners)
	owners[0].UID = cmp.Or(owners[0].UID, gone)
	o.SetOwnerReferences(owners)
	labels := maps.Clone(o.GetLabels())
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, s.labels)
	o.SetLabels(labels)
	return o
}

// isMarked tells whether an object has our labels and owner, or does not exist.
func (s *scope) isMarked(o client.Object) bool {
	if o == nil {
		return true
	}
	for label, value := range s.labels {
		if o.GetLabels()[label] != value {
			return false
		}
	}
	return apiequality.Semantic.DeepEqual(o.GetOwnerReferences(), s.owners)
}

// same tells whether subjects are equal; those of an object that projection
// left alone are the same slice.
func same(a, b []rbacv1.Subject) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0] || slices.Equal(a, b))
}

func compareSubjects(a, b rbacv1.Subject) int {
	if c := strings.Compare(a.Name, b.Name); c != 0 {
		return c
	}
	if c := strings.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	return strings.Compare(a.Namespace+"/"+a.APIGroup, b.Namespace+"/"+b.APIGroup)
}
