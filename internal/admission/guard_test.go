package admission_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/rollcall-scim/rollcall/internal/admission"
	"github.com/rollcall-scim/rollcall/test/controlplane"
)

const name = "rollcall-identities"

func policy() *admissionv1.ValidatingAdmissionPolicy {
	return &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func binding() *admissionv1.ValidatingAdmissionPolicyBinding {
	return &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// count is how many policies there are.
func count(t *testing.T) int {
	t.Helper()
	manifests, err := admission.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	policies := 0
	for _, object := range manifests {
		if _, ok := object.(*admissionv1.ValidatingAdmissionPolicy); ok {
			policies++
		}
	}
	return policies
}

// TestGuard changes what an API server has, and changes it back.
func TestGuard(t *testing.T) {
	cluster, err := controlplane.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin, err := client.New(cluster.Config, client.Options{Scheme: scheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	guard, queue := watch(t, cluster)
	if got := guard.Missing(); got != "" {
		t.Fatalf("with everything as it was installed: %s", got)
	}
	if queue.Len() != 0 {
		t.Error("requests before anything changed")
	}

	tests := map[string]struct {
		change func(context.Context) error
		says   string
	}{
		"a policy is deleted":  {func(ctx context.Context) error { return admin.Delete(ctx, policy()) }, "Policy " + name + " is missing"},
		"a binding is deleted": {func(ctx context.Context) error { return admin.Delete(ctx, binding()) }, "PolicyBinding " + name + " is missing"},
		"a policy is deleted, but kept by a finalizer": {func(ctx context.Context) error {
			if err := patch(ctx, admin, policy(), func(p *admissionv1.ValidatingAdmissionPolicy) { p.Finalizers = []string{"example.com/keep"} }); err != nil {
				return err
			}
			return admin.Delete(ctx, policy())
		}, "is being deleted"},
		"a policy loses its label": {func(ctx context.Context) error {
			return patch(ctx, admin, policy(), func(p *admissionv1.ValidatingAdmissionPolicy) { p.Labels = nil })
		}, "lacks the label app.kubernetes.io/name=rollcall"},
		"an expression is weakened": {func(ctx context.Context) error {
			return patch(ctx, admin, policy(), func(p *admissionv1.ValidatingAdmissionPolicy) { p.Spec.Validations[0].Expression = "true" })
		}, "is not that of this version"},
		"failures are ignored": {func(ctx context.Context) error {
			return patch(ctx, admin, policy(), func(p *admissionv1.ValidatingAdmissionPolicy) {
				ignore := admissionv1.Ignore
				p.Spec.FailurePolicy = &ignore
			})
		}, "is not that of this version"},
		"a condition is added": {func(ctx context.Context) error {
			return patch(ctx, admin, policy(), func(p *admissionv1.ValidatingAdmissionPolicy) {
				p.Spec.MatchConditions = append(p.Spec.MatchConditions, admissionv1.MatchCondition{Name: "never", Expression: "false"})
			})
		}, "is not that of this version"},
		"it only warns": {func(ctx context.Context) error {
			return patch(ctx, admin, binding(), func(b *admissionv1.ValidatingAdmissionPolicyBinding) {
				b.Spec.ValidationActions = []admissionv1.ValidationAction{admissionv1.Warn}
			})
		}, "is not that of this version"},
		"only some namespaces are left": {func(ctx context.Context) error {
			return patch(ctx, admin, binding(), func(b *admissionv1.ValidatingAdmissionPolicyBinding) {
				b.Spec.MatchResources = &admissionv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}
			})
		}, "is not that of this version"},
		"all of them are deleted": {func(ctx context.Context) error {
			return admin.DeleteAllOf(ctx, &admissionv1.ValidatingAdmissionPolicy{}, client.MatchingLabels{admission.LabelName: admission.Name})
		}, fmt.Sprintf("and %d more: nobody is given access until config/admission is applied", count(t)-3)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if err := test.change(t.Context()); err != nil {
				t.Fatal(err)
			}
			within(t, func() string {
				if got := guard.Missing(); !strings.Contains(got, test.says) || len(got) > 1000 {
					return fmt.Sprintf("got %q, want it to say %q", got, test.says)
				}
				return ""
			})
			wantRequest(t, queue)
			install(t, admin)
			within(t, guard.Missing)
			wantRequest(t, queue)
		})
	}
	t.Run("what it may do besides", func(t *testing.T) {
		if err := patch(t.Context(), admin, binding(), func(b *admissionv1.ValidatingAdmissionPolicyBinding) {
			b.Spec.ValidationActions = append(b.Spec.ValidationActions, admissionv1.Audit)
			b.Annotations = map[string]string{"example.com/note": "audited"}
		}); err != nil {
			t.Fatal(err)
		}
		if err := admin.Delete(t.Context(), &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: "rollcall-status"}}); err != nil {
			t.Fatal(err)
		}
		within(t, func() string {
			if got := guard.Missing(); strings.Contains(got, name) || !strings.Contains(got, "rollcall-status") {
				return fmt.Sprintf("got %q", got)
			}
			return ""
		})
	})
}

// watch starts a Guard, and a queue that it fills.
func watch(t *testing.T, cluster *controlplane.ControlPlane) (*admission.Guard, workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	t.Helper()
	informers, err := cache.New(cluster.Config, cache.Options{ByObject: admission.CacheOptions(), DefaultTransform: cache.TransformStripManagedFields()})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := admission.NewGuard(t.Context(), informers)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = informers.Start(t.Context()) }() // until the test ends
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]())
	source := guard.Source(func(context.Context) []reconcile.Request {
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: "all"}}}
	})
	if err := source.Start(t.Context(), queue); err != nil {
		t.Fatal(err)
	}
	if err := source.WaitForSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	return guard, queue
}

func wantRequest(t *testing.T, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
	t.Helper()
	within(t, func() string {
		if queue.Len() == 0 {
			return "nobody was told"
		}
		return ""
	})
	rq, _ := queue.Get()
	queue.Done(rq)
}

// install makes everything as it should be.
func install(t *testing.T, admin client.Client) {
	t.Helper()
	objects, err := admission.Manifests()
	if err != nil {
		t.Fatal(err)
	}
	if err := patch(t.Context(), admin, policy(), func(p *admissionv1.ValidatingAdmissionPolicy) { p.Finalizers = nil }); client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		within(t, func() string {
			existing := o.DeepCopyObject().(client.Object)
			err := admin.Get(t.Context(), client.ObjectKeyFromObject(o), existing)
			if client.IgnoreNotFound(err) == nil && err != nil {
				err = admin.Create(t.Context(), o)
			} else if err == nil {
				o.SetResourceVersion(existing.GetResourceVersion())
				err = admin.Update(t.Context(), o)
			}
			if err != nil {
				return err.Error()
			}
			return ""
		})
	}
}

func patch[T client.Object](ctx context.Context, admin client.Client, o T, change func(T)) error {
	if err := admin.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
		return err
	}
	before := o.DeepCopyObject().(T)
	change(o)
	return admin.Patch(ctx, o, client.MergeFrom(before))
}

func within(t *testing.T, check func() (complaint string)) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		complaint := check()
		if complaint == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(complaint)
		}
	}
}
