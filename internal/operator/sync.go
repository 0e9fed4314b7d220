package operator

import (
	"context"
	"errors"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/controller/labels"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/extension"
	"github.com/rollcall-scim/rollcall/internal/mapping"
)

// asItIs reads a sync from the cache without copying all of it: nobody here
// changes it.
var asItIs = &client.GetOptions{UnsafeDisableDeepCopy: ptr.To(true)}

// cachedSync gives syncs as the informer holds them, for who asks at each
// request: it copies nothing.
func cachedSync(ctx context.Context, informers cache.Informers) (func(types.NamespacedName) (*v1alpha1.IdentityProviderSync, error), error) {
	informer, err := informers.GetInformer(ctx, &v1alpha1.IdentityProviderSync{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, err
	}
	shared, ok := informer.(toolscache.SharedIndexInformer)
	if !ok {
		return nil, errors.New("the cache must watch IdentityProviderSyncs in all namespaces with one informer")
	}
	return func(key types.NamespacedName) (*v1alpha1.IdentityProviderSync, error) {
		if !shared.HasSynced() {
			return nil, errors.New("the IdentityProviderSyncs are not read yet")
		}
		o, found, err := shared.GetStore().GetByKey(key.String())
		if !found || err != nil {
			return nil, err
		}
		return o.(*v1alpha1.IdentityProviderSync), nil
	}, nil
}

// policyOf is what the sync says about its resources. A sync that is gone gets
// no more requests; for those under way nothing is removed.
func policyOf(syncs client.Reader, mappings *mapping.Cache, key types.NamespacedName) directory.Policy {
	s := &v1alpha1.IdentityProviderSync{}
	if err := syncs.Get(context.Background(), key, s, asItIs); err != nil {
		return directory.Policy{RetainUsers: true, RetainGroups: true}
	}
	policy := directory.Policy{
		OpaqueNames: s.Spec.ObjectNames == v1alpha1.ObjectNamesOpaque,
		Label:       func(o client.Object) { labels.Write(mappings.Of(s), s, o) },
	}
	if deletion := s.Spec.Deletion; deletion != nil {
		policy.RetainUsers = deletion.Users == v1alpha1.DeletionRetain
		policy.RetainGroups = deletion.Groups == v1alpha1.DeletionRetain
	}
	return policy
}

// forgetDeleted drops on every replica what is kept about a sync that is gone.
func forgetDeleted(ctx context.Context, informers cache.Informers, forget ...func(types.NamespacedName)) error {
	informer, err := informers.GetInformer(ctx, &v1alpha1.IdentityProviderSync{}, cache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{DeleteFunc: func(obj any) {
		if last, ok := obj.(toolscache.DeletedFinalStateUnknown); ok {
			obj = last.Obj
		}
		if s, ok := obj.(*v1alpha1.IdentityProviderSync); ok {
			for _, f := range forget {
				f(client.ObjectKeyFromObject(s))
			}
		}
	}})
	return err
}

// declareExtensions makes ready on every replica, when a sync comes or changes,
// what its extension schemas need, rather than in a request.
func declareExtensions(ctx context.Context, informers cache.Informers, d *directory.Directory, extensions *extension.Cache) error {
	informer, err := informers.GetInformer(ctx, &v1alpha1.IdentityProviderSync{}, cache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	declare := func(obj any) {
		if s, ok := obj.(*v1alpha1.IdentityProviderSync); ok {
			d.Declare(client.ObjectKeyFromObject(s), extensions.Types(s)...)
		}
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    declare,
		UpdateFunc: func(_, obj any) { declare(obj) },
	})
	if err != nil {
		return err
	}
	return forgetDeleted(ctx, informers, extensions.Forget)
}

// waitForAPIServer returns when the API server answers. A replica that would
// exit instead is restarted ever more slowly, and late when the API server is
// back.
func waitForAPIServer(ctx context.Context, c *rest.Config, log logr.Logger) error {
	const interval = 2 * time.Second
	c = rest.CopyConfig(c)
	c.Timeout = 10 * time.Second
	d, err := discovery.NewDiscoveryClientForConfig(c)
	if err != nil {
		return err
	}
	for {
		version, err := d.ServerVersion()
		if err == nil {
			log.Info("connected to the API server", "version", version.GitVersion)
			return nil
		}
		log.Error(err, "the API server does not answer; trying again", "host", c.Host)
		select {
		case <-time.After(interval):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
