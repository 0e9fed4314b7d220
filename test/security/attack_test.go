package security

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// attack is what somebody tries who must not succeed. It can be tried again
// until it has succeeded.
type attack struct {
	by  actor
	try func(ctx context.Context, as client.Client) error
}

// withstands tries the attacks with an admission policy in force, which must
// refuse each of them, and without it, when each must succeed: so nothing else
// stops it, and its author is allowed by RBAC. What is allowed must succeed
// also with the policy.
func withstands(t *testing.T, policy string, allowed, attacks map[string]attack) {
	t.Helper()
	names := slices.Sorted(maps.Keys(attacks))
	for _, name := range names {
		as := attacks[name].by.client(t)
		within(t, name+": refused by "+policy, func() string {
			return complaint(attacks[name].try(t.Context(), client.NewDryRunClient(as)), policy)
		})
		if c := complaint(attacks[name].try(t.Context(), as), policy); c != "" {
			t.Fatalf("%s: %s", name, c)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(allowed)) {
		succeeds(t, name, allowed[name])
	}
	disarm(t, policy)
	for _, name := range names {
		succeeds(t, name+", without "+policy, attacks[name])
	}
}

// succeeds waits until a try would, since new rights and policies take a moment,
// and tries.
func succeeds(t *testing.T, name string, a attack) {
	t.Helper()
	as := a.by.client(t)
	within(t, name+": should be admitted", func() string {
		if err := a.try(t.Context(), client.NewDryRunClient(as)); err != nil {
			return err.Error()
		}
		return ""
	})
	if err := a.try(t.Context(), as); err != nil {
		t.Errorf("%s: should be admitted, but: %v", name, err)
	}
}

// complaint is about anything but a refusal by the policy.
func complaint(err error, policy string) string {
	switch {
	case err == nil:
		return "it succeeded"
	case !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy '"+policy+"'"):
		return "it failed for another reason: " + err.Error()
	}
	return ""
}

// disarm takes a policy out of force until the test ends.
func disarm(t *testing.T, policy string) {
	t.Helper()
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: policy}}
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(binding), binding); err != nil {
		t.Fatal(err)
	}
	if err := admin.Delete(t.Context(), binding); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { arm(t, binding) })
}

func arm(t *testing.T, binding *admissionv1.ValidatingAdmissionPolicyBinding) {
	t.Helper()
	again := &admissionv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: binding.Name, Labels: binding.Labels}, Spec: binding.Spec,
	}
	if err := admin.Create(context.Background(), again); err != nil {
		t.Error(err)
	}
}

// changing is an attack that patches an object as the admin sees it now.
func changing[T client.Object](o T, change func(T)) func(context.Context, client.Client) error {
	return func(ctx context.Context, as client.Client) error {
		after, patch, err := changed(ctx, o, change)
		if err != nil {
			return err
		}
		return as.Patch(ctx, after, patch)
	}
}

// changingStatus does it by the subresource status.
func changingStatus[T client.Object](o T, change func(T)) func(context.Context, client.Client) error {
	return func(ctx context.Context, as client.Client) error {
		after, patch, err := changed(ctx, o, change)
		if err != nil {
			return err
		}
		return as.Status().Patch(ctx, after, patch)
	}
}

func changed[T client.Object](ctx context.Context, o T, change func(T)) (after T, patch client.Patch, err error) {
	before := o.DeepCopyObject().(T)
	if err := admin.Get(ctx, client.ObjectKeyFromObject(o), before); err != nil {
		return before, nil, err
	}
	after = before.DeepCopyObject().(T)
	change(after)
	return after, client.MergeFrom(before), nil
}

// creating is an attack that makes an object.
func creating(o client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, as client.Client) error {
		return as.Create(ctx, o.DeepCopyObject().(client.Object))
	}
}

// deleting is an attack that deletes an object.
func deleting(o client.Object) func(context.Context, client.Client) error {
	return func(ctx context.Context, as client.Client) error {
		return as.Delete(ctx, o.DeepCopyObject().(client.Object))
	}
}
