package integration

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// bind makes a GroupRoleBinding named after its group to ClusterRole view.
func (f fixture) bind(t *testing.T, displayName string) {
	t.Helper()
	create(t, &v1alpha1.GroupRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: displayName},
		Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{
			GroupRefs: []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Name: "idp"}, DisplayName: displayName}},
			RoleRef:   &v1alpha1.RoleReference{Kind: "ClusterRole", Name: "view"},
		}},
	})
}

// wantBound waits until the RoleBindings of the namespace name these users.
func (f fixture) wantBound(t *testing.T, users ...string) {
	t.Helper()
	slices.Sort(users)
	within(t, fmt.Sprintf("RoleBindings that name %q", users), func() string {
		var list rbacv1.RoleBindingList
		if err := kube.List(t.Context(), &list, client.InNamespace(f.namespace)); err != nil {
			return err.Error()
		}
		var bound []string
		for _, binding := range list.Items {
			for _, subject := range binding.Subjects {
				bound = append(bound, subject.Name)
			}
		}
		slices.Sort(bound)
		if !slices.Equal(bound, users) {
			return fmt.Sprintf("they name %q", bound)
		}
		return ""
	})
}

func TestMainJob(t *testing.T) {
	t.Parallel()
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) { s.Spec.KubernetesUsername = "'oidc:' + user.userName" })
	f.bind(t, "k8s-admins")
	first, second := f.on(0), f.on(1)

	alice, bob := first.newUser(t, "Alice@example.com"), second.newUser(t, "bob@example.com")
	admins := second.newGroup(t, "k8s-admins", alice)
	f.wantBound(t, "oidc:Alice@example.com")

	t.Run("kubectl sees users and groups", func(t *testing.T) {
		var users v1alpha1.UserList
		var groups v1alpha1.GroupList
		for _, list := range []client.ObjectList{&users, &groups} {
			if err := kube.List(t.Context(), list, client.InNamespace(f.namespace), client.MatchingLabels{v1alpha1.LabelSync: "idp"}); err != nil {
				t.Fatal(err)
			}
		}
		if len(users.Items) != 2 || len(groups.Items) != 1 || groups.Items[0].Spec.MemberCount != 1 {
			t.Errorf("got %d users and %d groups, want 2 and 1 with one member", len(users.Items), len(groups.Items))
		}
	})
	steps := []struct {
		name string
		do   func()
		want []string
	}{
		{"a member joins", func() { first.want(t, 200, "PATCH", "/Groups/"+admins, addMembers(bob)) }, []string{"oidc:Alice@example.com", "oidc:bob@example.com"}},
		{"a user is renamed", func() { second.want(t, 200, "PATCH", "/Users/"+bob, replace("userName", `"rob@example.com"`)) }, []string{"oidc:Alice@example.com", "oidc:rob@example.com"}},
		{"a user is disabled", func() { first.want(t, 200, "PATCH", "/Users/"+alice, replace("active", `"False"`)) }, []string{"oidc:rob@example.com"}},
		{"and enabled again", func() { second.want(t, 200, "PATCH", "/Users/"+alice, replace("active", `true`)) }, []string{"oidc:Alice@example.com", "oidc:rob@example.com"}},
		{"a member leaves", func() { second.want(t, 200, "PATCH", "/Groups/"+admins, removeMember(alice)) }, []string{"oidc:rob@example.com"}},
		{"the group gets another name", func() { first.want(t, 200, "PATCH", "/Groups/"+admins, replace("displayName", `"k8s-old"`)) }, nil},
		{"and its name back", func() { second.want(t, 200, "PATCH", "/Groups/"+admins, replace("displayName", `"k8s-admins"`)) }, []string{"oidc:rob@example.com"}},
		{"a user is deleted", func() { first.want(t, 204, "DELETE", "/Users/"+bob, "") }, nil},
	}
	for _, step := range steps {
		t.Log(step.name)
		step.do()
		f.wantBound(t, step.want...)
	}
	f.wantStatus(t, "one user, one group, one unknown member or none", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
		return s.Users != nil && s.Users.Total == 1 && s.Users.Active == 1 && s.Groups.Total == 1 && s.LastRequestTime != nil && s.LastChangeTime != nil
	})
}

func TestFiltersTakeEffectAtOnce(t *testing.T) {
	t.Parallel()
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}}
	})
	f.bind(t, "k8s-admins")
	f.bind(t, "office")
	c := f.on(1)
	alice, bob := c.newUser(t, "alice"), c.newUser(t, "bob")
	c.newGroup(t, "k8s-admins", alice)
	c.newGroup(t, "office", bob)
	f.wantBound(t, "alice")
	f.wantSynced(t, "alice bob k8s-admins")

	steps := []struct {
		name        string
		change      func(*v1alpha1.IdentityProviderSyncSpec)
		bound, sync string
	}{
		{"widened", func(s *v1alpha1.IdentityProviderSyncSpec) { s.GroupFilter = nil }, "alice bob", "alice bob k8s-admins office"},
		{"users narrowed", func(s *v1alpha1.IdentityProviderSyncSpec) {
			s.UserFilter = &v1alpha1.UserFilter{Groups: []string{"office"}}
		}, "bob", "bob k8s-admins office"},
		{"groups narrowed too", func(s *v1alpha1.IdentityProviderSyncSpec) {
			s.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"K8S-", "k8s-a"}}
		}, "", "bob k8s-admins"},
		{"users widened", func(s *v1alpha1.IdentityProviderSyncSpec) { s.UserFilter = nil }, "alice", "alice bob k8s-admins"},
	}
	for _, step := range steps {
		t.Log(step.name)
		update(t, f.key("idp"), &v1alpha1.IdentityProviderSync{}, func(s *v1alpha1.IdentityProviderSync) { step.change(&s.Spec) })
		f.wantBound(t, strings.Fields(step.bound)...)
		f.wantSynced(t, step.sync)
		users, groups := int64(0), int64(0)
		for _, name := range strings.Fields(step.sync) {
			if name == "alice" || name == "bob" {
				users++
			} else {
				groups++
			}
		}
		f.wantStatus(t, "counts that follow the filters", func(s *v1alpha1.IdentityProviderSyncStatus) bool {
			return s.Users.Total == 2 && s.Users.Synced == users && s.Groups.Total == 2 && s.Groups.Synced == groups
		})
	}
	// What is filtered out was stored all along.
	if got := c.want(t, 200, "GET", "/Groups"+filter(`displayName eq "office"`), "").resource(t); got.TotalResults != 1 {
		t.Errorf("a group that is not synced: %d found, want 1", got.TotalResults)
	}
}

// wantSynced waits until these users and groups, and no others, have the label.
func (f fixture) wantSynced(t *testing.T, names string) {
	t.Helper()
	within(t, "labels on "+names, func() string {
		var users v1alpha1.UserList
		var groups v1alpha1.GroupList
		for _, list := range []client.ObjectList{&users, &groups} {
			if err := kube.List(t.Context(), list, client.InNamespace(f.namespace)); err != nil {
				return err.Error()
			}
		}
		labels := map[string]string{}
		for _, u := range users.Items {
			labels[u.Spec.UserName] = u.Labels[v1alpha1.LabelSynced]
		}
		for _, g := range groups.Items {
			labels[g.Spec.DisplayName] = g.Labels[v1alpha1.LabelSynced]
		}
		var synced []string
		for name, label := range labels {
			switch label {
			case "true":
				synced = append(synced, name)
			case "false":
			default:
				return fmt.Sprintf("%s has label %q", name, label)
			}
		}
		slices.Sort(synced)
		if got := strings.Join(synced, " "); got != names {
			return "synced are " + got
		}
		return ""
	})
}

// wantStatus waits until the sync's status is as wanted.
func (f fixture) wantStatus(t *testing.T, what string, as func(*v1alpha1.IdentityProviderSyncStatus) bool) {
	t.Helper()
	within(t, what, func() string {
		s := &v1alpha1.IdentityProviderSync{}
		if err := kube.Get(t.Context(), f.key("idp"), s); err != nil {
			return err.Error()
		}
		if !as(&s.Status) {
			return fmt.Sprintf("the status is %+v, users %+v, groups %+v", s.Status, s.Status.Users, s.Status.Groups)
		}
		return ""
	})
}
