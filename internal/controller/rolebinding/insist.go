package rolebinding

import (
	"context"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// insist leaves nobody but some subjects in an object that has changed again
// since it was read. Whoever may update it can change its owner over and over,
// for which the API server asks no `bind`, and so keep every write with a
// resourceVersion from being made. So this is the one without, right after a live
// read: nobody comes in by it. What else is to be done is for the next reconcile.
func (p *part) insist(ctx context.Context, key objectKey, keep []rbacv1.Subject) error {
	p.wasLate()
	live := key.empty()
	err := p.job.Write(ctx, func(ctx context.Context) error {
		return p.live.Get(ctx, client.ObjectKey{Namespace: key.namespace, Name: key.name}, live)
	})
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	kept := slices.DeleteFunc(slices.Clone(current(live).Subjects), func(s rbacv1.Subject) bool { return !slices.Contains(keep, s) })
	switch {
	case !isOf(p.binding, live):
		return errLate
	case len(kept) == len(current(live).Subjects):
		return nil
	}
	shrunk := p.marked(live)
	setSubjects(shrunk, kept)
	shrunk.SetResourceVersion("")
	return p.store(ctx, key, shrunk)
}

// store updates an object. Whoever may update it can also fill it with finalizers,
// by as many managers of fields, for which the API server asks no `bind`, until
// there is no room for our marks: then these go.
func (p *part) store(ctx context.Context, key objectKey, o client.Object) error {
	update := func() error {
		return p.write(ctx, key, o, "", func(ctx context.Context) error { return p.Client.Update(ctx, o) })
	}
	err := update()
	if isTooLarge(err) {
		o.SetFinalizers(nil)
		o.SetManagedFields([]metav1.ManagedFieldsEntry{{}}) // an empty one drops all
		err = update()
	}
	if err == nil {
		p.now(key, o)
	}
	return err
}

// isTooLarge tells that the API server or etcd takes no object of this size.
func isTooLarge(err error) bool {
	return err != nil && (apierrors.IsRequestEntityTooLargeError(err) || strings.Contains(err.Error(), "request is too large"))
}
