package identityprovidersync

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// notice is one event.
type notice struct {
	kind    string // corev1.EventTypeNormal or Warning
	reason  string
	message string
}

// tell sends the events of a change of status.
func (c *Controller) tell(before, after *v1alpha1.IdentityProviderSync, f *findings) {
	for _, n := range notices(before, after, f.counts.example) {
		message := n.message
		if len(message) > maxMessage {
			message = strings.ToValidUTF8(message[:maxMessage-3], "") + "..."
		}
		c.Recorder.Eventf(after, nil, n.kind, n.reason, "Reconcile", "%s", message)
	}
}

// notices are the events of a change of status. They compare what is stored,
// so a new leader does not repeat them.
func notices(before, after *v1alpha1.IdentityProviderSync, example unknown) []notice {
	var result []notice
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady)
	if was == nil || was.Reason != is.Reason || was.Message != is.Message {
		kind := corev1.EventTypeWarning
		if is.Status == "True" && is.Message == servingMessage || is.Reason == ReasonPaused {
			kind = corev1.EventTypeNormal
		}
		result = append(result, notice{kind, is.Reason, is.Message})
	}
	switch had, has := unknownMembers(before), unknownMembers(after); {
	case had == 0 && has > 0:
		result = append(result, notice{corev1.EventTypeWarning, "UnknownMembers", fmt.Sprintf(
			"%d memberships name a user or group that does not exist in this sync, such as %q in group %q: they give nobody access until the identity provider creates it",
			has, example.id, example.group)})
	case had > 0 && has == 0:
		result = append(result, notice{corev1.EventTypeNormal, "UnknownMembersResolved", "every membership names a user or group that exists"})
	}
	if n, ok := filterNotice(before, after); ok {
		result = append(result, n)
	}
	if n, ok := removalNotice(before, after); ok {
		result = append(result, n)
	}
	if n, ok := mappingNotice(before, after); ok {
		result = append(result, n)
	}
	return result
}

func unknownMembers(s *v1alpha1.IdentityProviderSync) int64 {
	if s.Status.Groups == nil {
		return 0
	}
	return s.Status.Groups.UnknownMembers
}

// filterNotice tells what a change of the spec did to what is synced.
func filterNotice(before, after *v1alpha1.IdentityProviderSync) (notice, bool) {
	b, a := before.Status, after.Status
	if b.ObservedGeneration == a.ObservedGeneration || b.Users == nil || b.Groups == nil ||
		b.Users.Synced == a.Users.Synced && b.Groups.Synced == a.Groups.Synced {
		return notice{}, false
	}
	return notice{corev1.EventTypeNormal, "FiltersChanged", fmt.Sprintf(
		"synced are now %d of %d users and %d of %d groups (before: %d and %d)",
		a.Users.Synced, a.Users.Total, a.Groups.Synced, a.Groups.Total, b.Users.Synced, b.Groups.Synced)}, true
}
