// Package cluster is how the plugin talks to a cluster: as whoever runs it, by
// the kubeconfig and flags that kubectl has. Lists are read in pages, and an
// error says what to do about it.
package cluster

import (
	"context"
	"errors"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// pageSize is how many objects are asked for at once, as kubectl does.
const pageSize = 500

// Cluster is a connection with the rights of one person.
type Cluster struct {
	client.WithWatch
	Config *rest.Config
	Mapper meta.RESTMapper
	// Namespace is the one of --namespace, or else of the context.
	Namespace string
	// Named is true if --namespace was given.
	Named bool
}

// Connect reads the kubeconfig. It asks the API server for nothing yet.
func Connect(flags *genericclioptions.ConfigFlags) (*Cluster, error) {
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	// As kubectl: the API server's own flow control decides.
	config = rest.CopyConfig(config)
	config.QPS = -1
	config.WarningHandler = rest.NoWarnings{}
	namespace, named, err := flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	mapper, err := flags.ToRESTMapper()
	if err != nil {
		return nil, err
	}
	c, err := New(config, mapper)
	if err != nil {
		return nil, err
	}
	c.Namespace, c.Named = namespace, named
	return c, nil
}

// New makes a Cluster of a configuration; it is in namespace default.
func New(config *rest.Config, mapper meta.RESTMapper) (*Cluster, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, err
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme, Mapper: mapper})
	if err != nil {
		return nil, err
	}
	return &Cluster{WithWatch: c, Config: config, Mapper: mapper, Namespace: "default"}, nil
}

// May asks whether whoever runs this has a right on a resource of the core group.
func (c *Cluster) May(ctx context.Context, verb, resource, namespace, name string) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: verb, Resource: resource, Namespace: namespace, Name: name},
	}}
	if err := c.Create(ctx, review); err != nil {
		return false, Explain(err)
	}
	return review.Status.Allowed, nil
}

// Pages lists objects page by page and calls visit for each page, which is in
// list. It ends at the first error of visit.
func Pages(ctx context.Context, c client.Reader, list client.ObjectList, visit func() error, options ...client.ListOption) error {
	next := ""
	for {
		err := c.List(ctx, list, append(options[:len(options):len(options)], client.Limit(pageSize), client.Continue(next))...)
		if err != nil {
			// A token that expired names where to go on, with what is there now.
			next = expired(err)
			if next == "" {
				return Explain(err)
			}
			continue
		}
		if err := visit(); err != nil {
			return err
		}
		if next = list.GetContinue(); next == "" {
			return nil
		}
	}
}

func expired(err error) string {
	var status apierrors.APIStatus
	if apierrors.IsResourceExpired(err) && errors.As(err, &status) {
		return status.Status().Continue
	}
	return ""
}
