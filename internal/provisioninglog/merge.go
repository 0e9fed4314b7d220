package provisioninglog

import (
	"encoding/json"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/rollcall-scim/rollcall/api/v1alpha1"
)

// identity tells whether two entries are the same. A write whose answer was
// lost is made again, and must not add its entries twice.
type identity struct {
	time                        int64
	action                      v1alpha1.ProvisioningAction
	id, name, requestID, reason string
}

func identityOf(e *v1alpha1.ProvisioningLogEntry) identity {
	return identity{e.Time.UnixMicro(), e.Action, e.ID, e.Name, e.RequestID, e.Reason}
}

// merge adds entries to those of other replicas, by time, and takes out the
// oldest that it has no room for.
func merge(log *v1alpha1.ProvisioningLog, entries []v1alpha1.ProvisioningLogEntry, dropped int64) {
	known := make(map[identity]bool, len(log.Entries))
	for i := range log.Entries {
		known[identityOf(&log.Entries[i])] = true
	}
	for i := range entries {
		if !known[identityOf(&entries[i])] {
			log.Entries = append(log.Entries, entries[i])
		}
	}
	slices.SortStableFunc(log.Entries, func(a, b v1alpha1.ProvisioningLogEntry) int {
		return a.Time.Compare(b.Time.Time)
	})
	first := firstThatFits(log.Entries)
	log.Entries = slices.Clone(log.Entries[first:])
	log.Dropped += dropped + int64(first)
}

// firstThatFits gives how many of the oldest entries are too many.
func firstThatFits(entries []v1alpha1.ProvisioningLogEntry) int {
	left := MaxBytes
	for i := len(entries) - 1; i >= 0; i-- {
		encoded, err := json.Marshal(&entries[i])
		if left -= len(encoded) + 1; err != nil || left < 0 || len(entries)-i > MaxEntries {
			return i + 1
		}
	}
	return 0
}

// own makes the sync the owner. A log that a sync of the same name left, and
// nobody has collected yet, goes on as that of the new one.
func own(log *v1alpha1.ProvisioningLog, sync *v1alpha1.IdentityProviderSync) {
	log.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "IdentityProviderSync", Name: sync.Name, UID: sync.UID,
	}}
	if log.Labels == nil {
		log.Labels = map[string]string{}
	}
	log.Labels[v1alpha1.LabelSync] = sync.Name
}
