package controlplane

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestStartInstallsTheCRDs(t *testing.T) {
	cp, err := Start(func(env *envtest.Environment) { env.ControlPlaneStopTimeout = time.Nanosecond })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cp.Stop(); err != nil { // although its programs were killed
			t.Error(err)
		}
	})
	if err := v1alpha1.AddToScheme(scheme.Scheme); err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cp.Config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Name: "entra", Namespace: "default"}}
	if err := c.Create(context.Background(), sync); err != nil {
		t.Fatal(err)
	}
	if sync.Spec.KubernetesUsername != "user.userName" {
		t.Errorf("kubernetesUsername was not defaulted: %q", sync.Spec.KubernetesUsername)
	}
}

func TestADiskThatIsNearlyFull(t *testing.T) {
	dir := t.TempDir()
	if err := enoughSpace(dir, 1); err != nil {
		t.Error(err)
	}
	if err := enoughSpace(dir, math.MaxUint64); err == nil || !strings.Contains(err.Error(), "make room or set TMPDIR") {
		t.Errorf("got %v, want an error that says what to do", err)
	}
}
