package cluster

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// forbidden takes apart what the API server's authorizer says.
var forbidden = regexp.MustCompile(`User "([^"]*)" cannot (\w+) resource "([^"]*)" in API group "([^"]*)"(?: in the namespace "([^"]*)"| at the cluster scope)?`)

// hints say which role has a right, by resource.group and whether it writes.
var readers = map[string]string{
	"users.scim.rollcall.dev": "users are personal data, which the built-in roles do not show; " +
		"ask a cluster admin for a role with get and list on users and groupmemberslices in API group scim.rollcall.dev",
	"groupmemberslices.scim.rollcall.dev": "members of large groups are personal data, which the built-in roles do not show; " +
		"ask a cluster admin for a role with get and list on users and groupmemberslices in API group scim.rollcall.dev",
	"clustergrouprolebindings.scim.rollcall.dev": "they are for cluster admins; ask for a ClusterRole with get and list on them",
	"secrets": "the built-in ClusterRole edit has it in a namespace: ask for a RoleBinding to it there",
	"subjectaccessreviews.authorization.k8s.io": "the built-in ClusterRole system:auth-delegator has it",
	"services":                               "the built-in ClusterRole view has it",
	"pods":                                   "the built-in ClusterRole view reads pods, and edit may forward their ports",
	"pods/portforward":                       "the built-in ClusterRole edit has it in a namespace",
	"rolebindings.rbac.authorization.k8s.io": "the built-in ClusterRole admin has it in a namespace",
	"clusterrolebindings.rbac.authorization.k8s.io":     "cluster admins have it",
	"roles.rbac.authorization.k8s.io":                   "the built-in ClusterRole admin has it in a namespace",
	"clusterroles.rbac.authorization.k8s.io":            "cluster admins have it",
	"namespaces":                                        "ask for a ClusterRole with get and list on namespaces",
	"grouprolebindings.scim.rollcall.dev":               "the aggregated ClusterRole rollcall-view has it, and so have view, edit and admin",
	"groupnetworkpolicies.scim.rollcall.dev":            "the aggregated ClusterRole rollcall-view has it, and so have view, edit and admin",
	"groups.scim.rollcall.dev":                          "the aggregated ClusterRole rollcall-view has it, and so have view, edit and admin",
	"identityprovidersyncs.scim.rollcall.dev":           "the aggregated ClusterRole rollcall-view has it, and so have view, edit and admin",
	"provisioninglogs.scim.rollcall.dev":                "they tell about people, which the built-in roles do not show; ask for a role with get and list on provisioninglogs in API group scim.rollcall.dev",
	"identityprovidersyncs.scim.rollcall.dev (writing)": "no built-in role has it: a sync decides who gets into the cluster; ask a cluster admin",
}

// Explained is an error with what to do about it.
type Explained struct {
	Err  error
	What string
}

func (e *Explained) Error() string { return e.What }

// Unwrap gives the API server's error.
func (e *Explained) Unwrap() error { return e.Err }

// Explain says in words what an error of the API server means, and what to do.
func Explain(err error) error {
	var known *Explained
	var status apierrors.APIStatus
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case meta.IsNoMatchError(err):
		return &Explained{err, "Rollcall is not installed in this cluster, or in an older version: " + err.Error() +
			". Install its chart, or look whether this is the right context (kubectl config current-context)"}
	case apierrors.IsForbidden(err) && errors.As(err, &status):
		return &Explained{err, whatIsMissing(status.Status().Message)}
	case apierrors.IsUnauthorized(err):
		return &Explained{err, "the cluster does not know you: log in again (" + err.Error() + ")"}
	case utilnet.IsConnectionRefused(err):
		return &Explained{err, "the API server cannot be reached: " + err.Error() + ". Is this the right context (kubectl config current-context)?"}
	case errors.Is(err, context.DeadlineExceeded):
		return &Explained{err, "the API server did not answer in time: " + err.Error()}
	}
	return err
}

// whatIsMissing names the right, and who has it.
func whatIsMissing(message string) string {
	m := forbidden.FindStringSubmatch(message)
	if m == nil {
		return "the API server refused: " + message // an admission policy says itself what to do
	}
	user, verb, resource, namespace := m[1], m[2], m[3], m[5]
	if m[4] != "" {
		resource += "." + m[4]
	}
	where := "in the whole cluster"
	if namespace != "" {
		where = "in namespace " + namespace
	}
	hint := readers[resource]
	if writes(verb) && resource == "identityprovidersyncs."+v1alpha1.GroupVersion.Group {
		hint = readers[resource+" (writing)"]
	}
	if hint == "" {
		return fmt.Sprintf("%s may not %s %s %s", user, verb, resource, where)
	}
	return fmt.Sprintf("%s may not %s %s %s: %s", user, verb, resource, where, hint)
}

func writes(verb string) bool { return verb != "get" && verb != "list" && verb != "watch" }

// IsForbidden tells whether a right is missing.
func IsForbidden(err error) bool { return apierrors.IsForbidden(err) }

// Shorten keeps a message of the API server to a length that is read.
func Shorten(message string) string {
	const most = 300
	runes := []rune(message)
	if len(runes) <= most {
		return message
	}
	return string(runes[:most]) + "..."
}
