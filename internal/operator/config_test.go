package operator

import (
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/directory"
	"github.com/rollcall-scim/rollcall/internal/mapping"
)

func TestServes(t *testing.T) {
	tests := map[string]struct {
		namespaces []string
		want       bool // for namespace "identity"
	}{
		"named":          {[]string{"other", "identity"}, true},
		"not named":      {[]string{"other"}, false},
		"all":            {[]string{AllNamespaces}, true},
		"a longer name":  {[]string{"identity-2"}, false},
		"a shorter name": {[]string{"iden"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := Config{SyncNamespaces: test.namespaces}
			if err := c.check(); err != nil {
				t.Fatal(err)
			}
			if got := c.serves("identity"); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestPolicyOf(t *testing.T) {
	tests := map[string]struct {
		spec *v1alpha1.IdentityProviderSyncSpec // nil: the sync is gone
		want directory.Policy
	}{
		"by default":     {&v1alpha1.IdentityProviderSyncSpec{}, directory.Policy{}},
		"opaque names":   {&v1alpha1.IdentityProviderSyncSpec{ObjectNames: v1alpha1.ObjectNamesOpaque}, directory.Policy{OpaqueNames: true}},
		"users retained": {&v1alpha1.IdentityProviderSyncSpec{Deletion: &v1alpha1.DeletionPolicy{Users: v1alpha1.DeletionRetain}}, directory.Policy{RetainUsers: true}},
		"groups retained": {&v1alpha1.IdentityProviderSyncSpec{Deletion: &v1alpha1.DeletionPolicy{Users: v1alpha1.DeletionDelete, Groups: v1alpha1.DeletionRetain}},
			directory.Policy{RetainGroups: true}},
		"gone": {nil, directory.Policy{RetainUsers: true, RetainGroups: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			scheme := runtime.NewScheme()
			if err := v1alpha1.AddToScheme(scheme); err != nil {
				t.Fatal(err)
			}
			cluster := fake.NewClientBuilder().WithScheme(scheme)
			if test.spec != nil {
				cluster.WithObjects(&v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "idp"}, Spec: *test.spec})
			}
			got := policyOf(cluster.Build(), &mapping.Cache{}, types.NamespacedName{Namespace: "ns", Name: "idp"})
			if (got.Label != nil) != (test.spec != nil) {
				t.Errorf("got a policy that labels: %t", got.Label != nil)
			}
			if got.Label = nil; !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}
