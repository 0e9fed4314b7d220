package integration

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/google/go-cmp/cmp"
	eventsv1 "k8s.io/api/events/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// provisioned waits until the provisioning log of a sync has as many entries,
// from both replicas, and gives each as one line.
func provisioned(t *testing.T, f fixture, count int) []string {
	t.Helper()
	var log v1alpha1.ProvisioningLog
	within(t, "the provisioning log", func() string {
		if err := kube.Get(t.Context(), f.key("idp"), &log); err != nil {
			return err.Error()
		}
		if len(log.Entries) < count {
			return fmt.Sprintf("%d of %d entries: %v", len(log.Entries), count, lines(log.Entries))
		}
		return ""
	})
	var s v1alpha1.IdentityProviderSync
	if err := kube.Get(t.Context(), f.key("idp"), &s); err != nil {
		t.Fatal(err)
	}
	owner := metav1.OwnerReference{APIVersion: "scim.rollcall.dev/v1alpha1", Kind: "IdentityProviderSync", Name: "idp", UID: s.UID}
	if diff := cmp.Diff([]metav1.OwnerReference{owner}, log.OwnerReferences); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
	return lines(log.Entries)
}

func lines(entries []v1alpha1.ProvisioningLogEntry) []string {
	var lines []string
	for _, e := range entries {
		line := fmt.Sprintf("%s %s %s", e.Action, e.Kind, e.Name)
		if e.Members > 0 {
			line += fmt.Sprintf(" %d%v", e.Members, e.MemberNames)
		}
		if len(e.Attributes) > 0 {
			line += " " + strings.Join(e.Attributes, ",")
		}
		lines = append(lines, fmt.Sprintf("%s %d %s", line, e.Code, e.Token))
	}
	return lines
}

func TestTheProvisioningLogTellsWhoWasChanged(t *testing.T) {
	t.Parallel()
	f := newSync(t, func(s *v1alpha1.IdentityProviderSync) {
		s.Spec.GroupFilter = &v1alpha1.GroupFilter{Prefixes: []string{"k8s-"}}
	})
	one, other := f.on(0), f.on(1)
	jane, john := one.newUser(t, "jane@example.com"), one.newUser(t, "john@example.com")
	admins := one.newGroup(t, "k8s-admins")
	one.want(t, http.StatusOK, "PATCH", "/Groups/"+admins, addMembers(jane, john))
	one.want(t, http.StatusOK, "PATCH", "/Groups/"+admins, addMembers(jane)) // nothing new
	one.want(t, http.StatusOK, "PATCH", "/Users/"+jane, patch(`{"op":"replace","path":"title","value":"Engineer"}`, `{"op":"replace","path":"active","value":false}`))
	one.want(t, http.StatusConflict, "POST", "/Users", user("John@Example.com"))
	one.want(t, http.StatusBadRequest, "POST", "/Users", `{"userName":`)
	one.want(t, http.StatusNotFound, "PATCH", "/Users/nobody", replace("title", `"x"`))
	one.want(t, http.StatusNotFound, "GET", "/Users/nobody", "")
	want := []string{
		"Created User jane@example.com 201 one",
		"Created User john@example.com 201 one",
		"Created Group k8s-admins 201 one",
		"MembersAdded Group k8s-admins 2[jane@example.com john@example.com] 200 one",
		"Disabled User jane@example.com 200 one",
		"Changed User jane@example.com title 200 one",
		"Failed User John@Example.com 409 one",
		"Failed User  400 one",
		"Failed User  404 one",
	}
	if diff := cmp.Diff(want, provisioned(t, f, len(want))); diff != "" {
		t.Fatalf("the log (-want +got):\n%s", diff)
	}

	// The other replica writes into the same log.
	other.want(t, http.StatusOK, "PATCH", "/Users/"+jane, patch(`{"op":"replace","path":"userName","value":"jane.roe@example.com"}`, `{"op":"replace","path":"active","value":true}`))
	other.want(t, http.StatusOK, "PATCH", "/Groups/"+admins, replace("displayName", `"admins"`))
	other.want(t, http.StatusOK, "PATCH", "/Groups/"+admins, removeMember(john))
	other.want(t, http.StatusNoContent, "DELETE", "/Users/"+john, "")
	want = append(want,
		"Renamed User jane.roe@example.com 200 one",
		"Enabled User jane.roe@example.com 200 one",
		"Renamed Group admins 200 one",
		"MembersRemoved Group admins 1[john@example.com] 200 one",
		"Deleted User john@example.com 204 one")
	got := provisioned(t, f, len(want)+1)
	// The leader sees the filtered group when its watch tells; other changes may come first.
	const filtered = "Filtered Group admins 0 "
	at, renamed := slices.Index(got, filtered), slices.Index(got, "Renamed Group admins 200 one")
	if at < renamed {
		t.Fatalf("the group was filtered before it was renamed, or not at all: %q", got)
	}
	if diff := cmp.Diff(want, slices.Delete(got, at, at+1)); diff != "" {
		t.Fatalf("the log (-want +got):\n%s", diff)
	}
	wantEvents(t, f, "ProvisioningDisabled", "ProvisioningFailed", "ProvisioningFiltered")
}

// wantEvents waits for an event of each reason in the namespace, and finds none
// of others that begin so.
func wantEvents(t *testing.T, f fixture, reasons ...string) {
	t.Helper()
	within(t, "the events", func() string {
		var list eventsv1.EventList
		if err := kube.List(t.Context(), &list, client.InNamespace(f.namespace)); err != nil {
			return err.Error()
		}
		missing := map[string]bool{}
		for _, reason := range reasons {
			missing[reason] = true
		}
		for _, e := range list.Items {
			if strings.HasPrefix(e.Reason, "Provisioning") && !strings.Contains(strings.Join(reasons, " "), e.Reason) {
				t.Fatalf("an event %s: %s", e.Reason, e.Note)
			}
			delete(missing, e.Reason)
		}
		if len(missing) > 0 {
			return fmt.Sprintf("missing: %v", missing)
		}
		return ""
	})
}

func TestTheProvisioningLogGoesWithNothingToTell(t *testing.T) {
	t.Parallel()
	f := newSync(t, nil)
	f.on(0).want(t, http.StatusOK, "GET", "/Users", "")
	var log v1alpha1.ProvisioningLog
	if err := kube.Get(t.Context(), f.key("idp"), &log); !apierrors.IsNotFound(err) {
		t.Errorf("got %v, want no log while nothing changed", err)
	}
}
