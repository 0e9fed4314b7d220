package identityprovidersync

import (
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

// A namespace may be taken from --sync-namespaces while a sync there is to be
// deleted with everything: it must not stay for ever.
func TestASyncThatIsNotServedAnyMoreCanBeDeleted(t *testing.T) {
	cluster, err := controlplane.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	kube, err := client.New(cluster.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	meta := metav1.ObjectMeta{Namespace: "default", Name: "entra"}
	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: *meta.DeepCopy(), Spec: v1alpha1.IdentityProviderSyncSpec{
		Deletion: &v1alpha1.DeletionPolicy{OnSyncDelete: v1alpha1.DeletionDelete}}}
	sync.Finalizers = []string{Finalizer}
	user := &v1alpha1.User{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "ann-0123456789abc"}}
	user.Spec.SyncRef.Name, user.Spec.ID, user.Spec.UserName = "entra", "ann-0123456789abc-uaaaaaa", "ann"
	for _, o := range []client.Object{sync, user} {
		if err := kube.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if err := kube.Delete(t.Context(), sync); err != nil {
		t.Fatal(err)
	}
	c := NewController(Options{Client: kube, Serves: func(string) bool { return false }})
	key := client.ObjectKeyFromObject(sync)
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := c.Reconcile(t.Context(), reconcile.Request{NamespacedName: key}); err != nil {
			t.Fatal(err)
		}
		if apierrors.IsNotFound(kube.Get(t.Context(), key, &v1alpha1.IdentityProviderSync{})) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the sync is still there")
		}
	}
	if err := kube.Get(t.Context(), client.ObjectKeyFromObject(user), user); !apierrors.IsNotFound(err) {
		t.Errorf("its user: %v, want none", err)
	}
}
