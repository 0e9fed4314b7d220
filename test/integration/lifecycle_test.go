package integration

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

func TestPaused(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	f.bind(t, "admins")
	c := f.on(0)
	c.newGroup(t, "admins", c.newUser(t, "alice"))
	f.wantBound(t, "alice")

	update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) { s.Spec.State = v1alpha1.SyncPaused })
	for i := range replicas {
		within(t, "503 while paused", statusOf(t, f.on(i), 503))
		if got := f.on(i).want(t, 503, "POST", "/Users", user("bob")); got.Header.Get("Retry-After") == "" || got.resource(t).StatusText != "503" {
			t.Errorf("a 503 without Retry-After or a SCIM error: %v %s", got.Header, got.Body)
		}
		f.on(i).with("wrong").want(t, 401, "GET", "/Users", "")
	}
	f.wantReady(t, metav1.ConditionFalse, "Paused", "503")
	f.wantBound(t, "alice")

	update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) { s.Spec.State = v1alpha1.SyncActive })
	for i := range replicas {
		within(t, "answers again", statusOf(t, f.on(i), 200))
	}
	f.wantReady(t, metav1.ConditionTrue, "Serving", "")
}

func TestABrokenUsernameExpression(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	f.bind(t, "admins")
	c := f.on(0)
	c.newGroup(t, "admins", c.newUser(t, "alice"))
	f.wantBound(t, "alice")

	idp, s := f.key("idp"), &v1alpha1.IdentityProviderSync{}
	update(t, idp, s, func(s *v1alpha1.IdentityProviderSync) { s.Spec.KubernetesUsername = "usr.userName" })
	f.wantReady(t, metav1.ConditionFalse, "UsernameExpressionInvalid", "undeclared reference to 'usr'")
	f.wantEvent(t, "UsernameExpressionInvalid", "undeclared reference to 'usr'")
	f.wantBound(t, "alice") // a typing mistake takes nothing from anybody
	c.newUser(t, "bob")     // and provisioning goes on

	update(t, idp, s, func(s *v1alpha1.IdentityProviderSync) { s.Spec.KubernetesUsername = "'x:' + user.userName" })
	f.wantReady(t, metav1.ConditionTrue, "Serving", "")
	f.wantBound(t, "x:alice")
}

func TestUnknownMembersAreReported(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	c := f.on(1)
	alice := c.newUser(t, "alice")
	admins := c.newGroup(t, "admins", alice, "no-such-id")
	f.wantStatus(t, "an unknown member", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
		return s.Groups != nil && s.Groups.UnknownMembers == 1
	})
	f.wantEvent(t, "UnknownMembers", `"no-such-id" in group "admins"`)

	// The group is never asked to change when the user goes.
	c.want(t, 200, "PATCH", "/Groups/"+admins, removeMember("no-such-id"))
	f.wantStatus(t, "no unknown member", func(s *v1alpha1.IdentityProviderSyncStatus) bool { return s.Groups.UnknownMembers == 0 })
	f.wantEvent(t, "UnknownMembersResolved", "")
}

func TestDeletingASync(t *testing.T) {
	t.Parallel()
	const users = 151
	tests := map[string]struct {
		policy             *v1alpha1.DeletionPolicy
		wantUsers          int
		wantBound          []string
		wantAdoptedByOther int
	}{
		"by default everything stays": {nil, users, []string{"alice"}, users},
		"Retain":                      {&v1alpha1.DeletionPolicy{OnSyncDelete: v1alpha1.DeletionRetain}, users, []string{"alice"}, users},
		"Delete":                      {&v1alpha1.DeletionPolicy{OnSyncDelete: v1alpha1.DeletionDelete}, 0, nil, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newSync(t, func(s *v1alpha1.IdentityProviderSync) { s.Spec.Deletion = test.policy })
			f.bind(t, "admins")
			c := f.on(0)
			alice := c.newUser(t, "alice")
			c.newGroup(t, "admins", alice)
			c.newGroup(t, "large", append(c.newUsers(t, "m", users-1), alice)...) // has slices
			f.wantBound(t, "alice")

			s := &v1alpha1.IdentityProviderSync{}
			if err := kube.Get(t.Context(), f.key("idp"), s); err != nil {
				t.Fatal(err)
			}
			if err := kube.Delete(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			for i := range replicas {
				within(t, "the endpoint is closed", statusOf(t, f.on(i), 401))
			}
			within(t, "the sync is gone", func() string {
				if err := kube.Get(t.Context(), f.key("idp"), &v1alpha1.IdentityProviderSync{}); !apierrors.IsNotFound(err) {
					return fmt.Sprint("it is there: ", err)
				}
				return ""
			})
			f.wantBound(t, test.wantBound...)
			if got := f.objects(t, &v1alpha1.UserList{}); got != test.wantUsers {
				t.Errorf("%d users are left, want %d", got, test.wantUsers)
			}
			if got := f.objects(t, &v1alpha1.GroupMemberSliceList{}); (got > 0) != (test.wantUsers > 0) {
				t.Errorf("%d slices are left", got)
			}

			create(t, &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "idp"}, Spec: s.Spec})
			for i := range replicas {
				within(t, "the endpoint is open again", statusOf(t, f.on(i), 200))
				if got := f.on(i).want(t, 200, "GET", "/Users", "").resource(t).TotalResults; got != test.wantAdoptedByOther {
					t.Errorf("the new sync has %d users, want %d", got, test.wantAdoptedByOther)
				}
			}
			f.wantBound(t, test.wantBound...)
		})
	}
}

// objects counts what is in the namespace.
func (f fixture) objects(t *testing.T, list client.ObjectList) int {
	t.Helper()
	if err := kube.List(t.Context(), list, client.InNamespace(f.namespace)); err != nil {
		t.Fatal(err)
	}
	switch list := list.(type) {
	case *v1alpha1.UserList:
		return len(list.Items)
	case *v1alpha1.GroupList:
		return len(list.Items)
	case *v1alpha1.GroupMemberSliceList:
		return len(list.Items)
	case *corev1.EventList:
		return len(list.Items)
	}
	t.Fatalf("objects cannot count %T", list)
	return 0
}

func TestOnlyTheSyncsOwnResourcesAreDeleted(t *testing.T) {
	t.Parallel()
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.Deletion = &v1alpha1.DeletionPolicy{OnSyncDelete: v1alpha1.DeletionDelete}
	})
	f.on(0).newUser(t, "mine")
	other := syncOf(f.namespace)
	other.Name = "other"
	create(t, other)
	c := f.on(1)
	c.base = replicas[1].url + "/" + f.namespace + "/other/scim/v2"
	within(t, "the other endpoint is open", statusOf(t, c, 200))
	c.newUser(t, "mine") // the same name in another sync is another user

	s := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "idp"}}
	if err := kube.Delete(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	within(t, "the sync is gone", func() string {
		if err := kube.Get(t.Context(), f.key("idp"), s); !apierrors.IsNotFound(err) {
			return fmt.Sprint("it is there: ", err)
		}
		return ""
	})
	if got := f.objects(t, &v1alpha1.UserList{}); got != 1 {
		t.Errorf("%d users are left, want the one of the other sync", got)
	}
}
