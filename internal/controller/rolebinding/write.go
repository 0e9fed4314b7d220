package rolebinding

import (
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
func (s *scope) put(ctx context.Context, p *place, o projection.Object, subjects []rbacv1.Subject) {
	key := keyOfObject(o)
	if s.object(key) == nil {
		s.create(ctx, p, o, subjects)
	} else if err := s.update(ctx, key, subjects); err != nil {
		s.fail(p, key, o.RoleRef, err)
	}
}

// update brings an object that exists in line.
func (s *scope) update(ctx context.Context, key objectKey, subjects []rbacv1.Subject) error {
	existing := s.object(key)
	if same(current(existing).Subjects, subjects) && s.isMarked(key) {
		return nil
	}
	updated := existing.DeepCopyObject().(client.Object)
	setSubjects(updated, subjects)
	updated.SetOwnerReferences(s.owners)
	marks := maps.Clone(updated.GetLabels())
	if marks == nil {
		marks = map[string]string{}
	}
	maps.Copy(marks, s.labels)
	updated.SetLabels(marks)
	// With the resourceVersion of what was read: a conflict starts over.
	err := s.write(key, updated, "", func() error { return s.Client.Update(ctx, updated) })
	if err == nil {
		s.now(key, updated)
	}
	return err
}

func (s *scope) create(ctx context.Context, p *place, o projection.Object, subjects []rbacv1.Subject) {
	o.Subjects = subjects
	created, key := desired(s.binding, o), keyOfObject(o)
	err := s.write(key, created, "", func() error { return s.Client.Create(ctx, created) })
	if err == nil {
		s.now(key, created)
		return
	}
	if !apierrors.IsAlreadyExists(err) {
		s.fail(p, key, o.RoleRef, err)
		return
	}
	existing := key.empty()
	err = s.live.Get(ctx, client.ObjectKey{Namespace: key.namespace, Name: key.name}, existing)
	switch {
	case apierrors.IsNotFound(err):
		s.fail(p, key, o.RoleRef, errLate)
	case err != nil:
		s.fail(p, key, o.RoleRef, err)
	case isOf(s.binding, existing):
		s.strays.add(s.request, key) // the cache is late, or does not show it since its label was removed
		s.fail(p, key, o.RoleRef, errLate)
	default:
		p.behindNow()
		s.mu.Lock()
		s.taken = true
		s.mu.Unlock()
		s.tell(p, projection.NewProblem(projection.ReasonObjectNameTaken,
			"%s exists and is not of this %s; it was not touched. Delete it, or rename one of the two", key, s.kind.name))
	}
}

// delete removes an object in the version that was looked at.
func (s *scope) delete(ctx context.Context, p *place, key objectKey) {
	o := s.object(key)
	if o == nil {
		return
	}
	if err := s.remove(ctx, key, o); err != nil {
		s.notRevoked()
		s.fail(p, key, current(o).RoleRef, err)
	}
}

// remove deletes an object. A finalizer, which whoever may update the object
// can set, would keep it, and its subjects would keep the role.
func (s *scope) remove(ctx context.Context, key objectKey, o client.Object) error {
	if len(o.GetFinalizers()) > 0 {
		freed := o.DeepCopyObject().(client.Object)
		freed.SetFinalizers(nil)
		if err := s.write(key, freed, "", func() error { return s.Client.Update(ctx, freed) }); err != nil {
			return client.IgnoreNotFound(err)
		}
		s.now(key, freed)
		o = freed
	}
	uid, version := o.GetUID(), o.GetResourceVersion()
	err := s.write(key, nil, uid, func() error {
		err := s.Client.Delete(ctx, o, client.Preconditions(metav1.Preconditions{UID: &uid, ResourceVersion: &version}))
		return client.IgnoreNotFound(err)
	})
	if err == nil {
		s.now(key, nil)
	}
	return err
}

// deleteAll takes away all that a binding gave.
func (s *scope) deleteAll(ctx context.Context, objects []client.Object) {
	parallel(objects, maxRevokers, func(o client.Object) {
		key := keyOf(o)
		if err := s.remove(ctx, key, o); err != nil {
			s.notRevoked()
			s.fail(nil, key, current(o).RoleRef, err)
		}
	})
}

// write makes a request and remembers what comes of it.
func (s *scope) write(key objectKey, o client.Object, deleted types.UID, request func() error) error {
	s.written.begin(s.binding.Key(), key)
	err := request()
	if err != nil {
		o, deleted = nil, ""
	}
	if changed := s.written.wrote(key, o, deleted); changed && err == nil {
		s.mu.Lock()
		s.late = true
		s.mu.Unlock()
	}
	if err == nil {
		s.wrote.Store(true)
	}
	return err
}

// object gives an object as it is now; nil if it does not exist.
func (s *scope) object(key objectKey) client.Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.exists[key]
}

// now notes how an object is; nil when it is gone.
func (s *scope) now(key objectKey, o client.Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o == nil {
		delete(s.exists, key)
		return
	}
	if s.exists == nil {
		s.exists = map[objectKey]client.Object{}
	}
	s.exists[key] = o
}

// isMarked tells whether an object has our labels and owner, or does not exist.
func (s *scope) isMarked(key objectKey) bool {
	o := s.object(key)
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
