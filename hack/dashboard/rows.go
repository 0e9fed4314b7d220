package main

// row is a question and the panels that answer it.
type row struct {
	question string
	panels   []panel
}

func stat(title, about, unit, text string, w int, thresholds []threshold, queries ...query) panel {
	return panel{title: title, about: about, kind: "stat", unit: unit, text: text, width: w, height: low, thresholds: thresholds, queries: queries}
}

func series(title, about, unit string, w int, queries ...query) panel {
	return panel{title: title, about: about, kind: "timeseries", unit: unit, width: w, height: high, queries: queries}
}

func table(title, about, unit string, w int, thresholds []threshold, queries ...query) panel {
	return panel{title: title, about: about, kind: "table", unit: unit, width: w, height: high, thresholds: thresholds, queries: queries}
}

var (
	good    = []threshold{{"red", nil}, {"green", 1}}
	noneBad = []threshold{{"green", nil}, {"orange", 1}}
	days    = []threshold{{"red", nil}, {"orange", 3 * 86400}, {"green", 14 * 86400}}
)

var rows = []row{
	{"Is the identity provider talking to us?", []panel{
		stat("Since the last request", "Of any replica. Entra ID provisions every 40 minutes; others send when something changes.", "s", "value_and_name", 8,
			[]threshold{{"green", nil}, {"orange", 2 * 3600}, {"red", 24 * 3600}},
			query{`time() - max by (sync) (rollcall_last_request_timestamp_seconds{sync=~"$sync"})`, "{{sync}}"}),
		stat("Since the last change", "When a request last changed something.", "s", "value_and_name", 8, nil,
			query{`time() - max by (sync) (rollcall_last_change_timestamp_seconds{sync=~"$sync"})`, "{{sync}}"}),
		stat("Ready", "The condition Ready of the IdentityProviderSync.", "bool_yes_no", "value_and_name", 8, good,
			query{`max by (sync) (rollcall_sync_ready{sync=~"$sync"})`, "{{sync}}"}),
		series("Requests", "By method and resource type.", "reqps", 12,
			query{`sum by (method, resource_type) (rate(rollcall_scim_requests_total{sync=~"$sync"}[$__rate_interval]))`, "{{method}} {{resource_type}}"}),
		series("Time to answer", "Half and 99 % of the requests took at most so long.", "s", 12,
			query{`histogram_quantile(0.5, sum by (le) (rate(rollcall_scim_request_duration_seconds_bucket{sync=~"$sync"}[$__rate_interval])))`, "p50"},
			query{`histogram_quantile(0.99, sum by (le) (rate(rollcall_scim_request_duration_seconds_bucket{sync=~"$sync"}[$__rate_interval])))`, "p99"}),
	}},
	{"What changed, what failed and why?", []panel{
		series("Changes", "Entries of the provisioning log: kubectl get provlog.", "cps", 12,
			query{`sum by (action, kind) (rate(rollcall_provisioning_changes_total{sync=~"$sync", action!="Failed"}[$__rate_interval]))`, "{{action}} {{kind}}"}),
		series("Changes that failed", "kubectl get provlog says which and why.", "cps", 12,
			query{`sum by (sync, kind) (rate(rollcall_provisioning_changes_total{sync=~"$sync", action="Failed"}[$__rate_interval]))`, "{{sync}} {{kind}}"}),
		series("Answers with an error", "By status. 404 and 409 are part of how identity providers look for users.", "reqps", 12,
			query{`sum by (sync, code) (rate(rollcall_scim_requests_total{sync=~"$sync", code=~"[45].."}[$__rate_interval]))`, "{{sync}} {{code}}"}),
		series("Turned away", "Before anything was done; all syncs.", "reqps", 12,
			query{`sum by (reason) (rate(rollcall_scim_requests_turned_away_total[$__rate_interval]))`, "{{reason}}"}),
	}},
	{"Is access up to date?", []panel{
		stat("Admission policies", "While one is missing, nobody is given access.", "bool_yes_no", "value", 4, good,
			query{`min(rollcall_admission_policies_in_force)`, "in force"}),
		stat("Removals held", "By the removalGuard of a sync.", "short", "value", 4, noneBad,
			query{`sum(max by (sync) (rollcall_held_removals{sync=~"$sync"})) or vector(0)`, "held"}),
		stat("Unknown members", "Memberships that name nobody who exists; they give no access.", "short", "value", 4, noneBad,
			query{`sum(max by (sync) (rollcall_unknown_members{sync=~"$sync"}))`, "unknown"}),
		stat("Members without their access", "Of all bindings: desired and not applied.", "short", "value", 4, noneBad,
			query{`sum(max by (kind) (rollcall_projection_members_desired)) - sum(max by (kind) (rollcall_projection_members_applied))`, "missing"}),
		stat("Users", "Stored, and let through by the filters.", "short", "value_and_name", 4, nil,
			query{`sum(max by (sync) (rollcall_users{sync=~"$sync"}))`, "stored"},
			query{`sum(max by (sync) (rollcall_users_active{sync=~"$sync"}))`, "active"},
			query{`sum(max by (sync) (rollcall_users_synced{sync=~"$sync"}))`, "synced"}),
		stat("Groups", "Stored, and let through by the filters.", "short", "value_and_name", 4, nil,
			query{`sum(max by (sync) (rollcall_groups{sync=~"$sync"}))`, "stored"},
			query{`sum(max by (sync) (rollcall_groups_synced{sync=~"$sync"}))`, "synced"}),
		series("From a change to the object", "99 % of the objects were written at most so long after the change was seen.", "s", 12,
			query{`histogram_quantile(0.99, sum by (le, kind) (rate(rollcall_projection_lag_seconds_bucket[$__rate_interval])))`, "{{kind}} p99"},
			query{`histogram_quantile(0.5, sum by (le, kind) (rate(rollcall_projection_lag_seconds_bucket[$__rate_interval])))`, "{{kind}} p50"}),
		table("Bindings that are not Ready", "kubectl get grb,cgrb,gnp -A says which.", "short", 12, noneBad,
			query{`max by (kind, reason) (rollcall_bindings{ready!="True"})`, ""}),
		series("Projection errors", "Writes that failed or were refused.", "cps", 12,
			query{`sum by (kind) (rate(rollcall_projection_errors_total[$__rate_interval]))`, "{{kind}}"}),
		series("Members", "That bindings of each kind give access to, and should.", "short", 12,
			query{`max by (kind) (rollcall_projection_members_desired)`, "{{kind}} desired"},
			query{`max by (kind) (rollcall_projection_members_applied)`, "{{kind}} applied"}),
	}},
	{"Are the tokens in order?", []panel{
		table("Expire in", "Tokens with an expirationTime.", "s", 8, days,
			query{`min by (sync, token) (rollcall_token_expiration_timestamp_seconds{sync=~"$sync"}) - time()`, ""}),
		table("Last used before", "A token that is no longer used should be removed.", "s", 8, nil,
			query{`time() - max by (sync, token) (rollcall_token_last_used_timestamp_seconds{sync=~"$sync"})`, ""}),
		table("Accepted", "0: its Secret is missing, it is too short, or expired.", "bool_yes_no", 8, good,
			query{`max by (sync, token) (rollcall_token_valid{sync=~"$sync"})`, ""}),
	}},
	{"Is the operator healthy?", []panel{
		stat("Replicas", "Those that are scraped.", "short", "value", 4, good, query{`count(rollcall_build_info)`, "replicas"}),
		stat("Leaders", "One reconciles.", "short", "value", 4, []threshold{{"red", nil}, {"green", 1}, {"red", 2}}, query{`sum(rollcall_leader)`, "leaders"}),
		stat("Version", "Of each replica.", "short", "name", 8, nil, query{`count by (version) (rollcall_build_info)`, "{{version}}"}),
		stat("Certificate expires in", "Of the SCIM server.", "s", "value", 4, days,
			query{`min(rollcall_scim_certificate_expiry_timestamp_seconds > 0) - time()`, "certificate"}),
		stat("Connections", "Clients of the SCIM server.", "short", "value", 4, nil, query{`sum(rollcall_scim_connections)`, "connections"}),
		series("Writes to the API server", "By kind and verb.", "wps", 8,
			query{`sum by (kind, verb) (rate(rollcall_apiserver_writes_total[$__rate_interval]))`, "{{verb}} {{kind}}"}),
		series("Writes that failed", "409 are conflicts, which are tried again.", "wps", 8,
			query{`sum by (kind, code) (rate(rollcall_apiserver_writes_total{code!~"2.."}[$__rate_interval]))`, "{{kind}} {{code}}"}),
		series("Time of a write, p99", "", "s", 8,
			query{`histogram_quantile(0.99, sum by (le, kind) (rate(rollcall_apiserver_write_duration_seconds_bucket[$__rate_interval])))`, "{{kind}}"}),
		series("Waiting to be reconciled", "By controller.", "short", 8,
			query{`sum by (controller) (workqueue_depth{controller=~"identityprovidersync|.*rolebinding|groupnetworkpolicy|namespacelabels|labels|groupmemberslice"})`, "{{controller}}"}),
		series("Memory", "Resident, by replica.", "bytes", 8,
			query{`process_resident_memory_bytes and on (instance) rollcall_build_info`, "{{instance}}"}),
		series("Processor", "By replica.", "percentunit", 8,
			query{`rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) rollcall_build_info`, "{{instance}}"}),
	}},
}
