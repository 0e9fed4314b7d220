package lookup

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
	"github.com/rollcall-scim/rollcall/internal/scim/schema"
)

// UsersNamed finds the users whose userName, SCIM id or object name is given
// whole, with a few requests however many users there are: their object names
// can be told. It gives one for each sync, nil where there is none, or nothing
// at all if no sync has one. Then all users have to be looked at: one that was
// renamed, or that is meant by something else.
func UsersNamed(ctx context.Context, reader client.Reader, syncs []v1alpha1.IdentityProviderSync, name string) ([]*v1alpha1.User, error) {
	if name == "" {
		return nil, nil
	}
	users, found := make([]*v1alpha1.User, len(syncs)), false
	for i := range syncs {
		user, err := userNamed(ctx, reader, &syncs[i], name)
		switch {
		case cluster.IsForbidden(err): // who may list need not be allowed to get
		case err != nil:
			return nil, err
		case user != nil:
			users[i], found = user, true
		}
	}
	if !found {
		return nil, nil
	}
	return users, nil
}

func userNamed(ctx context.Context, reader client.Reader, sync *v1alpha1.IdentityProviderSync, name string) (*v1alpha1.User, error) {
	objects := []string{
		directory.Slot(directory.KindUser, sync.Name, name, false),
		directory.Slot(directory.KindUser, sync.Name, name, true), // objectNames: Opaque
	}
	if object, kind, ok := directory.ObjectName(name); ok && kind == directory.KindUser {
		objects = append(objects, object)
	}
	if len(validation.IsDNS1123Subdomain(name)) == 0 {
		objects = append(objects, name)
	}
	for _, object := range objects {
		user := &v1alpha1.User{}
		err := reader.Get(ctx, client.ObjectKey{Namespace: sync.Namespace, Name: object}, user)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, cluster.Explain(err)
		}
		isMeant := schema.Fold(user.Spec.UserName) == schema.Fold(name) || user.Spec.ID == name || user.Name == name
		if isMeant && user.Spec.ID != "" && user.Spec.SyncRef.Name == sync.Name {
			user.ManagedFields = nil
			return user, nil
		}
	}
	return nil, nil
}
