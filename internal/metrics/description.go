package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	leader   = describe("rollcall_leader", "1 on the replica that leads (reconciles), 0 on the others.")
	policies = describe("rollcall_admission_policies_in_force",
		"1 while all admission policies are as they should be, 0 while nobody is given access since one is missing or changed.")

	syncInfo  = describe("rollcall_sync_info", "1 for each sync that is served.", "sync", "provider", "state")
	syncReady = describe("rollcall_sync_ready", "1 while the sync's condition Ready is true, else 0.", "sync")
	syncCycle = describe("rollcall_sync_cycle_seconds",
		"How often the identity provider is expected to send something: the annotation `"+AnnotationCycle+"` (such as `24h`), else 40 minutes for Entra ID; absent when nothing is expected.", "sync")
	lastRequest = describe("rollcall_last_request_timestamp_seconds",
		"When a request with a valid token last came to any replica, in seconds since 1970; of other replicas up to 10 s late.", "sync")
	lastChange = describe("rollcall_last_change_timestamp_seconds",
		"When a request last changed something, in seconds since 1970.", "sync")

	users        = describe("rollcall_users", "Users stored.", "sync")
	usersActive  = describe("rollcall_users_active", "Users stored that are active.", "sync")
	usersSynced  = describe("rollcall_users_synced", "Users stored that the filters let through.", "sync")
	groups       = describe("rollcall_groups", "Groups stored.", "sync")
	groupsSynced = describe("rollcall_groups_synced", "Groups stored that the filters let through.", "sync")
	heldRemovals = describe("rollcall_held_removals",
		"Subjects (users in a binding) of a sync whose removal is held by its removalGuard; absent when none are.", "sync")
	unknownMembers = describe("rollcall_unknown_members", "Memberships that name a user or group which does not exist; they give nobody access.", "sync")

	tokenExpires = describe("rollcall_token_expiration_timestamp_seconds",
		"When the token expires, in seconds since 1970; absent if it does not.", "sync", "token")
	tokenUsed = describe("rollcall_token_last_used_timestamp_seconds",
		"When a request last carried the token, in seconds since 1970; absent: never.", "sync", "token")
	tokenValid = describe("rollcall_token_valid", "1 if the token is accepted, 0 if its Secret is missing, it is too short or expired.", "sync", "token")

	bindings = describe("rollcall_bindings",
		"GroupRoleBindings, ClusterGroupRoleBindings and GroupNetworkPolicies, by their condition Ready and its reason.", "kind", "ready", "reason")
	membersDesired = describe("rollcall_projection_members_desired", "Members that all bindings of a kind should give access to, counted in each.", "kind")
	membersApplied = describe("rollcall_projection_members_applied", "Members that have that access now.", "kind")
)

// description is a metric of a State.
type description struct{ desc *prometheus.Desc }

func describe(name, help string, labels ...string) description {
	declare(Gauge, name, help, labels)
	return description{prometheus.NewDesc(name, help, labels, nil)}
}

func (d description) send(to chan<- prometheus.Metric, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(d.desc, prometheus.GaugeValue, value, labels...)
}

var build = NewGaugeVec("rollcall_build_info", "1, with the version of the program as a label.", "version", "goversion")

// SetVersion says which version runs.
func SetVersion(version string) {
	build.Reset()
	build.WithLabelValues(version, runtime.Version()).Set(1)
}
