package metrics

import "k8s.io/apimachinery/pkg/types"

var (
	changes = NewCounterVec("rollcall_provisioning_changes_total",
		"Entries of the provisioning log: what identity providers changed, and what failed.", "sync", "kind", "action")
	changesLost = NewCounterVec("rollcall_provisioning_log_lost_total",
		"Entries that came faster than they could be taken into the provisioning log; they are in its `dropped`.", "sync")
	logErrors = NewCounterVec("rollcall_provisioning_log_write_errors_total",
		"Attempts to write a ProvisioningLog that failed; they are made again.", "sync")
)

// Change counts an entry of the provisioning log.
func Change(sync types.NamespacedName, kind, action string) {
	changes.WithLabelValues(sync.String(), kind, action).Inc()
}

// ChangesLost counts entries that the provisioning log could not take.
func ChangesLost(sync types.NamespacedName, count int) {
	changesLost.WithLabelValues(sync.String()).Add(float64(count))
}

// LogNotWritten counts an attempt to write a ProvisioningLog that failed.
func LogNotWritten(sync types.NamespacedName) { logErrors.WithLabelValues(sync.String()).Inc() }
