// Package config is tested on a real API server: it must accept the manifests as
// they are, and they must grant the operator what it needs and no more.
package config

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/admission"
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
	// It adds to the built-in roles what config/rbac has for them.
	if err := cluster.StartControllerManager(); err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "admin.conf")
	if err := os.WriteFile(kubeconfig, cluster.Env.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cluster.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, installed := range []client.Object{&admissionv1.ValidatingAdmissionPolicy{}, &admissionv1.ValidatingAdmissionPolicyBinding{}} {
		if err := c.DeleteAllOf(t.Context(), installed); err != nil {
			t.Fatal(err)
		}
	}
	for _, directory := range []string{"default", "samples"} {
		apply(t, kubeconfig, directory)
	}
	wantPolicies(t, cluster)

	const (
		scim = "scim.rollcall.dev"
		rbac = "rbac.authorization.k8s.io"
	)
	const policies = "validatingadmissionpolicies"
	admins := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: "payments", Name: "tenants"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "tenant"}},
	}
	if err := c.Create(t.Context(), admins); err != nil {
		t.Fatal(err)
	}
	who := map[string][]string{
		"system:serviceaccount:rollcall-system:rollcall": {"system:serviceaccounts", "system:serviceaccounts:rollcall-system", "system:authenticated"},
		"tenant": {"system:authenticated"},
	}
	for user, tests := range map[string]map[string]struct {
		namespace, verb, group, resource, name string
		want                                   bool
	}{
		"tenant": {
			"write a GroupRoleBinding":           {"payments", "create", scim, "grouprolebindings", "", true},
			"write one elsewhere":                {"platform", "create", scim, "grouprolebindings", "", false},
			"write a GroupNetworkPolicy":         {"payments", "patch", scim, "groupnetworkpolicies", "", true},
			"bind view":                          {"payments", "bind", rbac, "clusterroles", "view", true},
			"bind admin":                         {"payments", "bind", rbac, "clusterroles", "admin", true},
			"bind view elsewhere":                {"platform", "bind", rbac, "clusterroles", "view", false},
			"bind cluster-admin":                 {"payments", "bind", rbac, "clusterroles", "cluster-admin", false},
			"bind a role that others may":        {"payments", "bind", rbac, "clusterroles", "pod-restarter", false},
			"see groups":                         {"payments", "list", scim, "groups", "", true},
			"see users":                          {"payments", "list", scim, "users", "", false},
			"see provisioning logs":              {"payments", "get", scim, "provisioninglogs", "", false},
			"write users":                        {"payments", "create", scim, "users", "", false},
			"write groups":                       {"payments", "update", scim, "groups", "", false},
			"write members":                      {"payments", "delete", scim, "groupmemberslices", "", false},
			"provision":                          {"payments", "provision", scim, "users", "", false},
			"serve":                              {"payments", "serve", scim, "identityprovidersyncs", "", false},
			"write a sync":                       {"payments", "create", scim, "identityprovidersyncs", "", false},
			"write a status":                     {"payments", "patch", scim, "grouprolebindings/status", "", false},
			"write for the cluster":              {"", "create", scim, "clustergrouprolebindings", "", false},
			"change what an admission policy is": {"", "patch", "admissionregistration.k8s.io", policies, "", false},
		},
		"system:serviceaccount:rollcall-system:rollcall": {
			"serve":                         {"", "serve", scim, "identityprovidersyncs", "", true},
			"do whatever it wants":          {"", "*", scim, "identityprovidersyncs", "", false},
			"see the admission policies":    {"", "watch", "admissionregistration.k8s.io", policies, "", true},
			"see whether they bind":         {"", "watch", "admissionregistration.k8s.io", "validatingadmissionpolicybindings", "", true},
			"change an admission policy":    {"", "patch", "admissionregistration.k8s.io", policies, "", false},
			"delete one":                    {"", "delete", "admissionregistration.k8s.io", policies, "", false},
			"bind admin":                    {"payments", "bind", rbac, "clusterroles", "admin", true},
			"bind one more":                 {"payments", "bind", rbac, "clusterroles", "pod-restarter", true},
			"bind none of kube-system":      {"kube-system", "bind", rbac, "roles", "system:controller:token-cleaner", false},
			"write ClusterRoleBindings":     {"", "create", rbac, "clusterrolebindings", "", true},
			"write NetworkPolicies":         {"payments", "update", "networking.k8s.io", "networkpolicies", "", true},
			"label namespaces":              {"", "patch", "", "namespaces", "", true},
			"make namespaces":               {"", "create", "", "namespaces", "", false},
			"delete namespaces":             {"", "delete", "", "namespaces", "", false},
			"write a cluster's binding":     {"", "update", scim, "clustergrouprolebindings", "", false},
			"write ClusterRoles":            {"", "create", rbac, "clusterroles", "", false},
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
			"escalate":                      {"", "escalate", rbac, "clusterroles", "", false},
			"impersonate":                   {"", "impersonate", "", "users", "", false},
			"change who may sync what":      {"identity", "create", scim, "identityprovidersyncs", "", false},
			"make a GroupRoleBinding":       {"payments", "create", scim, "grouprolebindings", "", false},
			"log what was provisioned":      {"identity", "update", scim, "provisioninglogs", "", true},
			"delete a provisioning log":     {"identity", "delete", scim, "provisioninglogs", "", false},
			"list provisioning logs":        {"", "list", scim, "provisioninglogs", "", false},
			"change a slice":                {"identity", "update", scim, "groupmemberslices", "", false},
			"keep a sync's status":          {"identity", "patch", scim, "identityprovidersyncs/status", "", true},
			"keep a sync until it is empty": {"identity", "patch", scim, "identityprovidersyncs", "", true},
			"replace a sync":                {"identity", "update", scim, "identityprovidersyncs", "", false},
			"run Pods":                      {"rollcall-system", "create", "", "pods", "", false},
			"take a ServiceAccount's token": {"kube-system", "create", "", "serviceaccounts/token", "", false},
		},
	} {
		for name, test := range tests {
			t.Run(user+"/"+name, func(t *testing.T) {
				within(t, func() string {
					resource, subresource, _ := strings.Cut(test.resource, "/")
					review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
						User: user, Groups: who[user],
						ResourceAttributes: &authorizationv1.ResourceAttributes{
							Namespace: test.namespace, Verb: test.verb, Group: test.group,
							Resource: resource, Subresource: subresource, Name: test.name,
						},
					}}
					if err := c.Create(t.Context(), review); err != nil {
						return err.Error()
					}
					if review.Status.Allowed != test.want {
						return fmt.Sprintf("allowed: %v, want %v (%s)", review.Status.Allowed, test.want, review.Status.Reason)
					}
					return ""
				})
			})
		}
	}
}

// wantPolicies finds what kustomize makes of the admission policies to be what
// the operator wants.
func wantPolicies(t *testing.T, cluster *controlplane.ControlPlane) {
	t.Helper()
	informers, err := cache.New(cluster.Config, cache.Options{ByObject: admission.CacheOptions()})
	if err != nil {
		t.Fatal(err)
	}
	policies, err := admission.NewGuard(t.Context(), informers)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = informers.Start(t.Context()) }() // until the test ends
	within(t, policies.Missing)
}

// within waits until check has nothing to complain about.
func within(t *testing.T, check func() (complaint string)) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		complaint := check()
		if complaint == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(complaint)
		}
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
