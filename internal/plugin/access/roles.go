package access

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/plugin/cluster"
)

const kindClusterRole = "ClusterRole"

// roles reads rules of roles, each once.
type roles struct {
	ctx    context.Context
	reader client.Reader
	known  map[roleKey]role
}

// roleKey has a namespace for a Role only.
type roleKey struct{ kind, namespace, name string }

// role is what is known of a role: problem says why there are no rules.
type role struct {
	rules   []rbacv1.PolicyRule
	problem string
}

func newRoles(ctx context.Context, reader client.Reader) *roles {
	return &roles{ctx: ctx, reader: reader, known: map[roleKey]role{}}
}

// get reads a role that is bound in a namespace; empty: in the whole cluster.
func (r *roles) get(kind, namespace, name string) role {
	key := roleKey{kind, namespace, name}
	if kind == kindClusterRole {
		key.namespace = ""
	}
	if known, ok := r.known[key]; ok {
		return known
	}
	var found role
	var err error
	if kind == kindClusterRole {
		o := &rbacv1.ClusterRole{}
		err = r.reader.Get(r.ctx, client.ObjectKey{Name: name}, o)
		found.rules = o.Rules
	} else {
		o := &rbacv1.Role{}
		err = r.reader.Get(r.ctx, client.ObjectKey{Namespace: namespace, Name: name}, o)
		found.rules = o.Rules
	}
	switch {
	case apierrors.IsNotFound(err):
		found.problem = fmt.Sprintf("%s %q does not exist", kind, name)
	case err != nil:
		found.problem = fmt.Sprintf("%s %q could not be read: %v", kind, name, cluster.Explain(err))
	}
	r.known[key] = found
	return found
}
