package bench

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/replica"
)

// object is an API object.
type object interface {
	runtime.Object
	GetName() string
}

// bare is client-go and nothing else, for one resource in one namespace.
type bare struct {
	rest      *rest.RESTClient
	namespace string
	resource  string
}

// bareUsers and bareGroups have the operator's credentials, so that the API
// server checks the same as for the operator.
func (c *cluster) bareUsers() (*bare, error) {
	return newBare(c.Operator.Config(), v1alpha1.GroupVersion, "users")
}

func (c *cluster) bareGroups() (*bare, error) {
	return newBare(c.Operator.Config(), v1alpha1.GroupVersion, "groups")
}

// bareRoleBindings has an admin's credentials, since admission holds the operator to
// RoleBindings of its own. So the API server checks less, and is faster.
func (c *cluster) bareRoleBindings() (*bare, error) {
	config := rest.CopyConfig(c.Config)
	config.ContentType = runtime.ContentTypeProtobuf // as the operator writes them
	return newBare(config, rbacv1.SchemeGroupVersion, "rolebindings")
}

func newBare(config *rest.Config, gv schema.GroupVersion, resource string) (*bare, error) {
	scheme, err := replica.NewScheme()
	if err != nil {
		return nil, err
	}
	config.APIPath, config.GroupVersion = "/apis", &gv
	config.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	client, err := rest.RESTClientFor(config)
	return &bare{rest: client, namespace: bareNamespace, resource: resource}, err
}

func (b *bare) create(ctx context.Context, o, created object) error {
	return b.rest.Post().Namespace(b.namespace).Resource(b.resource).Body(o).Do(ctx).Into(created)
}

func (b *bare) get(ctx context.Context, name string, o object) error {
	return b.rest.Get().Namespace(b.namespace).Resource(b.resource).Name(name).Do(ctx).Into(o)
}

func (b *bare) update(ctx context.Context, o, updated object) error {
	return b.rest.Put().Namespace(b.namespace).Resource(b.resource).Name(o.GetName()).Body(o).Do(ctx).Into(updated)
}
