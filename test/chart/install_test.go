package chart

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/internal/admission"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// cluster is a control plane that has nothing of this project but what Helm
// brings.
type cluster struct {
	*controlplane.ControlPlane
	client.Client
	kubeconfig string
}

func start(t *testing.T) *cluster {
	t.Helper()
	plane, err := controlplane.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	c := &cluster{ControlPlane: plane, kubeconfig: filepath.Join(t.TempDir(), "admin.conf")}
	if err := os.WriteFile(c.kubeconfig, plane.Env.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	if c.Client, err = client.New(plane.Config, client.Options{Scheme: scheme}); err != nil {
		t.Fatal(err)
	}
	for _, all := range []client.Object{
		&admissionv1.ValidatingAdmissionPolicyBinding{}, &admissionv1.ValidatingAdmissionPolicy{}, &apiextensionsv1.CustomResourceDefinition{},
	} {
		if err := c.DeleteAllOf(t.Context(), all); err != nil {
			t.Fatal(err)
		}
	}
	within(t, func() string {
		var left apiextensionsv1.CustomResourceDefinitionList
		if err := c.List(t.Context(), &left); err != nil {
			return err.Error()
		}
		if len(left.Items) > 0 {
			return fmt.Sprintf("%d definitions are there still", len(left.Items))
		}
		return ""
	})
	return c
}

// within waits until check has nothing to complain about.
func within(t *testing.T, check func() (complaint string)) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		complaint := check()
		if complaint == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(complaint)
		}
	}
}

// helm works on the cluster.
func (c *cluster) helm(t *testing.T, args ...string) error {
	t.Helper()
	_, err := helm(t, append(args, "--kubeconfig", c.kubeconfig, "--namespace", namespace)...)
	return err
}

// uid of the sync that values declare, or empty.
func (c *cluster) uid(t *testing.T) types.UID {
	t.Helper()
	sync := &unstructured.Unstructured{}
	sync.SetAPIVersion("scim.rollcall.dev/v1alpha1")
	sync.SetKind("IdentityProviderSync")
	err := c.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "entra"}, sync)
	if err != nil && !apierrors.IsNotFound(err) && !meta.IsNoMatchError(err) {
		t.Fatal(err)
	}
	return sync.GetUID()
}

func (c *cluster) exists(t *testing.T, o client.Object) bool {
	t.Helper()
	err := c.Get(t.Context(), client.ObjectKeyFromObject(o), o)
	if err != nil && !apierrors.IsNotFound(err) {
		t.Fatal(err)
	}
	return err == nil
}

// TestLifeOfARelease installs, upgrades, uninstalls and installs again.
func TestLifeOfARelease(t *testing.T) {
	c := start(t)
	install := []string{"install", release, directory(), "--create-namespace", "--values", filepath.Join("testdata", "sync-values.yaml")}
	if err := c.helm(t, install...); err != nil {
		t.Fatal(err)
	}
	sync := c.uid(t)
	if sync == "" {
		t.Fatal("the sync that the values declare is not there")
	}
	c.wantPolicies(t)
	certificate := c.certificate(t)

	if err := c.helm(t, "install", "second", directory()); err == nil || !strings.Contains(err.Error(), "already installed in this cluster: release rollcall in namespace rollcall-system") {
		t.Errorf("a second release: %v", err)
	}

	if err := c.helm(t, "upgrade", release, directory(), "--reuse-values", "--set", "replicas=3"); err != nil {
		t.Fatal(err)
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: release}}
	if !c.exists(t, deployment) || *deployment.Spec.Replicas != 3 {
		t.Error("the upgrade did not change the number of replicas")
	}
	if got := c.uid(t); got != sync {
		t.Errorf("the upgrade made the sync anew: %q", got)
	}
	if got := c.certificate(t); got != certificate {
		t.Error("the upgrade made the certificate anew")
	}
	if err := c.helm(t, "upgrade", release, directory(), "--reuse-values", "--set", "syncs.entra=null"); err != nil {
		t.Fatal(err)
	}
	if got := c.uid(t); got != sync {
		t.Errorf("a sync that is taken out of the values is gone: %q", got)
	}

	if err := c.helm(t, "uninstall", release); err != nil {
		t.Fatal(err)
	}
	if c.exists(t, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: release}}) {
		t.Error("the Deployment is there still")
	}
	if c.exists(t, &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: "rollcall-identities"}}) {
		t.Error("a policy is there still")
	}
	if got := c.uid(t); got != sync {
		t.Errorf("the sync went with the release: %q", got)
	}

	if err := c.helm(t, install...); err != nil {
		t.Fatal(err)
	}
	if got := c.uid(t); got != sync {
		t.Errorf("the next installation made the sync anew: %q", got)
	}
	c.wantPolicies(t)
}

// certificate is the one that the chart made.
func (c *cluster) certificate(t *testing.T) string {
	t.Helper()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: release + "-tls"}}
	if !c.exists(t, secret) {
		t.Fatal("there is no certificate")
	}
	return string(secret.Data[corev1.TLSCertKey])
}

// wantPolicies finds what Helm made to be what the operator wants.
func (c *cluster) wantPolicies(t *testing.T) {
	t.Helper()
	informers, err := cache.New(c.Config, cache.Options{ByObject: admission.CacheOptions()})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := admission.NewGuard(t.Context(), informers)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = informers.Start(t.Context()) }() // until the test ends
	within(t, guard.Missing)
}
