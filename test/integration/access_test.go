package integration

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// TestAccessFollowsEachPatch changes a group 500 times over SCIM. After each
// PATCH a user must be allowed what the group gives, or no more. Printed is
// how long that took from the answer on, beside bare updates of a RoleBinding in
// the same run: until they are written, and until the API server, whose
// authorizer has an informer of its own, acts by them.
func TestAccessFollowsEachPatch(t *testing.T) {
	const changes = 500
	f := newSync(t, nil)
	// Nothing aggregates the rules of view here, so it allows nothing.
	lister := "pod-lister-" + f.namespace
	create(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: lister},
		Rules: []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}}}})
	create(t, &v1alpha1.GroupRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "k8s-viewers"},
		Spec: v1alpha1.GroupRoleBindingSpec{GroupGrant: v1alpha1.GroupGrant{
			GroupRefs: []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Name: "idp"}, DisplayName: "k8s-viewers"}},
			RoleRef:   &v1alpha1.RoleReference{Kind: "ClusterRole", Name: lister},
		}},
	})
	c := f.on(0)
	ann := c.newUser(t, "ann-"+f.namespace)
	viewers := c.newGroup(t, "k8s-viewers", c.newUser(t, "bob-"+f.namespace))
	f.wantBound(t, "bob-"+f.namespace)
	written := f.transitions(t, "ann-"+f.namespace)

	bare := f.bareRoleBinding(t, lister)
	var took figures
	for i := range changes {
		joins := i%2 == 0
		patch := removeMember(ann)
		if joins {
			patch = addMembers(ann)
		}
		c.want(t, http.StatusOK, http.MethodPatch, "/Groups/"+viewers, patch)
		answered := time.Now()
		f.untilAllowed(t, "ann-"+f.namespace, joins)
		took.canI = append(took.canI, time.Since(answered))
		took.written = append(took.written, max(0, (<-written).Sub(answered)))

		begin := time.Now()
		bare.set(t, "carl-"+f.namespace, joins)
		took.bareWritten = append(took.bareWritten, time.Since(begin))
		f.untilAllowed(t, "carl-"+f.namespace, joins)
		took.bareCanI = append(took.bareCanI, time.Since(begin))
	}
	t.Logf("%d changes of a group, from the answer to the PATCH on:\n%s", changes, took)
}

// figures are durations of the same run.
type figures struct{ written, canI, bareWritten, bareCanI []time.Duration }

func (f figures) String() string {
	var b strings.Builder
	for _, row := range []struct {
		what  string
		times []time.Duration
	}{
		{"PATCH → RoleBinding written", f.written},
		{"PATCH → can-i says so", f.canI},
		{"bare update of a RoleBinding", f.bareWritten},
		{"bare update → can-i says so", f.bareCanI},
	} {
		slices.Sort(row.times)
		n := len(row.times)
		fmt.Fprintf(&b, "%-30s p50 %8s  p99 %8s\n", row.what,
			row.times[n/2].Round(10*time.Microsecond), row.times[n*99/100].Round(10*time.Microsecond))
	}
	return b.String()
}

// transitions tells when a user appeared in, or went from, the RoleBindings of
// the namespace, as a watch shows it.
func (f fixture) transitions(t *testing.T, user string) <-chan time.Time {
	t.Helper()
	watch, err := kube.Watch(t.Context(), &rbacv1.RoleBindingList{}, client.InNamespace(f.namespace),
		client.MatchingLabels{"app.kubernetes.io/managed-by": "rollcall"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watch.Stop)
	times := make(chan time.Time, 16)
	go func() {
		bound := false
		for event := range watch.ResultChan() {
			rb, ok := event.Object.(*rbacv1.RoleBinding)
			if !ok {
				continue
			}
			is := slices.ContainsFunc(rb.Subjects, func(s rbacv1.Subject) bool { return s.Name == user })
			if is != bound {
				bound = is
				times <- time.Now()
			}
		}
	}()
	return times
}

// untilAllowed asks, without a pause, until a user may list pods, or may not.
func (f fixture) untilAllowed(t *testing.T, user string, want bool) {
	t.Helper()
	for deadline := time.Now().Add(eventually); ; {
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User:               user,
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: f.namespace, Verb: "list", Resource: "pods"},
		}}
		if err := kube.Create(t.Context(), review); err != nil {
			t.Fatal(err)
		}
		if review.Status.Allowed == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s may list pods: not %t within %s", user, want, eventually)
		}
	}
}

// bareBinding is a RoleBinding that nobody but the test writes.
type bareBinding struct{ *rbacv1.RoleBinding }

func (f fixture) bareRoleBinding(t *testing.T, clusterRole string) bareBinding {
	t.Helper()
	rb := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: f.namespace, Name: "bare"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: clusterRole},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "dora-" + f.namespace}},
	}
	create(t, rb)
	return bareBinding{rb}
}

func (b bareBinding) set(t *testing.T, user string, bound bool) {
	t.Helper()
	b.Subjects = b.Subjects[:1]
	if bound {
		b.Subjects = append(b.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user})
	}
	if err := kube.Update(context.Background(), b.RoleBinding); err != nil {
		t.Fatal(err)
	}
}
