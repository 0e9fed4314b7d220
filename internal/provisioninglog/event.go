package provisioninglog

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// Events of a sync: so many at once, then one in an interval.
const (
	eventBurst    = 10
	eventInterval = 30 * time.Second
	maxNote       = 1024
)

// event tells of what somebody may want to look into: a failure, somebody
// disabled, something filtered. All else is in the log.
func (l *Log) event(sync types.NamespacedName, c *Change, e *v1alpha1.ProvisioningLogEntry) {
	kind, note := corev1.EventTypeNormal, e.Reason
	switch e.Action {
	case v1alpha1.ActionFailed:
		kind = corev1.EventTypeWarning
		if note == "" {
			note = fmt.Sprintf("a request of the identity provider failed with status %d", e.Code)
		}
	case v1alpha1.ActionDisabled:
		note = "the identity provider disabled this user"
	case v1alpha1.ActionFiltered:
	default:
		return
	}
	silent, ok := l.mayTell(sync)
	if !ok {
		return
	}
	regarding := l.regarding(sync, c.ID)
	if regarding == nil {
		return
	}
	if e.RequestID != "" {
		note += " (request id " + e.RequestID + ")"
	}
	if silent > 0 {
		note += fmt.Sprintf("; %d more were no event: kubectl get provlog -n %s %s -o yaml", silent, sync.Namespace, sync.Name)
	}
	l.options.Recorder.Eventf(regarding, nil, kind, "Provisioning"+string(e.Action), "Provision", "%s", cut(note, maxNote))
}

// mayTell takes an event off the bound of a sync, and gives how many there
// were since the last one that had to be left out.
func (l *Log) mayTell(sync types.NamespacedName) (silent int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	j := l.journal(sync)
	if !j.events.AllowN(l.now(), 1) {
		j.silent++
		return 0, false
	}
	silent, j.silent = j.silent, 0
	return silent, true
}

// regarding is the object of an id, or else the sync; nil if that is gone.
func (l *Log) regarding(sync types.NamespacedName, id string) runtime.Object {
	if id != "" {
		if o := l.options.Resource(sync, id); o != nil {
			return o
		}
	}
	o := &v1alpha1.IdentityProviderSync{}
	if err := l.options.Syncs.Get(context.Background(), sync, o); err != nil {
		return nil
	}
	return o
}
