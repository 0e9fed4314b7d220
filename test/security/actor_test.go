package security

import (
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// actor is somebody with rights of their own.
type actor struct{ name string }

// operatorAccount is what the operator is to the API server.
const operatorAccount = "system:serviceaccount:rollcall-system:rollcall"

// thief has stolen the operator's credentials.
var thief = actor{operatorAccount}

// config connects as the actor.
func (a actor) config() *rest.Config {
	c := rest.CopyConfig(config)
	c.Impersonate = rest.ImpersonationConfig{UserName: a.name, Groups: []string{"system:authenticated"}}
	if a.name == operatorAccount {
		c.Impersonate.Groups = append(c.Impersonate.Groups, "system:serviceaccounts", "system:serviceaccounts:rollcall-system")
	}
	return c
}

func (a actor) client(t *testing.T) client.Client {
	t.Helper()
	c, err := client.New(a.config(), client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (a actor) subject() []rbacv1.Subject {
	return []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: a.name}}
}

// in gives the actor a ClusterRole in a namespace.
func (a actor) in(t *testing.T, namespace, clusterRole string) actor {
	t.Helper()
	create(t, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: "test-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: clusterRole},
		Subjects:   a.subject(),
	})
	return a
}

// may gives the actor rights in a namespace; in "" everywhere.
func (a actor) may(t *testing.T, namespace string, rules ...rbacv1.PolicyRule) actor {
	t.Helper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}, Rules: rules}
	create(t, role)
	if namespace != "" {
		return a.in(t, namespace, role.Name)
	}
	create(t, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects:   a.subject(),
	})
	return a
}

// allow is a rule: verbs on the resources of one API group, of some names or all.
func allow(group string, resources, verbs []string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs, ResourceNames: names}
}

// everything is what a wildcard role allows.
var everything = rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}

const scimGroup = "scim.rollcall.dev"
