package security

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
	"github.com/rollcall-scim/rollcall/internal/token"
)

// provider is an identity provider with a sync of its own.
type provider struct {
	namespace, name, bearer string
}

// newProvider makes a sync in a namespace, whose groups every namespace may
// bind unless change says otherwise.
func newProvider(t *testing.T, namespace, name string, change func(*v1alpha1.IdentityProviderSyncSpec)) provider {
	t.Helper()
	p := provider{namespace: namespace, name: name, bearer: token.Generate()}
	create(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "token-" + name}, StringData: map[string]string{"token": p.bearer}})
	s := &v1alpha1.IdentityProviderSync{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1alpha1.IdentityProviderSyncSpec{
			Tokens:            []v1alpha1.Token{{Name: "one", SecretRef: v1alpha1.SecretKeyReference{Name: "token-" + name}}},
			AllowedNamespaces: &v1alpha1.AllowedNamespaces{From: v1alpha1.NamespacesAll},
		},
	}
	if change != nil {
		change(&s.Spec)
	}
	create(t, s)
	return p
}

// serves waits until the endpoint answers.
func (p provider) serves(t *testing.T) provider {
	t.Helper()
	within(t, "the endpoint of "+p.name+" answers", func() string {
		if status, body := p.do(t, http.MethodGet, "/Users?count=0", ""); status != http.StatusOK {
			return fmt.Sprint(status, " ", body)
		}
		return ""
	})
	return p
}

func (p provider) do(t *testing.T, method, path, body string) (status int, answer string) {
	t.Helper()
	rq, err := http.NewRequestWithContext(t.Context(), method, fmt.Sprintf("%s/%s/%s/scim/v2%s", scim.url, p.namespace, p.name, path), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if p.bearer != "" {
		rq.Header.Set("Authorization", "Bearer "+p.bearer)
	}
	rq.Header.Set("Content-Type", "application/scim+json")
	got, err := http.DefaultClient.Do(rq)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	read, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(read)
}

func (p provider) created(t *testing.T, path, body string) (id string) {
	t.Helper()
	status, answer := p.do(t, http.MethodPost, path, body)
	var resource struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &resource); err != nil || status != http.StatusCreated {
		t.Fatalf("POST %s: %d %s", path, status, answer)
	}
	return resource.ID
}

func (p provider) user(t *testing.T, userName string) (id string) {
	t.Helper()
	return p.created(t, "/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"active":true}`, userName))
}

func (p provider) group(t *testing.T, displayName string, members ...string) (id string) {
	t.Helper()
	values := make([]string, len(members))
	for i, member := range members {
		values[i] = fmt.Sprintf(`{"value":%q}`, member)
	}
	return p.created(t, "/Groups", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":[%s]}`,
		displayName, strings.Join(values, ",")))
}

// member changes a group by "add" or "remove".
func (p provider) member(t *testing.T, op, group, member string) {
	t.Helper()
	status, answer := p.do(t, http.MethodPatch, "/Groups/"+group, fmt.Sprintf(
		`{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":%q,"path":"members","value":[{"value":%q}]}]}`, op, member))
	if status/100 != 2 {
		t.Fatalf("PATCH of a group: %d %s", status, answer)
	}
}

// refs names a group of the provider.
func (p provider) refs(displayName string) []v1alpha1.GroupReference {
	return []v1alpha1.GroupReference{{SyncRef: v1alpha1.NamespacedSyncReference{Namespace: p.namespace, Name: p.name}, DisplayName: displayName}}
}

func (p provider) grant(displayName, clusterRole string) v1alpha1.GroupGrant {
	return v1alpha1.GroupGrant{GroupRefs: p.refs(displayName), RoleRef: role(clusterRole)}
}

// may asks the API server whether a user may do something with the pods of a namespace.
func may(t *testing.T, user, verb, namespace string) bool {
	t.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user, Groups: []string{"system:authenticated"},
		ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: verb, Resource: "pods"},
	}}
	if err := admin.Create(t.Context(), review); err != nil {
		t.Fatal(err)
	}
	return review.Status.Allowed
}

// wantPods waits until a user may, or may not, list pods in a namespace.
func wantPods(t *testing.T, user, namespace string, want bool) {
	t.Helper()
	within(t, fmt.Sprintf("%s may list pods in %s: %t", user, namespace, want), func() string {
		if got := may(t, user, "list", namespace); got != want {
			return fmt.Sprint("it is ", got)
		}
		return ""
	})
}

// wantReason waits for the reason of an object's Ready condition, with what its
// message must say.
func wantReason(t *testing.T, o client.Object, reason, says string) {
	t.Helper()
	within(t, fmt.Sprintf("%s has reason %s", o.GetName(), reason), func() string {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(o), o); err != nil {
			return err.Error()
		}
		var conditions []metav1.Condition
		switch o := o.(type) {
		case *v1alpha1.GroupRoleBinding:
			conditions = o.Status.Conditions
		case *v1alpha1.ClusterGroupRoleBinding:
			conditions = o.Status.Conditions
		case *v1alpha1.IdentityProviderSync:
			conditions = o.Status.Conditions
		case *v1alpha1.GroupNetworkPolicy:
			conditions = o.Status.Conditions
		}
		ready := meta.FindStatusCondition(conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Reason != reason || !strings.Contains(ready.Message, says) {
			return fmt.Sprintf("it is %+v", ready)
		}
		return ""
	})
}

// wantProblem waits for a line of status.problems.
func wantProblem(t *testing.T, b *v1alpha1.GroupRoleBinding, reason string) {
	t.Helper()
	within(t, b.Name+" has problem "+reason, func() string {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(b), b); err != nil {
			return err.Error()
		}
		for _, line := range b.Status.Problems {
			if strings.HasPrefix(line, reason+": ") {
				return ""
			}
		}
		return fmt.Sprintf("problems are %q", b.Status.Problems)
	})
}

// hashOf makes a name of anything.
func hashOf(parts ...string) string {
	h := fnv.New32a()
	for _, part := range parts {
		_, _ = h.Write([]byte(part + "\x00"))
	}
	return fmt.Sprintf("%08x", h.Sum32())
}
