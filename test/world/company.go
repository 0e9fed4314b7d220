package world

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// prompt is how soon access has to follow. A loaded machine is slow, so tests
// wait longer, and benchmarks tell the time.
const prompt = 5 * time.Second

// Company is one namespace with a sync `entra`, its users and groups.
type Company struct {
	testing.TB
	Namespace string
	Sync      *v1alpha1.IdentityProviderSync
}

// NewCompany makes one; change may be nil.
func NewCompany(t testing.TB, change func(*v1alpha1.IdentityProviderSyncSpec)) Company {
	t.Helper()
	c := Company{TB: t, Namespace: CreateNamespace(t, "company-", nil)}
	c.Sync = &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: "entra"}}
	c.Sync.Spec.AllowedNamespaces = &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll}
	if change != nil {
		change(&c.Sync.Spec)
	}
	c.Create(c.Sync)
	return c
}

// Create makes an object.
func (c Company) Create(o client.Object) {
	c.Helper()
	if err := Admin.Create(c.Context(), o); err != nil {
		c.Fatal(err)
	}
}

// Get reads an object again.
func (c Company) Get(o client.Object) {
	c.Helper()
	if err := Admin.Get(c.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		c.Fatal(err)
	}
}

// Delete removes an object.
func (c Company) Delete(o client.Object) {
	c.Helper()
	if err := Admin.Delete(c.Context(), o); err != nil {
		c.Fatal(err)
	}
}

// Update changes an object in its newest version.
func Update[T client.Object](c Company, o T, change func(T)) {
	c.Helper()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := Admin.Get(c.Context(), client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		change(o)
		return Admin.Update(c.Context(), o)
	})
	if err != nil {
		c.Fatal(err)
	}
}

// User makes an active user.
func (c Company) User(name string) *v1alpha1.User {
	c.Helper()
	yes := true
	u := &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: objectName(name)},
		Spec:       v1alpha1.UserSpec{UserName: name, Active: &yes},
	}
	u.Spec.SyncRef.Name, u.Spec.ID = "entra", UserID(name)
	c.Create(u)
	return u
}

// objectName has the form of the SCIM server's: the directory reads it off an id.
func objectName(name string) string { return strings.ToLower(name) + "-0123456789abc" }

// UserID is the SCIM id of a user, who need not exist.
func UserID(name string) string { return objectName(name) + "-uaaaaaa" }

// SetActive enables or disables a user.
func (c Company) SetActive(u *v1alpha1.User, active bool) {
	c.Helper()
	Update(c, u, func(u *v1alpha1.User) { u.Spec.Active = &active })
}

// Group makes a group with members by SCIM id.
func (c Company) Group(displayName string, members ...string) *v1alpha1.Group {
	c.Helper()
	g := &v1alpha1.Group{
		ObjectMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: objectName(displayName)},
		Spec:       v1alpha1.GroupSpec{DisplayName: displayName, Members: members, MemberCount: int64(len(members))},
	}
	g.Spec.SyncRef.Name, g.Spec.ID = "entra", objectName(displayName)+"-gaaaaaa"
	c.Create(g)
	return g
}

// SetMembers replaces the members of a group.
func (c Company) SetMembers(g *v1alpha1.Group, members ...string) {
	c.Helper()
	Update(c, g, func(g *v1alpha1.Group) { g.Spec.Members, g.Spec.MemberCount = members, int64(len(members)) })
}

// Promptly waits until something is as wanted.
func (c Company) Promptly(what string, want any, get func() any) {
	c.Helper()
	deadline := time.Now().Add(prompt)
	for {
		diff := cmp.Diff(want, get())
		if diff == "" {
			return
		}
		if time.Now().After(deadline) {
			c.Fatalf("%s after %s (-want +got):\n%s", what, prompt, diff)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// Stays fails if something does not stay as it is wanted for a while.
func (c Company) Stays(what string, want any, get func() any) {
	c.Helper()
	for end := time.Now().Add(400 * time.Millisecond); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if diff := cmp.Diff(want, get()); diff != "" {
			c.Fatalf("%s did not stay (-want +got):\n%s", what, diff)
		}
	}
}
