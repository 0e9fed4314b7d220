// Package config is tested on a real API server: it must accept the manifests as
// they are, and they must grant the operator what it needs and no more.
package config

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/test/controlplane"
)

func TestManifests(t *testing.T) {
	cluster, err := controlplane.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	kubeconfig := filepath.Join(t.TempDir(), "admin.conf")
	if err := os.WriteFile(kubeconfig, cluster.Env.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, directory := range []string{"default", "samples"} {
		apply(t, kubeconfig, directory)
	}

	c, err := client.New(cluster.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const (
		scim = "scim.rollcall.dev"
		rbac = "rbac.authorization.k8s.io"
	)
	operator := []string{"system:serviceaccounts", "system:serviceaccounts:rollcall-system", "system:authenticated"}
	for name, test := range map[string]struct {
		namespace, verb, group, resource, name string
		want                                   bool
	}{
		"provision users":               {"identity", "create", scim, "users", "", true},
		"delete groups":                 {"identity", "delete", scim, "groups", "", true},
		"write slices":                  {"identity", "create", scim, "groupmemberslices", "", true},
		"write RoleBindings":            {"payments", "update", rbac, "rolebindings", "", true},
		"read tokens of its own":        {"rollcall-system", "get", "", "secrets", "", true},
		"read tokens of the sample":     {"identity", "get", "", "secrets", "", true},
		"generate a token":              {"identity", "create", "", "secrets", "", true},
		"become leader":                 {"rollcall-system", "create", "coordination.k8s.io", "leases", "", true},
		"list Secrets":                  {"identity", "list", "", "secrets", "", false},
		"change a Secret":               {"identity", "update", "", "secrets", "", false},
		"read Secrets elsewhere":        {"kube-system", "get", "", "secrets", "", false},
		"make Secrets elsewhere":        {"kube-system", "create", "", "secrets", "", false},
		"lead others":                   {"kube-system", "update", "coordination.k8s.io", "leases", "", false},
		"bind cluster-admin":            {"", "bind", rbac, "clusterroles", "cluster-admin", false},
		"bind any Role":                 {"kube-system", "bind", rbac, "roles", "", false},
		"write ClusterRoleBindings":     {"", "create", rbac, "clusterrolebindings", "", false},
		"escalate":                      {"", "escalate", rbac, "clusterroles", "", false},
		"impersonate":                   {"", "impersonate", "", "users", "", false},
		"change who may sync what":      {"identity", "create", scim, "identityprovidersyncs", "", false},
		"make a GroupRoleBinding":       {"payments", "create", scim, "grouprolebindings", "", false},
		"change a slice":                {"identity", "update", scim, "groupmemberslices", "", false},
		"keep a sync's status":          {"identity", "patch", scim, "identityprovidersyncs/status", "", true},
		"keep a sync until it is empty": {"identity", "patch", scim, "identityprovidersyncs", "", true},
		"replace a sync":                {"identity", "update", scim, "identityprovidersyncs", "", false},
		"run Pods":                      {"rollcall-system", "create", "", "pods", "", false},
		"take a ServiceAccount's token": {"kube-system", "create", "", "serviceaccounts/token", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			resource, subresource, _ := strings.Cut(test.resource, "/")
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User: "system:serviceaccount:rollcall-system:rollcall", Groups: operator,
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Namespace: test.namespace, Verb: test.verb, Group: test.group,
					Resource: resource, Subresource: subresource, Name: test.name,
				},
			}}
			if err := c.Create(context.Background(), review); err != nil {
				t.Fatal(err)
			}
			if review.Status.Allowed != test.want {
				t.Errorf("allowed: %v, want %v (%s)", review.Status.Allowed, test.want, review.Status.Reason)
			}
		})
	}
}

// apply applies a kustomization the way users do, and allows no warning.
func apply(t *testing.T, kubeconfig, directory string) {
	t.Helper()
	kubectl := exec.CommandContext(t.Context(), filepath.Join(controlplane.Assets(), "kubectl"),
		"--kubeconfig", kubeconfig, "apply", "--server-side", "--validate=strict", "-k", directory)
	output, err := kubectl.CombinedOutput()
	if err != nil || strings.Contains(string(output), "Warning") {
		t.Fatalf("kubectl apply -k %s: %v\n%s", directory, err, output)
	}
}
