package rolebinding_test

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// prompt is how soon access has to follow. It takes milliseconds, and a loaded
// machine may hold everything up for a second: how quick it is, the benchmarks say.
var prompt = func() time.Duration {
	if raceDetector {
		return 10 * time.Second
	}
	return 5 * time.Second
}()

// world is one namespace with a sync `entra`, its users, groups and bindings.
type world struct {
	testing.TB
	namespace string
	sync      *v1alpha1.IdentityProviderSync
}

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{TB: t, namespace: createNamespace(t, nil)}
	w.sync = w.createSync(nil)
	return w
}

func (w world) createSync(change func(*v1alpha1.IdentityProviderSyncSpec)) *v1alpha1.IdentityProviderSync {
	w.Helper()
	sync := &v1alpha1.IdentityProviderSync{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "entra"}}
	if change != nil {
		change(&sync.Spec)
	}
	w.create(sync)
	return sync
}

func (w world) create(o client.Object) {
	w.Helper()
	if err := admin.Create(w.Context(), o); err != nil {
		w.Fatal(err)
	}
}

// update changes an object in its newest version.
func update[T client.Object](w world, o T, change func(T)) {
	w.Helper()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := admin.Get(w.Context(), client.ObjectKeyFromObject(o), o); err != nil {
			return err
		}
		change(o)
		return admin.Update(w.Context(), o)
	})
	if err != nil {
		w.Fatal(err)
	}
}

func (w world) delete(o client.Object) {
	w.Helper()
	if err := admin.Delete(w.Context(), o); err != nil {
		w.Fatal(err)
	}
}

// user makes an active user; its name is unique to the test.
func (w world) user(name string) *v1alpha1.User {
	w.Helper()
	u := newUser(w.namespace, name, w.name(name))
	w.create(u)
	return u
}

func newUser(namespace, name, userName string) *v1alpha1.User {
	yes := true
	u := &v1alpha1.User{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: objectName(name)},
		Spec:       v1alpha1.UserSpec{UserName: userName, Active: &yes},
	}
	u.Spec.SyncRef.Name, u.Spec.ID = "entra", userID(name)
	return u
}

// objectName has the form of the SCIM server's: the directory reads it off an id.
func objectName(name string) string { return strings.ToLower(name) + "-0123456789abc" }

func userID(name string) string { return objectName(name) + "-uaaaaaa" }

// name is the subject name of a user.
func (w world) name(user string) string { return user + "@" + w.namespace }

func (w world) group(displayName string, members ...string) *v1alpha1.Group {
	w.Helper()
	g := &v1alpha1.Group{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: objectName(displayName)},
		Spec:       v1alpha1.GroupSpec{DisplayName: displayName, Members: members, MemberCount: int64(len(members))},
	}
	g.Spec.SyncRef.Name, g.Spec.ID = "entra", objectName(displayName)+"-gaaaaaa"
	w.create(g)
	return g
}

func (w world) setMembers(g *v1alpha1.Group, members ...string) {
	w.Helper()
	update(w, g, func(g *v1alpha1.Group) { g.Spec.Members, g.Spec.MemberCount = members, int64(len(members)) })
}

// bind binds groups to a ClusterRole in the world's namespace.
func (w world) bind(role string, groups ...string) *v1alpha1.GroupRoleBinding {
	w.Helper()
	return w.bindIn(w.namespace, role, groups...)
}

func (w world) bindIn(namespace, role string, groups ...string) *v1alpha1.GroupRoleBinding {
	w.Helper()
	b := &v1alpha1.GroupRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "devs"},
		Spec:       v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{RoleRef: &v1alpha1.RoleReference{Kind: "ClusterRole", Name: role}}},
	}
	for _, group := range groups {
		b.Spec.GroupRefs = append(b.Spec.GroupRefs, v1alpha1.GroupReference{
			SyncRef: v1alpha1.NamespacedSyncReference{Namespace: w.namespace, Name: "entra"}, DisplayName: group})
	}
	w.create(b)
	return b
}

// generatedName is the name of a binding's object: <name>-<hash>-<number>.
func generatedName(b *v1alpha1.GroupRoleBinding, number int) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"GroupRoleBinding", b.Namespace, b.Name, b.Spec.RoleRef.Kind, b.Spec.RoleRef.Name}, "\x00")))
	return fmt.Sprintf("%s-%s-%d", b.Name, strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:13]), number)
}

// may asks the API server's own authorizer.
func (w world) may(user, verb, resource, namespace string) bool {
	w.Helper()
	allowed, err := review(w.Context(), w.name(user), verb, resource, namespace)
	if err != nil {
		w.Fatal(err)
	}
	return allowed
}

func review(ctx context.Context, user, verb, resource, namespace string) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               user,
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: verb, Resource: resource},
	}}
	err := admin.Create(ctx, review)
	return review.Status.Allowed, err
}

func (w world) mayRead(user string) bool {
	w.Helper()
	return w.may(user, "get", "pods", w.namespace)
}

// wantAccess waits until exactly these of all users may read pods.
func (w world) wantAccess(users map[string]bool) {
	w.Helper()
	w.promptly("access", users, func() any {
		got := map[string]bool{}
		for user := range users {
			got[user] = w.mayRead(user)
		}
		return got
	})
}

// roleBindings gives the RoleBindings in a namespace, straight from the API server.
func (w world) roleBindings(namespace string) []rbacv1.RoleBinding {
	w.Helper()
	var list rbacv1.RoleBindingList
	if err := admin.List(w.Context(), &list, client.InNamespace(namespace)); err != nil {
		w.Fatal(err)
	}
	return list.Items
}

// status reads a binding's status with its Ready condition's reason.
func (w world) status(b client.Object) (s v1alpha1.GroupBindingStatus, reason string) {
	w.Helper()
	got := b.DeepCopyObject().(client.Object)
	if err := admin.Get(w.Context(), client.ObjectKeyFromObject(b), got); err != nil {
		w.Fatal(err)
	}
	switch got := got.(type) {
	case *v1alpha1.GroupRoleBinding:
		s = got.Status.GroupBindingStatus
	case *v1alpha1.ClusterGroupRoleBinding:
		s = got.Status.GroupBindingStatus
	}
	for _, c := range s.Conditions {
		if c.Type == v1alpha1.ConditionReady && c.ObservedGeneration == got.GetGeneration() {
			reason = c.Reason
		}
	}
	return s, reason
}

// wantReason waits for the reason of the Ready condition.
func (w world) wantReason(b client.Object, want string) {
	w.Helper()
	w.promptly("reason of Ready", want, func() any {
		_, reason := w.status(b)
		return reason
	})
}
